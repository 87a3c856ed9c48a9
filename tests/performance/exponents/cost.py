"""What work costs: seconds of CPU, or steps that don't depend on the machine; and how it grows."""

from __future__ import annotations

import gc
import math
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

Work = Callable[[], object]
Cost = Callable[[Work], float]
ENOUGH_SECONDS = 0.1
ROUNDS = 2


def seconds(work: Work) -> float:
    """CPU seconds of doing it once: the least of some rounds, each long enough to be measured."""
    gc.collect()
    gc.disable()
    try:
        once = _timed(work, 1)
        times = max(1, round(ENOUGH_SECONDS / max(once, 1e-6)))
        return min([once, *(_timed(work, times) / times for _ in range(ROUNDS - 1))])
    finally:
        gc.enable()


def _timed(work: Work, times: int) -> float:
    before = time.process_time()
    for _ in range(min(times, 1000)):
        work()
    return (time.process_time() - before) * times / min(times, 1000)


def steps(work: Work) -> float:
    """Lines run and calls made of doing it once. Each turn of a loop counts, also within a line.

    What one call into C goes through is a single step: copies and sorting need `seconds`.
    """
    count = 0

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return float(count)


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """The slope of cost over size, both in logarithms, by least squares: 1 is in proportion."""
    xs = [math.log(size) for size in sizes]
    ys = [math.log(max(cost, 1e-9)) for cost in costs]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - x_mean) ** 2 for x in xs)
