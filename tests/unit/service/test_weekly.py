"""When Slack is told of a week: once, also over restarts, and late where it was missed."""

import pytest
from msgspec.structs import replace

from tests.builders.snapshots import eval_set, incident, snapshot
from tests.builders.weeks import lost
from tests.doubles.channel import Listener, turn
from watchdog.config.load import load
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger import lost_time
from watchdog.notify.ledger.database import open_ledger
from watchdog.notify.ledger.worker import LedgerWorker
from watchdog.service.weekly import WeeklyRounds, last_due

HOUR = 3600.0
DAY = 24 * HOUR
MONDAY = 1_795_420_800.0 + HOUR
"""2026-11-23T09:00:00Z."""
SETTINGS = {
    "slack": {"webhook_url": "http://127.0.0.1:9/hook"},
    "notify": {"weekly_report": "mon 09:00"},
}


class World:
    """A service that is started again and again over one ledger, at times that a test tells."""

    def __init__(self, folder, **notify):
        self.state = folder / "state"
        self.settings = load({**SETTINGS, "notify": {**SETTINGS["notify"], **notify}})
        self.now = MONDAY - DAY
        self.outcomes = []
        self.told = []
        self.start()

    def start(self):
        self.ledger = open_ledger(self.state, self.now, "a").ledger
        self.worker = LedgerWorker(self.ledger, clock=lambda: self.now)
        self.rounds = WeeklyRounds(self.settings, self.worker, lambda: self.now, b"key", self.tell)

    async def tell(self, _settings, text):
        outcome = self.outcomes.pop(0) if self.outcomes else Outcome("sent", "ok")
        if outcome.sent:
            self.told.append((self.now, text))
        return outcome

    async def restart(self):
        await self.worker.aclose()
        self.start()

    async def at(self, instant):
        self.now = instant
        await self.rounds.turn()

    @property
    def times(self):
        return [at - MONDAY for at, _ in self.told]


@pytest.fixture
async def world(tmp_path):
    made = World(tmp_path)
    yield made
    await made.worker.aclose()


async def test_once_a_week(world):
    for at in (-DAY, -60, 0, 60, DAY, 7 * DAY - 60, 7 * DAY, 7 * DAY + 60):
        await world.at(MONDAY + at)
    assert world.times == [0, 7 * DAY]
    assert "Week 2026-W47, 2026-11-16 to 2026-11-22 (UTC)" in world.told[0][1]


async def test_a_restart_tells_none_again(world):
    await world.at(MONDAY - DAY)
    await world.at(MONDAY)
    await world.restart()
    await world.at(MONDAY + HOUR)
    assert world.times == [0]


async def test_one_that_was_missed_is_told_late_within_a_day(world):
    await world.at(MONDAY - DAY)
    await world.restart()
    await world.at(MONDAY + 20 * HOUR)
    assert world.times == [20 * HOUR]
    await world.restart()
    await world.at(MONDAY + 7 * DAY + 25 * HOUR)
    assert world.times == [20 * HOUR]
    await world.at(MONDAY + 14 * DAY)
    assert world.times == [20 * HOUR, 14 * DAY]


async def test_what_would_have_been_due_before_it_was_asked_for_is_not_told(world):
    await world.at(MONDAY + HOUR)
    assert world.times == []


async def test_one_that_slack_does_not_take_is_tried_again(world):
    await world.at(MONDAY - DAY)
    world.outcomes = [Outcome("retry", "503")]
    for at in (0, 60, 660):
        await world.at(MONDAY + at)
    assert world.times == [660]


async def test_without_a_schedule_none_is_told(tmp_path):
    world = World(tmp_path, weekly_report=None)
    for at in (-DAY, 0, DAY):
        await world.at(MONDAY + at)
    assert world.times == []
    await world.worker.aclose()


async def test_what_is_restricted_or_secret_is_not_named(world):
    slack = Listener(name="slack")
    deliverer = Deliverer(
        world.ledger, (slack,), lambda: MONDAY - 5 * DAY, ledger_worker=world.worker
    )
    hidden = incident(id="hidden", eval_sets=("inside",), restriction="slack")
    secret = incident(id="other", eval_sets=("on-acme-x9",), secret_models=("acme/acme-x9",))
    sets = (eval_set("inside"), eval_set("on-acme-x9"))
    await turn(deliverer, snapshot(*sets, incidents=(hidden, secret), at=MONDAY - 5 * DAY))
    row = replace(lost("on-acme-x9", MONDAY - 5 * DAY, 60.0), owner="ann")
    lost_time.save(world.ledger, [row], [])
    await world.at(MONDAY - DAY)
    await world.at(MONDAY)
    (text,) = [text for _, text in world.told]
    assert "2 incidents opened" in text
    assert "inside" not in text
    assert "acme-x9" not in text
    assert "model-" in text


def test_the_last_one_that_was_due():
    assert last_due("mon 09:00", "UTC", MONDAY) == MONDAY
    assert last_due("mon 09:00", "UTC", MONDAY - 1) == MONDAY - 7 * DAY
    assert last_due("sun 08:30", "UTC", MONDAY) == MONDAY - DAY - HOUR / 2
    # clocks were put back on 2026-10-25
    assert last_due("mon 09:00", "Europe/Berlin", 1_793_100_000.0) % DAY == 8 * HOUR
    assert last_due("mon 09:00", "Europe/Berlin", 1_792_000_000.0) % DAY == 7 * HOUR
