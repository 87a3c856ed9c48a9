"""All kinds of what the run itself tells: their lots, and what came of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from tests.quality import repeating
from tests.quality.fleets import HOUR
from tests.quality.itself import Heard, erring, sharing_slots
from tests.quality.side_by_side import side_by_side
from tests.quality.world import WEEK
from tests.quality.write_failures import write_failures
from watchdog.diagnose.baselines import ERRORS_SHARE, WARNING_SHARES
from watchdog.model.thresholds import Thresholds

Kind = Literal["writes", "erring", "loops", "slots", "sides"]
Simulate = Callable[..., Heard]

SIMULATED: dict[Kind, tuple[Simulate, float]] = {
    "writes": (write_failures, 0.0),
    "erring": (erring, 4 * HOUR * ERRORS_SHARE),
    "slots": (sharing_slots, 0.0),
    "sides": (side_by_side, 0.0),
}
"""What makes a lot of each kind, and for how long its twin is looked at, by the share of tolerated
warnings that its kind may cause: 0 where it is a page, of which none may be false."""

LOTS: dict[Kind, range] = {
    "writes": range(200, 248),
    "erring": range(100, 148),
    "slots": range(100, 148),
    "sides": range(100, 124),
    "loops": range(31, 34),
}
"""Nobody looked at these while anything was changed."""
LOOKED_AT = range(60)
"""What the watchdog did on these led to changes in it; the tests take some of them."""
LOOP_WEEKS = 1.0


@dataclass(frozen=True)
class Measured:
    """What came of one or more lots of a kind."""

    kind: Kind
    lots: int
    must: int
    """So often something had to be heard."""
    missed: int
    false: int
    """So often something was told that wasn't so."""
    tolerated: float
    """So much of that is tolerated in this time."""
    delays: tuple[float, ...]
    """Seconds from onset to message, in order."""


def measured(kind: Kind, number: int) -> Measured:
    """One lot and its healthy twin; a fleet, which has both, for loops."""
    if kind == "loops":
        return _loops(number)
    simulate, seconds = SIMULATED[kind]
    sick, twin = simulate(number, sick=True), simulate(number, sick=False)
    tolerated = Thresholds().false_warnings_per_week * seconds / WEEK
    false = sum(bool(heard.wrong) for heard in (sick, twin))
    delays = () if sick.delay is None else (sick.delay,)
    return Measured(kind, 1, 1, int(sick.delay is None), false, tolerated, delays)


def _loops(number: int) -> Measured:
    told = repeating.run(repeating.repeating_by_lot(number), 1, LOOP_WEEKS)
    tolerated = sum(WARNING_SHARES.values()) * Thresholds().false_warnings_per_week * LOOP_WEEKS
    missed = len(told.loops) - len(told.found)
    delays = tuple(told.delays)
    return Measured("loops", 1, len(told.loops), missed, len(told.false), tolerated, delays)


def together(kind: Kind, lots: Iterable[Measured]) -> Measured:
    """All lots of a kind."""
    every = [lot for lot in lots if lot.kind == kind]
    return Measured(
        kind,
        sum(lot.lots for lot in every),
        sum(lot.must for lot in every),
        sum(lot.missed for lot in every),
        sum(lot.false for lot in every),
        sum(lot.tolerated for lot in every),
        tuple(sorted(delay for lot in every for delay in lot.delays)),
    )
