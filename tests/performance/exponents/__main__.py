"""`python -m tests.performance.exponents [DIMENSION…]`: fit them all, at sizes that take seconds.

`--steps` counts steps at the tests' sizes instead. 1 where one is above the bound.
"""

from __future__ import annotations

import argparse
import sys

from tests.performance.exponents.cost import exponent, seconds, steps
from tests.performance.exponents.dimensions import DIMENSIONS, Dimension
from tests.performance.exponents.stages import stages

BOUND = 1.1
NOTICED = 0.02
"""CPU seconds at the largest size; what takes less grows into nothing."""


def costs(dimension: Dimension, *, counted: bool) -> dict[str, list[float]]:
    """By stage, what it costs at each size."""
    found: dict[str, list[float]] = {}
    cost = steps if counted else seconds
    for size in dimension.small if counted else dimension.large:
        for stage in stages(*dimension.case(size)):
            found.setdefault(stage.name, []).append(cost(stage.work))
    return found


def main() -> int:
    """Print a line for each stage and dimension."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.exponents")
    parser.add_argument("dimension", nargs="*", help="those whose name begins so")
    parser.add_argument("--steps", action="store_true")
    options = parser.parse_args()
    failed = False
    for dimension in DIMENSIONS:
        names = options.dimension
        if names and not any(dimension.name.startswith(name) for name in names):
            continue
        sizes = dimension.small if options.steps else dimension.large
        print(f"{dimension.name} {sizes}", flush=True)  # noqa: T201
        for stage, values in costs(dimension, counted=options.steps).items():
            slope = exponent(sizes, values)
            is_bad = slope > BOUND and (options.steps or values[-1] > NOTICED)
            failed |= is_bad
            figures = " ".join(f"{value:10.4g}" for value in values)
            print(f"  {stage:18} {figures}  {slope:5.2f}{'  too steep' if is_bad else ''}", flush=True)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
