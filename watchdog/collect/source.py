"""The protocol behind which every source stands."""

from collections.abc import Callable, Sequence, Set
from typing import Protocol, runtime_checkable

from msgspec import Struct

from watchdog.collect.inspect.positions import EvalSetPosition
from watchdog.collect.place import Place
from watchdog.model.cluster import Pod
from watchdog.model.facts import Fact
from watchdog.model.state import EvalSetState
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


class Resumed(Struct, frozen=True):
    """An eval set as an earlier life of the service left it: what was read, and what came of it."""

    position: EvalSetPosition
    state: EvalSetState


Recall = Callable[[str], Resumed | None]
"""What is left of an eval set, by its id; each is asked for when it is first met."""


Names = Set[str]
NOBODY: Names = frozenset()


@runtime_checkable
class Resumable(Protocol):
    """A source that can go on where another life of it stopped."""

    def position(self, eval_set_id: str) -> EvalSetPosition | None:
        """How far an eval set was read, between two polls; None where nobody can go on there."""
        ...

    def resume_from(self, recall: Recall, running: Names = NOBODY) -> None:
        """Before the first poll: ask `recall` for what is left of each eval set.

        Those that were `running` are missed where a listing is without them.
        """
        ...


def position_of(source: Source, eval_set_id: str) -> EvalSetPosition | None:
    """A source's position in an eval set; None where it has none."""
    return source.position(eval_set_id) if isinstance(source, Resumable) else None


def resume_from(source: Source, recall: Recall, running: Names = NOBODY) -> None:
    """Let a source go on from what is left, where it can."""
    if isinstance(source, Resumable):
        source.resume_from(recall, running)


@runtime_checkable
class HistoryReader(Protocol):
    """A source that reads what is newest first, where there is much."""

    async def read_history(self, emit: Emit, until: float) -> None:
        """Between two polls, until then (`time.monotonic`): read on in what was passed over."""
        ...


async def read_history(source: Source, emit: Emit, until: float) -> None:
    """Read on in what a source passed over, where it does that."""
    if isinstance(source, HistoryReader):
        await source.read_history(emit, until)


class PodLog(Struct, frozen=True):
    """The end of a runner's log, read when somebody asks for it."""

    pod: str
    lines: tuple[str, ...] = ()
    whole: bool = True
    """Whether there is nothing before these lines."""
    problem: str = ""
    """Why it could not be read; empty where it was."""


@runtime_checkable
class RunnerLogReader(Protocol):
    """A source that can read runners' logs."""

    async def runner_logs(self, eval_set_id: str, pods: Sequence[Pod]) -> tuple[PodLog, ...] | None:
        """The ends of the logs of an eval set's runners, the oldest pod first.

        Nothing of it is remembered.

        Args:
            eval_set_id: as the source calls it.
            pods: its runners, as they were seen last.

        Returns:
            None where its runners' logs aren't at hand.
        """
        ...


async def runner_logs(
    source: Source, eval_set_id: str, pods: Sequence[Pod]
) -> tuple[PodLog, ...] | None:
    """The ends of an eval set's runners' logs; None where the source reads none."""
    if not isinstance(source, RunnerLogReader):
        return None
    return await source.runner_logs(eval_set_id, pods)
