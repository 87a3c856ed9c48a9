"""How usual it is here that samples err: the chance that a run has as many errors and is no news.

Learned are days: of each task the least share of samples that erred in a run that ended on that
day. What a benchmark always has (60 % of its samples err, say) is usual for it; a bad day is not:
the worst quarter of the days, two at the least, teaches nothing. An errored share has a posterior
of those days with a prior, and each day's share its binomial noise (Gelman et al., Bayesian Data
Analysis, 2.4): S = Σ weight(day) · P(X ≥ errored | n, share(day)).
"""

import math
from collections.abc import Mapping

from watchdog.model.learned import SHARE_BINS, Learned

_PRIOR_DAYS = 20.0
"""Days that the fleet's prior weighs as much as; also runs of a task in a week, on day one."""
_PRIOR_CHANCE = 0.005
"""On day one: how likely it is that as many errors are usual for a task."""
_NAME_DAYS = 2.0
"""Days that the fleet's experience weighs as much as for a single task."""
_PRIOR_WEEKS = 0.5
_WORST_SHARE, _WORST_LEAST = 0.25, 2.0
_MOST = 100
"""Samples that a share's noise is reckoned with: more only make it sharper than a day's is."""


class UsualErrors:
    """The fleet's experience of errors, as the rules ask for it."""

    def __init__(self, learned: Learned) -> None:
        self._days = learned.erred
        self._weeks = learned.weeks if math.isfinite(learned.weeks) else 0.0
        self._fleet: dict[int, float] | None = None

    def expected_per_week(self, task: str, errored: int, ended: int) -> float:
        """Runs of this fleet in a week of which as many samples err, as is usual for them.

        Args:
            task: the task's name.
            errored: samples that erred, of those that ended.
            ended: at least 1.
        """
        if ended > _MOST:
            errored, ended = round(errored * _MOST / ended), _MOST
        own = self._days.get(task)
        usual = _robust(own.shares) if own is not None else {}
        fleet = _posterior(self._of_fleet(), _PRIOR_CHANCE, _PRIOR_DAYS, errored, ended)
        chance = _posterior(usual, fleet, _NAME_DAYS, errored, ended)
        return self._runs_per_week() * chance

    def _of_fleet(self) -> dict[int, float]:
        if self._fleet is None:
            total: dict[int, float] = {}
            for days in self._days.values():
                for share, count in days.shares.items():
                    total[share] = total.get(share, 0.0) + count
            self._fleet = _robust(total)
        return self._fleet

    def _runs_per_week(self) -> float:
        seen = sum(sum(days.shares.values()) for days in self._days.values())
        return (_PRIOR_DAYS * _PRIOR_WEEKS + seen) / (_PRIOR_WEEKS + self._weeks)


def _posterior(
    days: Mapping[int, float], prior: float, prior_days: float, errored: int, ended: int
) -> float:
    as_bad = sum(n * at_least(errored, ended, _share(number)) for number, n in days.items())
    return (prior_days * prior + as_bad) / (prior_days + sum(days.values()))


def _share(number: int) -> float:
    """The share of errors that a bin stands for."""
    return min((number + 0.5) / SHARE_BINS, 0.98)


def _robust(shares: Mapping[int, float]) -> dict[int, float]:
    """The days without the worst of them: a bad day, or two, or a quarter, is not what is usual."""
    total = sum(shares.values())
    strays = max(_WORST_LEAST, _WORST_SHARE * total)
    left: dict[int, float] = {}
    for number in sorted(shares, reverse=True):
        count = max(0.0, shares[number] - strays)
        strays = max(0.0, strays - shares[number])
        if count:
            left[number] = count
    return left


def at_least(successes: int, trials: int, chance: float) -> float:
    """The binomial probability of so many successes or more."""
    if successes <= 0:
        return 1.0
    if chance <= 0:
        return 0.0
    return min(
        1.0,
        math.fsum(
            math.comb(trials, number) * chance**number * (1 - chance) ** (trials - number)
            for number in range(successes, trials + 1)
        ),
    )
