import pytest
from msgspec.structs import replace

from tests.unit.publish.factory import NOW, eval_set, finished, incident, quiet, snapshot
from watchdog.model.verdict import Cause, Verdict
from watchdog.publish.decide import SETTLES, LedgerEntry, Reason, decide

NAME = "mmlu-2026-11-22-x7k2"
KNOWN = {incident().id: LedgerEntry(incident(), 1, NOW - 600)}


def reasons(seen, known, listed=True):
    return [decision.reason for decision in decide(seen, known, NOW, listed)]


def test_opens_once_and_then_stays_silent():
    seen = snapshot(eval_set(), incidents=(incident(),))
    assert reasons(seen, {}) == [Reason.OPEN]
    assert reasons(seen, KNOWN) == [Reason.STILL_OPEN]


def test_what_is_muted_opens_when_the_mute_ends():
    muted = incident(muted_until="2026-11-23T09:00:00.000Z")
    assert reasons(snapshot(eval_set(), incidents=(muted,)), {}) == [Reason.MUTED]
    assert reasons(snapshot(eval_set(), incidents=(muted,)), KNOWN) == [Reason.STILL_OPEN]
    assert reasons(snapshot(eval_set(), incidents=(incident(),)), {}) == [Reason.OPEN]


def test_an_outage_that_takes_in_an_older_eval_set_is_the_same_incident():
    wide = incident(id="x", scope="model", eval_sets=("a", "b"))
    known = {"x": LedgerEntry(wide, 1, NOW - 600)}
    wider = incident(id="y", scope="model", eval_sets=("older", "a", "b"))
    (decision,) = decide(snapshot(incidents=(wider,)), known, NOW, True)
    assert (decision.reason, decision.incident.id) == (Reason.STILL_OPEN, "x")
    assert decision.incident.eval_sets == ("older", "a", "b")


def test_what_is_left_of_an_outage_is_no_news():
    wide = incident(id="x", scope="model", eval_sets=("a", "b", "c"))
    known = {"x": LedgerEntry(wide, 1, NOW - 600)}
    left = tuple(
        incident(id=name, scope="sample", eval_sets=(name,), cause=Cause.RATE_LIMITED)
        for name in ("a", "c")
    )
    (decision,) = decide(snapshot(incidents=left), known, NOW, True)
    assert (decision.reason, decision.incident.eval_sets) == (Reason.STILL_OPEN, ("a", "c"))


def shared(**more):
    return incident(id="x", scope="model", eval_sets=("a", "b"), models=("acme/m",), **more)


def test_the_trouble_of_a_model_settles_before_it_is_called_over():
    seen = snapshot(quiet("a", Verdict.PROGRESSING), quiet("b", Verdict.PROGRESSING))

    def after(away):
        return reasons(seen, {"x": LedgerEntry(shared(), 1, NOW - 9000, away)})

    assert after(None) == after(NOW - SETTLES + 1) == [Reason.HOLD_SETTLING]
    assert after(NOW - SETTLES) == [Reason.RESOLVE]
    still = replace(seen, troubled=frozenset({"acme/m"}))
    known = {"x": LedgerEntry(shared(), 1, NOW - 9000, NOW - 2 * SETTLES)}
    assert reasons(still, known) == [Reason.HOLD_SETTLING]
    finished = snapshot(quiet("a", Verdict.FINISHED))
    assert reasons(finished, {"x": LedgerEntry(shared(), 1, NOW)}) == [Reason.RESOLVE]


def test_a_model_s_trouble_that_comes_back_in_another_eval_set_is_the_same():
    known = {"x": LedgerEntry(shared(), 1, NOW - 9000, NOW - 600)}
    back = incident(id="y", scope="sample", eval_sets=("c",), models=("acme/m",))
    (decision,) = decide(snapshot(incidents=(back,)), known, NOW, True)
    assert (decision.reason, decision.incident.id) == (Reason.STILL_OPEN, "x")
    other = incident(id="z", scope="sample", eval_sets=("c",), models=("acme/other",))
    assert Reason.OPEN in reasons(snapshot(incidents=(other,)), known)


def test_another_trouble_of_the_same_eval_set_is_news():
    wide = incident(id="x", scope="model", eval_sets=("a", "b"))
    known = {"x": LedgerEntry(wide, 1, NOW - 600)}
    hung = incident(id="h", scope="sample", eval_sets=("a",), cause=Cause.HUNG_TOOL_CALL)
    single = incident(id="s", scope="sample", eval_sets=("z",))
    seen = snapshot(incidents=(wide, hung, single))
    assert reasons(seen, known) == [Reason.STILL_OPEN, Reason.OPEN, Reason.OPEN]
    alone = {"s": LedgerEntry(incident(id="s", scope="task", eval_sets=("a",)), 1, NOW)}
    other = incident(id="t", scope="task", eval_sets=("a",), cause=Cause.RATE_LIMITED)
    assert Reason.OPEN in reasons(snapshot(incidents=(other,)), alone)


def test_one_id_twice_in_a_snapshot_is_one_incident():
    assert reasons(snapshot(eval_set(), incidents=(incident(), incident())), {}) == [Reason.OPEN]


def test_nothing_before_everything_was_listed():
    seen = snapshot(eval_set(), incidents=(incident(),))
    assert reasons(seen, {}, listed=False) == [Reason.HOLD_UNTIL_LISTED]
    assert reasons(snapshot(), KNOWN, listed=False) == [Reason.HOLD_UNTIL_LISTED]


def test_resolves_when_it_is_gone_and_the_eval_set_is_known():
    (decision,) = decide(snapshot(quiet(NAME, Verdict.PROGRESSING)), KNOWN, NOW, True)
    assert decision.reason is Reason.RESOLVE
    assert decision.ended_as is Verdict.PROGRESSING
    assert decision.entry == KNOWN[incident().id]


@pytest.mark.parametrize(
    "seen",
    [
        snapshot(quiet(NAME, Verdict.UNKNOWN)),
        snapshot(quiet(NAME, Verdict.PROGRESSING), undecided=frozenset({NAME})),
    ],
)
def test_unknown_never_resolves(seen):
    assert reasons(seen, KNOWN) == [Reason.HOLD_UNKNOWN]


def test_one_unknown_of_several_holds():
    spread = incident(eval_sets=(NAME, "other", "removed"))
    known = {spread.id: LedgerEntry(spread, 1, NOW)}
    seen = snapshot(finished(), quiet(NAME, Verdict.FINISHED), quiet("other", Verdict.UNKNOWN))
    assert reasons(seen, known) == [Reason.HOLD_UNKNOWN]


def test_no_longer_watched_is_gone():
    assert reasons(snapshot(finished()), KNOWN) == [Reason.GONE]


def test_one_left_of_several_resolves():
    spread = incident(eval_sets=(NAME, "removed"))
    known = {spread.id: LedgerEntry(spread, 1, NOW)}
    assert reasons(snapshot(quiet(NAME, Verdict.FINISHED)), known) == [Reason.RESOLVE]


def test_an_incident_of_no_eval_set_resolves():
    cluster = incident(scope="cluster", eval_sets=())
    assert reasons(snapshot(), {cluster.id: LedgerEntry(cluster, 1, NOW)}) == [Reason.RESOLVE]
