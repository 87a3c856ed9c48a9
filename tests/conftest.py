"""Fixtures that several folders of tests share."""

from collections.abc import Iterator

import pytest

from tests.doubles.slack import SlackDouble
from watchdog.redaction import KNOWN


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
