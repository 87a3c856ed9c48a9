"""Fixtures that several folders of tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.doubles.postgresql import PostgresServer
from tests.doubles.slack import SlackDouble
from watchdog.redaction import KNOWN

# how long an example takes is the machine's doing; all else stays, in CI and elsewhere
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Which process runs which tests, with `-n 2`."""
    from tests.processes import ByFile  # noqa: PLC0415 - without xdist nobody asks

    return ByFile(config, log)


def _forgotten_after() -> Iterator[None]:
    """The process's memory of credentials is as it was: another test's key may be a plain word."""
    before = set(KNOWN)
    yield
    for value in set(KNOWN) - before:
        KNOWN.forget(value)


@pytest.fixture(autouse=True)
def _credentials_of_a_test() -> Iterator[None]:
    yield from _forgotten_after()


@pytest.fixture(autouse=True, scope="module")
def _credentials_of_a_module() -> Iterator[None]:
    yield from _forgotten_after()


@pytest.fixture
async def slack():
    made = SlackDouble()
    await made.server.start()
    yield made
    await made.server.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL server, started once; a reason to skip where it isn't installed."""
    server = PostgresServer()
    server.start()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a ledger that isn't there yet, in each kind of database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'state.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgresql")
    address = server.add_database()
    yield address
    server.drop_database(address)
