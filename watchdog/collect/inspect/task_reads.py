"""The reads of one poll: of each eval set a share at a time, and no longer than a poll may last."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import count
from time import monotonic as clock

from watchdog.collect.faults import FAULT, Faults
from watchdog.collect.inspect.task_log import Outcome, TaskLog
from watchdog.collect.inspect.turns import Due, Late, Turns, in_order, late
from watchdog.collect.source import Emit
from watchdog.collect.work.account import Account, PollLimits
from watchdog.collect.work.jobs import batched
from watchdog.model.facts import TaskUnreadable
from watchdog.model.verdict import Problem

LEAST_SECONDS = 10.0
"""A poll is not ended sooner, however short its interval."""

LOOKED_AT = 1_000
"""Tasks that are looked at in one turn of the loop: ten milliseconds."""
TOGETHER = 8
"""Tasks of an eval set that a reader reads before it is another's turn: the most are read in one
poll then, and judged once.
"""
URGENT_SHARE = 0.5
"""Of the time that is left, what looks suspicious gets at most so much while anything else is due:
in an outage it is much, and what was never read must not wait for its end.
"""
UNREAD_SHARE = 0.25
"""The same while something was never read: of that nothing at all is known."""
RESERVED = 0.25
"""Of the readers, so many begin with the rest: one read of what looks suspicious may take longer
than a poll.
"""
LEAST_SHARE = 0.5
"""Of a poll's time, tasks get at least so much, however long listing took."""

Tasks = Mapping[str, Mapping[str, TaskLog]]
"""The logs that are followed, by eval set and name."""
Row = tuple[float, int, int, deque[Due]]
"""What is due of one eval set, in order: since when its first is, how often it was its turn in
this poll, a number of its own.
"""
Beside = Callable[[set[str]], Iterable[Awaitable[Outcome]]]
"""What is read beside the logs of these eval sets, of which some are due."""


class TaskReads:
    """Reads the logs of one source, and keeps the accounts of its eval sets."""

    def __init__(
        self,
        turns: Turns,
        concurrency: int,
        limits: PollLimits,
        faults: Faults,
        on_end: Callable[[TaskLog], None],
    ) -> None:
        """Args: on_end: is told of a log that was finished, or is gone."""
        self._turns = turns
        self._concurrency = concurrency
        self._limits = limits
        self._faults = faults
        self._on_end = on_end
        self._accounts: dict[str, Account] = {}
        self.late = Late()
        """What the last poll did not come to."""

    @property
    def spent(self) -> float:
        """Seconds of CPU that the last poll took."""
        return sum(account.cpu_seconds for account in self._accounts.values())

    def account(self, eval_set_id: str) -> Account:
        """What an eval set uses."""
        if eval_set_id not in self._accounts:
            self._accounts[eval_set_id] = Account(self._limits)
        return self._accounts[eval_set_id]

    def forget(self, eval_set_id: str) -> None:
        """An eval set is gone."""
        self._accounts.pop(eval_set_id, None)

    async def poll(  # noqa: PLR0913 - when, and whose time it is
        self,
        tasks: Tasks,
        beside: Beside,
        now: float,
        emit: Emit,
        began: float,
        *,
        is_part: bool = False,
    ) -> list[Outcome]:
        """Read what is due.

        Args:
            tasks: the logs that are followed.
            beside: what is read beside them.
            now: seconds since the epoch.
            emit: takes the facts.
            began: when the poll began (`time.monotonic`).
            is_part: whether others are read in the same poll: its time is theirs too.

        Returns:
            How all of them stand, those that weren't read now too.
        """
        spent = {name: self.account(name).cpu_seconds for name in tasks}
        logs = [task for name in tasks for task in tasks[name].values()]
        urgent, others = await self._due(logs, spent, now)
        due = [one.task for one in (*urgent, *others)]
        slots = asyncio.Semaphore(self._concurrency)

        async def bounded(work: Awaitable[Outcome]) -> Outcome:
            async with slots:
                return await work

        more = beside({task.place.eval_set_id for task in due})
        outcomes = await asyncio.gather(*map(bounded, more))
        seconds = max(self._limits.seconds, LEAST_SECONDS)
        start = began if is_part else max(began, clock() - (1 - LEAST_SHARE) * seconds)
        for name in tasks:
            self.account(name).begin(start)
        # of each eval set not all at once: one that is slow leaves slots to the others
        most = max(1, self._concurrency // (4 if len(tasks) > 1 else 1))
        queues = _rows(urgent, most), _rows(others, most)
        await self._read_all(queues, _share(others), now, emit, start + seconds)
        self.late = late(due, len(logs), now, clock() - began)
        fresh = {id(task) for task in due if task.pulse.due_since is None}
        return [*(t.outcome if id(t) in fresh else t.standing for t in logs), *outcomes]

    async def _read_all(
        self,
        queues: tuple[list[Row], list[Row]],
        share: float,
        now: float,
        emit: Emit,
        end: float,
    ) -> None:
        """Read what looks suspicious, and the rest, until `end`; whatever was begun is finished.

        Args:
            queues: the two.
            share: of the time, what the first gets before the second.
            now: seconds since the epoch.
            emit: takes the facts.
            end: in this process's seconds (`time.monotonic`).
        """
        (first, rest), started = queues, clock()
        middle = started + share * (end - started) if rest else end
        readers = min(self._concurrency, len(first) + len(rest))
        reserved = max(1, int(RESERVED * readers)) if rest and readers > 1 else 0

        async def reader(number: int) -> None:
            if number < readers - reserved:
                await self._read_in_turn(first, now, emit, middle)
            await self._read_in_turn(rest, now, emit, end)
            await self._read_in_turn(first, now, emit, end)

        await asyncio.gather(*map(reader, range(readers)))

    async def _read_in_turn(self, rows: list[Row], now: float, emit: Emit, until: float) -> None:
        """What one reader does of these rows: who waits longest, then who had the fewest turns."""
        while rows and clock() < until:
            since, turn, number, group = heappop(rows)
            for _ in range(TOGETHER):
                if not group or group[0].since > since or clock() >= until:
                    break
                await self._read(group.popleft().task, now, emit)
            if group:
                heappush(rows, (group[0].since, turn + 1, number, group))

    async def _due(
        self, logs: Sequence[TaskLog], spent: Mapping[str, float], now: float
    ) -> tuple[list[Due], list[Due]]:
        """Those to be read now, in order: of many the loop is held no longer than of few."""
        due: list[Due] = []
        for some in batched(logs, LOOKED_AT):
            due += self._turns.due(some, spent, now)
            await asyncio.sleep(0)
        return in_order(due)

    async def _read(self, task: TaskLog, now: float, emit: Emit) -> None:
        """Read one log; a fault of the program in it costs no other log anything."""
        ran = task.spec is not None and not task.finished
        try:
            await task.poll(now, emit, lambda: self._turns.promise(task, now))
        except Exception as error:  # noqa: BLE001
            place, text = task.place, self._faults.note(error)
            emit(TaskUnreadable(place.eval_set_id, place.log, now, text))
            task.pulse.due_since = None
            task.outcome = Outcome((Problem(place.path, text),), (FAULT,))
        if (ran and task.finished) or task.outcome.gone:
            self._on_end(task)


def _share(others: Iterable[Due]) -> float:
    """Of the time that is left, what looks suspicious gets at most so much."""
    return UNREAD_SHARE if any(one.is_unread for one in others) else URGENT_SHARE


def _rows(due: Iterable[Due], most: int) -> list[Row]:
    """What readers take their tasks from, a heap; most: readers of one eval set at once."""
    groups: dict[str, deque[Due]] = {}
    for one in due:
        groups.setdefault(one.task.place.eval_set_id, deque()).append(one)
    numbers = count()
    rows = [
        (group[0].since, 0, next(numbers), group)
        for group in groups.values()
        for _ in range(min(most, len(group)))
    ]
    heapify(rows)
    return rows
