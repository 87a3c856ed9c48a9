"""Providers and Middleman, and the service that asks them."""

import pytest

from tests.acceptance.tested_service import Service
from tests.doubles.providers import Providers


@pytest.fixture
async def world():
    async with Providers() as made:
        yield made


@pytest.fixture
async def service(tmp_path, world, slack):
    made = []

    def start(scenario="one_sample_500", **more):
        made.append(Service(scenario, (tmp_path, world, slack), **more))
        return made[-1]

    yield start
    for each in made:
        await each.app.aclose()
