"""Killed at any point of delivery, two hundred times: no incident without its message.

The kill comes before Slack has the message, after Slack has it and before the ledger knows, in the
middle of a retry, or at a random instant; then the service starts again and goes on.
"""

import asyncio
import multiprocessing
import random
from collections import Counter

import pytest

from tests.acceptance.delivery_process import NAMES, deliver
from tests.doubles.slack import SlackDouble

TRIALS = 200
BATCH = 20
POINTS = ("before", "after", "retry", "instant")


@pytest.fixture(scope="module")
def spawner():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.acceptance.delivery_process"])
    return context


class Killer:
    """Slack, which kills the sender at the chosen call."""

    def __init__(self, slack, point, call):
        self.slack, self.point, self.call = slack, point, call
        self.calls = 0
        self.victim = None
        self._answer = slack.api.answer
        slack.api.answer = self.answer

    async def answer(self, request, method):
        self.calls += 1
        hit = self.victim is not None and self.calls == self.call
        if hit and self.point == "retry":
            self.slack.api.errors = ["503"]
        if hit and self.point == "before":
            self.kill()
        answer = await self._answer(request, method)
        if hit and self.point in {"after", "retry"}:
            self.kill()
        return answer

    def kill(self):
        self.victim.kill()
        self.victim = None


async def ended(process):
    while process.is_alive():  # noqa: ASYNC110 - a process has no event
        await asyncio.sleep(0.005)
    process.join()


@pytest.mark.parametrize("batch", range(TRIALS // BATCH))
async def test_no_incident_without_its_message_and_at_most_one_more(spawner, tmp_path, batch):
    for trial in range(BATCH):
        chance = random.Random(batch * BATCH + trial)  # noqa: S311 - no secret
        slack = SlackDouble()
        await slack.server.start()
        state = tmp_path / f"{trial}.sqlite3"
        point = POINTS[trial % len(POINTS)]
        killer = Killer(slack, point, chance.randint(1, 9))
        process = spawner.Process(target=deliver, args=(slack.server.url, str(state)))
        process.start()
        killer.victim = process
        if point == "instant":
            await asyncio.sleep(chance.uniform(0, 0.2))
            process.kill()
        await ended(process)
        killer.victim = None
        again = spawner.Process(target=deliver, args=(slack.server.url, str(state)))
        again.start()
        await ended(again)
        assert again.exitcode == 0
        check(slack, point)
        await slack.server.stop()


def title(post):
    """Its words."""
    return post.blocks[0]["text"]["text"].split()


def check(slack, point):
    heads = Counter(name for post in slack.api.heads for name in NAMES if name in title(post))
    assert set(heads) == set(NAMES), (point, heads)
    assert max(heads.values()) <= 2
    assert sum(heads.values()) <= len(NAMES) + 1
    green = [post for post in slack.api.heads if "resolved after" in post.text]
    over = Counter(name for post in green for name in NAMES if name in title(post))
    assert set(over) == set(NAMES), (point, over)
