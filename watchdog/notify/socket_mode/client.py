"""Keeps a Socket Mode connection open for as long as it runs, and hands presses on, each once.

Slack renews connections every few hours and says so seconds before: the next one is opened while
the last one is still read, so no press is lost. Those of a connection that broke are lost: Slack
tells who pressed, and they press again.
"""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, Protocol

import structlog

from watchdog.model.texts import first_line
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.slack_buttons import Press
from watchdog.notify.socket_mode.connection import Connection, NotConnectedError
from watchdog.notify.socket_mode.envelopes import Envelope, Goodbye

QUEUE_MAX = 100
"""Presses that wait; one more is not confirmed, and Slack tells who pressed that it failed."""
KNOWN_MAX = 2000
"""Presses that are known, so that they count once."""
PRESS_SECONDS = 60.0
LINGER_SECONDS = 60.0
"""For which a connection is read that another one took the place of."""
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 300.0
STEADY_SECONDS = 60.0
"""A connection that held for so long ends all trouble."""

Untaken = Literal["repeated", "dropped", "failed"]

log = structlog.get_logger(__name__)


class Opens(Protocol):
    """Opens connections."""

    async def open(self) -> Connection:
        """One that was greeted. Raises: NotConnectedError."""
        ...


class SocketMode:
    """Used from one event loop."""

    def __init__(  # noqa: PLR0913 - what a test puts in its place
        self,
        opener: Opens,
        on_press: Callable[[Press], Awaitable[None]],
        *,
        on_state: Callable[[bool], None] = lambda _up: None,
        on_untaken: Callable[[Untaken], None] = lambda _why: None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """A client.

        Args:
            opener: opens connections.
            on_press: does what is wanted; one at a time, a minute at most.
            on_state: told whether there is a connection.
            on_untaken: told of each press that is not handed on, and why.
            sleep: waits between two tries.
            jitter: from 0 to 1, so that not all come back at once.
            monotonic: seconds of a clock that nobody sets.
        """
        self._opener = opener
        self._on_press = on_press
        self._on_state = on_state
        self._on_untaken = on_untaken
        self._sleep = sleep
        self._jitter = jitter
        self._monotonic = monotonic
        self._queue: asyncio.Queue[Press] = asyncio.Queue(QUEUE_MAX)
        self._known: OrderedDict[str, None] = OrderedDict()
        self._failures = 0
        self._complaint = "not connected yet"
        self._reading: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until it is cancelled; then everything is closed."""
        working = asyncio.create_task(self._work())
        try:
            while True:
                await self._live()
        finally:
            self._on_state(False)
            tasks = [working, *self._reading]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _live(self) -> None:
        """One connection, until another one has to take its place."""
        try:
            connection = await self._opener.open()
        except NotConnectedError as error:
            await self._rest(error.outcome)
            return
        opened_at, over = self._monotonic(), asyncio.Event()
        self._connected()
        task = asyncio.create_task(self._read(connection, over))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        await over.wait()
        held = self._monotonic() - opened_at
        self._failures = 0 if held >= STEADY_SECONDS else self._failures + 1
        self._on_state(not task.done())
        for old in self._reading - {task}:  # two at once are enough
            old.cancel()
        if self._failures > 1:
            await self._sleep(self._wait())

    async def _read(self, connection: Connection, over: asyncio.Event) -> None:
        """Confirm and hand on what comes; `over` is set once another one has to be opened."""
        try:
            async for told in connection.told():
                if isinstance(told, Goodbye):
                    log.info("slack_connection_renewed", reason=told.reason)
                    over.set()
                    asyncio.get_running_loop().call_later(LINGER_SECONDS, _cancel, _own_task())
                else:
                    await self._take(connection, told)
        except (OSError, TimeoutError) as error:
            log.info("slack_connection_broke", reason=type(error).__name__)
        finally:
            over.set()
            await connection.aclose()

    async def _take(self, connection: Connection, envelope: Envelope) -> None:
        press = envelope.press
        if press is None:
            await connection.confirm(envelope)
            return
        keys = {envelope.id, press.key} - {""}
        if not keys.isdisjoint(self._known):
            await connection.confirm(envelope)
            self._on_untaken("repeated")
            return
        try:
            self._queue.put_nowait(press)
        except asyncio.QueueFull:
            log.warning("slack_press_dropped", reason="too many wait")
            self._on_untaken("dropped")
            return
        self._know(keys)
        await connection.confirm(envelope)

    def _know(self, keys: Iterable[str]) -> None:
        self._known.update(dict.fromkeys(keys))
        while len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)

    async def _work(self) -> None:
        while True:
            press = await self._queue.get()
            try:
                async with asyncio.timeout(PRESS_SECONDS):
                    await self._on_press(press)
            except Exception as error:  # noqa: BLE001 - a flaw of one press must not end all others
                self._on_untaken("failed")
                reason = first_line(f"{type(error).__name__}: {error}")
                log.error("slack_press_failed", reason=reason)  # noqa: TRY400 - one line

    def _connected(self) -> None:
        self._on_state(True)
        if self._complaint:
            log.info("slack_connected")
        self._complaint = ""

    async def _rest(self, outcome: Outcome) -> None:
        """Why there is none, once; then wait, longer each time."""
        self._on_state(bool(self._reading))
        self._failures += 1
        if outcome.detail != self._complaint:
            self._complaint = outcome.detail
            effect = "buttons don't answer; messages arrive all the same"
            log.warning("slack_not_connected", reason=outcome.detail, effect=effect)
        wait = LONGEST_WAIT if outcome.result == "refused" else self._wait()
        await self._sleep(max(wait, outcome.retry_after or 0.0))

    def _wait(self) -> float:
        steps = min(self._failures - 1, 20)
        return min(LONGEST_WAIT, SHORTEST_WAIT * 2.0**steps) * (0.5 + self._jitter() / 2)


def _own_task() -> asyncio.Task[None] | None:
    return asyncio.current_task()


def _cancel(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
