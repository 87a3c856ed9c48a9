"""The reads of one poll: of each eval set a share at a time, and no longer than a poll may last."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
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

Tasks = Mapping[str, Mapping[str, TaskLog]]
"""The logs that are followed, by eval set and name."""
Row = tuple[float, int, int, Iterator[TaskLog]]
"""Tasks of one eval set that are due since the same poll: when that was, how often it was their
turn in this one, a number of its own.
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

    async def poll(
        self, tasks: Tasks, beside: Beside, now: float, emit: Emit, began: float
    ) -> list[Outcome]:
        """Read what is due.

        Args:
            tasks: the logs that are followed.
            beside: what is read beside them.
            now: seconds since the epoch.
            emit: takes the facts.
            began: when the poll began (`time.monotonic`).

        Returns:
            How all of them stand, those that weren't read now too.
        """
        spent = self._begin(tasks, began)
        logs = [task for name in tasks for task in tasks[name].values()]
        urgent, others = await self._due(logs, spent, now)
        due = [one.task for one in (*urgent, *others)]
        slots = asyncio.Semaphore(self._concurrency)
        # of each eval set not all at once: one that is slow leaves slots to the others
        most = max(1, self._concurrency // (4 if len(tasks) > 1 else 1))

        async def in_turn(rows: list[Row], until: float) -> None:
            while rows:
                since, turn, number, group = heappop(rows)
                for _ in range(TOGETHER):
                    if clock() >= until:
                        heappush(rows, (since, turn, number, group))
                        return
                    if (task := next(group, None)) is None:
                        break
                    await self._read(task, now, emit)
                else:
                    heappush(rows, (since, turn + 1, number, group))

        async def bounded(work: Awaitable[Outcome]) -> Outcome:
            async with slots:
                return await work

        more = beside({task.place.eval_set_id for task in due})
        outcomes = await asyncio.gather(*map(bounded, more))
        first, rest = _rows(urgent, most), _rows(others, most)
        end = began + max(self._limits.seconds, LEAST_SECONDS)
        started = clock()
        middle = started + URGENT_SHARE * (end - started) if rest else end
        for rows, until in ((first, middle), (rest, end), (first, end)):
            readers = min(self._concurrency, len(rows))
            await asyncio.gather(*(in_turn(rows, until) for _ in range(readers)))
        self.late = late(due, len(logs), now, clock() - began)
        fresh = {id(task) for task in due if task.pulse.due_since is None}
        return [*(t.outcome if id(t) in fresh else t.standing for t in logs), *outcomes]

    async def _due(
        self, logs: Sequence[TaskLog], spent: Mapping[str, float], now: float
    ) -> tuple[list[Due], list[Due]]:
        """Those to be read now, in order: of many the loop is held no longer than of few."""
        due: list[Due] = []
        for some in batched(logs, LOOKED_AT):
            due += self._turns.due(some, spent, now)
            await asyncio.sleep(0)
        return in_order(due)

    def _begin(self, tasks: Tasks, began: float) -> dict[str, float]:
        """Seconds of CPU that each eval set took in the last poll; each gets its share anew."""
        spent = {name: self.account(name).cpu_seconds for name in tasks}
        for name in tasks:
            self.account(name).begin(began)
        return spent

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


def _rows(due: Iterable[Due], most: int) -> list[Row]:
    """What readers take their tasks from, a heap; most: readers of one eval set at once."""
    groups: dict[tuple[float, str], list[TaskLog]] = {}
    for one in due:
        groups.setdefault((one.since, one.task.place.eval_set_id), []).append(one.task)
    numbers = count()
    return [
        (since, 0, next(numbers), tasks)
        for (since, _), group in groups.items()
        for tasks in [iter(group)] * min(most, len(group))
    ]
