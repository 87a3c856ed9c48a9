"""`python -m tests.performance.load --size 1000 --mood quiet`: one size of the large benchmark."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.performance.load.buffers import Shape
from tests.performance.load.measure import Plan, measure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.load", description=__doc__)
    parser.add_argument("--size", type=int, nargs="+", default=[1000])
    parser.add_argument("--mood", nargs="+", choices=("quiet", "outage"), default=["quiet"])
    parser.add_argument("--samples", type=int, default=15)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--interval", type=float, default=30.0)
    parser.add_argument("--polls", type=int, default=8)
    parser.add_argument("--profile", type=Path)
    options = parser.parse_args()
    for size in options.size:
        for mood in options.mood:
            shape = Shape(options.samples, options.events, mood=mood)
            profile = options.profile and options.profile.with_suffix(f".{size}.{mood}.txt")
            plan = Plan(size, shape, options.interval, options.polls, profile=profile)
            outcome = measure(plan, lambda text: print(f"  {text}", file=sys.stderr, flush=True))  # noqa: T201
            print("\n".join(outcome.lines()), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
