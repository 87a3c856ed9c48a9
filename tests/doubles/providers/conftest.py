"""The world of fakes, started anew for each test."""

import pytest

from tests.doubles.providers import Providers


@pytest.fixture
async def world():
    async with Providers() as started:
        yield started
