"""All samples of an eval set, by state. Pure.

The running ones are told as the report tells them; of those that ended how and when is remembered.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from msgspec import Struct

from watchdog.model.ends import Ended
from watchdog.model.facts import SampleKey
from watchdog.model.instants import from_timestamp, timestamp
from watchdog.model.report import ErroredSample, EvalSetReport, RunningSample, TaskReport
from watchdog.model.samples import STANDINGS, SampleList, SampleRow, Standing
from watchdog.model.state import EvalSetState, TaskState
from watchdog.model.verdict import STUCK_VERDICTS, Verdict

CURSOR = r"^[0-9]~-?[0-9]{1,12}[.][0-9]{6}~-?[0-9]{1,16}~[0-9]{1,4}~"
"""A place in the order: state, when, epoch, length of the task's id, that id and the sample's."""
CURSOR_MAX = 5000
_CURSOR = re.compile(CURSOR)
_FEW = 1000
_ENDED = frozenset(map(STANDINGS.index, ("errored", "cancelled", "completed")))
_NAMELESS = "which of them ended, and how, is not at hand here"


class CursorError(ValueError):
    """A cursor is none of an earlier answer."""


class SampleFilter(Struct, frozen=True):
    """What is asked for."""

    states: tuple[Standing, ...] = ()
    """Any of these; none for all."""
    cursor: str | None = None
    """`next` of the answer before; None for the beginning."""
    limit: int = 100


class _Order(NamedTuple):
    """Where a sample stands in the list."""

    rank: int
    when: float
    """Of a stuck one since when, of one that ended how long ago, so that the newest is first."""
    epoch: int
    task_id: str
    id: str


_Entry = tuple[_Order, TaskReport, RunningSample | Ended]


def sample_list(
    eval_set: EvalSetReport,
    state: EvalSetState | None,
    now: float,
    wanted: SampleFilter = SampleFilter(),  # noqa: B008 - frozen
) -> SampleList:
    """Some of an eval set's samples.

    Args:
        eval_set: as the report tells of it, to whom it is shown.
        state: what is remembered of it; None where that isn't at hand.
        now: the instant of the report, in seconds since the epoch.
        wanted: which of them.

    Raises:
        CursorError: the cursor is none of an earlier answer.
    """
    states = {task.task_id: task for task in state.tasks.values()} if state else {}
    ranks = {STANDINGS.index(standing) for standing in wanted.states or STANDINGS}
    chosen = _Chosen(wanted)
    running: Counter[Standing] = Counter()
    for task in eval_set.tasks:
        for entry in _entries(task, states.get(task.task_id), ranks):
            order, _, one = entry
            if not isinstance(one, Ended):
                running[STANDINGS[order.rank]] += 1
            if order.rank in ranks:
                chosen.take(entry)
    shown, more = chosen.page
    counts = _counts(eval_set, running)
    return SampleList(
        now=timestamp(now),
        eval_set_id=eval_set.eval_set_id,
        total=sum(task.samples.total for task in eval_set.tasks),
        matching=chosen.matching,
        by_state={name: counts[name] for name in STANDINGS if counts[name]},
        samples=tuple(_rows(shown)),
        next=cursor_of(shown[-1][0]) if more and shown else None,
        notes=tuple(_notes(eval_set, states)),
    )


def found_row(
    eval_set: EvalSetReport, state: EvalSetState | None, task_id: str, key: SampleKey
) -> SampleRow | None:
    """One sample of an eval set; None where it isn't known."""
    task = next((task for task in eval_set.tasks if task.task_id == task_id), None)
    if task is None:
        return None
    for sample in task.running:
        if (sample.id, sample.epoch) == key:
            return _running_row(task, sample)
    tasks = state.tasks.values() if state is not None else ()
    states = (one for one in tasks if one.task_id == task_id)
    end = next((end for one in states if (end := one.ended.get(key)) is not None), None)
    erred = _erred(task)
    if end is None:
        return _erred_row(task, erred[key]) if key in erred else None
    return _ended_row(task, key, end, erred)


def standing_of(sample: RunningSample) -> Standing:
    """Where a running sample is."""
    if sample.verdict in STUCK_VERDICTS:
        return "stuck"
    return "waiting" if sample.verdict is Verdict.WAITING else "running"


def cursor_of(order: _Order) -> str:
    """A place in the order, as an answer's `next` says it."""
    task_id = _written(order.task_id)
    head = f"{order.rank}~{order.when:.6f}~{order.epoch}~{len(task_id)}~"
    return f"{head}{task_id}{_written(order.id)}"


def order_of(cursor: str) -> _Order:
    """The place that a cursor names.

    Raises:
        CursorError: it is none.
    """
    if len(cursor) > CURSOR_MAX or not _CURSOR.match(cursor):
        raise CursorError("cursor: it is none of an earlier answer")
    rank, when, epoch, length, names = cursor.split("~", 4)
    cut = int(length)
    return _Order(int(rank), float(when), int(epoch), names[:cut], names[cut:])


class _Chosen:
    """The first of those behind a cursor, and one more, of any number: few are ever held at once.

    An eval set may have a hundred thousand that ended. To sort all of them would hold the program
    for as long as that takes, however many threads it has.
    """

    def __init__(self, wanted: SampleFilter) -> None:
        self._after = order_of(wanted.cursor) if wanted.cursor is not None else None
        self._limit = wanted.limit
        self._kept: list[_Entry] = []
        self._bound: _Order | None = None
        self.matching = 0

    def take(self, entry: _Entry) -> None:
        """One that fits."""
        self.matching += 1
        order = entry[0]
        if self._after is not None and order <= self._after:
            return
        if self._bound is not None and order >= self._bound:
            return
        self._kept.append(entry)
        if len(self._kept) > 2 * self._limit + _FEW:
            self._cut()

    @property
    def page(self) -> tuple[list[_Entry], bool]:
        """Those that are shown, in order, and whether there are more."""
        self._cut()
        return self._kept[: self._limit], len(self._kept) > self._limit

    def _cut(self) -> None:
        self._kept = sorted(self._kept, key=_place)[: self._limit + 1]
        if len(self._kept) > self._limit:
            self._bound = self._kept[-1][0]


def _place(entry: _Entry) -> _Order:
    return entry[0]


def _entries(task: TaskReport, state: TaskState | None, ranks: Set[int]) -> Iterator[_Entry]:
    running = set[tuple[str, int]]()
    for sample in task.running:
        running.add((sample.id, sample.epoch))
        rank = STANDINGS.index(standing_of(sample))
        since = from_timestamp(sample.stuck_since or sample.started_at)
        yield _order(rank, since or 0.0, task, SampleKey(sample.id, sample.epoch)), task, sample
    if state is None:
        yield from (_of_errored(task, one) for one in task.errored)
        return
    if ranks.isdisjoint(_ENDED):
        return
    for key, end in state.ended.items():
        if key not in running:
            yield _order(STANDINGS.index(end.state), -(end.at or 0.0), task, key), task, end


def _of_errored(task: TaskReport, one: ErroredSample) -> _Entry:
    at = from_timestamp(one.at)
    end = Ended("errored", one.uuid, at, one.cause)
    rank = STANDINGS.index("errored")
    return _order(rank, -(at or 0.0), task, SampleKey(one.id, one.epoch)), task, end


def _order(rank: int, when: float, task: TaskReport, key: SampleKey) -> _Order:
    return _Order(rank, round(when, 6), key.epoch, task.task_id, key.id)


def _counts(eval_set: EvalSetReport, running: Mapping[Standing, int]) -> Counter[Standing]:
    """By the tasks' own counts: of the running ones alone their verdicts tell more."""
    counts = Counter(running)
    for task in eval_set.tasks:
        for name in ("completed", "errored", "cancelled", "queued"):
            counts[name] += getattr(task.samples, name)
    return counts


def _rows(entries: Iterable[_Entry]) -> Iterator[SampleRow]:
    erred: dict[str, Mapping[SampleKey, ErroredSample]] = {}
    for order, task, one in entries:
        if isinstance(one, RunningSample):
            yield _running_row(task, one)
            continue
        if task.task_id not in erred:
            erred[task.task_id] = _erred(task)
        yield _ended_row(task, SampleKey(order.id, order.epoch), one, erred[task.task_id])


def _erred(task: TaskReport) -> dict[SampleKey, ErroredSample]:
    return {SampleKey(one.id, one.epoch): one for one in task.errored}


def _running_row(task: TaskReport, sample: RunningSample) -> SampleRow:
    return SampleRow(
        task=task.task,
        task_id=task.task_id,
        model=task.model,
        id=sample.id,
        epoch=sample.epoch,
        state=standing_of(sample),
        uuid=sample.uuid,
        verdict=sample.verdict,
        cause=sample.cause,
        phase=sample.phase,
        started_at=sample.started_at,
        last_event_at=sample.last_event_at,
        last_success_at=sample.last_success_at,
        stuck_since=sample.stuck_since,
        stuck_seconds=sample.stuck_seconds,
        retries=sample.retries,
        fail_streak=sample.fail_streak,
        recent=sample.recent,
        pending=sample.pending,
        wait_seconds=sample.wait_seconds,
        next_attempt_at=sample.next_attempt_at,
    )


def _ended_row(
    task: TaskReport, key: SampleKey, end: Ended, erred: Mapping[SampleKey, ErroredSample]
) -> SampleRow:
    one = erred.get(key) if end.state == "errored" else None
    return SampleRow(
        task=task.task,
        task_id=task.task_id,
        model=task.model,
        id=key.id,
        epoch=key.epoch,
        state=end.state,
        uuid=end.uuid,
        cause=end.cause,
        ended_at=timestamp(end.at),
        error=one.error if one is not None else "",
    )


def _erred_row(task: TaskReport, one: ErroredSample) -> SampleRow:
    key, at = SampleKey(one.id, one.epoch), from_timestamp(one.at)
    return _ended_row(task, key, Ended("errored", one.uuid, at, one.cause), {key: one})


def _notes(eval_set: EvalSetReport, states: Mapping[str, TaskState]) -> Iterator[str]:
    for task in eval_set.tasks:
        state = states.get(task.task_id)
        if state is None:
            yield f"{task.task}: {_NAMELESS}"
        elif state.unreadable is not None:
            yield f"{task.task}: could not be read: {state.unreadable}"
        elif state.backlog is not None:
            yield f"{task.task}: {state.backlog}"


def _written(text: str) -> str:
    """As an address can have it."""
    return text.encode("utf-8", "replace").decode()
