"""One sample: what it was judged by, its open calls, and its last events. Pure."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from watchdog.collect.inspect.sample_rows import SampleRows
from watchdog.model.facts import SampleKey
from watchdog.model.instants import timestamp
from watchdog.model.report import EvalSetReport, EvidenceItem, PendingItem
from watchdog.model.samples import SampleDetail
from watchdog.model.state import EvalSetState, OpenCall, SampleState
from watchdog.pipeline.sample_events import EVENTS_MAX, sample_events
from watchdog.pipeline.sample_list import found_row

_KINDS = {"model": "model", "tool": "tool", "sandbox": "tool", "input": "input"}


class WantedSample(Struct, frozen=True):
    """A sample that is asked for: its task's id, and its own with the epoch."""

    task_id: str
    key: SampleKey


def sample_detail(
    eval_set: EvalSetReport, state: EvalSetState | None, now: float, wanted: WantedSample
) -> SampleDetail | None:
    """A sample without its events, which nobody remembers; None where it isn't known.

    Args:
        eval_set: as the report tells of it, to whom it is shown.
        state: what is remembered of it; None where that isn't at hand.
        now: the instant of the report, in seconds since the epoch.
        wanted: which one.
    """
    task_id, key = wanted.task_id, wanted.key
    row = found_row(eval_set, state, task_id, key)
    if row is None:
        return None
    return SampleDetail(
        now=timestamp(now),
        eval_set_id=eval_set.eval_set_id,
        sample=row,
        evidence=_evidence(eval_set, task_id, key),
        pending=tuple(_pending(sample_state(state, task_id, key), now)),
        events=(),
        events_from="",
        logs=state.address if state is not None else "",
    )


def with_events(detail: SampleDetail, read: SampleRows, now: float) -> SampleDetail:
    """The same with what was read of it."""
    running = detail.sample.verdict is not None
    events = sample_events(read.rows, now, running=running)
    return replace(
        detail,
        events=events[-EVENTS_MAX:],
        events_from=read.source,
        earlier=read.earlier or len(events) > EVENTS_MAX,
        not_available="; ".join(read.lost[:5]),
    )


def sample_state(state: EvalSetState | None, task_id: str, key: SampleKey) -> SampleState | None:
    """What is remembered of a running sample."""
    tasks = state.tasks.values() if state is not None else ()
    return next((task.samples.get(key) for task in tasks if task.task_id == task_id), None)


def _evidence(eval_set: EvalSetReport, task_id: str, key: SampleKey) -> tuple[EvidenceItem, ...]:
    samples = (one for task in eval_set.tasks if task.task_id == task_id for one in task.running)
    return next((one.evidence for one in samples if (one.id, one.epoch) == key), ())


def _pending(sample: SampleState | None, now: float) -> Iterator[PendingItem]:
    for call in sample.open_calls if sample is not None else ():
        yield _item(call, now)


def _item(call: OpenCall, now: float) -> PendingItem:
    seconds = max(0.0, now - call.since) if call.since is not None else 0.0
    return PendingItem(_KINDS[call.kind], call.name, timestamp(call.since), seconds)  # type: ignore[arg-type]
