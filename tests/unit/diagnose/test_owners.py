"""An owner's exceptions: what they excuse, how long, and that they are said."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import JOB, LIMITS, view, watched, working
from tests.builders.rows import SET, Rows, facts, schedule, state
from tests.builders.words import read
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.allowances import Allowance, Override
from watchdog.model.cluster import Pod
from watchdog.model.facts import ClusterRead, Listing
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Cause, Verdict
from watchdog.pipeline.snapshot import snapshot

HOUR = 3600.0
DAY = 24 * HOUR
LATE = 20 * HOUR
NOTHING = Allowance()


def in_tool(**fields) -> Rows:
    return working().pending("tool", 600, "bash", **fields)


def judged(now, said=NOTHING, *, job=NOTHING, metadata=NOTHING, samples=None, **spec):
    """An eval set whose configuration, Job and log say this."""
    samples = samples or {"1": in_tool()}
    cluster = view(now, jobs=(replace(JOB, allowance=job),))
    known = watched(now, samples, cluster, allowance=metadata, **spec)
    return judge([known], now, LIMITS, 90.0, overrides=(Override(said),))[0]


def texts(judgment, kind="told"):
    return [read(e.text) for e in judgment.evidence if e.kind == kind]


# --- expected silence


@pytest.mark.parametrize("source", ["said", "job", "metadata"])
def test_expected_silence_excuses_a_call_for_so_long(source):
    silence = {source: Allowance(expected_silence=24 * HOUR)}
    assert judged(LATE).cause is Cause.HUNG_TOOL_CALL
    assert judged(LATE, **silence).verdict is Verdict.PROGRESSING
    late = judged(24 * HOUR + 700, **silence)
    assert (late.verdict, late.cause) == (Verdict.STUCK, Cause.HUNG_TOOL_CALL)


@pytest.mark.parametrize(
    ("samples", "cause"),
    [
        ({"1": in_tool(timeout=60.0)}, Cause.HUNG_TOOL_CALL),
        ({"1": working().pending("model", 600)}, Cause.HUNG_MODEL_CALL),
        ({"1": working().scorer(600)}, Cause.HUNG_SCORING),
        ({"1": working()}, Cause.RUNNER_FROZEN),
    ],
)
def test_it_excuses_whatever_is_concluded_from_silence(samples, cause):
    assert judged(LATE, samples=samples).cause is cause
    silent = judged(LATE, metadata=Allowance(expected_silence=DAY), samples=samples)
    assert silent.verdict in {Verdict.PROGRESSING, Verdict.STARTING}


def test_it_excuses_a_set_up():
    def setting_up(metadata):
        known = state(facts({}, read_at=LATE, total=3, allowance=metadata))
        return judge([known], LATE, LIMITS, 90.0)[0]

    assert setting_up(Allowance()).cause is Cause.HUNG_SETUP
    assert setting_up(Allowance(expected_silence=DAY)).verdict is Verdict.STARTING


def test_it_excuses_no_failures():
    failing = {"1": working().fails(schedule(600, 20))}
    now = schedule(600, 20)[-1] + 60
    assert judged(now, samples=failing).cause is Cause.API_SERVER_ERROR
    silent = judged(now, metadata=Allowance(expected_silence=7 * DAY), samples=failing)
    assert silent.verdict is Verdict.STUCK


def test_a_shorter_silence_than_what_is_normal_makes_nothing_stricter():
    assert judged(HOUR, metadata=Allowance(expected_silence=60)).verdict is Verdict.PROGRESSING


# --- patience


def first_stuck(**said):
    """The first hour at which a tool call of a name never seen is stuck."""
    return next(h for h in range(1, 100) if judged(h * HOUR, **said).verdict is Verdict.STUCK)


@pytest.mark.parametrize("patience", [2, 3, 10])
def test_patience_is_a_factor_on_what_was_learned_or_assumed(patience):
    usual = first_stuck()
    patient = first_stuck(metadata=Allowance(patience=patience))
    assert patience * (usual - 1) <= patient <= patience * usual


def test_patience_is_no_factor_on_what_was_allowed_or_declared():
    said = Allowance(tool_call=4 * HOUR, patience=10)
    assert judged(5 * HOUR, metadata=said).verdict is Verdict.STUCK
    declared = {"1": in_tool(timeout=60.0)}
    assert judged(5 * HOUR, metadata=Allowance(patience=10), samples=declared).cause is (
        Cause.HUNG_TOOL_CALL
    )


def stuck_at(patience):
    """After how many failed attempts, and seconds of them, a sample is stuck."""
    for attempts in range(4, 60):
        instants = schedule(600, attempts)
        samples = {"1": working().fails(instants)}
        allowed = Allowance(patience=patience)
        if judged(instants[-1] + 6, metadata=allowed, samples=samples).verdict is Verdict.STUCK:
            return instants[-1] - instants[0]
    raise AssertionError("never")


def test_patience_with_failures_is_so_many_times_the_time():
    usual, longest_wait = stuck_at(None), 1805.0
    assert stuck_at(1) == usual
    for patience in (2, 3):
        assert patience * usual / 2 < stuck_at(patience) <= patience * usual + longest_wait


@pytest.mark.parametrize(("patience", "verdict"), [(None, Verdict.STUCK), (3, Verdict.STARTING)])
def test_patience_waits_longer_for_a_pod_s_image_or_node(patience, verdict):
    runner = Pod("inspect-x", "r", "u", "Pending", created_at=0.0, unschedulable="0/3 nodes")
    job = replace(JOB, allowance=Allowance(patience=patience))
    known = watched_without_logs(view(1200.0, jobs=(job,), runners=(runner,)))
    assert judge([known], 1200.0, LIMITS, 90.0)[0].verdict is verdict


def watched_without_logs(cluster):
    known = fold(state(), ClusterRead(SET, cluster))
    return replace(known, tasks={}, listed=True)


# --- how long it holds


def test_an_owner_s_word_holds_for_so_many_days_from_the_start():
    said = Allowance(page=False)
    for source in ("job", "metadata"):
        assert judged(14 * DAY - 1, **{source: said}).no_page is not None
        assert judged(14 * DAY, **{source: said}).no_page is None
    assert judged(15 * DAY, said).no_page is not None


def test_an_owner_may_end_it_earlier_and_not_later():
    early = Allowance(page=False, until=LATE)
    assert judged(LATE - 1, metadata=early).no_page is not None
    assert judged(LATE, metadata=early).no_page is None
    late = judged(LATE, job=Allowance(page=False, until=30 * DAY))
    assert late.no_page.until == 14 * DAY
    (text,) = texts(late, "annotation")
    assert text == (
        "ignored: annotation of the runner's Job: 1970-01-31 00:00 UTC is beyond what an owner may "
        "say: 14 d after the start, 1970-01-15 00:00 UTC"
    )


def test_the_bound_is_a_setting():
    known = watched(LATE, {"1": in_tool()}, view(LATE), allowance=Allowance(page=False))
    (short,) = judge([known], LATE, replace(LIMITS, owner_exceptions=HOUR), 90.0)
    assert short.no_page is None


def test_one_that_began_nobody_knows_when_does_not_hold():
    job = replace(JOB, created_at=None, allowance=Allowance(page=False))
    known = watched(LATE, {"1": in_tool()}, view(LATE, jobs=(job,)))
    (told,) = judge([known], LATE, LIMITS, 90.0)
    assert told.no_page is None
    assert "when it began isn't known" in texts(told, "annotation")[0]
    forged = judged(LATE, metadata=Allowance(page=False), created=LATE + 30 * DAY)
    assert forged.no_page is None


# --- no page


@pytest.mark.parametrize("source", ["said", "job", "metadata"])
def test_a_page_becomes_a_warning_and_the_summary_says_so(source):
    said = {source: Allowance(page=False, until=2 * DAY, reason="known.")}
    told = judged(LATE, **said)
    who = "the configuration" if source == "said" else "its owner"
    words = f"a warning only: {who} wants no page until 1970-01-03 00:00 UTC: known"
    assert told.verdict is Verdict.STUCK
    assert read(told.summary).endswith(f" A{words[1:]}.")
    (incident,) = correlate((told,), LATE)
    assert incident.severity == "warning"
    assert incident.muted_until is None
    assert incident.summary.endswith(f"; {words}")
    (after,) = correlate((judged(2 * DAY, **said),), 2 * DAY)
    assert after.severity == "page"
    assert "warning" not in after.summary


def test_what_is_a_warning_anyway_says_nothing_of_it():
    samples = {"1": in_tool(), "2": Rows().ok(LATE - 60)}
    told = judged(LATE, metadata=Allowance(page=False), samples=samples)
    assert told.verdict is Verdict.PARTIALLY_STUCK
    (incident,) = correlate((told,), LATE)
    assert incident.severity == "warning"
    assert "a warning only" not in read(told.summary).lower() + incident.summary


def test_several_eval_sets_are_a_page_unless_it_is_wanted_for_all():
    def shared(*allowances):
        attempts = schedule(600, 12)
        now = attempts[-1] + 60
        states = [
            state(
                facts(
                    {"1": working().fails([at + n for at in attempts])},
                    read_at=now,
                    eval_set=f"set-{n}",
                    allowance=allowance,
                ),
                eval_set=f"set-{n}",
            )
            for n, allowance in enumerate(allowances)
        ]
        (incident,) = correlate(judge(states, now, LIMITS, 90.0), now)
        assert len(incident.eval_sets) == 2
        return incident

    quiet = Allowance(page=False)
    assert shared(quiet, Allowance()).severity == "page"
    both = shared(quiet, quiet)
    assert both.severity == "warning"
    assert "a warning only: its owner wants no page" in both.summary


def test_an_owner_s_mute_is_a_warning_in_place_of_a_page_until_then():
    for source in ("job", "metadata"):
        muted = judged(LATE, **{source: Allowance(mute_until=LATE + HOUR, mute_reason="known")})
        assert muted.muted is None
        (incident,) = correlate((muted,), LATE)
        assert (incident.severity, incident.muted_until) == ("warning", None)
        assert "no page until 1970-01-01 21:00 UTC: known" in incident.summary
        assert "wants a warning in place of a page until 1970-01-01 21:00 UTC" in texts(muted)[0]
    over = judged(LATE, job=Allowance(mute_until=LATE))
    assert correlate((over,), LATE)[0].severity == "page"
    assert texts(over) == []


def test_the_metrics_know_what_is_to_be_no_page():
    def no_page(**said):
        return snapshot((judged(LATE, **said),), (), (), LATE).figures[0].no_page

    assert no_page(metadata=Allowance(page=False))
    assert no_page(job=Allowance(mute_until=2 * DAY))
    assert not no_page()
    assert not no_page(said=Allowance(mute_until=2 * DAY))


# --- waiting


def test_an_owner_s_wait_excuses_silence_and_no_failures():
    said = Allowance(waiting="people work on it")
    waits = judged(LATE, metadata=said)
    assert waits.verdict is Verdict.WAITING
    assert [e.text for e in waits.tasks[0].samples[0].evidence] == ["people work on it"]
    assert judged(7 * DAY + 700, metadata=said).verdict is Verdict.STUCK
    assert judged(7 * DAY + 700, said).verdict is Verdict.WAITING
    failing = {"1": working().fails(schedule(600, 20))}
    now = schedule(600, 20)[-1] + 60
    assert judged(now, metadata=said, samples=failing).verdict is Verdict.STUCK
    shorter = replace(said, expected_silence=6 * HOUR)
    assert judged(LATE, metadata=shorter).verdict is Verdict.STUCK


# --- who weighs more, and what is said


def test_annotations_weigh_more_than_metadata_and_the_configuration_most():
    short, longer = Allowance(tool_call=HOUR), Allowance(tool_call=24 * HOUR)
    assert judged(LATE, metadata=longer, job=short).verdict is Verdict.STUCK
    assert judged(LATE, metadata=short, job=longer).verdict is Verdict.PROGRESSING
    assert judged(LATE, short, job=longer, metadata=longer).verdict is Verdict.STUCK
    assert judged(LATE, longer, job=short, metadata=short).verdict is Verdict.PROGRESSING


def test_the_configuration_can_ask_for_the_page_all_the_same():
    told = judged(
        LATE, Allowance(page=True), metadata=Allowance(page=False), job=Allowance(page=False)
    )
    assert correlate((told,), LATE)[0].severity == "page"
    assert not snapshot((told,), (), (), LATE).figures[0].no_page


def test_each_source_ends_by_itself():
    metadata = Allowance(expected_silence=24 * HOUR, until=10 * HOUR)
    told = judged(LATE, metadata=metadata, job=Allowance(patience=2))
    assert told.verdict is Verdict.STUCK
    assert len(texts(told)) == 1


def test_what_holds_is_said_whatever_the_verdict():
    metadata = Allowance(
        expected_silence=6 * HOUR, patience=3, page=False, until=DAY, reason="long builds"
    )
    (text,) = texts(judged(700, metadata=metadata))
    assert text == (
        "its owner expects up to 6 h of silence, asks for 3 times the usual patience, wants a "
        "warning in place of a page until 1970-01-02 00:00 UTC (metadata of the log): long builds"
    )
    (text,) = texts(judged(700, job=Allowance(tool_call=4 * HOUR, waiting="a pause", page=True)))
    assert text == (
        "its owner allows a tool call 4 h, says that it waits on purpose (a pause), expects up to "
        "7 d of silence, wants a page until 1970-01-15 00:00 UTC (annotation of the runner's Job)"
    )
    (text,) = texts(judged(700, Allowance(patience=2)))
    assert text == "the configuration asks for 2 times the usual patience (overrides)"
    assert texts(judged(700)) == []
    assert texts(judged(700, Allowance(tool_call=HOUR))) == []
    assert texts(judged(2 * DAY, metadata=metadata, status="success")) == []


def test_what_can_not_be_used_of_metadata_is_said():
    told = judged(700, ignored=("metadata stuck-eval-watchdog/page: nonsense",))
    assert texts(told, "annotation") == ["ignored: metadata stuck-eval-watchdog/page: nonsense"]


def two_tasks(first, second, now=LATE):
    known = fold(EvalSetState(SET), Listing(SET, ("a.eval", "b.eval")))
    for log, allowance in (("a.eval", first), ("b.eval", second)):
        for fact in facts({"1": in_tool()}, read_at=now, log=log, allowance=allowance):
            known = fold(known, fact)
    return judge([known], now, LIMITS, 90.0)[0]


def test_of_several_tasks_what_all_say_holds_for_the_eval_set():
    one = Allowance(expected_silence=24 * HOUR, page=False, patience=2)
    other = Allowance(expected_silence=22 * HOUR, page=False)
    both = two_tasks(one, other)
    assert both.verdict is Verdict.PROGRESSING
    assert both.no_page is not None
    assert "expects up to 22 h of silence, wants a warning" in texts(both)[0]
    assert texts(both)[1].startswith("mmlu: its owner expects up to 24 h of silence, asks for 2")


def test_one_task_s_word_excuses_it_alone():
    half = two_tasks(Allowance(expected_silence=24 * HOUR, page=False), Allowance())
    assert half.verdict is Verdict.PARTIALLY_STUCK
    assert half.no_page is None
    assert half.is_warned_of is None
    assert texts(half)[0].startswith("mmlu: its owner expects")
