"""Work that many ask for at once is done once, in a thread, so that the loop goes on meanwhile."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from watchdog.threads import DefaultExecutor

T = TypeVar("T")


class Shared:
    """The last thing that was made of one kind."""

    def __init__(self) -> None:
        self._thread = DefaultExecutor(1, "web")
        self._key: Any = None
        self._subject: object = None
        self._made: asyncio.Future[bytes] | None = None

    async def get(self, subject: object, key: object, make: Callable[[], bytes]) -> bytes:
        """What is made of `subject`, that very object; `key` is all else that it depends on."""
        made = self._made
        if made is None or subject is not self._subject or key != self._key or _failed(made):
            made = self._begin(make)
            self._subject, self._key, self._made = subject, key, made
        return await asyncio.shield(made)

    async def once(self, make: Callable[[], T]) -> T:
        """What nobody else asks for."""
        return await asyncio.shield(self._begin(make))

    def _begin(self, make: Callable[[], T]) -> asyncio.Future[T]:
        made = asyncio.get_running_loop().run_in_executor(self._thread, make)
        made.add_done_callback(_failed)  # also where its client is gone
        return made


def _failed(made: asyncio.Future[Any]) -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)
