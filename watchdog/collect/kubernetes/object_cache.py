"""What a reader of the API has: written by its thread, read by any."""

from collections import deque
from collections.abc import Callable, Mapping
from threading import Event, Lock
from types import MappingProxyType
from typing import Generic, TypeVar

from msgspec import Struct

from watchdog.collect.kubernetes.errors import ApiError
from watchdog.collect.kubernetes.objects import Entry, Key
from watchdog.model.verdict import Problem

R = TypeVar("R")

Trim = Callable[[dict[Key, Entry[R]], float], None]
"""Keeps entries within bounds, given the time."""

DEPARTED = 1000
DEPARTED_SECONDS = 900.0
"""So many objects are remembered for so long after they were deleted, as they were at the end."""
FAILURES = 100
PROBLEMS = 50
PUTS_UNTIL_TRIM = 200


class View(Struct, Generic[R], frozen=True):
    """What is known at one instant."""

    objects: Mapping[Key, Entry[R]]
    listed_at: float | None
    """The last full listing; None where there was none yet."""
    confirmed_at: float | None
    """When the objects were last known to be current."""
    error: ApiError | None
    """Why they can't be read now."""
    problems: tuple[Problem, ...]
    generation: int
    """Another number where anything of the objects has changed."""
    departed: tuple[Entry[R], ...] = ()
    """What was deleted lately, as it was at the end."""
    missed: tuple[str, ...] = ()
    """UIDs of what a listing lately was without, and no watch event told to be deleted."""


class ObjectCache(Generic[R]):
    """Objects of one kind by namespace and name. Safe to use from several threads."""

    def __init__(self, trim: Trim[R] | None = None) -> None:
        self._lock = Lock()
        self._trim = trim
        self._entries: dict[Key, Entry[R]] = {}
        self._copy: Mapping[Key, Entry[R]] | None = MappingProxyType({})
        self._problems: dict[str, Problem] = {}
        self._failures: deque[str] = deque(maxlen=FAILURES)
        self._departed: deque[tuple[float, Entry[R]]] = deque(maxlen=DEPARTED)
        self._missed: deque[tuple[float, str]] = deque(maxlen=DEPARTED)
        self._listed_at: float | None = None
        self._confirmed_at: float | None = None
        self._error: ApiError | None = None
        self._generation = 0
        self._puts = 0
        self.answered = Event()
        """Set once there is a listing or an error."""

    def view(self) -> View[R]:
        """What is known; a copy is made only where something has changed."""
        with self._lock:
            if self._copy is None:
                self._copy = MappingProxyType(self._entries.copy())
            return View(
                self._copy,
                self._listed_at,
                self._confirmed_at,
                self._error,
                tuple(self._problems.values()),
                self._generation,
                tuple(entry for _, entry in self._departed),
                tuple(uid for _, uid in self._missed),
            )

    def drain_failures(self) -> tuple[str, ...]:
        """Short reasons of what failed since the last call."""
        with self._lock:
            failures = tuple(self._failures)
            self._failures.clear()
        return failures

    def entries(self) -> Mapping[Key, Entry[R]]:
        """The objects, for the thread that writes them."""
        return self._entries

    def bound(self, entries: dict[Key, Entry[R]], now: float) -> None:
        """Keep a listing that is under way within bounds."""
        if self._trim:
            self._trim(entries, now)

    def replace(
        self, entries: dict[Key, Entry[R]], problems: tuple[Problem, ...], now: float
    ) -> None:
        """A full listing that began at `now`."""
        with self._lock:
            if entries != self._entries:
                self._changed()
            absent = [entry for key, entry in self._entries.items() if key not in entries]
            self._departed.extend((now, entry) for entry in absent)
            while self._missed and self._missed[0][0] < now - DEPARTED_SECONDS:
                self._missed.popleft()
            self._missed.extend((now, entry.meta.uid) for entry in absent)
            self._entries = entries
            self._problems = {problem.where: problem for problem in problems[:PROBLEMS]}
            self._listed_at = now
            self._confirm(now)
        self.answered.set()

    def put(self, entry: Entry[R], now: float) -> None:
        """An object is new or has changed."""
        with self._lock:
            self._entries[entry.meta.key] = entry
            self._puts += 1
            if self._trim and self._puts % PUTS_UNTIL_TRIM == 0:
                self._trim(self._entries, now)
            self._changed()

    def drop(self, key: Key, last: Entry[R] | None, now: float) -> None:
        """An object is gone; `last` is how it was then."""
        with self._lock:
            before = self._entries.pop(key, None)
            if before is not None:
                self._changed()
            end = last or before
            if end is not None:
                self._departed.append((now, end))
            while self._departed and self._departed[0][0] < now - DEPARTED_SECONDS:
                self._departed.popleft()

    def doubt(self, problem: Problem) -> None:
        """An object could not be read."""
        with self._lock:
            if len(self._problems) < PROBLEMS:
                self._problems[problem.where] = problem

    def confirm(self, now: float) -> None:
        """What is known is current."""
        with self._lock:
            self._confirm(now)

    def fail(self, error: ApiError, *, quietly: bool = False) -> None:
        """The API could not be read; what is known stays known."""
        with self._lock:
            self._error = error
            if not quietly:
                self._failures.append(error.reason)
        self.answered.set()

    def _confirm(self, now: float) -> None:
        self._confirmed_at = now
        self._error = None

    def _changed(self) -> None:
        self._copy = None
        self._generation += 1
