"""What came out of the simulations, fleet by fleet: rates with their uncertainty, and delays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from scipy.stats import chi2

from tests.quality.pages import Score
from tests.quality.simulate import Result

Curve = list[tuple[float, float]]
"""False pages per week and median delay in seconds."""


@dataclass(frozen=True)
class Rate:
    """Events per week, with the exact 95 % interval of a Poisson count (Garwood 1936)."""

    count: int
    weeks: float

    @property
    def weekly(self) -> float:
        """Events per week."""
        return self.count / self.weeks

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound."""
        low = float(chi2.ppf(0.025, 2 * self.count)) / 2 if self.count else 0.0
        return low / self.weeks, float(chi2.ppf(0.975, 2 * self.count + 2)) / 2 / self.weeks


@dataclass(frozen=True)
class Point:
    """A detector, or a rule, at one setting."""

    name: str
    false: Rate
    """Of failing calls."""
    all_false: Rate
    delay: float
    """Median seconds from onset to verdict, failing calls."""
    late: float
    """Their 90th percentile."""
    hanging: float
    """Median seconds, calls that never return."""
    misses: int
    warned: Rate


@dataclass(frozen=True)
class Summary:
    """One fleet, all its seeds together."""

    fleet: str
    weeks: float
    eval_sets: int
    stuck: int
    detector: dict[float, Point]
    rules: dict[tuple[int, int], Point]

    def best_rule(self, false: int) -> Point | None:
        """The quickest of all N and T, with hindsight, that has no more false pages."""
        fit = [rule for rule in self.rules.values() if rule.false.count <= false]
        return min(fit, key=lambda rule: (rule.delay, rule.false.count), default=None)

    def frontier(self) -> Curve:
        """The best that rules can do: the delay for each number of false pages."""
        found: Curve = []
        for rule in sorted(self.rules.values(), key=lambda r: (r.false.count, r.delay)):
            if not found or rule.delay < found[-1][1]:
                found.append((rule.false.weekly, rule.delay))
        return found


def summary(results: Iterable[Result]) -> Summary:
    """All seeds of one fleet together."""
    runs = list(results)
    weeks = sum(run.weeks for run in runs)
    detector = {
        knob: _point(
            f"{knob:g} a week",
            runs,
            [run.detectors[knob] for run in runs],
            sum(run.warned[knob] for run in runs),
        )
        for knob in runs[0].detectors
    }
    rules = {
        key: _point(f"{key[0]} failures, {key[1]} min", runs, [run.failing[key] for run in runs], 0)
        for key in runs[0].failing
    }
    stuck = sum(len(run.truths) for run in runs)
    return Summary(runs[0].fleet, weeks, sum(run.eval_sets for run in runs), stuck, detector, rules)


def _point(name: str, runs: list[Result], scores: list[Score], warned: int) -> Point:
    weeks = sum(run.weeks for run in runs)
    delays = _delays(runs, scores, hanging=False)
    hanging = _delays(runs, scores, hanging=True)
    return Point(
        name,
        false=Rate(sum(score.false(hanging=False) for score in scores), weeks),
        all_false=Rate(sum(score.false() for score in scores), weeks),
        delay=median(delays) if delays else float("nan"),
        late=delays[int(0.9 * len(delays))] if delays else float("nan"),
        hanging=median(hanging) if hanging else float("nan"),
        misses=sum(
            s.misses({k: t for k, t in r.truths.items() if t.kind == "failing"})
            for r, s in zip(runs, scores, strict=True)
        ),
        warned=Rate(warned, weeks),
    )


def _delays(runs: list[Result], scores: list[Score], *, hanging: bool) -> list[float]:
    return sorted(
        delay
        for run, score in zip(runs, scores, strict=True)
        for delay in score.delays(run.truths, hanging=hanging)
    )


def by_fleet(results: Iterable[Result]) -> Mapping[str, Summary]:
    """One summary a fleet, in the order of their first results."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.fleet, []).append(result)
    return {fleet: summary(runs) for fleet, runs in groups.items()}


def together(results: Iterable[Result], fleets: tuple[str, ...]) -> Summary:
    """Several fleets as one, so that one fixed rule must serve them all."""
    return summary([result for result in results if result.fleet in fleets])
