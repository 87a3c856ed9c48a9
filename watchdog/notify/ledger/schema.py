"""Brings a database's tables forward to what this program knows, never backward.

Each database keeps in `watchdog_version` which steps of `migrations` it has had. Where that is what
this program knows nothing is done. Where there is nothing yet the tables are made as the program
knows them, as if it had had all the steps. Only else those that lack are made, by Alembic, in one
transaction and by one process at a time: it takes 12 MiB that its process never gives back.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, func, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from watchdog.notify.ledger.tables import OLD_SCHEMA, old_schema

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "watchdog_version"
"""Alembic's, under a name of its own: the database may be shared with who uses Alembic too."""
HEADS = {"ledger": "ledger_4", "checkpoints": "checkpoints_1"}
"""The newest step of each branch."""
STEP_SECONDS = 60
"""For one statement of a step, on a database server; for another process's steps too."""
MARGIN_SECONDS = 5
"""Beyond the server's own bound, until it is given up here."""

_LOCK_NUMBER = 0x57415443_48444F47
"""Of the advisory lock in PostgreSQL: any number that nobody else has."""
_ALEMBIC = threading.Lock()
"""Alembic's `op` and `context` are the process's: one migration at a time."""
version_table = Table(
    VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True)
)


class UnusableError(SQLAlchemyError):
    """A database that is damaged, or newer than this program."""


def bring_forward(connection: Connection, branch: str, metadata: MetaData) -> None:
    """Make what the tables of a branch lack, in the connection's transaction.

    `metadata` has the branch's tables as the program knows them.

    Raises:
        UnusableError: a newer program wrote it.
        SQLAlchemyError: it can't be done; nothing is changed.
    """
    if HEADS[branch] in _steps(connection):
        return
    with _ALEMBIC:
        _have_alone(connection)
        if _is_new(connection, metadata):
            _make(connection, branch, metadata)
        elif HEADS[branch] not in _steps(connection):
            _migrate(connection, branch)


def _is_new(connection: Connection, metadata: MetaData) -> bool:
    """Whether there is nothing of a branch, and of the other one nothing that isn't known."""
    there = set(inspect(connection).get_table_names())
    return there.isdisjoint(metadata.tables) and _steps(connection) <= set(HEADS.values())


def _make(connection: Connection, branch: str, metadata: MetaData) -> None:
    metadata.create_all(connection)
    version_table.create(connection, checkfirst=True)
    connection.execute(insert(version_table).values(version_num=HEADS[branch]))
    if old_schema.name in metadata.tables:  # programs without migrations go by it
        connection.execute(insert(old_schema).values(version=OLD_SCHEMA))


def _steps(connection: Connection) -> set[str]:
    """The newest that were made, of each branch."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return set()
    return set(connection.execute(select(version_table.c.version_num)).scalars())


def _have_alone(connection: Connection) -> None:
    """Wait until nobody else is at it; the end of the transaction lets go."""
    if connection.dialect.name == "sqlite":
        # the driver begins no transaction for statements that change tables
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        _wait_longer(connection)
        for bound in ("statement_timeout", "lock_timeout"):
            connection.execute(select(func.set_config(bound, f"{STEP_SECONDS}s", True)))
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK_NUMBER)))


def _wait_longer(connection: Connection) -> None:
    """Our side of the bound; only psycopg's has one."""
    if connection.dialect.driver == "psycopg":
        from watchdog.notify.ledger.patience import be_patient  # noqa: PLC0415 - it may lack

        be_patient(connection, STEP_SECONDS + MARGIN_SECONDS)


def _migrate(connection: Connection, branch: str) -> None:
    from alembic import command  # noqa: PLC0415 - a fifth of a second that few starts need
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = _config(connection)
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    _refuse_newer(connection, known)
    command.upgrade(config, f"{branch}@head")


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


def _refuse_newer(connection: Connection, known: set[str]) -> None:
    """Raises: UnusableError: by its steps, or by what programs before migrations went by."""
    newer = sorted(_steps(connection) - known)
    if not newer and inspect(connection).has_table(old_schema.name):
        versions = connection.execute(select(old_schema.c.version)).scalars()
        newer = [str(version) for version in versions if version > OLD_SCHEMA]
    if newer:
        raise UnusableError(f"written by a newer version (schema {', '.join(newer)})")
