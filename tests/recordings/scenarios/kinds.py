"""What a scenario is, and words to write one with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.recordings.acts import HOUR, MINUTE, Call, Error, Fail, Reply, Script, spread, turns

if TYPE_CHECKING:
    from inspect_ai import Task

Stuck = tuple[str, str, int]
"""Task, sample id and epoch."""


@dataclass(frozen=True)
class Instant:
    """One recording, and what may be said at that time."""

    at: float
    verdicts: tuple[str, ...]
    causes: tuple[str | None, ...] = (None,)
    stuck: tuple[Stuck, ...] | None = ()
    note: str = ""
    frozen: bool = False
    """Is this the same store as at the instant before, seen later?"""


@dataclass(frozen=True)
class Scenario:
    """One evaluation."""

    name: str
    description: str
    tasks: Callable[[], list[Task]]
    script: Script
    instants: tuple[Instant, ...]
    rates: tuple[tuple[float, float], ...] = ((10, 120),)
    """From which fake second on the clock runs how fast."""
    onset: Literal["marked", "none"] = "marked"
    model: str = "scripted/gpt-4o"
    logger: Literal["plain", "json", "hawk"] = "plain"
    eval_args: Mapping[str, Any] = field(default_factory=dict)
    sdk_retries: int | None = 0
    """How often the SDK itself tries again, below Inspect (null: its own default, twice)."""
    retry_wait: tuple[float, float] | None = None
    interrupt_at: float | None = None
    extra_lines: tuple[tuple[float, str], ...] = ()
    restart: tuple[float, float] | None = None
    """When the runner dies, and when the next one begins."""
    unwritable: tuple[tuple[float, float], ...] = ()
    """When the log directory can't be written to."""

    @property
    def eval_set_id(self) -> str:
        """Give the name that the evaluation runs under."""
        return f"{self.name.replace('_', '-')}-7f3a"

    @property
    def parts(self) -> int:
        """Say how many runners there are, one after the other."""
        return 2 if self.restart else 1

    def span(self, part: int) -> tuple[float, float]:
        """Give the beginning and the end of one runner, in fake seconds."""
        last = max(instant.at for instant in self.instants if not instant.frozen) + 1
        if self.restart is None:
            return 0.0, last
        return (0.0, self.restart[0]) if part == 0 else (self.restart[1], last)


def all_of(task: str, *ids: int | str) -> tuple[Stuck, ...]:
    """Name several samples of a task."""
    return tuple((task, str(one), 1) for one in ids)


def agents(name: str, *ids: int | str, sandbox: str | None = None) -> Callable[[], list[Task]]:
    """Build one task of agents, once Inspect is imported."""

    def build() -> list[Task]:
        from tests.recordings.parts import agent_task  # noqa: PLC0415

        return [agent_task(name, *ids, sandbox=sandbox)]

    return build


def part(kind: str, *args: Any) -> Callable[[], list[Task]]:
    """Build one task by the name of its function in parts.py, once Inspect is imported."""

    def build() -> list[Task]:
        from tests.recordings import parts  # noqa: PLC0415

        return [getattr(parts, kind)(*args)]

    return build


def failing(error: Error, since: float, count: int = 500, pause: float = 60) -> Script:
    """Work well until `since`, then fail at every call, for ever."""

    def script(call: Call) -> Reply | Fail:
        if call.at >= since:
            return Fail(error, after=spread(call, 0.5, 3))
        return turns(call, count, pause=pause)

    return script


SOON = 12 * MINUTE
"""Before that, failing calls may still be a burst."""
LATE = HOUR
"""From then on nobody would say that it passes."""


def failing_from(
    onset: float,
    cause: str,
    stuck: tuple[Stuck, ...],
    *,
    worst: tuple[str, ...] = ("stuck",),
    until: float = 71 * MINUTE,
    every: float = 4 * MINUTE,
) -> tuple[Instant, ...]:
    """Instants after calls began to fail: too early, either way, and overdue."""
    return _since(onset, (cause,), stuck, worst, (SOON, LATE), until, every)


def hanging_from(
    onset: float,
    cause: str,
    stuck: tuple[Stuck, ...],
    *,
    worst: tuple[str, ...] = ("stuck",),
    late: float = 4 * HOUR,
    soon: float = 30 * MINUTE,
    every: float = 15 * MINUTE,
) -> tuple[Instant, ...]:
    """Instants after a call began that never returns."""
    return _since(onset, (cause,), stuck, worst, (soon, late), late + every + 60, every)


def _since(  # noqa: PLR0917
    onset: float,
    causes: tuple[str, ...],
    stuck: tuple[Stuck, ...],
    worst: tuple[str, ...],
    bounds: tuple[float, float],
    until: float,
    every: float,
) -> tuple[Instant, ...]:
    well = ("progressing", "degraded", "starting")
    found: list[Instant] = []
    for number in range(1, int(until / every) + 1):
        since = number * every
        if since < bounds[0]:
            found.append(Instant(onset + since, well, (None, *causes), (), "too early to tell"))
        elif since <= bounds[1]:
            note = "either way"
            found.append(Instant(onset + since, (*well, *worst), (None, *causes), None, note))
        else:
            found.append(Instant(onset + since, worst, causes, stuck))
    return tuple(found)


def healthy(
    *minutes: float,
    verdicts: tuple[str, ...] = ("progressing", "degraded", "starting"),
    causes: tuple[str | None, ...] = (None,),
) -> tuple[Instant, ...]:
    """Instants, in minutes, at which nothing is stuck."""
    return tuple(Instant(minute * MINUTE, verdicts, causes) for minute in minutes)
