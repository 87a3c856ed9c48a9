"""Much work begun piece by piece: its first steps hold the loop no longer than those of little."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from watchdog.collect.work.jobs import batched

T = TypeVar("T")

BEGUN = 100
"""Pieces that are begun in one turn of the loop."""


async def gathered(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """As `asyncio.gather`, all side by side; where one fails, the others end with it."""
    begun: list[asyncio.Task[T]] = []
    try:
        for some in batched(works, BEGUN):
            begun += map(asyncio.create_task, some)
            await asyncio.sleep(0)
        return await asyncio.gather(*begun)
    finally:
        for task in begun:
            task.cancel()
