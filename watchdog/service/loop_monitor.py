"""How long the event loop is held: an event loop that measures its own turns.

A turn lasts from when its sockets were looked at until they are looked at again. A thread that
keeps the interpreter's lock shows too, as a wait that ended late: the loop's timers,
at least four a second, bound what is missed of that.
"""

import asyncio
import selectors
import sys
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from watchdog.service.event_loop import ServiceLoop
from watchdog.service.heap import patient

T = TypeVar("T")

SWITCH = 0.001
"""Seconds for which a thread may keep the interpreter's lock while the loop waits for it. An answer
to a probe takes it some twenty times: at Python's five milliseconds that is noticed."""
BEAT = 0.25
"""Seconds between two timers whose only purpose is to be late."""


class LoopMonitor:
    """The longest time since it was last asked."""

    def __init__(self) -> None:
        self._longest = 0.0
        self.turn_began = time.perf_counter()
        """When the loop last came back from its sockets (`time.perf_counter`)."""

    def held(self, seconds: float) -> None:
        """The loop was held so long."""
        self._longest = max(self._longest, seconds)

    def take(self) -> float:
        """Seconds that the loop was held at most since the last call."""
        longest, self._longest = self._longest, 0.0
        return longest


class _MeasuringSelector(selectors.DefaultSelector):
    def __init__(self, monitor: LoopMonitor) -> None:
        super().__init__()
        self._monitor = monitor

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As the system's, and the time around it is told."""
        monitor, began = self._monitor, time.perf_counter()
        monitor.held(began - monitor.turn_began)
        ready = super().select(timeout)
        monitor.turn_began = time.perf_counter()
        if timeout is not None and timeout > 0 and not ready:
            monitor.held(monitor.turn_began - began - timeout)
        return ready


def run_measured(main: Coroutine[Any, Any, T], monitor: LoopMonitor) -> T:
    """As `asyncio.run`, on a loop whose turns the monitor is told."""

    def loop() -> asyncio.AbstractEventLoop:
        measured = ServiceLoop(_MeasuringSelector(monitor))
        _beat(measured)
        return measured

    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        with patient(), asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(main)
    finally:
        sys.setswitchinterval(usual)


def _beat(loop: asyncio.AbstractEventLoop) -> None:
    loop.call_later(BEAT, _beat, loop)
