"""Running samples whose every call of a tool fails for their sandbox, though calls succeed."""

from msgspec.structs import replace

from watchdog.diagnose.context import SampleContext
from watchdog.model.instants import earliest
from watchdog.model.judgment import Erring, SampleJudgment, TaskJudgment
from watchdog.model.texts import clean
from watchdog.model.told import told
from watchdog.model.verdict import Cause, Evidence, Verdict
from watchdog.model.words import count, duration

TOOL_CALLS_LEAST = 20
TOOL_CALLS_SECONDS = 3600.0
"""So many calls of tools in a row, and for so long, fail for their sandbox before it is told."""
_TEXT_MAX = 180


def with_failing_sandbox(context: SampleContext, judgment: SampleJudgment) -> SampleJudgment:
    """A sample whose every tool call fails for its sandbox is degraded, though calls succeed."""
    failing = context.sample.sandbox_failing
    if judgment.verdict not in {Verdict.PROGRESSING, Verdict.DEGRADED} or failing is None:
        return judgment
    seconds = (failing.last_at or 0.0) - (failing.since or failing.last_at or 0.0)
    least = TOOL_CALLS_SECONDS * context.judging.limits.scale
    if failing.calls < TOOL_CALLS_LEAST or seconds < least:
        return judgment
    text = (
        f"its last {count(failing.calls, 'tool call')} failed for the sandbox, over "
        f"{duration(seconds)}: {clean(failing.error, _TEXT_MAX).replace('`', chr(39))}"
    )
    return replace(
        judgment,
        verdict=Verdict.DEGRADED,
        cause=Cause.SANDBOX_ERROR,
        degraded_since=None,
        degraded_by="",
        evidence=(Evidence("errors", text, failing.last_at), *judgment.evidence),
    )


def of_sandboxes(task: TaskJudgment) -> Erring | None:
    """What running samples of a task suffer so, as the task's."""
    samples = [
        sample
        for sample in task.samples
        if sample.verdict is Verdict.DEGRADED and sample.cause is Cause.SANDBOX_ERROR
    ]
    if not samples:
        return None
    failing = [s.state.sandbox_failing for s in samples if s.state.sandbox_failing is not None]
    since = earliest(*(one.since for one in failing))
    evidence = samples[0].evidence[0]
    more = ""
    if len(samples) > 1:
        more = f"; the same with {count(len(samples) - 1, 'other sample')}"
    name = clean(samples[0].key.id, 80)
    text = told("sample {} of {}: {}{}", name, task.name, evidence.text, more)
    return Erring(Cause.SANDBOX_ERROR, since, text, ())
