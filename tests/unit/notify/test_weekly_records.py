"""What a week is summed up from is read as it was written, on SQLite and on a server."""

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, update

from tests.builders.snapshots import NOW, eval_set, incident, quiet, snapshot
from tests.builders.weeks import DAY, lost
from tests.doubles.channel import Clock, Listener, turn
from watchdog.model.acts import Act
from watchdog.model.lost_time import WatchedTime
from watchdog.model.verdict import Verdict
from watchdog.model.weekly import Span
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger import acts, lost_time, weekly_sent
from watchdog.notify.ledger.database import open_ledger
from watchdog.notify.ledger.purge import purge
from watchdog.notify.ledger.tables import incidents, lost_time_table, watched_time_table
from watchdog.notify.ledger.weekly import week_records

WEEK = Span(NOW - DAY, NOW + 6 * DAY)


@pytest.fixture
def ledger(state):
    opened = open_ledger(state, NOW, "fleet")
    yield opened.ledger
    opened.ledger.close()


async def live(ledger):
    """An incident that opens as a warning, becomes a page, and ends."""
    clock, slack = Clock(), Listener(name="slack")
    deliverer = Deliverer(ledger, (slack,), clock)
    warning = incident(id="a", severity="warning")
    await turn(deliverer, snapshot(eval_set(), incidents=(warning,)))
    clock.now += 3600
    await turn(deliverer, snapshot(eval_set(), incidents=(incident(id="a"),), at=clock.now))
    clock.now += 3600
    seen = quiet(eval_set().eval_set_id, Verdict.PROGRESSING)
    await turn(deliverer, snapshot(seen, at=clock.now))
    return clock.now


async def test_an_incident_s_life(ledger):
    await live(ledger)
    acts.judge(ledger, "a", None, Act("judgement", "ann", False, NOW, None, "", False))
    (one,) = week_records(ledger, WEEK).incidents
    assert (one.is_page, one.ending, one.ended_as) == (True, "resolve", "progressing")
    assert [told.kind for told in one.kept.told] == ["opened", "resolved"]
    assert one.kept.opened_at == NOW
    assert one.began_at == NOW - 80_040
    assert one.kept.acts[0].judged is False


async def test_only_what_was_open_in_the_week(ledger):
    ended = await live(ledger)
    assert week_records(ledger, Span(NOW - 9 * DAY, NOW - DAY)).incidents == ()
    assert week_records(ledger, Span(ended + 1, ended + DAY)).incidents == ()
    assert len(week_records(ledger, Span(ended - 1, ended + DAY)).incidents) == 1


async def test_how_one_ended_that_an_earlier_version_wrote_is_read_from_its_last_message(ledger):
    await live(ledger)
    with ledger.transaction() as connection:
        connection.execute(update(incidents).values(ending=None, ended_as=None))
    (one,) = week_records(ledger, WEEK).incidents
    assert (one.ending, one.ended_as) == ("resolve", "progressing")


async def test_one_that_came_back_has_no_end(ledger):
    ended = await live(ledger)
    deliverer = Deliverer(ledger, (Listener(),), lambda: ended + 60)
    await turn(deliverer, snapshot(eval_set(), incidents=(incident(id="a"),), at=ended + 60))
    (one,) = week_records(ledger, WEEK).incidents
    assert (one.kept.resolved_at, one.ending, one.kept.reopened) == (None, "", 1)


def test_what_was_lost_is_replaced_and_gone_on_with(ledger):
    watched = WatchedTime(int(NOW), NOW, NOW + 60, 60.0, 2, 0)
    lost_time.save(ledger, [lost("a", NOW, 60.0)], [watched])
    longer = lost("a", NOW, 120.0)
    lost_time.save(ledger, [longer, lost("b", NOW - DAY, 30.0)], [replace(watched, polls=3)])
    before = lost_time.load(ledger, int(NOW))
    assert (before.lost[-1], before.watched[0].polls) == (longer, 3)
    assert before.until == {"a": NOW + 120, "b": NOW - DAY + 30}
    records = week_records(ledger, WEEK)
    assert {row.eval_set for row in records.lost} == {"a", "b"}
    assert (records.watched_since, records.watched[0].polls) == (NOW, 3)
    assert week_records(ledger, Span(NOW + DAY, NOW + 2 * DAY)).lost == ()


def rows(ledger, table):
    with ledger.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar()


def test_it_is_forgotten_with_incidents_and_purged_with_its_eval_set(ledger):
    old = lost("a", NOW - 40 * DAY, 60.0)
    watched = WatchedTime(int(NOW - 40 * DAY), NOW - 40 * DAY, NOW - 40 * DAY + 60)
    lost_time.save(ledger, [old, lost("a", NOW, 60.0), lost("b", NOW, 60.0)], [watched])
    ledger.prune(NOW)
    assert (rows(ledger, lost_time_table), rows(ledger, watched_time_table)) == (2, 0)
    assert purge(ledger, None, "a", None, dry_run=True).lost_times == 1
    assert purge(ledger, None, "a", None, dry_run=False).lost_times == 1
    assert rows(ledger, lost_time_table) == 1


def test_names_of_any_kind_are_kept(ledger):
    for name in ("x" * 2000, "nul\0", "half \ud800"):
        row = lost(name, NOW, 60.0)
        lost_time.save(ledger, [row], [])
        lost_time.save(ledger, [row], [])
    assert rows(ledger, lost_time_table) == 3


def test_the_schedule_begins_when_it_is_first_asked_for(ledger):
    assert weekly_sent.load(ledger, NOW) == weekly_sent.WeeklySent(NOW)
    assert weekly_sent.load(ledger, NOW + 60) == weekly_sent.WeeklySent(NOW)
    weekly_sent.save(ledger, weekly_sent.WeeklySent(NOW, NOW + 5))
    assert weekly_sent.load(ledger, NOW + 60).due == NOW + 5
