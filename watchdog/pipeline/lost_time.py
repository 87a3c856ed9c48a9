"""Counts what stuck eval sets lose, and what their pods hold meanwhile. Pure.

Taken once after every poll. An eval set that is stuck was so since `stuck_since`, so what lies
between two polls is counted exactly, and so is the time in which the service was away; that it is
over is seen with the next poll, and what lies between is not counted.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchdog.diagnose.sandboxes import label
from watchdog.model.cluster import ClusterView, Pod
from watchdog.model.instants import from_timestamp
from watchdog.model.lost_time import Held, LostTime, WatchedTime
from watchdog.model.report import EvalSetReport, secret_models
from watchdog.model.verdict import STUCK_VERDICTS, Verdict

Day = Callable[[float], tuple[int, int]]
"""When the day of an instant begins, and when it ends."""
LONGEST = 60 * 86_400.0
"""Seconds before the present that are counted of an eval set that was stuck when it was first seen:
twice as long as a report may be asked for by default (`retention.incidents`)."""
UNKNOWN_CAUSE = "unexplained"

_Key = tuple[int, str, str]


class _Span(Struct, frozen=True):
    """Some time of one day, in which an eval set was stuck."""

    day: int
    since: float
    until: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.until - self.since


class LostTimes:
    """What was lost, day by day: `changed` since it was last written down."""

    def __init__(
        self,
        day: Day,
        rows: Iterable[LostTime] = (),
        until: Mapping[str, float] | None = None,
        kept: Callable[[str], str] = str,
    ) -> None:
        """Goes on with what was written down.

        Args:
            day: the days that it is kept by.
            rows: those of days that may go on.
            until: up to when each eval set's time was counted, by the name that it is kept under.
            kept: that name of an eval set.
        """
        self._day = day
        self._kept = kept
        self._rows: dict[_Key, LostTime] = {row.key: row for row in rows}
        self._until = dict(until or {})
        self._changed: set[_Key] = set()

    @property
    def changed(self) -> tuple[LostTime, ...]:
        """What is to be written down."""
        return tuple(self._rows[key] for key in sorted(self._changed))

    def saved(self, rows: Iterable[LostTime], now: float) -> None:
        """These were written down; what changed meanwhile was not. Days that are over go."""
        written = {row.key: row for row in rows}
        self._changed = {key for key in self._changed if self._rows[key] != written.get(key)}
        today = self._day(now)[0]
        self._rows = {
            key: row for key, row in self._rows.items() if key in self._changed or key[0] >= today
        }
        self._until = {name: at for name, at in self._until.items() if now - at < LONGEST}

    def take(
        self,
        eval_sets: Iterable[EvalSetReport],
        views: Mapping[str, ClusterView | None],
        now: float,
    ) -> None:
        """Count what lies between the last look and `now`, in seconds since the epoch.

        Args:
            eval_sets: as they are judged.
            views: their pods, by id; None, or none of them, where no cluster tells.
            now: the present.
        """
        for eval_set in eval_sets:
            since = from_timestamp(eval_set.stuck_since)
            if eval_set.verdict not in STUCK_VERDICTS or since is None:
                continue
            name = self._kept(eval_set.eval_set_id)
            begin = max(since, self._until.get(name, since), now - LONGEST)
            if begin >= now:
                continue
            view = views.get(eval_set.eval_set_id)
            pods = _pods(eval_set, view) if view is not None else None
            for span in self._spans(begin, now):
                self._count(eval_set, pods, span)
            self._until[name] = now

    def _spans(self, begin: float, end: float) -> Iterator[_Span]:
        while begin < end:
            day, over = self._day(begin)
            until = min(end, float(over))
            yield _Span(day, begin, until)
            begin = until

    def _count(self, eval_set: EvalSetReport, pods: "_Pods | None", span: _Span) -> None:
        cause = eval_set.cause.value if eval_set.cause is not None else UNKNOWN_CAUSE
        key = span.day, eval_set.eval_set_id, cause
        new = LostTime(*key, since=span.since, until=span.since)
        before = self._rows.get(key, new)
        is_whole = eval_set.verdict is Verdict.STUCK
        self._rows[key] = replace(
            before,
            until=span.until,
            seconds=before.seconds + (span.seconds if is_whole else 0.0),
            partial=before.partial + (0.0 if is_whole else span.seconds),
            owner=eval_set.submitter or eval_set.email,
            team=eval_set.team,
            groups=eval_set.model_groups,
            secret_models=secret_models(eval_set),
            held=before.held.plus(_held(pods, span)),
        )
        self._changed.add(key)


class _Pods(Struct, frozen=True):
    """What an eval set holds for what is stuck."""

    sandboxes: tuple[Pod, ...]
    runners: tuple[Pod, ...]


def _pods(eval_set: EvalSetReport, view: ClusterView) -> _Pods | None:
    """The pods; of one that is partly stuck, the sandboxes of stuck samples. None: not known."""
    if "pods" not in view.known:
        return None
    if eval_set.verdict is Verdict.STUCK:
        return _Pods(view.sandboxes, view.runners)
    samples = (sample for task in eval_set.tasks for sample in task.running)
    stuck = [sample for sample in samples if sample.verdict in STUCK_VERDICTS]
    uuids = {sample.uuid for sample in stuck if sample.uuid}
    labels = {label(sample.id) for sample in stuck}
    theirs = (
        pod
        for pod in view.sandboxes
        if (pod.sample_uuid in uuids if pod.sample_uuid else label(pod.sample_id) in labels)
    )
    return _Pods(tuple(theirs), ())


def _held(pods: _Pods | None, span: _Span) -> Held:
    """What pods that are there now held in a span: each from when its node took it."""
    if pods is None:
        return Held(unknown=span.seconds)
    sandboxes = [(pod, _seconds(pod, span)) for pod in pods.sandboxes]
    runners = [(pod, _seconds(pod, span)) for pod in pods.runners]
    unread, amounts = 0.0, defaultdict[str, float](float)
    for pod, seconds in (*sandboxes, *runners):
        if pod.requests is None:
            unread += seconds
        for name, amount in pod.requests or ():
            amounts[name] += amount * seconds
    return Held(
        known=span.seconds,
        sandboxes=sum(seconds for _, seconds in sandboxes),
        runners=sum(seconds for _, seconds in runners),
        unread=unread,
        requests=amounts,
    )


def _seconds(pod: Pod, span: _Span) -> float:
    """How long it was on its node within a span; one without a node holds nothing yet."""
    if not pod.node or pod.phase in {"Succeeded", "Failed"}:
        return 0.0
    placed_at = pod.placed_at if pod.placed_at is not None else span.since
    return max(0.0, span.until - max(span.since, placed_at))


class WatchedTimes:
    """How much of each day was watched: `changed` since it was last written down."""

    def __init__(self, day: Day, rows: Iterable[WatchedTime] = ()) -> None:
        """Goes on with what was written down of days that may go on."""
        self._day = day
        self._rows = {row.day: row for row in rows}
        self._last: float | None = None
        self._changed: set[int] = set()

    @property
    def changed(self) -> tuple[WatchedTime, ...]:
        """What is to be written down."""
        return tuple(self._rows[day] for day in sorted(self._changed))

    def saved(self, rows: Iterable[WatchedTime], now: float) -> None:
        """These were written down. Days that are over go."""
        written = {row.day: row for row in rows}
        self._changed = {day for day in self._changed if self._rows[day] != written.get(day)}
        today = self._day(now)[0]
        kept = {*self._changed, today}
        self._rows = {day: row for day, row in self._rows.items() if day in kept}

    def take(self, now: float, *, complete: bool, well: bool, max_age: float) -> None:
        """A poll ended.

        Args:
            now: seconds since the epoch.
            complete: whether it read its source in full.
            well: whether all sources answer.
            max_age: seconds after which what was last read is too old: what lies between two looks
                that are further apart was not watched.
        """
        row = self._row(now)
        polls, failed = row.polls + 1, row.incomplete + (not complete)
        self._put(replace(row, until=max(row.until, now), polls=polls, incomplete=failed))
        if not well:
            self._last = None
            return
        begin, self._last = self._last, now
        if begin is None or not 0 < now - begin <= max_age:
            return
        while begin < now:
            row, over = self._row(begin), self._day(begin)[1]
            until = min(now, float(over))
            self._put(
                replace(row, until=max(row.until, until), seconds=row.seconds + until - begin)
            )
            begin = until

    def _row(self, at: float) -> WatchedTime:
        day = self._day(at)[0]
        return self._rows.get(day) or WatchedTime(day, at, at)

    def _put(self, row: WatchedTime) -> None:
        self._rows[row.day] = row
        self._changed.add(row.day)
