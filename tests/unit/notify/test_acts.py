"""Acts and events in the ledger: written, replaced, taken back, bounded, read, forgotten."""

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from tests.builders.kept_incidents import act
from tests.builders.snapshots import NOW, eval_set, finished, incident, snapshot
from tests.doubles.channel import Clock, Recorder, turn
from watchdog.model.access import Needs
from watchdog.model.acts import holding
from watchdog.model.kept_incidents import IncidentQuery, LifeEvent
from watchdog.notify import notice
from watchdog.notify.decide import Decision, Reason
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger import acts, events, history, mutes
from watchdog.notify.ledger.acts import Done, Subject
from watchdog.notify.ledger.database import open_ledger
from watchdog.notify.ledger.mutes import Mute
from watchdog.notify.ledger.standby import catch_up, copy_of, standby_of
from watchdog.notify.ledger.tables import events as table

YEAR = 365 * 86_400.0


@pytest.fixture
def ledger(state):
    opened = open_ledger(state, NOW)
    yield opened.ledger
    opened.ledger.close()


def opened(ledger, told=None, at=NOW - 7200):
    told = told or incident()
    decision = Decision(Reason.OPEN, told, at)
    shown = notice.opened(decision, snapshot(eval_set(), incidents=(told,)))
    ledger.open(decision, shown, ["slack"], Needs(("acme",)))
    return Subject(told, history.one(ledger, told.id).opening)


def rows(ledger):
    with ledger.engine.connect() as connection:
        return connection.execute(select(table)).all()


def held(ledger, subject, kind="acknowledgement"):
    (entry,) = ledger.open_incidents().values()
    assert entry.generation == subject.opening
    return holding(entry.acts, kind, NOW)


def ended(kind, by="bob"):
    return act(kind, ended_at=NOW, ended_by=by, ended_why="taken_back")


def test_one_takes_the_place_of_another_and_is_taken_back(ledger):
    subject = opened(ledger)
    assert acts.do(ledger, subject, act()) is Done.DONE
    assert acts.do(ledger, subject, act(by="eve", at=NOW - 60)) is Done.DONE
    now = held(ledger, subject)
    assert (now.by, now.extent.severity, now.extent.eval_sets) == ("eve", "page", 1)
    assert (
        acts.take_back(ledger, subject.thread, "acknowledgement", ended("judgement")) is Done.DONE
    )
    assert held(ledger, subject) is None
    again = acts.take_back(ledger, subject.thread, "acknowledgement", ended("judgement"))
    assert again is Done.NOTHING
    first, second = history.one(ledger, subject.incident.id).acts
    assert (first.ended_why, first.ended_by) == ("replaced", "eve")
    assert (second.ended_why, second.ended_by) == ("taken_back", "bob")


def test_only_what_is_open_can_be_acknowledged(ledger):
    unknown = Subject(incident(id="nobody heard of it"), 0)
    assert acts.do(ledger, unknown, act()) is Done.NOT_OPEN
    subject = opened(ledger)
    (entry,) = ledger.open_incidents().values()
    over = Decision(Reason.RESOLVE, entry.incident, NOW, entry)
    ledger.resolve(entry, notice.resolved(over, entry))
    assert acts.do(ledger, subject, act()) is Done.NOT_OPEN
    assert acts.do(ledger, subject, act("judgement")) is Done.DONE
    assert rows(ledger)[0].kind == "judgement"


def test_a_silence_mutes_its_eval_sets_by_name_and_its_end_unmutes_them(ledger):
    told = incident(eval_sets=("a*[1]", "b", "c"))
    subject = opened(ledger, told)
    mutes.mute(ledger, Mute("b", NOW + YEAR, "for long"), NOW)
    mutes.mute(ledger, Mute("c", NOW + 60, "not for long"), NOW)
    acts.do(ledger, subject, act("silence"))
    until = NOW + 7 * 3600
    why = "ann (unverified): looking into it"
    assert set(mutes.mutes(ledger, NOW)) == {
        Mute("a[*][[]1]", until, why),
        Mute("b", NOW + YEAR, "for long"),
        Mute("c", until, why),
    }
    acts.do(ledger, subject, act("silence", until=NOW + 60, at=NOW - 1))
    assert {each.until for each in mutes.mutes(ledger, NOW)} == {NOW + YEAR, NOW + 60}
    mutes.mute(ledger, Mute("c", NOW + 999, "by hand since"), NOW)
    acts.take_back(ledger, subject.thread, "silence", ended("silence"))
    assert {each.eval_set for each in mutes.mutes(ledger, NOW)} == {"b", "c"}


def test_so_many_eval_sets_are_not_silenced(ledger):
    names = tuple(map(str, range(mutes.MUTES_MAX + 1)))
    subject = opened(ledger, incident(eval_sets=names))
    assert acts.do(ledger, subject, act("silence")) is Done.TOO_MANY
    assert (rows(ledger), mutes.mutes(ledger, NOW)) == ([], ())


def test_of_what_was_not_told_a_silence_is_kept_too(ledger):
    subject = Subject(incident(), 0)
    assert acts.do(ledger, subject, act("silence")) is Done.DONE
    (kept,) = ledger.untold_acts()[subject.incident.id]
    assert kept.kind == "silence"
    ledger.prune(NOW + YEAR)
    assert ledger.untold_acts() == {}


def test_what_is_kept_of_one_incident_is_bounded(ledger):
    subject = opened(ledger)
    acts.do(ledger, subject, act("judgement"))
    with ledger.transaction() as connection:
        for number in range(events.EVENTS_MAX + 50):
            event = LifeEvent("updated", NOW + number, "x" * 9999)
            events.add(connection, ledger.watch, subject.thread, event)
    kept = rows(ledger)
    assert len(kept) == events.EVENTS_MAX + 1
    assert [row.kind for row in kept if row.kind != "updated"] == ["judgement"]
    assert max(len(row.record) for row in kept) < 2 * events.TEXT_MAX


def test_what_is_forgotten_takes_its_acts_along(ledger):
    subject = opened(ledger)
    acts.do(ledger, subject, act())
    ledger.prune(NOW + YEAR)
    assert len(rows(ledger)) == 1
    (entry,) = ledger.open_incidents().values()
    over = Decision(Reason.RESOLVE, entry.incident, NOW, entry)
    ledger.resolve(entry, notice.resolved(over, entry))
    ledger.prune(NOW + YEAR)
    assert rows(ledger) == []


def test_past_ones_are_listed_the_latest_end_first_and_page_by_page(ledger):
    for number in range(7):
        told = incident(id=f"i{number}", eval_sets=(f"set-{number % 2}",))
        subject = opened(ledger, told)
        entry = ledger.open_incidents()[told.id]
        over = Decision(Reason.RESOLVE, told, NOW + number // 2, entry)
        ledger.resolve(entry, notice.resolved(over, entry))
    opened(ledger, incident(id="open"))
    seen, before = [], None
    while True:
        found = history.past(ledger, IncidentQuery(before=before, limit=2))
        if not found:
            break
        seen += [each.incident.id for each in found]
        before = (found[-1].resolved_at, found[-1].incident.id, found[-1].opening)
    assert seen == ["i6", "i4", "i5", "i2", "i3", "i0", "i1"]
    assert subject.opening == 1
    some = history.past(ledger, IncidentQuery(words=("set-1",), limit=9))
    assert [each.incident.id for each in some] == ["i5", "i3", "i1"]
    late = history.past(ledger, IncidentQuery(ended_after=NOW + 2))
    assert [each.incident.id for each in late] == ["i6", "i4", "i5"]
    assert history.past(ledger, IncidentQuery(cause="rate_limited")) == ()


def test_each_opening_has_a_history_of_its_own(ledger):
    for number in (1, 2):
        subject = opened(ledger, at=NOW + number)
        acts.do(ledger, subject, act("judgement", judged=number == 1))
        (entry,) = ledger.open_incidents().values()
        over = Decision(Reason.RESOLVE, entry.incident, NOW + 10 + number, entry)
        ledger.resolve(entry, notice.resolved(over, entry))
    name = incident().id
    first, last = history.one(ledger, name, 1), history.one(ledger, name)
    assert (first.opening, last.opening, last.openings) == (1, 2, 2)
    assert [each.acts[0].judged for each in (first, last)] == [True, False]
    assert [(told.channel, told.kind) for told in last.told] == [
        ("slack", "opened"),
        ("slack", "resolved"),
    ]
    assert last.needs == Needs(("acme",))
    assert history.one(ledger, name, 3) is history.one(ledger, "another") is None


async def test_an_act_is_shown_by_the_next_decision_and_a_fall_is_written_down(state):
    clock, channel = Clock(), Recorder()
    opened_ledger = open_ledger(state, NOW).ledger
    deliverer = Deliverer(opened_ledger, (channel,), clock)
    few = snapshot(eval_set(), incidents=(incident(stuck_samples=1),))
    await turn(deliverer, few)
    (standing,) = deliverer.standing
    assert (standing.kept.opening, standing.seen_as) == (1, (incident().id,))
    clock.now += 30
    subject = Subject(standing.kept.incident, 1)
    until = clock.now + 3600
    await deliverer.ledger_worker.write(
        lambda it: acts.do(it, subject, act(at=clock.now, until=until))
    )
    clock.now += 1
    assert await turn(deliverer, few) == [Reason.EDIT]
    assert "Acknowledged by ann" in channel.notices[-1].handling[0]
    assert deliverer.standing[0].kept.acts[0].by == "ann"
    clock.now += 30
    assert await turn(deliverer, few) == [Reason.STILL_OPEN]
    many = snapshot(eval_set(), incidents=(incident(stuck_samples=5),))
    assert await turn(deliverer, many) == [Reason.WORSE]
    assert channel.notices[-1].handling == ()
    kept = history.one(opened_ledger, incident().id)
    assert (kept.acts[0].ended_why, kept.events[0].kind) == ("more_samples", "reminded")
    clock.now += 1
    assert await turn(deliverer, many) == [Reason.STILL_OPEN]
    clock.now += 1
    assert await turn(deliverer, snapshot(finished())) == [Reason.GONE]
    assert [kind for kind, _ in channel.attempts] == ["opened", "edited", "reminded", "resolved"]
    assert deliverer.standing == ()
    await deliverer.aclose()


def test_a_copy_in_memory_has_them_and_brings_them_back(ledger):
    subject = opened(ledger)
    acts.do(ledger, subject, act())
    standby = standby_of(copy_of(ledger), "")
    assert holding(standby.open_incidents()[subject.incident.id].acts, "acknowledgement", NOW)
    with standby.transaction() as connection:
        event = LifeEvent("updated", NOW, "while the database was away")
        events.add(connection, "", subject.thread, event)
    catch_up(ledger, standby, NOW)
    kept = history.one(ledger, subject.incident.id)
    assert (kept.acts[0].by, kept.events[0].text) == ("ann", "while the database was away")
    standby.close()


def test_a_judgement_finds_the_last_opening_by_itself(ledger):
    assert acts.judge(ledger, "nothing", None, act("judgement")) is Done.NO_SUCH
    subject = opened(ledger)
    name = subject.incident.id
    assert acts.judge(ledger, name, None, act("judgement")) is Done.DONE
    assert acts.judge(ledger, name, 1, replace(act("judgement"), judged=True)) is Done.DONE
    with ledger.engine.connect() as connection:
        made = events.judgements(connection, ledger.watch, NOW - 7200)
    assert [(thread, each.judged) for thread, each in made] == [
        ((name, 1), False),
        ((name, 1), True),
    ]
