"""The older logs of each task: how often it was tried, and how the attempts before ended.

Inspect tries a failed task anew in a new log of the same task id. A copy that was recovered from a
dead runner's buffer is no attempt.
"""

from collections.abc import Iterable

from watchdog.collect.inspect.eval_logs import status_of
from watchdog.collect.inspect.naming import LogFile
from watchdog.collect.stores.objects import Store, StoreError, is_transient, join
from watchdog.model.facts import AttemptsRead, EarlierAttempt

EARLIER_MAX = 10
"""Attempts of a task of which it is read how they ended; the last ones."""


class Attempts:
    """The attempts of one eval set's tasks; what has ended is read once."""

    def __init__(self, store: Store, folder: str, eval_set_id: str, limit: int) -> None:
        self._store = store
        self._folder = folder
        self._eval_set_id = eval_set_id
        self._limit = limit
        self._ended: dict[tuple[str, float], EarlierAttempt] = {}

    async def read(
        self, logs: Iterable[LogFile], newest: Iterable[LogFile]
    ) -> tuple[AttemptsRead, ...]:
        """One fact for each task that has older logs; none raises.

        Args:
            logs: all of the eval set.
            newest: those that count.
        """
        by_task: dict[str, list[LogFile]] = {}
        for log in logs:
            if log.task_id is not None and not log.recovered:
                by_task.setdefault(log.task_id, []).append(log)
        known: dict[tuple[str, float], EarlierAttempt] = {}
        facts = []
        for log in newest:
            others = [one for one in by_task.get(log.task_id or "", ()) if one is not log]
            if others and not log.recovered:
                others.sort(key=lambda one: (one.created_at or 0.0, one.file.name))
                ends = [await self._end(one, known) for one in others[-EARLIER_MAX:]]
                count = len(others) + 1
                facts.append(AttemptsRead(self._eval_set_id, log.file.name, count, tuple(ends)))
        self._ended = known
        return tuple(facts)

    async def _end(
        self, log: LogFile, known: dict[tuple[str, float], EarlierAttempt]
    ) -> EarlierAttempt:
        version = (log.file.name, log.file.mtime)
        end = self._ended.get(version)
        if end is None:
            try:
                status, error = await status_of(
                    self._store, join(self._folder, log.file.name), self._limit
                )
                end = EarlierAttempt(log.file.name, status, error)
            except StoreError as failure:
                end = EarlierAttempt(log.file.name, None)
                if is_transient(failure):
                    return end
        known[version] = end
        return end
