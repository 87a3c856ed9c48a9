"""Fixtures that several tests of doubles and channels share."""

import pytest

from tests.doubles.slack_socket import SocketDouble


@pytest.fixture
async def socket(slack):
    """Where Slack's double opens Socket Mode connections."""
    async with SocketDouble() as made:
        slack.api.socket = made
        yield made
