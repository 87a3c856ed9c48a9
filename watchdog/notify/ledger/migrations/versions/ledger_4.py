"""What a weekly report is summed up from: how incidents ended, what was lost, what was watched."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_4"
down_revision = "ledger_3"
branch_labels = None
depends_on = None

_METADATA = sa.MetaData()
_TABLES = (
    sa.Table(
        "lost_time",
        _METADATA,
        sa.Column("watch", sa.String(64), primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("eval_set", sa.String(512), primary_key=True),
        sa.Column("cause", sa.String(64), primary_key=True),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    ),
    sa.Table(
        "watched_time",
        _METADATA,
        sa.Column("watch", sa.String(64), primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    ),
    sa.Table(
        "weekly_report",
        _METADATA,
        sa.Column("watch", sa.String(64), primary_key=True),
        sa.Column("record", sa.Text, nullable=False),
    ),
)
_COLUMNS = ("ending", "ended_as")


def upgrade() -> None:
    """Make what lacks; older programs leave it alone."""
    connection = op.get_bind()
    for table in _TABLES:
        table.create(connection, checkfirst=True)
    there = {column["name"] for column in sa.inspect(connection).get_columns("incidents")}
    for name in _COLUMNS:
        if name not in there:
            op.add_column("incidents", sa.Column(name, sa.String(32)))
