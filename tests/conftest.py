"""Fixtures that several folders of tests share."""

import pytest

from tests.doubles.slack import SlackDouble


@pytest.fixture
async def slack():
    made = SlackDouble()
    await made.server.start()
    yield made
    await made.server.stop()
