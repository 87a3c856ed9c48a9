"""Snapshots for tests: a stuck, a partially stuck, a degraded and a finished eval set."""

from typing import Any

from msgspec.structs import replace

from watchdog.model.instants import timestamp
from watchdog.model.probe import ProbeOutcome, ProbeResult
from watchdog.model.report import (
    EvalSetFigures,
    EvalSetReport,
    EvidenceItem,
    IncidentReport,
    PendingItem,
    ProblemReport,
    Report,
    RunningSample,
    SampleCounts,
    Snapshot,
    TaskCalls,
    TaskFigures,
    TaskReport,
)
from watchdog.model.verdict import Cause, Verdict, worst

NOW = 1_795_420_800.0
"""2026-11-23T08:00:00Z."""
HOSTILE = (
    "<!channel> *bold* _it_ ~no~ `code` [red]x[/red] <script>alert(1)</script> "
    "https://evil.example/x \u202egnp.exe \x1b[31m\nnext & <@U1|a>"
)


def ago(seconds: float) -> str | None:
    return timestamp(NOW - seconds)


def sample(number: str = "42", **changes: Any) -> RunningSample:
    usual = RunningSample(
        id=number,
        epoch=1,
        uuid="nWJu3Mz",
        verdict=Verdict.STUCK,
        cause=Cause.API_SERVER_ERROR,
        phase="solving",
        started_at=ago(90_000),
        last_event_at=ago(900),
        last_success_at=ago(81_000),
        stuck_since=ago(80_040),
        stuck_seconds=80_040.0,
        retries=45,
        fail_streak=45,
        recent=" ".join(["FAIL"] * 45 + ["OK"] * 5),
        pending=None,
        wait_seconds=1800.0,
        estimated_stuck_seconds=80_000.0,
        evidence=(
            EvidenceItem(
                at=ago(900),
                kind="model_error",
                text="Error code: 500 - {'error': {'type': 'server_error'}}",
            ),
        ),
    )
    return replace(usual, **changes)


def counts(**numbers: int) -> SampleCounts:
    names = ("completed", "errored", "cancelled", "running", "queued")
    found = {name: numbers.get(name, 0) for name in names}
    return SampleCounts(total=sum(found.values()), **found, stuck=numbers.get("stuck", 0))


def task(name: str = "mmlu", **changes: Any) -> TaskReport:
    usual = TaskReport(
        task=name,
        model="openai/gpt-4o",
        log=f"2026-11-22T09-00-00+00-00_{name}_AbC123.eval",
        verdict=Verdict.STUCK,
        cause=Cause.API_SERVER_ERROR,
        last_progress_at=ago(81_000),
        stuck_since=ago(80_040),
        stuck_seconds=80_040.0,
        samples=counts(completed=24, running=1, stuck=1),
        errored=(),
        http_retries=5710,
        running=(sample(),),
        task_id="AbC123",
    )
    return replace(usual, **changes)


def eval_set(name: str = "mmlu-2026-11-22-x7k2", **changes: Any) -> EvalSetReport:
    usual = EvalSetReport(
        eval_set_id=name,
        verdict=Verdict.STUCK,
        cause=Cause.API_SERVER_ERROR,
        summary=(
            "The last running sample of mmlu (42, epoch 1) has had 45 server errors in a row from "
            "openai/gpt-4o, while other samples on the same model finished."
        ),
        started_at=ago(90_000),
        last_progress_at=ago(81_000),
        stuck_since=ago(80_040),
        stuck_seconds=80_040.0,
        estimated_stuck_seconds=80_000.0,
        actions=(
            "Read the request that fails: `hawk transcript nWJu3Mz`",
            (
                "Send it once through Middleman and once straight to the provider: "
                '`curl --max-time 300 -X POST "$MIDDLEMAN/openai/v1/chat/completions" '
                '-H "Authorization: Bearer $(hawk auth access-token)" -d @request.json`'
            ),
            f"If only this request fails, end the sample: `hawk stop {name} --sample nWJu3Mz`",
        ),
        tasks=(task(),),
        evidence=(),
    )
    return replace(usual, **changes)


def partially_stuck() -> EvalSetReport:
    stuck = sample(
        "HumanEval/7",
        cause=Cause.HUNG_TOOL_CALL,
        recent="OK OK OK FAIL OK OK OK OK OK OK OK OK OK OK",
        fail_streak=0,
        stuck_since=ago(4800),
        stuck_seconds=4800.0,
        wait_seconds=None,
        pending=PendingItem("tool", "bash", ago(5400), 5400.0),
        evidence=(
            EvidenceItem(ago(5400), "tool", "bash(timeout=600) has been pending for 1 h 30 min"),
        ),
    )
    healthy = sample("HumanEval/9", verdict=Verdict.PROGRESSING, cause=None, stuck_seconds=0.0)
    found = task(
        "swe_bench_verified_mini",
        model="anthropic/claude-sonnet-4-20250514",
        verdict=Verdict.PARTIALLY_STUCK,
        cause=Cause.HUNG_TOOL_CALL,
        samples=counts(completed=12, errored=1, running=2, queued=35, stuck=1),
        running=(stuck, healthy),
        stuck_seconds=4800.0,
        stuck_since=ago(4800),
        http_retries=None,
    )
    return eval_set(
        "swe-bench-agents-q9d1",
        verdict=Verdict.PARTIALLY_STUCK,
        cause=Cause.HUNG_TOOL_CALL,
        summary="1 of 2 running samples hangs in bash, 80 minutes past its own time limit.",
        stuck_since=ago(4800),
        stuck_seconds=4800.0,
        estimated_stuck_seconds=0.0,
        actions=("Look into the sandbox: `kubectl get pods -n swe-bench-agents-q9d1`",),
        tasks=(found,),
    )


def quiet(name: str, verdict: Verdict, **changes: Any) -> EvalSetReport:
    """An eval set of which nothing is stuck; what progresses did so just now."""
    cause = changes.get("cause")
    if verdict in {Verdict.PROGRESSING, Verdict.DEGRADED}:
        changes.setdefault("last_progress_at", ago(30))
    nothing: dict[str, Any] = {"stuck_since": None, "stuck_seconds": 0.0, "verdict": verdict}
    found = task("gpqa", **nothing, cause=cause, running=(), samples=counts(completed=50))
    return eval_set(
        name,
        **nothing,
        **{
            "cause": cause,
            "summary": "All 50 samples are done.",
            "actions": (),
            "estimated_stuck_seconds": 0.0,
            "tasks": (found,),
            **changes,
        },
    )


def degraded() -> EvalSetReport:
    return quiet(
        "gpqa-nightly",
        Verdict.DEGRADED,
        cause=Cause.RATE_LIMITED,
        summary="A third of the calls is rate limited; successes keep coming.",
    )


def finished() -> EvalSetReport:
    return quiet("aime-2025-final", Verdict.FINISHED)


def incident(**changes: Any) -> IncidentReport:
    usual = IncidentReport(
        id="sample:mmlu-2026-11-22-x7k2:api_server_error",
        scope="sample",
        subject="mmlu/42/1",
        cause=Cause.API_SERVER_ERROR,
        since=ago(80_040),
        eval_sets=("mmlu-2026-11-22-x7k2",),
        summary=eval_set().summary,
    )
    return replace(usual, **changes)


def figures(report: EvalSetReport) -> EvalSetFigures:
    tasks = tuple(
        TaskFigures(
            eval_set_id=report.eval_set_id,
            report=each,
            calls=TaskCalls(ok=1200, fail={Cause.API_SERVER_ERROR: 45, Cause.RATE_LIMITED: 3}),
            fail_streak=max((found.fail_streak for found in each.running), default=0),
            suspicion=5.6 if each.stuck_seconds else 0.1,
            estimated_stuck_seconds=report.estimated_stuck_seconds,
            stuck_seconds=each.stuck_seconds,
            last_progress_at=NOW - 81_000,
        )
        for each in report.tasks
    )
    return EvalSetFigures(report, tasks)


def snapshot(
    *eval_sets: EvalSetReport,
    incidents: tuple[IncidentReport, ...] = (),
    undecided: frozenset[str] = frozenset(),
    problems: tuple[ProblemReport, ...] = (),
    at: float = NOW,
) -> Snapshot:
    report = Report(
        now=timestamp(at),
        verdict=worst([each.verdict for each in eval_sets], Verdict.FINISHED),
        cause=max(eval_sets, key=lambda each: each.stuck_seconds).cause if eval_sets else None,
        eval_sets=eval_sets,
        incidents=incidents,
        problems=problems,
    )
    return Snapshot(at, report, tuple(figures(each) for each in eval_sets), undecided)


def realistic() -> Snapshot:
    """The four, with two incidents and a problem."""
    hangs = incident(
        id="sample:swe-bench-agents-q9d1:hung_tool_call",
        subject="swe_bench_verified_mini/HumanEval/7/1",
        cause=Cause.HUNG_TOOL_CALL,
        since=ago(4800),
        eval_sets=("swe-bench-agents-q9d1",),
        summary=partially_stuck().summary,
    )
    where = "aime-2025-final/.buffer/x/segment.3.zip"
    made = snapshot(
        finished(),
        degraded(),
        eval_set(),
        partially_stuck(),
        incidents=(incident(), hangs),
        problems=(ProblemReport(where, "truncated zip member"),),
    )
    tests = tuple(
        ProbeResult(route, "small", "openai", "openai/gpt-4o", outcome, NOW, 1.2)
        for route, outcome in (("middleman", ProbeOutcome.TIMEOUT), ("direct", ProbeOutcome.OK))
    )
    return replace(made, tests=tests)
