"""The protocol behind which every source stands."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from watchdog.collect.place import Place
from watchdog.model.facts import Fact
from watchdog.model.verdict import Problem

Emit = Callable[[Fact], None]


class PollResult(Struct, frozen=True):
    """How a poll went. `problems` are all that stand now, those of earlier polls included."""

    problems: tuple[Problem, ...] = ()
    failures: tuple[str, ...] = ()
    """One short reason (`forbidden`, `timeout`, `unavailable`, …) for each read that failed."""
    complete: bool = True
    """False where the source as a whole did not answer (its listing failed)."""
    silent: tuple[tuple[str, str], ...] = ()
    """Parts behind the source that don't answer, each with the reason, where it does itself."""
    part_failures: tuple[tuple[str, str], ...] = ()
    """Failed reads of those parts: part (`store`) and reason."""
    watched: frozenset[str] | None = None
    """The eval sets that there are, where a listing in full could tell; None where it could not."""
    listed: bool = True
    """Whether this poll listed anew; False where what an earlier one listed still counts."""
    occupied: bool = False
    """Whether its place is the right one: something was there, and what left it was seen to."""
    unfinished: bool = False
    """Whether more is there than this poll may read of some eval set; the next one goes on."""
    not_watched: int = 0
    """Jobs that are left out on purpose: scans."""
    late: int = 0
    """Tasks that were due and that this poll did not come to."""
    lag: float = 0.0
    """Seconds by which the one of them that waits longest is late."""


class Source(Protocol):
    """Something that is polled. It remembers only cursors: what it has read already."""

    @property
    def name(self) -> str:
        """Stable and short, a metric's label: `store`."""
        ...

    async def poll(self, now: float, emit: Emit) -> PollResult:
        """Read what is new and hand it to `emit` as facts, in order for each sample.

        Never raises for what the outside does: a failure becomes a problem and a
        `TaskUnreadable` or `EvalSetUnreadable` fact.
        """
        ...

    def place_of(self, eval_set_id: str, log: str) -> Place | None:
        """Where a log that it watches is, for whoever must read more of it; None if it has none."""
        ...

    async def aclose(self) -> None:
        """Release connections and files."""
        ...
