"""Opens the ledger's database. A file that can't be used is kept aside, never deleted."""

import os
import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from msgspec import Struct
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    MetaData,
    create_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, StaticPool

from watchdog.model.instants import compact
from watchdog.model.texts import first_line
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.postgresql import DRIVER, PACKAGE, server_engine, with_driver
from watchdog.notify.ledger.schema import UnusableError, bring_forward
from watchdog.notify.ledger.tables import metadata

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000")
_WAL_SECONDS, _WAL_REST_SECONDS = 1.0, 0.05
_CORRUPT = ("not a database", "malformed", "file is encrypted", "unsupported file format")
_COMPANIONS = ("", "-wal", "-shm")


class LedgerError(Exception):
    """The state's address can't be used; the text says why and holds no password."""


class OpenedLedger(Struct, frozen=True):
    """A ledger that works, and what the operator should know about how it came to be."""

    ledger: Ledger
    warnings: tuple[str, ...] = ()
    database: Ledger | None = None
    """Where `ledger` stands in for what can't be used now: what is tried again (`worker`)."""


def open_ledger(target: str | Path, now: float, watch: str = "") -> OpenedLedger:
    """Open or create the ledger at a path or SQLAlchemy URL, for what `watch` names.

    A damaged or newer file is renamed and a new one begun; a place that can't be written to, and
    a server that can't be reached, is replaced by memory. Both come with a warning.

    Raises:
        LedgerError: The address is none, its driver is not installed, or a newer program wrote
            the tables on the server: they are other people's as well, and stay.
    """
    url = url_of(target)
    try:
        return OpenedLedger(_connect(url, watch))
    except UnusableError as error:
        return _begin_afresh(url, watch, now, str(error))
    except (DBAPIError, OSError) as error:
        return _in_memory(reason_of(error), url, watch)


def memory_ledger(watch: str = "") -> Ledger:
    """A ledger that lives as long as somebody holds it."""
    engine = engine_of(make_url("sqlite://"))
    metadata.create_all(engine)  # it has no past, and must not wait for another one's migration
    ledger = Ledger(engine, watch)
    weakref.finalize(ledger, engine.dispose)
    return ledger


def mend(ledger: Ledger, now: float) -> str | None:
    """Make a database usable that was removed or damaged; a warning where it is begun anew.

    Raises:
        SQLAlchemyError, OSError: it can't be.
    """
    try:
        _prepare_tables(ledger.engine)
    except UnusableError as error:
        file = file_of(ledger.engine.url)
        if file is None:
            raise
        aside = free_name(file.with_name(f"{file.name}.unusable-{compact(now)}"))
        set_aside(file, aside)
        _prepare_tables(ledger.engine)
        return f"state file {file} is {error}: kept as {aside.name}, a new one was begun"
    return None


def url_of(target: str | Path) -> URL:
    """Raises: LedgerError: it is no address."""
    try:
        if isinstance(target, str) and "://" in target:
            return with_driver(make_url(target))
        return URL.create("sqlite", database=str(Path(target).expanduser()))
    except (ArgumentError, ValueError):  # the second of a port that is no number
        raise LedgerError("neither a path nor a database URL") from None


def is_there(target: str | Path) -> bool:
    """Whether somebody made a ledger there. What can't be asked is left to who opens it.

    Raises:
        LedgerError: it is no address, or its driver is not installed.
    """
    url = url_of(target)
    file = file_of(url)
    if file is not None or url.get_backend_name() == "sqlite":
        return file is not None and file.is_file()
    engine = engine_of(url)
    try:
        return inspect(engine).has_table(metadata.tables["incidents"].name)
    except SQLAlchemyError:
        return True
    finally:
        engine.dispose()


def _connect(url: URL, watch: str) -> Ledger:
    engine = engine_of(url)
    try:
        _prepare_tables(engine)
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine, watch)


def _prepare_tables(engine: Engine) -> None:
    prepare(engine, "ledger", metadata)


def prepare(engine: Engine, branch: str, known: MetaData) -> None:
    """Make a branch's tables where there are none, and what those of earlier versions lack.

    Raises:
        SQLAlchemyError, OSError: it can't be; `UnusableError` where it is damaged, or newer.
    """
    file = file_of(engine.url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with damage_named(), engine.begin() as connection:
        check(connection)
        bring_forward(connection, branch, known)


def check(connection: Connection) -> None:
    """Raises: UnusableError: SQLite finds it damaged, or PostgreSQL can't hold every text."""
    if connection.dialect.name == "sqlite":
        answer = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if answer != "ok":
            raise UnusableError("damaged")
    elif connection.dialect.name == "postgresql":
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise UnusableError(f"in the encoding {encoding}: make the database in UTF8")


def engine_of(url: URL) -> Engine:
    """Raises: LedgerError: its driver is not installed."""
    try:
        if url.get_backend_name() != "sqlite":
            return server_engine(url)
        file = file_of(url)
        if file is None:
            options = {"check_same_thread": False}
            return create_engine(url, poolclass=StaticPool, connect_args=options)
        engine = create_engine(url, poolclass=NullPool)
    except (SQLAlchemyError, ImportError) as error:
        raise LedgerError(f"{_shown(url)}: {_lacking(url, error)}") from None
    event.listen(engine, "do_connect", lambda *_: _create(file))
    event.listen(engine, "connect", _prepare)
    return engine


def _lacking(url: URL, error: Exception) -> str:
    if url.drivername == DRIVER and isinstance(error, ImportError):
        return f"needs psycopg, which isn't installed: pip install '{PACKAGE}'"
    return reason_of(error)


def _create(file: Path) -> None:
    """For its owner alone; SQLite gives what it puts beside a database the same mode."""
    with suppress(OSError):  # it is there, or SQLite says why it can't be
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def file_of(url: URL) -> Path | None:
    """The SQLite file; None for memory, and of a server."""
    name = url.database if url.get_backend_name() == "sqlite" else None
    return None if not name or name == ":memory:" or name.startswith("file:") else Path(name)


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        _set(cursor, pragma)
    cursor.close()


def _set(cursor: DBAPICursor, pragma: str) -> None:
    """SQLite refuses at once where several processes make a file one with a write-ahead log.

    Where it did wait, as for a file that somebody holds locked, that was long enough.
    """
    until = time.monotonic() + _WAL_SECONDS
    while True:
        try:
            cursor.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= until:
                raise
            time.sleep(_WAL_REST_SECONDS)  # noqa: TID251 - in the ledger's thread, for a second
        else:
            return


@contextmanager
def damage_named() -> Iterator[None]:
    """Raises: UnusableError: in place of what a driver says of a damaged file."""
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig) if isinstance(error.orig, sqlite3.Error) else ""
        if any(sign in text for sign in _CORRUPT):
            raise UnusableError("damaged") from error
        raise


def _begin_afresh(url: URL, watch: str, now: float, reason: str) -> OpenedLedger:
    file = file_of(url)
    if file is None:
        raise LedgerError(f"{_shown(url)}: {reason}")
    aside = free_name(file.with_name(f"{file.name}.unusable-{compact(now)}"))
    try:
        set_aside(file, aside)
        ledger = _connect(url, watch)
    except (DBAPIError, OSError, UnusableError) as error:
        return _in_memory(reason_of(error), url, watch)
    warning = f"state file {file} is {reason}: kept as {aside.name}, a new one was begun"
    return OpenedLedger(ledger, (f"{warning}; open incidents will be told again",))


def free_name(path: Path) -> Path:
    """The path, or one like it that nothing has."""
    names = (path.with_name(f"{path.name}.{number}") for number in count(1))
    return next(name for name in names if not name.exists()) if path.exists() else path


def set_aside(file: Path, aside: Path) -> None:
    """Rename a database with what SQLite puts beside it."""
    for companion in _COMPANIONS:
        part = file.with_name(file.name + companion)
        if part.exists():
            part.rename(aside.with_name(aside.name + companion))


def _in_memory(reason: str, url: URL, watch: str) -> OpenedLedger:
    warning = (
        f"state {_shown(url)} can't be used ({reason}): nothing outlives a restart until it can"
    )
    return OpenedLedger(memory_ledger(watch), (warning,), Ledger(engine_of(url), watch))


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def reason_of(error: Exception) -> str:
    """An error on one bounded line."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return first_line(f"{type(origin).__name__}: {origin}", 200)
