"""What is made of the parts of a whole is made once for each part, as long as that stays the same.

A part is an immutable record; what nothing happened to is the very same object in the next whole.
So the cache goes by identity, and costs nothing to compare. It holds the parts themselves: an id
can't come to mean another one.
"""

import threading
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")


class PartCache(Generic[S, T]):
    """What was made of each part of the last whole, no more. Safe to use from several threads."""

    def __init__(self, make: Callable[[S], T]) -> None:
        self._make = make
        self._made: dict[int, tuple[S, T]] = {}
        self._version: Hashable = None
        self._lock = threading.Lock()

    def all_of(self, parts: Iterable[S], version: Hashable = None) -> list[T]:
        """What is made of each of these parts; what was made of others is forgotten.

        Args:
            parts: of a whole.
            version: of whatever else it depends on; with another one all is made anew.
        """
        with self._lock:
            before = self._made if version == self._version else {}
            after: dict[int, tuple[S, T]] = {}
            made: list[T] = []
            for part in parts:
                entry = before.get(id(part)) or after.get(id(part))
                if entry is None:
                    entry = (part, self._make(part))
                after[id(part)] = entry
                made.append(entry[1])
            self._made, self._version = after, version
            return made

    def __len__(self) -> int:
        return len(self._made)
