"""Causes in the runner itself: calls that don't come back, scorers and set-ups that don't end.

How long is too long: a call's own declared time-out first, then what people said of the task
(`Allowance`), then what such calls took before (`Baselines`). Silence that they expect excuses all.
"""

from collections.abc import Callable

from msgspec.structs import replace

from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.context import CauseSpec, Finding, SampleContext, open_calls
from watchdog.diagnose.deadlines import Deadline, deadline_for, excused, overdue
from watchdog.diagnose.sample_limits import SampleLimit, limit_of_call, time_limit_of
from watchdog.diagnose.sandbox_trouble import replaced_in_call
from watchdog.fold.tasks import setup_kind
from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.allowances import Allowance
from watchdog.model.instants import latest
from watchdog.model.learned import TEARDOWN
from watchdog.model.state import OpenCall, SampleState, TaskState
from watchdog.model.told import Length, Since, told
from watchdog.model.verdict import Cause, Evidence

_OWN_CALLS = 3
"""So many answers of its own show that a sample's calls are like others' on the model."""

DeadlineOf = Callable[[SampleContext, OpenCall], Deadline]


def hung_model_call(context: SampleContext) -> Finding | None:
    """A model call is pending far beyond its time-out, or what such calls take."""
    return _worst(context, open_calls(context.sample, "model"), _model_deadline)


def hung_tool_call(context: SampleContext) -> Finding | None:
    """A tool or sandbox call is pending beyond its time-out, or what such calls take."""
    calls = open_calls(context.sample, "tool", "sandbox")
    late, replaced = _worst(context, calls, _tool_deadline), replaced_in_call(context)
    findings = [finding for finding in (replaced, late) if finding is not None]
    return max(findings, key=lambda finding: finding.suspicion, default=None)


def hung_scoring(context: SampleContext) -> Finding | None:
    """The scorer runs, and none of its calls explains that it takes so long."""
    sample = context.sample
    if not sample.scorer_spans or open_calls(sample, "model", "tool", "sandbox", "input"):
        return None
    since = latest(sample.scoring_since, sample.last_event_at)
    if since is None or sample.streak is not None:
        return None
    if context.eval_set.slots.may_wait(context.task, sample):
        return None
    deadline = deadline_for(context.judging.baselines, context.allowance, "scoring", "scorer")
    deadline = _within_limit(context, time_limit_of(context.task, sample), since, deadline)
    text = told("the solver ended, the scorer has run for {} without a call", Since(since))
    evidence = (Evidence("scoring", text, since),)
    return overdue(context.now, since, deadline, "the scorer works without a call", evidence)


def hung_sample_setup(context: SampleContext) -> Finding | None:
    """A sample that has begun is not done with its set-up: media, files, setup script."""
    since = context.sample.setup_since
    if since is None or context.eval_set.gated is not None:
        return None
    since = latest(since, context.eval_set.placed_at) or since
    kind = setup_kind(context.task)
    deadline = deadline_for(context.judging.baselines, context.allowance, "setup", kind)
    text = told("nothing has been heard of its set-up for {}", Since(since))
    evidence = (Evidence("setup", text, since),)
    return overdue(context.now, since, deadline, "it is being set up", evidence)


def hung_teardown(context: SampleContext) -> Finding | None:
    """Its scorers have ended, or it has erred, and it is still there: clean-up doesn't end."""
    since = context.sample.ending_since
    if since is None or context.sample.open_calls:
        return None
    deadline = deadline_for(context.judging.baselines, context.allowance, "setup", TEARDOWN)
    text = told(
        "it has ended but for its clean-up (sandbox, hooks), and that for {}; the limit is {} ({})",
        Since(since),
        Length(deadline.seconds),
        deadline.why,
    )
    evidence = (Evidence("teardown", text, since),)
    return overdue(context.now, since, deadline, "it is being taken down", evidence)


def never_finished(
    now: float, baselines: Baselines, allowance: Allowance, task: TaskState
) -> Finding | None:
    """All samples of a task have ended for hours, and its log is not finished."""
    total = task.spec.total_samples if task.spec else None
    since = task.last_ended_at
    if task.samples or not total or len(task.ended) < total or since is None:
        return None
    deadline = deadline_for(baselines, allowance, "step", "solver", times=_UNFINISHED)
    text = told("all its samples have ended {} ago, yet its log is not finished", Since(since))
    evidence = (Evidence("teardown", text, since),)
    return overdue(now, since, deadline, "the log isn't finished", evidence)


_UNFINISHED = 4.0
"""So many times longer than a step between two calls: metrics, uploads, scans come at the end."""


def _worst(
    context: SampleContext, calls: list[OpenCall], deadline_of: DeadlineOf
) -> Finding | None:
    findings = [_overdue(context, call, deadline_of(context, call)) for call in calls]
    return max((f for f in findings if f), key=lambda f: f.suspicion, default=None)


def _overdue(context: SampleContext, call: OpenCall, deadline: Deadline) -> Finding | None:
    """How long a call has been open, counted from the last sign of anything within it."""
    if call.since is None:
        return None
    quiet_since = latest(call.since, _inner_life(context.sample, call)) or call.since
    limit = limit_of_call(context.task, context.sample, call)
    deadline = _within_limit(context, limit, quiet_since, deadline)
    text = told(
        "{} call {} has been pending for {}, without an answer or an error; the limit is {} ({})",
        call.kind,
        call.name,
        Since(call.since),
        Length(deadline.seconds),
        deadline.why,
    )
    evidence = (Evidence("pending_call", text, call.since),)
    subject = told("the {} call {} is pending", call.kind, call.name)
    finding = overdue(context.now, quiet_since, deadline, subject, evidence)
    return replace(finding, since=call.since)


def _within_limit(
    context: SampleContext, limit: SampleLimit | None, since: float, deadline: Deadline
) -> Deadline:
    """No longer than the sample's own limit allows, and grace."""
    if limit is None:
        return deadline
    seconds = max(0.0, limit.at - since) + context.judging.limits.call_grace
    if seconds >= deadline.seconds:
        return deadline
    return excused(Deadline(seconds, told("{}, and grace", limit.why)), context.allowance)


def _inner_life(sample: SampleState, call: OpenCall) -> float | None:
    """The newest sign of life of a call: what came after its beginning within its span.

    A tool has a span of its own, where an agent may work. A model's call has none: what was done
    after it in the span that made it says that this went on. Without spans all counts that came.
    """
    if call.inner is not None and (life := sample.life_within(call.inner)) is not None:
        return life
    span = next((span for span in sample.spans if span.id == call.span), None)
    if span is not None:
        return span.work_at if span.work_row > call.row else None
    return sample.last_event_at if sample.last_row > call.row else None


def _model_deadline(context: SampleContext, call: OpenCall) -> Deadline:
    if call.batch:
        return excused(Deadline(context.judging.limits.batch_call, "a batch"), context.allowance)
    if call.timeout is not None:
        return _by_timeout(context, call.timeout)
    alike = context.sample.ok_total >= _OWN_CALLS
    bounded = context.task.spec is None or not context.task.spec.waits_long
    return deadline_for(
        context.judging.baselines,
        context.allowance,
        "model",
        call.name,
        alike=alike,
        bounded=bounded,
    )


def _tool_deadline(context: SampleContext, call: OpenCall) -> Deadline:
    timeout = _declared_timeout(context, call)
    if timeout is not None:
        return _by_timeout(context, timeout)
    return deadline_for(context.judging.baselines, context.allowance, "tool", call.name)


def _by_timeout(context: SampleContext, timeout: float) -> Deadline:
    grace = context.judging.limits.call_grace
    why = told("its time-out of {} and grace", Length(timeout))
    deadline = Deadline(timeout + grace, why)
    return excused(deadline, context.allowance)


def _declared_timeout(context: SampleContext, call: OpenCall) -> float | None:
    """A call's own time-out; for a sandbox call within a tool call, the tool's counts too."""
    if call.timeout is not None:
        return call.timeout
    timeouts = [c.timeout for c in open_calls(context.sample, "tool", "sandbox") if c.timeout]
    return max(timeouts, default=None)


def hung_setup(  # noqa: PLR0913, PLR0917 - all that a set-up is judged by
    now: float,
    baselines: Baselines,
    allowance: Allowance,
    task: TaskState,
    due: int,
    free: int | None,
    placed_at: float | None = None,
) -> Finding | None:
    """Samples are due and slots are free, yet none appears.

    `free` is the number of free slots, None where it can't be told; then only a task without any
    running sample is judged. `placed_at` is since when there is capacity for their sandboxes.
    """
    if due <= 0 or (free is None and task.samples) or free == 0:
        return None
    created = task.spec.created_at if task.spec else None
    since = latest(created, task.last_ended_at, task.last_start_at, placed_at)
    if since is None:
        return None
    text = told(
        "{} samples are due and slots are free, yet none has appeared for {}: sandbox start-up, "
        "files or setup script",
        due,
        Since(since),
    )
    deadline = deadline_for(baselines, allowance, "setup", setup_kind(task))
    return overdue(now, since, deadline, "no sample appears", (Evidence("setup", text, since),))


"""Where nothing milder can be done."""

SPECS: tuple[CauseSpec, ...] = (
    CauseSpec(
        Cause.HUNG_MODEL_CALL,
        "waits for a model call that never returns",
        (
            Action(
                "test",
                "Test the API: `watchdog probe --model <model>`; if it answers, the answer to this "
                "one call is lost",
            ),
            Action(
                "mend", "Set a time-out for calls (attempt_timeout) in the eval's configuration"
            ),
            advice.STOP_SAMPLE,
            advice.END_SAMPLE_LOCALLY,
            *advice.SAMPLE_ANEW,
            advice.RETRY_WITHOUT_CONTROL,
            advice.LEFT_LOCALLY,
        ),
        hung_model_call,
    ),
    CauseSpec(
        Cause.HUNG_TOOL_CALL,
        "waits for a tool call that never returns",
        (
            Action(
                "look",
                "Look what runs in the sandbox: `kubectl exec -n <sandbox-namespace> <sandbox-pod> "
                "-c <sandbox-container> -- ps aux`",
            ),
            advice.CANCEL_TOOL_CALL,
            Action(
                "mend",
                "Or end the process that hangs: the tool call then fails and the sample goes on: "
                "`kubectl exec -n <sandbox-namespace> <sandbox-pod> -c <sandbox-container> -- "
                "kill <pid>`",
            ),
            advice.STOP_SAMPLE,
            advice.END_SAMPLE_LOCALLY,
            *advice.SAMPLE_ANEW,
            advice.RETRY_WITHOUT_CONTROL,
            advice.LEFT_LOCALLY,
        ),
        hung_tool_call,
    ),
    CauseSpec(
        Cause.HUNG_SCORING,
        "hangs in its scorer",
        (
            advice.STACKTRACE,
            advice.PROCESS_STACK,
            advice.ANOMALIES,
            advice.STOP_SAMPLE,
            advice.STOP_SAMPLE_ERROR,
            advice.END_SAMPLE_LOCALLY,
            *advice.SAMPLE_ANEW,
            advice.RETRY_WITHOUT_CONTROL,
            advice.LEFT_LOCALLY,
        ),
        hung_scoring,
    ),
    CauseSpec(
        Cause.HUNG_TEARDOWN,
        "has ended, and isn't taken down",
        (
            advice.STACKTRACE,
            advice.RUNNER_LOG,
            advice.ANOMALIES,
            Action(
                "look",
                "See what is left of its sandbox, and what keeps it: "
                "`kubectl get pods,events -n <sandbox-namespace>`",
                ("runner_alive",),
            ),
            advice.DELETE_LEFTOVERS,
            *advice.NEW_RUNNER,
            *advice.ANEW_LOCALLY,
        ),
        hung_teardown,
    ),
    CauseSpec(
        Cause.HUNG_SETUP,
        "waits for its sandbox to be set up",
        (
            Action(
                "look", "Look at the sandboxes: `kubectl get pods,events -n <sandbox-namespace>`"
            ),
            advice.RUNNER_LOG,
            advice.LISTING,
            advice.STACKTRACE,
            advice.PROCESS_STACK,
            *advice.NEW_RUNNER,
            *advice.ANEW_LOCALLY,
        ),
        hung_sample_setup,
    ),
)
