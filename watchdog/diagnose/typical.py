"""How likely a call takes far longer than those seen, by what such calls typically take.

Durations of one kind of call are about log-normal. With mean and deviation of the logarithms only
estimated from n calls, the next one's follows Student's t with n - 1 degrees of freedom (Gelman et
al., Bayesian Data Analysis, 3.2): a few calls allow much, many of them only what is like them.
"""

import math

from watchdog.model.histogram import PER_OCTAVE, Histogram

_LEAST = 5.0
"""Calls; fewer tell nothing of how they vary."""
_ODD = 0.02
"""The second longest call is unlike the others where so few as long were to be expected by now; a
single one may be a stray, which somebody ended."""
_QUICK = 120.0
"""Seconds; one that took no longer is none of another kind."""
_LEAST_DEVIATION = 0.7
"""Calls vary more over weeks than within the first hours: natural logarithm."""


def chance_longer(histogram: Histogram, seconds: float) -> float:
    """The chance that the next call takes longer than `seconds`.

    It is 1 where too few were seen, or where some are unlike the others: there are two kinds then.
    """
    count = histogram.total
    if count < _LEAST:
        return 1.0
    long = histogram.largest(2)
    if count * _survival(histogram, long) < _ODD and long > _QUICK:
        return 1.0
    return _survival(histogram, seconds)


def _survival(histogram: Histogram, seconds: float) -> float:
    count = histogram.total
    mean, deviation = _logarithms(histogram)
    scale = max(deviation, _LEAST_DEVIATION) * math.sqrt(1 + 1 / count)
    return survival_of_t((math.log(max(seconds, 1.0)) - mean) / scale, count - 1)


def _logarithms(histogram: Histogram) -> tuple[float, float]:
    """Mean and standard deviation of the durations' natural logarithms."""
    step = math.log(2.0) / PER_OCTAVE
    places = [((number + 0.5) * step, count) for number, count in histogram.counts.items()]
    mean = sum(at * count for at, count in places) / histogram.total
    spread = sum(count * (at - mean) ** 2 for at, count in places)
    return mean, math.sqrt(spread / (histogram.total - 1))


def survival_of_t(value: float, freedom: float) -> float:
    """The chance that Student's t exceeds a value.

    D. L. Wallace, Bounds on normal approximations to Student's and the chi-square distributions,
    Annals of Mathematical Statistics 30 (1959): good to some per cent even far out.
    """
    normal = math.sqrt(freedom * math.log1p(value * value / freedom))
    normal *= (8 * freedom + 1) / (8 * freedom + 3)
    return math.erfc(math.copysign(normal, value) / math.sqrt(2.0)) / 2
