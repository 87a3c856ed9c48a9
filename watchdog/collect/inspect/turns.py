"""Which tasks a poll reads, in which order, and what is said of those that it did not come to."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from watchdog.collect.inspect.task_log import TaskLog
from watchdog.collect.rhythm import Pulse, Rhythm, Why, is_due, rhythm, spread
from watchdog.model.outlook import Outlook
from watchdog.model.words import duration

URGENT = frozenset({Why.NEAR, Why.VERDICT, Why.RESTS, Why.FAILING, Why.NEAR_END})
"""Tasks that are read before all others."""
SUSPICIOUS = URGENT | {Why.UNKNOWN}
"""Tasks whose verdict may turn."""
_AT_EACH_POLL = Rhythm(0.0, Why.UNJUDGED)


class RhythmOptions(Struct, frozen=True):
    """How tasks get a rhythm of their own."""

    interval: float
    """Seconds between two polls: the shortest."""
    slowest: float
    """The longest, in seconds."""
    outlook: Callable[[str, str], Outlook | None]
    """What the last judgment expects of a task, by eval set and log."""


class Late(Struct, frozen=True):
    """Tasks that were due and that a poll did not come to."""

    count: int = 0
    total: int = 0
    seconds: float = 0.0
    """By how much the one that waits longest is late."""
    since: float | None = None
    """When that one was due, seconds since the epoch."""

    @property
    def text(self) -> str:
        """What people are told."""
        return (
            f"{self.count:,} of {self.total:,} tasks could not be read in time, the one that waits "
            f"longest by {duration(self.seconds)}: a poll ends before all are read; those whose "
            "verdict may turn go first, then those that wait the longest"
        )


class Due(Struct, frozen=True):
    """A task that is to be read now."""

    since: float
    """When it became due: `now`, or that of an earlier poll that did not come to it."""
    order: tuple[float, float, float]
    """Seconds of CPU that its eval set took, when it was read last, when its log was written."""
    is_urgent: bool
    """It looks suspicious."""
    task: TaskLog

    @property
    def is_unread(self) -> bool:
        """Whether it was never read in full, or not the last time."""
        return self.task.pulse.read_at is None


def in_order(due: Iterable[Due]) -> tuple[list[Due], list[Due]]:
    """What looks suspicious, and the rest: the longest wait first, then the lightest eval sets.

    So nothing waits for ever, however little a poll comes to. Of what was never read goes first
    whose log was written the longest ago: in one that is stuck no sample has ended since.
    """
    ordered = sorted(due, key=lambda one: (one.since, one.order))
    return [one for one in ordered if one.is_urgent], [one for one in ordered if not one.is_urgent]


class Turns:
    """The rhythm of the tasks of one source; without options all are read at each poll."""

    def __init__(self, options: RhythmOptions | None) -> None:
        self._options = options

    @property
    def has_rhythm(self) -> bool:
        """Whether tasks have one of their own."""
        return self._options is not None

    def due(
        self, tasks: Iterable[TaskLog], spent: Mapping[str, float], now: float
    ) -> Iterator[Due]:
        """Those to be read now.

        Args:
            tasks: some of those that are followed.
            spent: seconds of CPU that each eval set took in the last poll; one that it did not
                come to took none.
            now: seconds since the epoch.
        """
        for task in tasks:
            own = self._rhythm(task, now)
            if self._options is not None and not self._is_due(task, own, now):
                continue
            pulse = task.pulse
            # a clock that was set back makes nobody wait
            pulse.due_since = now if pulse.due_since is None else min(pulse.due_since, now)
            read_at = pulse.read_at if pulse.read_at is not None else float("-inf")
            used = spent.get(task.place.eval_set_id, 0.0)
            order = (used, read_at, task.written_at)
            yield Due(pulse.due_since, order, own.why in URGENT, task)

    def _is_due(self, task: TaskLog, own: Rhythm, now: float) -> bool:
        options = self._options
        if options is None or task.idle:
            return options is None
        seconds = spread(own.seconds, task.share, options.interval)
        return is_due(task.pulse, seconds, now, options.interval)

    def _rhythm(self, task: TaskLog, now: float) -> Rhythm:
        options = self._options
        if options is None:
            return _AT_EACH_POLL
        place = task.place
        outlook = options.outlook(place.eval_set_id, place.log)
        return rhythm(task.pulse, outlook, now, options.interval, options.slowest)

    def promise(self, task: TaskLog, now: float) -> float:
        """Seconds until a task that was read now is read again; 0 for at each poll."""
        if self._options is None:
            return 0.0
        base = self._options.interval
        first = task.pulse.interval <= base  # all were read at once as long as it was so
        seconds = spread(self._rhythm(task, now).seconds, task.share, base, first=first)
        task.pulse.interval = seconds
        return seconds if seconds > base else 0.0

    def is_due_beside(self, pulse: Pulse, tasks: Iterable[TaskLog], now: float) -> bool:
        """Whether what lies beside logs is to be read: as often as the one that is read most."""
        if self._options is None:
            return True
        pulse.interval = min((task.pulse.interval for task in tasks), default=0.0)
        return is_due(pulse, pulse.interval, now, self._options.interval)

    def is_suspicious(self, tasks: Iterable[TaskLog], now: float) -> bool:
        """Whether one of them looks as if its verdict might turn."""
        return any(self._rhythm(task, now).why in SUSPICIOUS for task in tasks)

    def is_urgent(self, tasks: Iterable[TaskLog], now: float) -> bool:
        """Whether one of them is read before all others."""
        return any(self._rhythm(task, now).why in URGENT for task in tasks)


def late(due: Iterable[TaskLog], total: int, now: float, took: float) -> Late:
    """What of that is due was not read in a poll that began at `now` and took so many seconds."""
    since = [task.pulse.due_since for task in due if task.pulse.due_since is not None]
    longest = min(since, default=None)
    if longest is None:
        return Late()
    return Late(len(since), total, now - longest + took, longest)
