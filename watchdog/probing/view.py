"""The results of one model, arranged as the guide's table asks for them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from watchdog.model.probe import ProbeOutcome, ProbeResult, Route, Size

NETWORK = frozenset({ProbeOutcome.DNS, ProbeOutcome.TLS, ProbeOutcome.CONNECTION})
CREDENTIALS = frozenset({ProbeOutcome.UNAUTHENTICATED, ProbeOutcome.FORBIDDEN})
ROUTES: tuple[Route, ...] = ("middleman", "direct")
SIZES: tuple[Size, ...] = ("small", "large")

_FLAKY_TURNS = 2
_FLAKY_LAST = 6


class Situation(Struct, frozen=True):
    """What the samples of an incident do on a model meanwhile."""

    failing: bool = True
    """Whether any sample is in trouble at all; False for tests by hand."""
    shared: bool = False
    """Everybody's calls fail on it."""
    last_failed_at: float | None = None
    """When the newest failed attempt began."""
    next_attempt_at: float | None = None
    """When the first sample in back-off tries again."""
    waiting: int = 0
    """Samples in back-off."""
    hanging: int = 0
    """Samples whose call never returned, without any error."""
    auth: bool = False
    """Samples are refused for their credentials."""


class View(Struct, frozen=True):
    """The newest result of each route and size that tells anything."""

    cells: dict[tuple[Route, Size], ProbeResult]
    history: tuple[ProbeResult, ...]

    def ways(self, size: Size) -> tuple[ProbeResult, ...]:
        """The routes that were tested with a request of this size, Middleman first."""
        cells = (self.cells.get((route, size)) for route in ROUTES)
        return tuple(result for result in cells if result is not None and result.tested)

    def at(self, route: Route, size: Size) -> ProbeResult | None:
        """The test of one route, if there was one."""
        result = self.cells.get((route, size))
        return result if result is not None and result.tested else None

    @property
    def shown(self) -> tuple[ProbeResult, ...]:
        """All newest results, those that were not tested included."""
        keys = [(route, size) for size in SIZES for route in ROUTES]
        return tuple(self.cells[key] for key in keys if key in self.cells)

    @property
    def way(self) -> Route:
        """The route that samples take, as far as it was tested."""
        return "middleman" if self.at("middleman", "small") else "direct"

    @property
    def passing_since(self) -> float | None:
        """When the tests that pass now on the samples' way began to; None while one fails."""
        since = None
        for result in reversed(self._on_the_way()):
            if not result.passed:
                break
            since = result.at
        return since

    @property
    def failed_before(self) -> bool:
        """Whether any test on the samples' way failed."""
        return any(not result.passed for result in self._on_the_way())

    def _on_the_way(self) -> tuple[ProbeResult, ...]:
        return tuple(
            result for result in self.history if result.tested and result.route == self.way
        )

    def flaky(self) -> tuple[ProbeResult, ...]:
        """Results of the first route and size that passes and fails by turns."""
        for key in self.cells:
            same = tuple(r for r in self.history if r.tested and (r.route, r.size) == key)
            same = same[-_FLAKY_LAST:]
            turns = sum(a.passed != b.passed for a, b in pairwise(same))
            if turns >= _FLAKY_TURNS:
                return same
        return ()


def view(history: Sequence[ProbeResult]) -> View:
    """The results of one model, oldest first, as a view.

    A route that could not be tested again keeps its last result: what was measured is not lost
    because the budget ran out.
    """
    cells: dict[tuple[Route, Size], ProbeResult] = {}
    for result in history:
        key = (result.route, result.size)
        shown = cells.get(key)
        if shown is None or result.tested or not shown.tested:
            cells[key] = result
    return View(cells, tuple(history))


def outcomes(results: Iterable[ProbeResult]) -> set[ProbeOutcome]:
    """How they ended."""
    return {result.outcome for result in results}
