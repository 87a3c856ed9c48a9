"""A few tries at once for what may pass; a longer wait is left to the ledger."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from watchdog.notify.channels.channel import Outcome

ATTEMPTS = 3
LONGEST_WAIT = 15.0
"""A longer wait is left to the ledger: the next delivery goes on where this one ended."""

Sleep = Callable[[float], Awaitable[None]]


class RetryPolicy:
    """How often something is tried again, and how long is waited between."""

    def __init__(
        self, sleep: Sleep = asyncio.sleep, jitter: Callable[[], float] = random.random
    ) -> None:
        self._sleep = sleep
        self._jitter = jitter

    async def run(self, attempt: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Try until it works, is refused, or asks for more patience than there is."""
        outcome = await attempt()
        for number in range(1, ATTEMPTS):
            wait = outcome.retry_after or 2.0**number * (0.5 + self._jitter() / 2)
            if outcome.result != "retry" or wait > LONGEST_WAIT:
                break
            await self._sleep(wait)
            outcome = await attempt()
        return outcome
