"""When a sample that waits tries again, in words."""

from typing import Protocol

from watchdog.model.instants import clock, from_timestamp
from watchdog.model.words import duration

GRACE = 120.0
"""Seconds after which an attempt that was due is late: a runner writes down each minute what it
does."""


class Waits(Protocol):
    """A sample, as the report or a list has it."""

    @property
    def wait_seconds(self) -> float | None:
        """Seconds between its last failed attempt and the next."""

    @property
    def next_attempt_at(self) -> str | None:
        """When that is due."""


def next_attempt(sample: Waits, now: str | None) -> str:
    """`next attempt at 2026-11-23 08:30 UTC, after a wait of 30 min`; empty where none is due.

    Args:
        sample: the one that waits.
        now: the instant that this is told as of.
    """
    if sample.wait_seconds is None:
        return ""
    wait, due, at = sample.wait_seconds, from_timestamp(sample.next_attempt_at), from_timestamp(now)
    after = f"after a wait of {duration(wait)}"
    if due is None:
        return f"next attempt {after}"
    if at is not None and at - due > GRACE:
        late = duration(at - due)
        return f"next attempt overdue for {late}: it was due at {clock(due)}, {after}"
    return f"next attempt at {clock(due)}, {after}"
