"""A connection to a database that an evaluation may have made: nothing in it gets to run.

Views, generated columns and virtual tables compute what is read, without end if they like; so only
plain tables are read, each question has a deadline, and no value is longer than is read.

Sources: SQLite's "Defense Against The Dark Arts" (security.html), sqlite3_limit, table_xinfo.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from watchdog.collect.inspect.sqlite_address import address
from watchdog.collect.limits import ALLOWED_SECONDS, DATABASE_VALUE

BUSY_SECONDS = 0.25
"""How long a reader waits for a lock. Only databases outside WAL mode have any to wait for."""
STEPS = 1_000
"""Instructions of SQLite's machine between two looks at the clock: some hundred rows."""
OVERHEAD = 1_000_000
"""Bytes of a row beside its longest value."""
LIMITS = (
    (sqlite3.SQLITE_LIMIT_LENGTH, DATABASE_VALUE.value + OVERHEAD),
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (sqlite3.SQLITE_LIMIT_COLUMN, 100),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 50),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1),
)
_TABLE = "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = ?"
_COMPUTED = "SELECT count(*) FROM pragma_table_xinfo(?) WHERE hidden != 0"


class NoTable(Exception):  # noqa: N818 - reads as what it says
    """What should be a plain table is none."""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one short transaction, which never writes.

    Raises:
        sqlite3.Error: it is none, is locked, or took too long (`interrupted`).
        OSError, NotRegular, TooLarge: it can't be opened.
    """
    with address(path) as uri:
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        with closing(connection):
            try:
                _guard(connection)
                yield connection
            except MemoryError as error:  # what a corrupt page asks for may be anything
                raise sqlite3.DatabaseError("it asks for more memory than there is") from error


def _guard(connection: sqlite3.Connection) -> None:
    for limit, most in LIMITS:
        connection.setlimit(limit, most)
    end = time.monotonic() + ALLOWED_SECONDS.value
    connection.set_progress_handler(lambda: int(time.monotonic() > end), STEPS)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")


def check_table(connection: sqlite3.Connection, table: str, *, needed: bool = True) -> bool:
    """Whether there is a plain table of this name.

    Raises:
        NoTable: there is something else, which would run when it is read; or nothing.
    """
    row = connection.execute(_TABLE, (table,)).fetchone()
    if row is None:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            raise NoTable(f"{table} is no table")
        if needed:
            raise NoTable(f"no such table: {table}")
        return False
    if not row[0]:
        raise NoTable(f"{table} is a virtual table")
    if connection.execute(_COMPUTED, (table,)).fetchone()[0]:
        raise NoTable(f"{table} has columns that are computed")
    return True
