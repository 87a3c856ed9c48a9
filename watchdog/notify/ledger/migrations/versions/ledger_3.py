"""What people did about incidents and how these went on; who may see one that is over."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_3"
down_revision = "ledger_2"
branch_labels = None
depends_on = None

_TABLE = sa.Table(
    "incident_events",
    sa.MetaData(),
    sa.Column("watch", sa.String(64), primary_key=True),
    sa.Column("incident", sa.String(512), primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("ended_at", sa.Float),
)


def upgrade() -> None:
    """Make what lacks; older programs leave it alone."""
    connection = op.get_bind()
    _TABLE.create(connection, checkfirst=True)
    there = {column["name"] for column in sa.inspect(connection).get_columns("incidents")}
    if "needs" not in there:
        op.add_column("incidents", sa.Column("needs", sa.Text))
