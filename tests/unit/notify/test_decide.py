import pytest
from msgspec.structs import replace

from tests.builders.ledger_entries import ledger_entry
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
from watchdog.model.kept_incidents import KEPT_OPEN
from watchdog.model.probe import Meaning
from watchdog.model.report import ConclusionReport, EvidenceItem
from watchdog.model.verdict import Cause, Verdict
from watchdog.notify.decide import ESCALATES_AGAIN, HELD, Intervals, Reason, decide
from watchdog.notify.decide.announcements import announced_with, announcements
from watchdog.notify.decide.continuity import KEEP_FIRING_FOR, continues

NAME = "mmlu-2026-11-22-x7k2"
ENTRIES = {incident().id: ledger_entry(incident(), NOW - 600)}


def reasons(view, entries, listed=True):
    return [decision.reason for decision in decide(view, entries, NOW, listed)]


def test_every_reason_not_to_open_yet_has_words():
    ends = {
        Reason.KEEP_FIRING,
        Reason.HOLD_DEGRADED,
        Reason.HOLD_HALF_READ,
        Reason.HOLD_NO_PROGRESS,
        Reason.HOLD_UNKNOWN,
        Reason.HOLD_VANISHED,
        Reason.HOLD_ABSENT,
    }
    assert set(HELD) == {reason for reason in Reason if reason.name.startswith("HOLD_")} - ends
    assert set(KEPT_OPEN) == ends, "the page says why such a one is not over"


def test_opens_once_and_then_stays_silent():
    view = snapshot(eval_set(), incidents=(incident(),))
    assert reasons(view, {}) == [Reason.OPEN]
    assert reasons(view, ENTRIES) == [Reason.STILL_OPEN]


def test_what_is_muted_opens_when_the_mute_ends():
    muted = incident(muted_until="2026-11-23T09:00:00.000Z")
    assert reasons(snapshot(eval_set(), incidents=(muted,)), {}) == [Reason.MUTED]
    assert reasons(snapshot(eval_set(), incidents=(muted,)), ENTRIES) == [Reason.STILL_OPEN]
    assert reasons(snapshot(eval_set(), incidents=(incident(),)), {}) == [Reason.OPEN]


def test_an_outage_that_takes_in_an_older_eval_set_is_the_same_incident():
    wide = incident(id="x", scope="model", eval_sets=("a", "b"))
    entries = {"x": ledger_entry(wide, NOW - 600)}
    wider = incident(id="y", scope="model", eval_sets=("older", "a", "b"))
    (decision,) = decide(snapshot(incidents=(wider,)), entries, NOW, True)
    assert (decision.reason, decision.incident.id) == (Reason.EDIT, "x")
    assert decision.incident.eval_sets == ("older", "a", "b")


def test_what_is_left_of_an_outage_is_told_in_place():
    wide = incident(id="x", scope="model", eval_sets=("a", "b", "c"))
    entries = {"x": ledger_entry(wide, NOW - 600)}
    left = tuple(
        incident(id=name, scope="sample", eval_sets=(name,), cause=Cause.RATE_LIMITED)
        for name in ("a", "c")
    )
    (decision,) = decide(snapshot(incidents=left), entries, NOW, True)
    assert (decision.reason, decision.incident.eval_sets) == (Reason.EDIT, ("a", "c"))
    assert decision.incident.recovered == ("b",)


def shared(**more):
    return incident(id="x", scope="model", eval_sets=("a", "b"), models=("acme/m",), **more)


def test_the_trouble_of_a_model_keeps_firing_before_it_is_called_over():
    view = snapshot(quiet("a", Verdict.PROGRESSING), quiet("b", Verdict.PROGRESSING))

    def after(absent_since):
        return reasons(view, {"x": ledger_entry(shared(), NOW - 9000, absent_since=absent_since)})

    assert after(None) == after(NOW - KEEP_FIRING_FOR + 1) == [Reason.KEEP_FIRING]
    assert after(NOW - KEEP_FIRING_FOR) == [Reason.RESOLVE]
    still = replace(view, troubled=frozenset({"acme/m"}))
    entries = {"x": ledger_entry(shared(), NOW - 9000, absent_since=NOW - 2 * KEEP_FIRING_FOR)}
    assert reasons(still, entries) == [Reason.KEEP_FIRING]
    finished = snapshot(quiet("a", Verdict.FINISHED))
    assert reasons(finished, {"x": ledger_entry(shared(), NOW)}) == [Reason.RESOLVE]


def test_a_model_s_trouble_that_comes_back_in_another_eval_set_is_the_same():
    entries = {"x": ledger_entry(shared(), NOW - 9000, absent_since=NOW - 600)}
    back = incident(id="y", scope="sample", eval_sets=("c",), models=("acme/m",))
    (decision,) = decide(snapshot(incidents=(back,)), entries, NOW, True)
    assert (decision.reason, decision.incident.id) == (Reason.EDIT, "x")
    other = incident(id="z", scope="sample", eval_sets=("c",), models=("acme/other",))
    assert Reason.OPEN in reasons(snapshot(incidents=(other,)), entries)


def test_another_trouble_of_the_same_eval_set_is_another_incident():
    wide = incident(id="x", scope="model", eval_sets=("a", "b"))
    entries = {"x": ledger_entry(wide, NOW - 600)}
    hung = incident(id="h", scope="sample", eval_sets=("a",), cause=Cause.HUNG_TOOL_CALL)
    single = incident(id="s", scope="sample", eval_sets=("z",))
    view = snapshot(incidents=(wide, hung, single))
    assert reasons(view, entries) == [Reason.STILL_OPEN, Reason.OPEN, Reason.OPEN]
    alone = {"s": ledger_entry(incident(id="s", scope="task", eval_sets=("a",)), NOW)}
    other = incident(id="t", scope="task", eval_sets=("a",), cause=Cause.RATE_LIMITED)
    assert Reason.OPEN in reasons(snapshot(incidents=(other,)), alone)


def test_one_id_twice_in_a_snapshot_is_one_incident():
    assert reasons(snapshot(eval_set(), incidents=(incident(), incident())), {}) == [Reason.OPEN]


def test_nothing_before_everything_was_listed():
    view = snapshot(eval_set(), incidents=(incident(),))
    assert reasons(view, {}, listed=False) == [Reason.HOLD_UNTIL_LISTED]
    assert reasons(snapshot(), ENTRIES, listed=False) == [Reason.HOLD_UNTIL_LISTED]


def test_resolves_when_it_is_gone_and_the_eval_set_is_known():
    (decision,) = decide(snapshot(quiet(NAME, Verdict.PROGRESSING)), ENTRIES, NOW, True)
    assert decision.reason is Reason.RESOLVE
    assert decision.ended_as is Verdict.PROGRESSING
    assert decision.entry == ENTRIES[incident().id]


@pytest.mark.parametrize(
    "view",
    [
        snapshot(quiet(NAME, Verdict.UNKNOWN)),
        snapshot(quiet(NAME, Verdict.PROGRESSING), undecided=frozenset({NAME})),
    ],
)
def test_unknown_never_resolves(view):
    assert reasons(view, ENTRIES) == [Reason.HOLD_UNKNOWN]


def test_one_unknown_of_several_holds():
    spread = incident(eval_sets=(NAME, "other", "removed"))
    entries = {spread.id: ledger_entry(spread, NOW)}
    view = snapshot(finished(), quiet(NAME, Verdict.FINISHED), quiet("other", Verdict.UNKNOWN))
    assert reasons(view, entries) == [Reason.HOLD_UNKNOWN]


def test_no_longer_watched_is_gone():
    assert reasons(snapshot(finished()), ENTRIES) == [Reason.GONE]


def test_one_left_of_several_resolves():
    spread = incident(eval_sets=(NAME, "removed"))
    entries = {spread.id: ledger_entry(spread, NOW)}
    assert reasons(snapshot(quiet(NAME, Verdict.FINISHED)), entries) == [Reason.RESOLVE]


def test_an_incident_of_no_eval_set_resolves():
    cluster = incident(scope="cluster", eval_sets=())
    assert reasons(snapshot(), {cluster.id: ledger_entry(cluster, NOW)}) == [Reason.RESOLVE]


def as_shown(incident, at, **more):
    """What the ledger holds of one whose message shows it as it was then."""
    return {incident.id: ledger_entry(incident, NOW - 9000, shown_at=at, **more)}


def test_edits_are_damped_and_what_changes_back_is_never_shown():
    before = incident(eval_sets=("a", "b"))
    wider = replace(before, eval_sets=("a", "b", "c"))
    view = snapshot(incidents=(wider,))
    assert reasons(view, as_shown(before, NOW - 299)) == [Reason.STILL_OPEN]
    assert reasons(view, as_shown(before, NOW - 300)) == [Reason.EDIT]
    assert reasons(snapshot(incidents=(before,)), as_shown(before, NOW - 9000)) == [
        Reason.STILL_OPEN
    ]


def test_that_it_reaches_further_is_said_once():
    one = incident(id="x", scope="sample", eval_sets=("a",), models=("acme/m",))
    model = replace(one, scope="model", eval_sets=("a", "b"))
    provider = replace(model, scope="provider", eval_sets=("a", "b", "c"))
    assert reasons(snapshot(incidents=(model,)), as_shown(one, NOW - 300)) == [Reason.UPDATE]
    assert reasons(snapshot(incidents=(provider,)), as_shown(model, NOW - 300)) == [Reason.UPDATE]
    announced = announced_with(provider, announcements(model))
    for now, before in ((model, provider), (provider, model), (one, provider)):
        entries = as_shown(before, NOW - 300, announced=announced, announced_at=NOW - 9000)
        assert reasons(snapshot(incidents=(now,)), entries) == [Reason.EDIT]


def test_a_task_instead_of_a_sample_calls_nobody():
    one = incident(scope="sample")
    more = replace(one, scope="task")
    assert reasons(snapshot(incidents=(more,)), as_shown(one, NOW - 300)) == [Reason.EDIT]
    joint = replace(more, scope="model", eval_sets=("a", "b"))
    entries = as_shown(more, NOW - 300, announced=announced_with(more, announcements(one)))
    assert reasons(snapshot(incidents=(joint,)), entries) == [Reason.UPDATE]


def test_growing_durations_and_counts_call_nobody():
    before = incident(stuck_samples=3, summary="3 samples", peers="4 others progress")
    now = replace(before, stuck_samples=5, summary="5 samples", peers="")
    assert reasons(snapshot(incidents=(now,)), as_shown(before, NOW - 9000)) == [Reason.STILL_OPEN]


def test_half_of_forty_recover_and_it_is_said_in_place():
    names = tuple(f"set-{n:02}" for n in range(40))
    before = incident(id="x", scope="model", eval_sets=names, models=("acme/m",))
    half = replace(before, eval_sets=names[::2], id="another-member-is-the-oldest")
    (decision,) = decide(snapshot(incidents=(half,)), as_shown(before, NOW - 9000), NOW, True)
    assert (decision.reason, decision.incident.id) == (Reason.EDIT, "x")
    assert decision.incident.recovered == names[1::2]
    whole = decide(
        snapshot(incidents=(before,)), as_shown(decision.incident, NOW - 9000), NOW, True
    )
    assert whole[0].incident.recovered == ()
    assert whole[0].reason is Reason.EDIT


def test_a_warning_becomes_a_page_at_once_and_never_the_other_way():
    warning, page = incident(severity="warning"), incident(severity="page")
    assert reasons(snapshot(incidents=(page,)), as_shown(warning, NOW - 1)) == [Reason.ESCALATE]
    assert reasons(snapshot(incidents=(warning,)), as_shown(page, NOW - 1)) == [Reason.STILL_OPEN]


def test_what_goes_on_for_a_moment_and_stands_again_calls_nobody_again():
    warning, page = incident(severity="warning"), incident(severity="page")
    announced = announcements(page)
    again = as_shown(warning, NOW - 600, announced=announced)
    assert reasons(snapshot(incidents=(page,)), again) == [Reason.STILL_OPEN]
    later = as_shown(warning, NOW - 600, announced=announced, announced_at=NOW - ESCALATES_AGAIN)
    assert reasons(snapshot(incidents=(page,)), later) == [Reason.ESCALATE]


def conclusion(meaning, next_attempt_at=None):
    return ConclusionReport("acme/m", meaning, "high", "So it is.", None, next_attempt_at, ())


def test_the_first_conclusion_is_told_at_once_and_the_next_ones_are_damped():
    before = incident()
    tested = incident(conclusions=(conclusion(Meaning.MIDDLEMAN),))
    other = incident(conclusions=(conclusion(Meaning.PROVIDER),))
    assert reasons(snapshot(incidents=(tested,)), as_shown(before, NOW - 1)) == [Reason.UPDATE]
    assert reasons(snapshot(incidents=(other,)), as_shown(tested, NOW - 1)) == [Reason.STILL_OPEN]
    assert reasons(snapshot(incidents=(other,)), as_shown(tested, NOW - 301)) == [Reason.UPDATE]
    entries = as_shown(other, NOW - 301, announced=announcements(tested) | announcements(other))
    assert reasons(snapshot(incidents=(tested,)), entries) == [Reason.EDIT]
    untested = incident(conclusions=(conclusion(Meaning.NOT_TESTED),))
    assert reasons(snapshot(incidents=(untested,)), as_shown(before, NOW - 301)) == [
        Reason.STILL_OPEN
    ]


def test_a_page_waits_for_its_first_tests():
    view = replace(snapshot(incidents=(incident(),)), testing=frozenset({incident().id}))
    assert reasons(view, {}) == [Reason.HOLD_TESTING]


def test_nobody_is_woken_for_samples_that_soon_find_out_by_themselves():
    def back(at):
        passing = incident(conclusions=(conclusion(Meaning.BACK, at),))
        return reasons(snapshot(incidents=(passing,)), {})

    assert back(timestamp(NOW + 600)) == [Reason.HOLD_RECOVERING]
    assert back(timestamp(NOW - 299)) == [Reason.HOLD_RECOVERING]
    assert back(timestamp(NOW - 300)) == [Reason.OPEN]
    assert back(None) == [Reason.OPEN]
    both = (conclusion(Meaning.BACK, timestamp(NOW + 600)), conclusion(Meaning.PROVIDER))
    assert reasons(snapshot(incidents=(incident(conclusions=both),)), {}) == [Reason.OPEN]


def test_a_page_that_nobody_heard_of_for_a_day_is_told_again():
    day = 86_400
    page, warning = incident(), incident(severity="warning")
    assert reasons(snapshot(incidents=(page,)), as_shown(page, NOW - day)) == [Reason.REMIND]
    assert reasons(snapshot(incidents=(page,)), as_shown(page, NOW - day + 1)) == [
        Reason.STILL_OPEN
    ]
    assert reasons(snapshot(incidents=(warning,)), as_shown(warning, NOW - day)) == [
        Reason.STILL_OPEN
    ]
    muted = incident(muted_until=timestamp(NOW + 60))
    assert reasons(snapshot(incidents=(muted,)), as_shown(page, NOW - day)) == [Reason.STILL_OPEN]
    intervals = Intervals(repeat_interval=0)
    never = decide(snapshot(incidents=(page,)), as_shown(page, 0), NOW, True, (), intervals)
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
    (held,) = decide(between, as_shown(warning, NOW - 9000), NOW, True)
    assert (held.reason, held.incident.severity) == (Reason.STILL_OPEN, "warning")
    long = snapshot(at_work(last_progress_at=ago(600)), incidents=(page,))
    assert reasons(long, as_shown(warning, NOW - 9000)) == [Reason.ESCALATE]
    (decision,) = decide(between, as_shown(page, NOW - 9000), NOW, True)
    assert decision.incident.severity == "page"
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
    view = quiet(NAME, verdict, last_progress_at=ago(last) if last is not None else None)
    assert reasons(snapshot(view), ENTRIES) == [reason]


def test_of_several_each_must_have_gone_on():
    spread = incident(id="x", eval_sets=("a", "b"))
    entries = {"x": ledger_entry(spread, NOW - 600)}
    well, stands = quiet("a", Verdict.PROGRESSING), quiet("b", Verdict.STARTING)
    assert reasons(snapshot(well, stands), entries) == [Reason.HOLD_NO_PROGRESS]


LIMPS = incident(severity="warning", verdict=Verdict.DEGRADED)


def test_degraded_is_over_when_it_is_not_degraded_for_a_while():
    def after(absent_for, verdict):
        entries = as_shown(LIMPS, NOW - 9000, absent_since=NOW - absent_for)
        return reasons(snapshot(quiet(NAME, verdict)), entries)

    assert after(899, Verdict.PROGRESSING) == [Reason.KEEP_FIRING]
    assert after(900, Verdict.PROGRESSING) == [Reason.RESOLVE]
    assert after(0, Verdict.FINISHED) == [Reason.RESOLVE]
    assert after(9000, Verdict.DEGRADED) == [Reason.HOLD_DEGRADED]


def test_degraded_that_gets_stuck_is_an_incident_of_its_own():
    """Also where it is the same sample, the same model and the same kind of failure."""
    stuck = incident(id="another", models=("acme/m",))
    view = snapshot(eval_set(last_progress_at=ago(60)), incidents=(stuck,))
    entries = as_shown(replace(LIMPS, models=("acme/m",)), NOW - 9000, absent_since=NOW - 2100)
    new, over = decide(view, entries, NOW, True)
    assert (new.reason, new.incident.id) == (Reason.OPEN, "another")
    assert (over.reason, over.ended_as) == (Reason.RESOLVE, Verdict.STUCK)


def test_that_more_of_it_is_degraded_calls_nobody():
    wide = replace(LIMPS, id="x", scope="model", eval_sets=(NAME, "b"))
    entries = as_shown(LIMPS, NOW - 9000)
    assert reasons(snapshot(incidents=(wide,)), entries) == [Reason.EDIT]


def test_a_sample_whose_calls_fail_otherwise_now_is_the_same_incident():
    limited = incident(id="another", cause=Cause.RATE_LIMITED)
    view = snapshot(eval_set(), incidents=(limited,))
    (decision,) = decide(view, as_shown(incident(), NOW - 9000), NOW, True)
    assert (decision.reason, decision.incident.id) == (Reason.EDIT, incident().id)
    assert decision.incident.cause is Cause.RATE_LIMITED
    other = incident(id="another", cause=Cause.RATE_LIMITED, subject="mmlu/43/1")
    view = snapshot(eval_set(), incidents=(other,))
    assert Reason.OPEN in reasons(view, as_shown(incident(), NOW - 9000))


def test_a_restricted_incident_is_none_of_everybody_s():
    wide = incident(id="x", scope="model", eval_sets=("a",), models=("acme/m",))
    private = replace(wide, id="y", eval_sets=("b",), restriction="private")
    assert Reason.OPEN in reasons(snapshot(incidents=(wide, private)), {"x": ledger_entry(wide, 0)})
    unread = replace(private, restriction="")
    (decision,) = decide(snapshot(incidents=(unread,)), {"y": ledger_entry(private, 0)}, NOW, True)
    assert decision.incident.restricted_to == ("private",)


def test_what_comes_in_a_storm_waits_for_its_end():
    storm = Intervals(storm=3)
    page = incident(id="new", eval_sets=("new",))

    def after(*ages, resolved=(), severity="page"):
        entries = {
            f"{n}": ledger_entry(
                incident(id=f"{n}", eval_sets=(f"{n}",), severity=severity), NOW - age
            )
            for n, age in enumerate(ages)
        }
        view = snapshot(eval_set("new"), incidents=(page,))
        decisions = decide(view, entries, NOW, True, resolved, storm)
        return next(item.reason for item in decisions if item.incident.id == "new")

    assert after(10, 20) is Reason.OPEN
    assert after(10, 20, 299) is Reason.HOLD_STORM
    assert after(10, 20, 300) is Reason.OPEN
    assert after(10, 20, 30, severity="warning") is Reason.OPEN, "no page waits for warnings"
    over = ledger_entry(incident(id="over", eval_sets=("over",)), NOW - 30, resolved_at=NOW - 20)
    assert after(10, 20, resolved=(over,)) is Reason.HOLD_STORM


def ended(incident, at, **more):
    return (ledger_entry(incident, NOW - 9000, 3, resolved_at=at, **more),)


def test_what_comes_back_soon_is_the_same_incident():
    view = snapshot(incidents=(incident(),))
    (decision,) = decide(view, {}, NOW, True, ended(incident(), NOW - 60))
    assert (decision.reason, decision.entry.generation) == (Reason.REOPEN, 3)
    (late,) = decide(view, {}, NOW, True, ended(incident(), NOW - 1800))
    assert late.reason is Reason.OPEN


def test_two_parts_of_one_that_comes_back_reopen_it_once():
    wide = incident(id="x", scope="model", eval_sets=("a", "b"), models=("acme/m",))
    parts = (incident(id="p", models=("acme/m",)), incident(id="q", models=("acme/m",)))
    (decision,) = decide(snapshot(incidents=parts), {}, NOW, True, ended(wide, NOW - 60))
    assert decision.reason is Reason.REOPEN


def test_what_flaps_must_be_absent_ever_longer():
    view = snapshot(quiet(NAME, Verdict.PROGRESSING))

    def after(absent_for, reopened):
        entry = as_shown(incident(), NOW - 9000, reopened=reopened, absent_since=NOW - absent_for)
        return reasons(view, entry)

    assert after(0, 0) == [Reason.RESOLVE]
    assert after(899, 1) == [Reason.KEEP_FIRING]
    assert after(900, 1) == after(1800, 2) == [Reason.RESOLVE]
    assert after(1799, 2) == [Reason.KEEP_FIRING]
    assert after(4 * 3600, 50) == [Reason.RESOLVE]


@pytest.mark.parametrize(
    ("cause", "died", "deleted_ago", "reason"),
    [
        (Cause.RUNNER_GONE, True, None, Reason.HOLD_VANISHED),
        (Cause.RUNNER_GONE, True, 60.0, Reason.HOLD_VANISHED),
        (Cause.OOM_KILLED, True, 60.0, Reason.HOLD_VANISHED),
        (Cause.OOM_KILLED, False, None, Reason.HOLD_VANISHED),
        (Cause.OOM_KILLED, False, 60.0, Reason.RESOLVE),
        (Cause.HUNG_TOOL_CALL, False, None, Reason.HOLD_VANISHED),
        (Cause.HUNG_TOOL_CALL, False, 60.0, Reason.RESOLVE),
    ],
)
def test_what_is_gone_is_over_only_where_it_was_stuck_otherwise_and_its_deletion_was_seen(
    cause, died, deleted_ago, reason
):
    """A janitor takes a dead one's last namespace after a restart: nobody saw it go."""
    stands = incident(cause=cause, in_cluster=True, runner_died=died, verdict=Verdict.STUCK)
    gone = quiet(
        NAME,
        Verdict.FINISHED,
        deleted_at=ago(deleted_ago) if deleted_ago is not None else None,
        evidence=(EvidenceItem(None, "deletion", "it is gone"),),
    )
    entries = {stands.id: ledger_entry(stands, NOW - 3600)}
    assert reasons(snapshot(gone), entries) == [reason]


@pytest.mark.parametrize("scope", ["eval_set", "task", "sample"])
def test_a_dead_runner_of_which_less_is_known_by_now_is_the_same_incident(scope):
    killed = incident(id="a", cause=Cause.OOM_KILLED, scope=scope, runner_died=True)
    gone = replace(killed, id="b", cause=Cause.RUNNER_GONE)
    assert continues(gone, killed)
    assert not continues(replace(gone, eval_sets=("another",)), killed)
    assert continues(replace(gone, cause=Cause.EVICTED), killed)
    assert not continues(replace(gone, runner_died=False), killed)


UNWRITTEN = incident(
    id="w", cause=Cause.LOG_WRITE_FAILED, verdict=Verdict.UNKNOWN, since=ago(3600), scope="eval_set"
)
"""Its runner can't write its log since an hour."""


def unwritten_ends(**changes):
    """What becomes of it where it isn't seen any more."""
    entries = {"w": ledger_entry(UNWRITTEN, NOW - 600, absent_since=NOW - 60)}
    return reasons(snapshot(eval_set(**changes)), entries)


def test_unwritten_logs_open_at_once_and_stand_while_unknown():
    unread = eval_set(verdict=Verdict.UNKNOWN, cause=Cause.LOG_WRITE_FAILED)
    view = snapshot(unread, incidents=(UNWRITTEN,))
    assert reasons(view, {}) == [Reason.OPEN]
    entries = {"w": ledger_entry(UNWRITTEN, NOW - 600)}
    assert reasons(view, entries) == [Reason.STILL_OPEN]
    assert unwritten_ends(verdict=Verdict.UNKNOWN, cause=None) == [Reason.HOLD_UNKNOWN]


def test_unwritten_logs_are_over_with_the_first_newer_object_whatever_it_tells():
    """No progress is needed: what is stuck then is another incident."""
    old = {"last_progress_at": ago(7200)}
    for verdict, cause in (
        (Verdict.PROGRESSING, None),
        (Verdict.DEGRADED, Cause.RATE_LIMITED),
        (Verdict.STUCK, Cause.HUNG_TOOL_CALL),
    ):
        assert unwritten_ends(verdict=verdict, cause=cause, **old) == [Reason.RESOLVE]


def test_a_runner_that_died_with_unwritten_logs_mends_nothing():
    gone = {"verdict": Verdict.STUCK, "cause": Cause.RUNNER_GONE, "last_progress_at": ago(60)}
    assert unwritten_ends(**gone) == [Reason.HOLD_NO_PROGRESS]
