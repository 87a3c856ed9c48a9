"""Which folders of a store are listed anew, and which stand as they were listed last.

A listing costs twelve times what a conditional request does. It is needed only where something may
appear that no known key tells of: a log that is begun, above all. That happens when an eval set
begins, when one of its tasks has ended, and when its runner is started again.
"""

import asyncio
from collections.abc import Callable, Iterable

from msgspec import Struct, structs

from watchdog.collect.inspect.naming import is_log, log_file
from watchdog.collect.rhythm import listing_seconds, place_of, spread
from watchdog.collect.stores.objects import FileMeta, Folder, Store
from watchdog.model.instants import latest
from watchdog.model.verdict import Problem

_SOON = 0.25
"""Of a listing interval: what is due within it is listed now rather than with the next."""

MANY = 1_000
"""Files of a folder; more are looked through in a thread."""


class Activity(Struct, frozen=True):
    """What is known of an eval set's folder beside its listing."""

    running: bool
    """Whether one of its logs is being written."""
    suspicious: bool
    """Whether a verdict in it may turn: what excuses a silence lies in the folder too."""


class _Listed(Struct):
    folder: Folder
    """Its names alone: nothing of a file is read by what was listed earlier."""
    at: float
    names: frozenset[str]
    began_at: float | None
    """When the newest log of it was begun, or first seen."""
    woken: bool = False
    problems: tuple[Problem, ...] = ()


class Listings:
    """The folders of one store, by path; the root's is empty."""

    def __init__(
        self, store: Store, interval: float, activity: Callable[[str], Activity | None]
    ) -> None:
        """Args: activity: of the eval set in a folder; None where it must be listed each time."""
        self._store = store
        self._interval = interval
        self._activity = activity
        self._listed: dict[str, _Listed] = {}
        self._fresh: set[str] = set()
        self.now = 0.0
        """Seconds since the epoch, of the poll that lists."""

    async def list_dir(self, path: str) -> Folder:
        """A folder, as it is or as it was listed last.

        Raises:
            StoreError: it could not be listed.
        """
        self._fresh.discard(path)
        if not self.is_due(path, self.now):
            return self._listed[path].folder
        folder = await self._store.list_dir(path)
        await self.take(path, folder)
        return folder

    async def take(self, path: str, folder: Folder) -> None:
        """A folder was listed."""
        self._fresh.add(path)
        before = self._listed.get(path)
        if len(folder.files) > MANY:
            listed = await asyncio.to_thread(_taken, before, folder, self.now)
        else:
            listed = _taken(before, folder, self.now)
        self._listed[path] = listed

    def is_due(self, path: str, now: float) -> bool:
        """Whether a folder is to be listed anew."""
        listed = self._listed.get(path)
        activity = self._activity(path)
        if listed is None or activity is None or listed.woken or now < listed.at:
            return True
        return now - listed.at >= self._seconds(path, listed, activity, now)

    def _seconds(self, path: str, listed: _Listed, activity: Activity, now: float) -> float:
        base = self._interval
        seconds = listing_seconds(listed.began_at, now, base, running=activity.running)
        if activity.suspicious or seconds <= base:
            return base
        return max(base, spread(seconds, place_of(path), base) - _SOON * base)

    def is_fresh(self, path: str) -> bool:
        """Whether it was listed anew this time."""
        return path in self._fresh

    def wake(self, path: str) -> None:
        """Something may have appeared in a folder."""
        if path in self._listed:
            self._listed[path].woken = True

    def keep(self, paths: Iterable[str]) -> None:
        """Only these folders are there."""
        kept = set(paths)
        self._listed = {path: one for path, one in self._listed.items() if path in kept}

    def note(self, path: str, problems: tuple[Problem, ...]) -> None:
        """What is wrong in a folder as it was listed."""
        if path in self._listed:
            self._listed[path].problems = problems

    def problems(self, path: str) -> tuple[Problem, ...]:
        """The same, of one that wasn't listed anew."""
        return self._listed[path].problems if path in self._listed else ()


def _taken(before: _Listed | None, folder: Folder, now: float) -> _Listed:
    """What is kept of a listing: names, above all."""
    logs = [file for file in folder.files if is_log(file.name)]
    names = frozenset(file.name for file in logs)
    if before is None:
        began_at = latest(*(log_file(f).created_at or f.mtime for f in logs))
    else:
        began_at = now if names - before.names else before.began_at
    files = tuple(FileMeta(file.name, 0, 0.0) for file in folder.files)
    return _Listed(structs.replace(folder, files=files), now, names, began_at)
