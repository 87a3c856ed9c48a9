"""What a sample waits for on purpose: a person, a pause, a batch, a queue, its own end.

Each with since when, and with a bound beyond which it is worth a warning.
"""

from collections.abc import Iterator

from watchdog.diagnose.context import SampleContext
from watchdog.model.judgment import Waiting
from watchdog.model.told import Since, told
from watchdog.model.verdict import Evidence


def waits(context: SampleContext) -> Iterator[Waiting]:
    """All that it waits for, what explains most first."""
    for wait in (_suspended, _told, _input, _awaited, _human, _stop, _batch):
        waiting = wait(context)
        if waiting is not None:
            yield waiting


def _suspended(context: SampleContext) -> Waiting | None:
    return context.eval_set.suspended


def _told(context: SampleContext) -> Waiting | None:
    reason = context.allowance.waiting
    return None if reason is None else Waiting(Evidence("told", reason), None, None, reason)


def _input(context: SampleContext) -> Waiting | None:
    call = next((call for call in context.sample.open_calls if call.kind == "input"), None)
    if call is None:
        return None
    words = "a person is asked for input"
    bound = context.judging.limits.approval_wait
    return Waiting(Evidence("input", words, call.since), call.since, bound, words)


def _awaited(context: SampleContext) -> Waiting | None:
    return context.eval_set.on_purpose.awaited.get((context.task.log, context.sample.key))


def _human(context: SampleContext) -> Waiting | None:
    since = context.sample.human_since
    if since is None:
        return context.eval_set.human
    evidence = Evidence("human", "a person works on it (human agent)", since)
    return Waiting(evidence, since, None, "a person works on it")


def _stop(context: SampleContext) -> Waiting | None:
    return context.eval_set.on_purpose.stop_of(context.sample.uuid)


def _batch(context: SampleContext) -> Waiting | None:
    """Beyond its limit it is a call that hangs (`hangs.py`)."""
    batch = next((call for call in context.sample.open_calls if call.batch), None)
    limit = context.judging.limits.batch_call
    if batch is None or batch.since is None or context.now - batch.since >= limit:
        return None
    text = told(
        "a batch call to {} has been with the provider for {}", batch.name, Since(batch.since)
    )
    evidence = Evidence("batch", text, batch.since)
    return Waiting(evidence, batch.since, None, "a batch is with the provider")
