"""The attempts of a task before the one that counts: how their samples ended in errors.

Inspect tries a failed task again in a new log of the same task id and, within one call, of the same
`run_id` (inspect_ai 0.3.285, `_eval/run.py`). The log that counts may hold no end yet. Attempts of
another run are left out: people may have mended what failed there. Only logs are read, no buffers.
"""

from collections.abc import Iterable, Mapping

from watchdog.collect.inspect.eval_logs import EvalLog
from watchdog.collect.inspect.naming import LogFile
from watchdog.collect.place import Place
from watchdog.collect.source import Emit
from watchdog.collect.stores.objects import StoreError
from watchdog.model.facts import FormerEndsRead, SampleSummary, TaskSpec
from watchdog.model.state import FORMER_MAX

LOGS_MAX = 5
"""Former logs that are read of a task, the newest first: one may end at its first error."""


class FormerAttempts:
    """Of one eval set. Each log is read once; one that can't be read tells nothing."""

    def __init__(self) -> None:
        self._former: dict[str, tuple[LogFile, ...]] = {}
        self._due: set[str] = set()
        self._places: dict[str, Place] = {}

    def listed(self, logs: Iterable[LogFile], places: Mapping[str, Place]) -> None:
        """Take in a listing.

        Args:
            logs: all logs of it.
            places: where those are that count, by name.
        """
        files = list(logs)
        before = self._former
        by_task: dict[str, list[LogFile]] = {}
        for file in files:
            if file.task_id is not None:
                by_task.setdefault(file.task_id, []).append(file)
        names = {file.task_id: file.file.name for file in files if file.file.name in places}
        self._former = {
            name: _before(by_task[task_id], name)
            for task_id, name in names.items()
            if task_id is not None
        }
        self._places = {name: places[name] for name in self._former}
        self._due = {
            name
            for name, former in self._former.items()
            if former and (former != before.get(name) or name in self._due)
        }

    async def poll(self, specs: Mapping[str, TaskSpec], emit: Emit) -> None:
        """Read what is due of the tasks whose specification is known, by log."""
        for name in sorted(self._due & set(specs)):
            self._due.discard(name)
            await self._read(self._places[name], specs[name], emit)

    async def _read(self, place: Place, spec: TaskSpec, emit: Emit) -> None:
        samples: list[SampleSummary] = []
        begun: list[float] = []
        for former in self._former[place.log]:
            ends = await _ends(place, former.file.name, spec)
            if ends is None or len(samples) >= FORMER_MAX:
                break
            begun += [former.created_at] if former.created_at is not None else []
            samples = [*ends, *samples]
        if samples:
            tried = tuple(samples[-FORMER_MAX:])
            emit(FormerEndsRead(place.eval_set_id, place.log, tried, tuple(begun)))


def _before(files: list[LogFile], name: str) -> tuple[LogFile, ...]:
    """Of a task's logs, those but the one that counts and recovered copies, the newest first."""
    others = [file for file in files if file.file.name != name and not file.recovered]
    others.sort(key=lambda file: (file.created_at or 0.0, file.file.name), reverse=True)
    return tuple(others[:LOGS_MAX])


async def _ends(place: Place, log: str, spec: TaskSpec) -> list[SampleSummary] | None:
    """The samples that erred in a former log; None where it is of another run, or unreadable."""
    former = Place(place.store, place.folder, place.eval_set_id, log, place.limit)
    reader = EvalLog(place.store, former.path, place.eval_set_id, log, place.limit)
    try:
        facts = await reader.refresh()
    except StoreError:
        # the log that counts is judged without it: no more is lost than a hint of what came before
        return None
    if facts is None or spec.run_id is None or facts.spec.spec.run_id != spec.run_id:
        return None
    ended = facts.ended.samples if facts.ended else ()
    return [one for one in ended if one.error is not None and not one.cancelled]
