"""Between site and ledger: what people want is written down, shown at once, and counted once."""

import pytest
from msgspec.structs import replace

from tests.builders.snapshots import eval_set, finished, incident, snapshot
from tests.doubles.channel import Clock, Recorder, turn
from watchdog.model.acts import Act
from watchdog.model.kept_incidents import IncidentQuery
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger import acts
from watchdog.notify.ledger.acts import Subject
from watchdog.notify.ledger.database import memory_ledger, open_ledger
from watchdog.notify.ledger.term import DeposedError
from watchdog.service import incidents as module
from watchdog.service.incidents import KEPT, IncidentDesk
from watchdog.service.judged_pages import JudgedPages
from watchdog.surfaces.web.desk import DeskError, Wish

STUCK = snapshot(eval_set(), incidents=(incident(),))
NAME = incident().id


class Rig:
    """A delivery and its desk; what is heeded is counted."""

    def __init__(self, ledger):
        self.clock, self.channel, self.heeded = Clock(), Recorder(), []
        self.ledger = ledger
        self.deliverer = Deliverer(ledger, (self.channel,), self.clock)
        self.desk = IncidentDesk(self.deliverer, self.clock, self.heed)
        self.judged = []
        worker = self.deliverer.ledger_worker
        self.pages = JudgedPages(worker, self.clock, self.judged.append)

    async def heed(self, kind):
        self.heeded.append(kind)

    async def turn(self, view=STUCK):
        self.clock.now += 30
        return await turn(self.deliverer, view)

    def wish(self, kind="acknowledgement", **changes):
        judged = True if kind == "judgement" else None
        until = None if judged else self.clock.now + 3600
        usual = Wish(kind, incident(), 1, "ann", False, until, "", judged)
        return replace(usual, **changes)


@pytest.fixture(params=["file", "memory"])
async def rig(request, tmp_path):
    file = tmp_path / "state.sqlite3"
    ledger = open_ledger(file, 0.0).ledger if request.param == "file" else memory_ledger()
    made = Rig(ledger)
    await made.turn()
    yield made
    await made.deliverer.aclose()


async def test_what_is_wanted_is_written_down_and_another_version_is_shown(rig):
    before = rig.desk.version
    await rig.desk.act(rig.wish())
    assert rig.desk.version != before
    assert [one.by for one in rig.desk.standing[0].kept.acts] == ["ann"]
    await rig.desk.aclose()
    assert rig.heeded == ["acknowledgement"]
    (one,) = (await rig.desk.one(NAME, None)).acts
    assert (one.by, one.verified, one.until) == ("ann", False, rig.clock.now + 3600)
    await rig.turn()
    assert rig.desk.standing[0].kept.acts == (one,)
    await rig.desk.act(rig.wish(takes_back=True, by="bob"))
    (one,) = (await rig.desk.one(NAME, 1)).acts
    assert (one.ended_by, one.ended_why) == ("bob", "taken_back")


async def test_what_can_not_be_done_says_why(rig):
    for wish, status in (
        (rig.wish(takes_back=True), 409),
        (rig.wish(opening=7), 409),
        (rig.wish(incident=incident(eval_sets=tuple(map(str, range(2000)))), kind="silence"), 409),
    ):
        with pytest.raises(DeskError) as raised:
            await rig.desk.act(wish)
        assert raised.value.status == status
    assert rig.heeded == []


async def test_a_ledger_that_fails_is_said_and_nothing_is_done(rig, monkeypatch):
    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(module.acts, "do", fail)
    with pytest.raises(DeskError, match="the disk is full"):
        await rig.desk.act(rig.wish())


async def test_while_memory_stands_in_nobody_claims_to_know_what_is_over(rig, monkeypatch):
    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(module.acts, "do", fail)
    with pytest.raises(DeskError):
        await rig.desk.act(rig.wish())
    assert (await rig.desk.one(NAME, None)).incident.id == NAME
    for question in (rig.desk.past(IncidentQuery()), rig.desk.one("another", None)):
        with pytest.raises(DeskError, match="what is over can't be read at present") as raised:
            await question
        assert raised.value.status == 503


async def test_who_leads_no_more_does_nothing(rig, monkeypatch):
    def fail(*_):
        raise DeposedError("term 1 is over")

    monkeypatch.setattr(module.acts, "do", fail)
    with pytest.raises(DeskError, match="another replica leads"):
        await rig.desk.act(rig.wish())


async def test_a_flaw_in_showing_it_undoes_nothing(rig):
    async def fail(_kind):
        raise RuntimeError("hunter2")

    rig.desk._heed = fail
    await rig.desk.act(rig.wish())
    await rig.desk.aclose()
    assert len((await rig.desk.one(NAME, None)).acts) == 1


async def test_what_was_read_is_kept_for_a_moment_within_bounds(rig, monkeypatch):
    reads = []
    real = module.history.past
    monkeypatch.setattr(module.history, "past", lambda *given: reads.append(1) or real(*given))
    for _ in range(3):
        assert await rig.desk.past(IncidentQuery()) == ()
    assert len(reads) == 1
    await rig.turn(snapshot(finished()))
    assert len(await rig.desk.past(IncidentQuery())) == 1
    for number in range(2 * KEPT):
        await rig.desk.past(IncidentQuery(words=(str(number),)))
    assert len(rig.desk._kept) == KEPT


async def test_a_ledger_that_can_not_be_read_is_said(rig, monkeypatch):
    def fail(*_):
        raise OSError("gone")

    monkeypatch.setattr(module.history, "one", fail)
    with pytest.raises(DeskError) as raised:
        await rig.desk.one(NAME, None)
    assert raised.value.status == 503


async def test_each_judgement_counts_once_and_what_ends_without_one_too(rig):
    await rig.pages.look(())
    await rig.desk.act(rig.wish("judgement"))
    for _ in range(3):
        rig.clock.now += 30
        await rig.pages.look(())
    assert rig.judged == ["true"]
    by_hand = Act("judgement", "bob", False, rig.clock.now, judged=False)
    acts.do(rig.ledger, Subject(incident(), 1), by_hand)
    await rig.pages.look(())
    assert rig.judged == ["true", "false"]
    rig.clock.now += 30
    await rig.pages.look(await rig.deliverer.handle(snapshot(finished()), True))
    assert rig.judged == ["true", "false"]
    await rig.turn(snapshot(eval_set("b"), incidents=(incident(id="b", eval_sets=("b",)),)))
    rig.clock.now += 30
    over = await rig.deliverer.handle(snapshot(finished()), True)
    await rig.pages.look(over)
    assert rig.judged == ["true", "false", "unjudged"]
    warning = incident(id="w", eval_sets=("w",), severity="warning")
    await rig.turn(snapshot(eval_set("w"), incidents=(warning,)))
    acts.do(rig.ledger, Subject(warning, 1), replace(by_hand, at=rig.clock.now))
    await rig.pages.look(await rig.deliverer.handle(snapshot(finished()), True))
    assert rig.judged == ["true", "false", "unjudged"]
