"""The tables of the ledger as this program knows them. `migrations` makes them, step by step.

Names stay, as ledgers of earlier versions are gone on with; `rows` says what a column holds. A
column that comes later may be null, or has a default: an older program may still be at work.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
)

from watchdog.notify.ledger.kept_text import KeptName, KeptText

OLD_SCHEMA = 1
"""What programs without migrations (0.2.0 and before) can read: they leave a higher one alone."""

metadata = MetaData()

old_schema = Table("watchdog_schema", metadata, Column("version", Integer, primary_key=True))

incidents = Table(
    "incidents",
    metadata,
    Column("watch", KeptName(64), primary_key=True),
    Column("id", KeptName(512), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("opened_at", Float, nullable=False),
    Column("resolved_at", Float),
    Column("record", KeptText, nullable=False),
    Column("away_since", Float),
    Column("told", KeptText),
    Column("told_at", Float),
    Column("said", KeptText),
    Column("said_at", Float),
    Column("reopened", Integer),
    Column("needs", KeptText),
    Column("ending", KeptName(32)),
    Column("ended_as", KeptName(32)),
)

messages = Table(
    "messages",
    metadata,
    # SQLite numbers rows by itself only where the column is an INTEGER
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("watch", KeptName(64), nullable=False),
    Column("incident", KeptName(512), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("channel", KeptName(64), nullable=False),
    Column("kind", KeptName(16), nullable=False),
    Column("state", KeptName(16), nullable=False, index=True),
    Column("created_at", Float, nullable=False),
    Column("sent_at", Float),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Float, nullable=False, default=0.0),
    Column("record", KeptText, nullable=False),
    Column("returned", KeptText),
    Column("handle", KeptText),
    Column("digest", KeptName(64)),
    Column("claimed_by", BigInteger),
    Column("claimed_at", Float),
    UniqueConstraint("watch", "incident", "generation", "channel", "kind"),
)

events = Table(
    "incident_events",
    metadata,
    Column("watch", KeptName(64), primary_key=True),
    Column("incident", KeptName(512), primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("kind", KeptName(16), nullable=False),
    Column("at", Float, nullable=False),
    Column("record", KeptText, nullable=False),
    Column("ended_at", Float),
)
"""What people did about incidents, and what became of them meanwhile (`events`)."""

leadership = Table(
    "leadership",
    metadata,
    Column("watch", KeptName(64), primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("holder", KeptName(512), nullable=False),
    Column("since", Float, nullable=False),
    Column("lease", KeptName(64), nullable=False),
    Column("transitions", BigInteger, nullable=False),
)
"""The term of who leads (`term`)."""

learned_table = Table(
    "learned",
    metadata,
    Column("watch", KeptName(64), primary_key=True),
    Column("name", KeptName(64), primary_key=True),
    Column("saved_at", Float, nullable=False),
    Column("record", KeptText, nullable=False),
)
"""What was learned of the fleet (`experience`)."""

names_table = Table(
    "eval_set_names",
    metadata,
    Column("watch", KeptName(64), primary_key=True),
    Column("id", KeptName(512), primary_key=True),
    Column("source", KeptText, nullable=False),
    Column("name", KeptText, nullable=False),
    Column("seen_at", Float, nullable=False),
)
"""Whose ids are (`names`)."""

mutes_table = Table(
    "mutes",
    metadata,
    Column("eval_set", KeptName(512), primary_key=True),
    Column("until", Float, nullable=False),
    Column("reason", KeptText, nullable=False),
)
"""What people muted by hand (`mutes`)."""

keys_table = Table(
    "watchdog_keys",
    metadata,
    Column("name", KeptName(64), primary_key=True),
    Column("value", KeptName(128), nullable=False),
)
"""Secrets that the ledger keeps (`keys`)."""

canary_table = Table(
    "canary",
    metadata,
    Column("watch", KeptName(64), primary_key=True),
    Column("record", KeptText, nullable=False),
)
"""When the canary was last sent (`canary`)."""

lost_time_table = Table(
    "lost_time",
    metadata,
    Column("watch", KeptName(64), primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("eval_set", KeptName(512), primary_key=True),
    Column("cause", KeptName(64), primary_key=True),
    Column("until", Float, nullable=False),
    Column("record", KeptText, nullable=False),
)
"""What eval sets lost while they were stuck, day by day (`lost_time`)."""

watched_time_table = Table(
    "watched_time",
    metadata,
    Column("watch", KeptName(64), primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("until", Float, nullable=False),
    Column("record", KeptText, nullable=False),
)
"""How much of each day the service watched (`lost_time`)."""

weekly_table = Table(
    "weekly_report",
    metadata,
    Column("watch", KeptName(64), primary_key=True),
    Column("record", KeptText, nullable=False),
)
"""Up to when weekly reports were sent (`weekly_sent`)."""
