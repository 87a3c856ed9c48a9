import pytest

from tests.unit.publish.factory import NOW, eval_set, finished, incident, quiet, snapshot
from watchdog.model.verdict import Verdict
from watchdog.publish.decide import LedgerEntry, Reason, decide

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
