"""Two open incidents that turn out to be one: one of them becomes part of the other."""

from msgspec.structs import replace
from sqlalchemy import update

from tests.builders.ledger_entries import ledger_entry
from tests.builders.snapshots import NOW, eval_set, incident, quiet, snapshot
from tests.doubles.channel import Clock, Recorder, turn
from watchdog.model.kept_incidents import IncidentQuery
from watchdog.model.report import OutsideReport
from watchdog.model.verdict import Verdict
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.slack_blocks import reply
from watchdog.notify.channels.slack_head import head
from watchdog.notify.channels.slack_text import message
from watchdog.notify.decide import Reason, decide
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger import history as kept_history
from watchdog.notify.ledger.database import open_ledger
from watchdog.notify.ledger.tables import incidents
from watchdog.surfaces.incidents.history import history

ONE = incident(id="one", eval_sets=("a",), severity="warning")
OTHER = incident(id="other", eval_sets=("b",), severity="warning")
BOTH = incident(
    id="one",
    scope="model",
    subject="openai/gpt-4o",
    eval_sets=("a", "b"),
    models=("openai/gpt-4o",),
)


def stuck(*incidents):
    names = dict.fromkeys(name for one in incidents for name in one.eval_sets)
    return snapshot(*map(eval_set, names), incidents=incidents)


def decided(view, *told, **entry):
    entries = {one.id: ledger_entry(one, NOW - 600 - n, **entry) for n, one in enumerate(told)}
    made = decide(view, entries, NOW, True)
    return {one.incident.id: (one.reason, one.parts, one.incident.part_of) for one in made}


def test_what_widens_until_it_takes_in_another_ends_that_one():
    made = decided(stuck(BOTH), ONE, OTHER)
    assert made["one"] == (Reason.ESCALATE, ("one",), "")
    assert made["other"] == (Reason.MERGED, (), "one")


def test_whom_people_were_called_for_goes_on():
    page = replace(OTHER, severity="page")
    made = decided(stuck(BOTH), ONE, page)
    assert made["one"][0] is Reason.MERGED
    assert made["other"][:2] == (Reason.UPDATE, ("one",))
    assert made["one"][2] == "other"


def test_what_stands_by_itself_beside_a_wide_one_stays_itself():
    single = replace(OTHER, eval_sets=("a",), subject="mmlu/7/1")
    made = decided(stuck(BOTH, single), BOTH, single)
    assert made["one"][:2] == (Reason.STILL_OPEN, ("one",))
    assert made["other"][:2] == (Reason.STILL_OPEN, ("other",))


def test_none_is_merged_before_its_source_was_listed():
    entries = {one.id: ledger_entry(one, NOW - 600) for one in (ONE, OTHER)}
    reasons = {one.reason for one in decide(stuck(BOTH), entries, NOW, False)}
    assert reasons == {Reason.STILL_OPEN, Reason.HOLD_UNTIL_LISTED}


class Told:
    """A ledger and a channel over which two incidents open and become one."""

    def __init__(self, tmp_path) -> None:
        self.clock, self.channel = Clock(), Recorder()
        self.ledger = open_ledger(f"sqlite:///{tmp_path}/s.sqlite3", NOW).ledger
        self.deliverer = Deliverer(self.ledger, (self.channel,), self.clock)

    async def turn(self, view):
        self.clock.now += 400
        return await turn(self.deliverer, view)

    def history(self, name):
        kept = kept_history.one(self.ledger, name)
        return {item.kind: item.text for item in history(kept, self.clock.now, whole=True)}


async def test_it_is_closed_once_and_both_say_so(tmp_path):
    told = Told(tmp_path)
    await told.turn(stuck(ONE, OTHER))
    await told.turn(stuck(BOTH))
    assert [one.kept.incident.id for one in told.deliverer.standing] == ["one"]
    (past,) = kept_history.past(told.ledger, IncidentQuery())
    assert (past.incident.id, past.incident.part_of) == ("other", "one")
    assert told.history("other")["merged"] == "It became part of one"
    assert "resolved" not in told.history("other")
    assert told.history("other")["told"] == "Told that it became part of another"
    assert told.history("one")["merged"].startswith("other became part of it: ")
    (end,) = [notice for notice in told.channel.notices if notice.kind == "resolved"]
    assert (end.incident.id, end.part_of) == ("other", "one")
    await told.turn(stuck(BOTH))
    assert told.channel.kinds.count("resolved") == 1
    await told.deliverer.aclose()


async def test_what_became_part_of_another_does_not_come_back_by_itself(tmp_path):
    told = Told(tmp_path)
    await told.turn(stuck(ONE, OTHER))
    await told.turn(stuck(BOTH))
    left = replace(OTHER, scope="sample")
    assert await told.turn(stuck(left)) == [Reason.EDIT]
    over = snapshot(*(quiet(name, Verdict.FINISHED) for name in "ab"))
    assert await told.turn(over) == [Reason.RESOLVE]
    assert await told.turn(stuck(left)) == [Reason.REOPEN]
    assert [one.kept.incident.id for one in told.deliverer.standing] == ["one"]
    await told.deliverer.aclose()


async def test_nobody_is_called_for_what_they_were_shown(tmp_path):
    """As where an earlier life wrote down less of what people were called for."""
    told = Told(tmp_path)
    outside = OutsideReport("openai", "Elevated errors", "", "https://status.example/1", None)
    stands = replace(ONE, severity="page", outside=(outside,))
    await told.turn(stuck(stands))
    with told.ledger.transaction() as connection:
        connection.execute(update(incidents).values(said='["page"]'))
    assert await told.turn(stuck(stands)) == [Reason.UPDATE]
    assert told.channel.kinds == ["opened", "edited"]
    assert "updated" not in told.history("one")
    assert await told.turn(stuck(stands)) == [Reason.STILL_OPEN]
    await told.deliverer.aclose()


async def test_slack_says_that_it_goes_on(tmp_path):
    told = Told(tmp_path)
    await told.turn(stuck(ONE, OTHER))
    await told.turn(stuck(BOTH))
    (end,) = [notice for notice in told.channel.notices if notice.kind == "resolved"]
    texts = [message(end), str(head(end, Templates())), reply(end)]
    assert all("part of" in text and "`one`" in text for text in texts)
    assert not any("resolved" in text or "Now stuck" in text for text in texts[::2])
    await told.deliverer.aclose()
