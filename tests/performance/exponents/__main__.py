"""`make bench`'s exponents: `python -m tests.performance.exponents [DIMENSION…]`.

Fits them all, at sizes of which the largest takes about a second; 1 where one is too steep.
`--steps` counts steps at the tests' sizes instead, `--markdown` writes docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys

from tests.paths import ROOT
from tests.performance.exponents import grown
from tests.performance.exponents.cost import seconds, steps
from tests.performance.exponents.dimensions import DIMENSIONS, Dimension
from tests.performance.exponents.grown import Growth
from tests.performance.exponents.stages import stages
from tests.performance.page_sections import replace_section

PAGE = ROOT / "docs" / "performance.md"


def measured(dimension: Dimension, *, counted: bool = False) -> Growth:
    """What each stage costs at each size."""
    sizes = dimension.small if counted else dimension.large
    costs: dict[str, list[float]] = {}
    cost = steps if counted else seconds
    for size in sizes:
        for stage in stages(*dimension.case(size)):
            costs.setdefault(stage.name, []).append(cost(stage.work))
    return Growth(dimension.name, sizes, costs)


def main() -> int:
    """Print a line for each stage and dimension."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.exponents")
    parser.add_argument("dimension", nargs="*", help="those whose name begins so")
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    names = tuple(options.dimension)
    chosen = [one for one in DIMENSIONS if not names or one.name.startswith(names)]
    growths = [_told(measured(one, counted=options.steps)) for one in chosen]
    if options.markdown:
        grown.keep(growths)
        replace_section(PAGE, grown.markdown(grown.read()))
    return int(any(one.too_steep(stage) for one in growths for stage in one.costs))


def _told(growth: Growth) -> Growth:
    say(f"{growth.name} {growth.sizes}")
    for stage, values in growth.costs.items():
        figures = " ".join(f"{value:10.4g}" for value in values)
        mark = "  too steep" if growth.too_steep(stage) else ""
        say(f"  {stage:18} {figures}  {growth.slope(stage):5.2f}{mark}")
    return growth


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
