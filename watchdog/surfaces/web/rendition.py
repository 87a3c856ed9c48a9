"""An answer in pieces that are made in a thread as they are asked for, once for all who ask."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from watchdog.surfaces.deflated import Piece

TURN = 512 * 1024
"""Bytes of text that are made at once, in milliseconds."""
KEPT = 8 * 1024 * 1024
"""Bytes of answers that nobody reads just now."""


class Rendition:
    """Pieces in a row, and whatever makes the rest of them."""

    def __init__(self, pieces: Iterable[Piece], thread: Executor) -> None:
        self._rest: Iterator[Piece] = iter(pieces)
        self._thread = thread
        self._made: list[Piece] = []
        self._size = 0
        self._making: asyncio.Future[None] | None = None
        self._complete = False
        self._flaw: Exception | None = None

    def __len__(self) -> int:
        """Bytes of what is made so far."""
        return self._size

    @property
    def failed(self) -> bool:
        """Whether the rest can't be made."""
        return self._flaw is not None

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """All pieces from the first on. Raises: Exception: whatever making one raised."""
        place = 0
        while True:
            while place < len(self._made):
                yield self._made[place]
                place += 1
            if self._flaw is not None:
                raise self._flaw
            if self._complete:
                return
            await self._more()

    async def _more(self) -> None:
        """Some more pieces; whoever goes away meanwhile stops nobody's."""
        if self._making is None or self._making.done():
            loop = asyncio.get_running_loop()
            self._making = loop.run_in_executor(self._thread, self._make)
        await asyncio.shield(self._making)

    def _make(self) -> None:
        """In the thread."""
        try:
            made = self._some()
        except Exception as flaw:  # noqa: BLE001 - everybody who reads it is told
            self._flaw = flaw
            return
        self._complete = not made
        self._made += made
        self._size += sum(len(piece.data) for piece in made)

    def _some(self) -> list[Piece]:
        """The next pieces, as many as are worth the way to the thread; none at the end."""
        made: list[Piece] = []
        size = 0
        for piece in self._rest:
            made.append(piece)
            size += piece.size
            if size >= TURN:
                break
        return made


class Renditions:
    """Those of the current snapshot, shared by all who read the same."""

    def __init__(self, thread: Executor, kept: int = KEPT) -> None:
        """Args: thread: makes them; kept: bytes of those that nobody reads just now."""
        self._thread = thread
        self._kept = kept
        self._snapshot: object = None
        self._of: dict[int, tuple[object, Rendition]] = {}
        self._readers: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._of)

    @contextmanager
    def reading(
        self, snapshot: object, view: object, pieces: Callable[[], Iterable[Piece]]
    ) -> Iterator[Rendition]:
        """That of a view, while it is read.

        Args:
            snapshot: the current one; what is of another is forgotten.
            view: what is shown of it, that very object.
            pieces: make it, where it is not made yet.
        """
        if snapshot is not self._snapshot:
            self._snapshot, self._of = snapshot, {}
        _, rendition = self._of.pop(id(view), (None, None))
        if rendition is None or rendition.failed:
            rendition = Rendition(pieces(), self._thread)
        self._of[id(view)] = (view, rendition)
        self._readers[id(rendition)] += 1
        try:
            yield rendition
        finally:
            self._readers -= Counter({id(rendition): 1})
            self._forget()

    def _forget(self) -> None:
        """The oldest that nobody reads, beyond the bound."""
        unread = {key: r for key, (_, r) in self._of.items() if id(r) not in self._readers}
        size = sum(map(len, unread.values()))
        for key, rendition in unread.items():
            if size > self._kept or rendition.failed:
                size -= len(rendition)
                del self._of[key]
