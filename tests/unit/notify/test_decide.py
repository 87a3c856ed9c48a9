import pytest
from msgspec.structs import replace

from tests.builders.snapshots import (
    NOW,
    ago,
    counts,
    eval_set,
    finished,
    incident,
    quiet,
    snapshot,
    task,
)
from watchdog.model.instants import timestamp
from watchdog.model.probe import Meaning
from watchdog.model.report import ConclusionReport
from watchdog.model.verdict import Cause, Verdict
from watchdog.notify.decide import ESCALATES_AGAIN, HELD, Intervals, LedgerEntry, Reason, decide
from watchdog.notify.decide.continuity import KEEP_FIRING_FOR, heard_of, sayings

NAME = "mmlu-2026-11-22-x7k2"
KNOWN = {incident().id: LedgerEntry(incident(), 1, NOW - 600)}


def reasons(seen, known, listed=True):
    return [decision.reason for decision in decide(seen, known, NOW, listed)]


def test_every_reason_not_to_open_yet_has_words():
    ends = {
        Reason.KEEP_FIRING,
        Reason.HOLD_DEGRADED,
        Reason.HOLD_NO_PROGRESS,
        Reason.HOLD_UNKNOWN,
    }
    assert set(HELD) == {each for each in Reason if each.name.startswith("HOLD_")} - ends


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
    assert (decision.reason, decision.incident.id) == (Reason.EDIT, "x")
    assert decision.incident.eval_sets == ("older", "a", "b")


def test_what_is_left_of_an_outage_is_told_in_place():
    wide = incident(id="x", scope="model", eval_sets=("a", "b", "c"))
    known = {"x": LedgerEntry(wide, 1, NOW - 600)}
    left = tuple(
        incident(id=name, scope="sample", eval_sets=(name,), cause=Cause.RATE_LIMITED)
        for name in ("a", "c")
    )
    (decision,) = decide(snapshot(incidents=left), known, NOW, True)
    assert (decision.reason, decision.incident.eval_sets) == (Reason.EDIT, ("a", "c"))
    assert decision.incident.recovered == ("b",)


def shared(**more):
    return incident(id="x", scope="model", eval_sets=("a", "b"), models=("acme/m",), **more)


def test_the_trouble_of_a_model_settles_before_it_is_called_over():
    seen = snapshot(quiet("a", Verdict.PROGRESSING), quiet("b", Verdict.PROGRESSING))

    def after(away):
        return reasons(seen, {"x": LedgerEntry(shared(), 1, NOW - 9000, away)})

    assert after(None) == after(NOW - KEEP_FIRING_FOR + 1) == [Reason.KEEP_FIRING]
    assert after(NOW - KEEP_FIRING_FOR) == [Reason.RESOLVE]
    still = replace(seen, troubled=frozenset({"acme/m"}))
    known = {"x": LedgerEntry(shared(), 1, NOW - 9000, NOW - 2 * KEEP_FIRING_FOR)}
    assert reasons(still, known) == [Reason.KEEP_FIRING]
    finished = snapshot(quiet("a", Verdict.FINISHED))
    assert reasons(finished, {"x": LedgerEntry(shared(), 1, NOW)}) == [Reason.RESOLVE]


def test_a_model_s_trouble_that_comes_back_in_another_eval_set_is_the_same():
    known = {"x": LedgerEntry(shared(), 1, NOW - 9000, NOW - 600)}
    back = incident(id="y", scope="sample", eval_sets=("c",), models=("acme/m",))
    (decision,) = decide(snapshot(incidents=(back,)), known, NOW, True)
    assert (decision.reason, decision.incident.id) == (Reason.EDIT, "x")
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


def told(found, at, **more):
    return {found.id: LedgerEntry(found, 1, NOW - 9000, told=found, told_at=at, **more)}


def test_edits_are_damped_and_what_changes_back_is_never_shown():
    before = incident(eval_sets=("a", "b"))
    wider = replace(before, eval_sets=("a", "b", "c"))
    seen = snapshot(incidents=(wider,))
    assert reasons(seen, told(before, NOW - 299)) == [Reason.STILL_OPEN]
    assert reasons(seen, told(before, NOW - 300)) == [Reason.EDIT]
    assert reasons(snapshot(incidents=(before,)), told(before, NOW - 9000)) == [Reason.STILL_OPEN]


def test_that_it_reaches_further_is_said_once():
    one = incident(id="x", scope="sample", eval_sets=("a",), models=("acme/m",))
    model = replace(one, scope="model", eval_sets=("a", "b"))
    provider = replace(model, scope="provider", eval_sets=("a", "b", "c"))
    assert reasons(snapshot(incidents=(model,)), told(one, NOW - 300)) == [Reason.UPDATE]
    assert reasons(snapshot(incidents=(provider,)), told(model, NOW - 300)) == [Reason.UPDATE]
    said = heard_of(provider, sayings(model))
    for now_seen, shown in ((model, provider), (provider, model), (one, provider)):
        known = told(shown, NOW - 300, said=said, said_at=NOW - 9000)
        assert reasons(snapshot(incidents=(now_seen,)), known) == [Reason.EDIT]


def test_a_task_instead_of_a_sample_calls_nobody():
    one = incident(scope="sample")
    more = replace(one, scope="task")
    assert reasons(snapshot(incidents=(more,)), told(one, NOW - 300)) == [Reason.EDIT]
    joint = replace(more, scope="model", eval_sets=("a", "b"))
    known = told(more, NOW - 300, said=heard_of(more, sayings(one)))
    assert reasons(snapshot(incidents=(joint,)), known) == [Reason.UPDATE]


def test_growing_durations_and_counts_are_no_news():
    before = incident(stuck_samples=3, summary="3 samples", peers="4 others progress")
    now = replace(before, stuck_samples=5, summary="5 samples", peers="")
    assert reasons(snapshot(incidents=(now,)), told(before, NOW - 9000)) == [Reason.STILL_OPEN]


def test_half_of_forty_recover_and_it_is_said_in_place():
    names = tuple(f"set-{n:02}" for n in range(40))
    before = incident(id="x", scope="model", eval_sets=names, models=("acme/m",))
    half = replace(before, eval_sets=names[::2], id="another-member-is-the-oldest")
    (decision,) = decide(snapshot(incidents=(half,)), told(before, NOW - 9000), NOW, True)
    assert (decision.reason, decision.incident.id) == (Reason.EDIT, "x")
    assert decision.incident.recovered == names[1::2]
    whole = decide(snapshot(incidents=(before,)), told(decision.incident, NOW - 9000), NOW, True)
    assert whole[0].incident.recovered == ()
    assert whole[0].reason is Reason.EDIT


def test_a_warning_becomes_a_page_at_once_and_never_the_other_way():
    warning, page = incident(severity="warning"), incident(severity="page")
    assert reasons(snapshot(incidents=(page,)), told(warning, NOW - 1)) == [Reason.ESCALATE]
    assert reasons(snapshot(incidents=(warning,)), told(page, NOW - 1)) == [Reason.STILL_OPEN]


def test_what_goes_on_for_a_moment_and_stands_again_calls_nobody_again():
    warning, page = incident(severity="warning"), incident(severity="page")
    heard = {"said": sayings(page)}
    again = told(warning, NOW - 600, **heard, said_at=NOW - 600)
    assert reasons(snapshot(incidents=(page,)), again) == [Reason.STILL_OPEN]
    later = told(warning, NOW - 600, **heard, said_at=NOW - ESCALATES_AGAIN)
    assert reasons(snapshot(incidents=(page,)), later) == [Reason.ESCALATE]


def conclusion(meaning, next_attempt_at=None):
    return ConclusionReport("acme/m", meaning, "high", "So it is.", None, next_attempt_at, ())


def test_the_first_conclusion_is_told_at_once_and_the_next_ones_are_damped():
    before = incident()
    tested = incident(conclusions=(conclusion(Meaning.MIDDLEMAN),))
    other = incident(conclusions=(conclusion(Meaning.PROVIDER),))
    assert reasons(snapshot(incidents=(tested,)), told(before, NOW - 1)) == [Reason.UPDATE]
    assert reasons(snapshot(incidents=(other,)), told(tested, NOW - 1)) == [Reason.STILL_OPEN]
    assert reasons(snapshot(incidents=(other,)), told(tested, NOW - 301)) == [Reason.UPDATE]
    known = told(other, NOW - 301, said=sayings(tested) | sayings(other))
    assert reasons(snapshot(incidents=(tested,)), known) == [Reason.EDIT]
    untested = incident(conclusions=(conclusion(Meaning.NOT_TESTED),))
    assert reasons(snapshot(incidents=(untested,)), told(before, NOW - 301)) == [Reason.STILL_OPEN]


def test_a_page_waits_for_its_first_tests():
    seen = replace(snapshot(incidents=(incident(),)), testing=frozenset({incident().id}))
    assert reasons(seen, {}) == [Reason.HOLD_TESTING]


def test_nobody_is_woken_for_samples_that_soon_find_out_by_themselves():
    def back(at):
        found = incident(conclusions=(conclusion(Meaning.BACK, at),))
        return reasons(snapshot(incidents=(found,)), {})

    assert back(timestamp(NOW + 600)) == [Reason.HOLD_RECOVERING]
    assert back(timestamp(NOW - 299)) == [Reason.HOLD_RECOVERING]
    assert back(timestamp(NOW - 300)) == [Reason.OPEN]
    assert back(None) == [Reason.OPEN]
    both = (conclusion(Meaning.BACK, timestamp(NOW + 600)), conclusion(Meaning.PROVIDER))
    assert reasons(snapshot(incidents=(incident(conclusions=both),)), {}) == [Reason.OPEN]


def test_a_page_that_nobody_heard_of_for_a_day_is_told_again():
    day = 86_400
    page, warning = incident(), incident(severity="warning")
    assert reasons(snapshot(incidents=(page,)), told(page, NOW - day)) == [Reason.REMIND]
    assert reasons(snapshot(incidents=(page,)), told(page, NOW - day + 1)) == [Reason.STILL_OPEN]
    assert reasons(snapshot(incidents=(warning,)), told(warning, NOW - day)) == [Reason.STILL_OPEN]
    muted = incident(muted_until=timestamp(NOW + 60))
    assert reasons(snapshot(incidents=(muted,)), told(page, NOW - day)) == [Reason.STILL_OPEN]
    intervals = Intervals(repeat_interval=0)
    never = decide(snapshot(incidents=(page,)), told(page, 0), NOW, True, (), intervals)
    assert never[0].reason is Reason.STILL_OPEN


def at_work(**more):
    """An eval set whose last healthy sample has just ended, and the next is not there yet."""
    due = task(samples=counts(completed=24, running=1, queued=12, stuck=1))
    return eval_set(**{"last_progress_at": ago(60), "tasks": (due,), **more})


def test_a_page_waits_while_the_next_sample_may_only_be_on_its_way():
    page = incident()
    between = snapshot(at_work(), incidents=(page,))
    assert reasons(between, {}) == [Reason.HOLD_FOR]
    long = snapshot(at_work(last_progress_at=ago(600)), incidents=(page,))
    assert reasons(long, {}) == [Reason.OPEN]
    never = snapshot(at_work(last_progress_at=None), incidents=(page,))
    assert reasons(never, {}) == [Reason.OPEN]
    nothing_due = at_work(tasks=(task(samples=counts(completed=24, running=1, stuck=1)),))
    assert reasons(snapshot(nothing_due, incidents=(page,)), {}) == [Reason.OPEN]
    joint = incident(scope="model", eval_sets=(NAME, "b"))
    assert reasons(snapshot(at_work(), incidents=(joint,)), {}) == [Reason.OPEN]


def test_a_warning_does_not_become_a_page_between_two_samples():
    warning, page = incident(severity="warning"), incident()
    between = snapshot(at_work(), incidents=(page,))
    (held,) = decide(between, told(warning, NOW - 9000), NOW, True)
    assert (held.reason, held.incident.severity) == (Reason.STILL_OPEN, "warning")
    long = snapshot(at_work(last_progress_at=ago(600)), incidents=(page,))
    assert reasons(long, told(warning, NOW - 9000)) == [Reason.ESCALATE]
    (is_one,) = decide(between, told(page, NOW - 9000), NOW, True)
    assert is_one.incident.severity == "page"
    (back,) = decide(between, {}, NOW, True, ended(warning, NOW - 60))
    assert (back.reason, back.incident.severity) == (Reason.REOPEN, "warning")


@pytest.mark.parametrize(
    ("verdict", "last", "reason"),
    [
        (Verdict.PROGRESSING, 60, Reason.RESOLVE),
        (Verdict.PROGRESSING, 81_000, Reason.HOLD_NO_PROGRESS),
        (Verdict.STARTING, None, Reason.HOLD_NO_PROGRESS),
        (Verdict.STARTING, 60, Reason.RESOLVE),
        (Verdict.STUCK, 81_000, Reason.HOLD_NO_PROGRESS),
        (Verdict.FINISHED, 81_000, Reason.RESOLVE),
        (Verdict.WAITING, None, Reason.RESOLVE),
    ],
)
def test_over_is_what_got_something_done_ended_or_waits_on_purpose(verdict, last, reason):
    """The incident began 80,040 s ago."""
    seen = quiet(NAME, verdict, last_progress_at=ago(last) if last is not None else None)
    assert reasons(snapshot(seen), KNOWN) == [reason]


def test_of_several_each_must_have_gone_on():
    spread = incident(id="x", eval_sets=("a", "b"))
    known = {"x": LedgerEntry(spread, 1, NOW - 600)}
    well, stands = quiet("a", Verdict.PROGRESSING), quiet("b", Verdict.STARTING)
    assert reasons(snapshot(well, stands), known) == [Reason.HOLD_NO_PROGRESS]


LIMPS = incident(severity="warning", verdict=Verdict.DEGRADED)


def test_degraded_is_over_when_it_is_not_degraded_for_a_while():
    def after(away, verdict):
        known = told(LIMPS, NOW - 9000, away_since=NOW - away)
        return reasons(snapshot(quiet(NAME, verdict)), known)

    assert after(899, Verdict.PROGRESSING) == [Reason.KEEP_FIRING]
    assert after(900, Verdict.PROGRESSING) == [Reason.RESOLVE]
    assert after(0, Verdict.FINISHED) == [Reason.RESOLVE]
    assert after(9000, Verdict.DEGRADED) == [Reason.HOLD_DEGRADED]


def test_degraded_that_gets_stuck_is_an_incident_of_its_own():
    """Also where it is the same sample, the same model and the same kind of failure."""
    stuck = incident(id="another", models=("acme/m",))
    seen = snapshot(eval_set(last_progress_at=ago(60)), incidents=(stuck,))
    known = told(replace(LIMPS, models=("acme/m",)), NOW - 9000, away_since=NOW - 2100)
    new, over = decide(seen, known, NOW, True)
    assert (new.reason, new.incident.id) == (Reason.OPEN, "another")
    assert (over.reason, over.ended_as) == (Reason.RESOLVE, Verdict.STUCK)


def test_that_more_of_it_is_degraded_calls_nobody():
    wide = replace(LIMPS, id="x", scope="model", eval_sets=(NAME, "b"))
    known = told(LIMPS, NOW - 9000)
    assert reasons(snapshot(incidents=(wide,)), known) == [Reason.EDIT]


def test_a_sample_whose_calls_fail_otherwise_now_is_the_same_incident():
    limited = incident(id="another", cause=Cause.RATE_LIMITED)
    seen = snapshot(eval_set(), incidents=(limited,))
    (decision,) = decide(seen, told(incident(), NOW - 9000), NOW, True)
    assert (decision.reason, decision.incident.id) == (Reason.EDIT, incident().id)
    assert decision.incident.cause is Cause.RATE_LIMITED
    other = incident(id="another", cause=Cause.RATE_LIMITED, subject="mmlu/43/1")
    seen = snapshot(eval_set(), incidents=(other,))
    assert Reason.OPEN in reasons(seen, told(incident(), NOW - 9000))


def test_a_closed_circle_s_incident_is_none_of_everybody_s():
    wide = incident(id="x", scope="model", eval_sets=("a",), models=("acme/m",))
    closed = replace(wide, id="y", eval_sets=("b",), circle="private")
    assert Reason.OPEN in reasons(
        snapshot(incidents=(wide, closed)), {"x": LedgerEntry(wide, 1, 0)}
    )
    unseen = replace(closed, circle="")
    (decision,) = decide(snapshot(incidents=(unseen,)), {"y": LedgerEntry(closed, 1, 0)}, NOW, True)
    assert decision.incident.circle == "private"


def test_what_comes_in_a_storm_waits_for_its_end():
    storm = Intervals(storm=3)
    page = incident(id="new", eval_sets=("new",))

    def after(*ages, closed=(), severity="page"):
        known = {
            f"{n}": LedgerEntry(
                incident(id=f"{n}", eval_sets=(f"{n}",), severity=severity), 1, NOW - age
            )
            for n, age in enumerate(ages)
        }
        seen = snapshot(eval_set("new"), incidents=(page,))
        found = decide(seen, known, NOW, True, closed, storm)
        return next(each.reason for each in found if each.incident.id == "new")

    assert after(10, 20) is Reason.OPEN
    assert after(10, 20, 299) is Reason.HOLD_STORM
    assert after(10, 20, 300) is Reason.OPEN
    assert after(10, 20, 30, severity="warning") is Reason.OPEN, "no page waits for warnings"
    over = LedgerEntry(incident(id="over", eval_sets=("over",)), 1, NOW - 30, resolved_at=NOW - 20)
    assert after(10, 20, closed=(over,)) is Reason.HOLD_STORM


def ended(found, at, **more):
    return (LedgerEntry(found, 3, NOW - 9000, told=found, resolved_at=at, **more),)


def test_what_comes_back_soon_is_the_same_incident():
    seen = snapshot(incidents=(incident(),))
    (decision,) = decide(seen, {}, NOW, True, ended(incident(), NOW - 60))
    assert (decision.reason, decision.entry.generation) == (Reason.REOPEN, 3)
    (late,) = decide(seen, {}, NOW, True, ended(incident(), NOW - 1800))
    assert late.reason is Reason.OPEN


def test_two_parts_of_one_that_comes_back_reopen_it_once():
    wide = incident(id="x", scope="model", eval_sets=("a", "b"), models=("acme/m",))
    parts = (incident(id="p", models=("acme/m",)), incident(id="q", models=("acme/m",)))
    found = decide(snapshot(incidents=parts), {}, NOW, True, ended(wide, NOW - 60))
    assert [each.reason for each in found] == [Reason.REOPEN]


def test_what_flaps_must_be_away_ever_longer():
    seen = snapshot(quiet(NAME, Verdict.PROGRESSING))

    def after(away, reopened):
        entry = told(incident(), NOW - 9000, reopened=reopened, away_since=NOW - away)
        return reasons(seen, entry)

    assert after(0, 0) == [Reason.RESOLVE]
    assert after(899, 1) == [Reason.KEEP_FIRING]
    assert after(900, 1) == after(1800, 2) == [Reason.RESOLVE]
    assert after(1799, 2) == [Reason.KEEP_FIRING]
    assert after(4 * 3600, 50) == [Reason.RESOLVE]
