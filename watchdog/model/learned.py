"""What was learned of a fleet: how long its calls take, how long trouble lasts that passes.

Bounded, kept over restarts, and with a version: state of another version is not used.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NewType, TypeVar

from msgspec import Struct

from watchdog.model.histogram import BINS, Histogram

T = TypeVar("T")

RunFamily = Literal["loop", "poll"]
"""The same again and again that passes by itself: at once, or with a wait in every round."""
CallFamily = Literal["model", "tool", "setup", "scoring", "step"]
"""What takes its time: a call of a model or a tool, a set-up, a scorer, a step between calls."""
LearnedFamily = CallFamily | RunFamily | Literal["sandbox", "input"]
"""Also what is counted and not judged by: calls within tools, and what people take to answer."""
STARTUP = "startup"
"""Name of what a runner takes from its start to its first log, in the family `setup`."""
TEARDOWN = "teardown"
"""Name of what a sample's clean-up takes after its scorers, in the family `setup`."""
TroubleKind = Literal["own", "shared", "partial"]
"""Trouble of one sample alone, of everybody on a model, or of many while some get through."""
TroubleGroup = Literal["failed", "refused"]
"""What the provider says: refused for the rate (429), or failed otherwise."""

CallName = NewType("CallName", str)
"""A family and a name, as `call_name` writes them."""
TroubleName = NewType("TroubleName", str)
"""A kind and a group, as `trouble_name` writes them."""


def call_name(family: LearnedFamily, name: str) -> CallName:
    """The key of calls that are learned together: `tool:bash`."""
    return CallName(f"{family}:{name}")


def is_of_family(name: CallName, family: CallFamily | RunFamily) -> bool:
    """Whether a key is one of this family's."""
    return name.startswith(f"{family}:")


def trouble_name(kind: TroubleKind, group: TroubleGroup) -> TroubleName:
    """The key of troubles that are learned together: `shared:failed`."""
    return TroubleName(f"{kind}:{group}")


VERSION = 1
NAMES_MAX = 512
"""Names of calls, and models, that are remembered; the least seen go first."""

WEEK = 604_800.0
MEMORY_WEEKS = 13.0
"""When so much was seen, all counts are halved: what is older weighs less and less."""


class Attempts(Struct, frozen=True):
    """Attempts on a model outside of outages."""

    ok: float = 0
    failed: float = 0
    streaks: float = 0
    """Runs of failures that ended by themselves."""


SHARE_BINS = 10
"""Bins of a share; one more is for all."""


class ErredDays(Struct, frozen=True):
    """What shares of a task's samples erred, a day at a time."""

    shares: dict[int, float] = {}
    """Days by the tenth in which their share lies, `SHARE_BINS` for all that ended."""
    day: int = 0
    """The last of them, in days since the epoch."""
    share: int = 0
    """In which bin it is counted: the least of its runs'."""


class Learned(Struct, frozen=True):
    """All of it. The default is day one: nothing but the priors."""

    version: int = VERSION
    weeks: float = 0.0
    """Weeks of work that it rests on."""
    until: float | None = None
    """What ended before this instant (seconds since the epoch) is counted."""
    durations: dict[CallName, Histogram] = {}
    """Seconds of completed calls."""
    troubles: dict[TroubleName, Histogram] = {}
    """Seconds from the first to the last failure of trouble that passed."""
    attempts: dict[str, Attempts] = {}
    """By model."""
    erred: dict[str, ErredDays] = {}
    """By task name; absent from what an earlier version kept."""


def fault(learned: Learned) -> str | None:
    """Why this can't be used; None where it can. For state that was kept somewhere."""
    return next(_faults(learned), None)


def _faults(learned: Learned) -> Iterator[str]:
    if learned.version != VERSION:
        yield f"version {learned.version}, not {VERSION}"
    if not _is_count(learned.weeks) or learned.weeks > 2 * MEMORY_WEEKS:
        yield f"weeks: {learned.weeks}"
    if learned.until is not None and not _is_count(learned.until):
        yield f"until: {learned.until}"
    yield from _unsound("durations", learned.durations, _is_sound)
    yield from _unsound("troubles", learned.troubles, _is_sound)
    yield from _unsound("attempts", learned.attempts, _are_counts)
    yield from _unsound("erred", learned.erred, _are_days)


def _unsound(group: str, named: Mapping[Any, T], is_sound: Callable[[T], bool]) -> Iterator[str]:
    if len(named) > NAMES_MAX:
        yield f"{group}: {len(named)} names"
    yield from (f"{group}: {name!r:.100}" for name, value in named.items() if not is_sound(value))


def _is_count(number: float) -> bool:
    return math.isfinite(number) and number >= 0


def _are_counts(attempts: Attempts) -> bool:
    return all(map(_is_count, (attempts.ok, attempts.failed, attempts.streaks)))


def _are_days(days: ErredDays) -> bool:
    bins = (*days.shares, days.share)
    in_range = all(0 <= number <= SHARE_BINS for number in bins)
    return in_range and days.day >= 0 and all(map(_is_count, days.shares.values()))


def _is_sound(histogram: Histogram) -> bool:
    in_range = all(0 <= number < BINS for number in histogram.counts)
    counts = histogram.counts.values()
    return in_range and all(map(_is_count, counts)) and math.isclose(sum(counts), histogram.total)
