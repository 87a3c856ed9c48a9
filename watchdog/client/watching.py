"""Reads again and again: what fails meanwhile is said, and what was read last stays."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

from msgspec import Struct

from watchdog.errors import UsageError

T = TypeVar("T")


class Seen(Struct, Generic[T], frozen=True):
    """What was read last."""

    answer: T
    at: float
    """When, in seconds since the epoch."""
    failing_since: float | None = None
    """Since when nothing could be read; None while it can."""
    why: str = ""


async def seen_again(
    read: Callable[[], Awaitable[T]],
    clock: Callable[[], float],
    pause: Callable[[], Awaitable[object]],
) -> AsyncGenerator[Seen[T], None]:
    """What is read, for ever.

    Args:
        read: asks once.
        clock: seconds since the epoch.
        pause: waits until it is time to ask again.

    Raises:
        UsageError: nothing could be read at the first time.
    """
    seen = Seen(await read(), clock())
    while True:
        yield seen
        await pause()
        try:
            seen = Seen(await read(), clock())
        except UsageError as error:
            since = clock() if seen.failing_since is None else seen.failing_since
            seen = Seen(seen.answer, seen.at, since, str(error))
