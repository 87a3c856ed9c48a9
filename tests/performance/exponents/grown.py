"""The exponents that were measured last, and their part of docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.performance.exponents.cost import exponent

FILE = Path(__file__).with_name("measured.json")
BOUND = 1.1
NOTICED = 0.02
"""CPU seconds at the largest size; what takes less is no cost yet, and mostly noise."""
INTRODUCTION = """\
## How it grows

`make bench` measures each pure stage at four sizes of each thing that there may be much of, each
twice the one before, and fits an exponent to CPU over size (least squares, in logarithms): 1 is in
proportion. Above 1.1 it fails. Here: CPU seconds at the largest size, and the exponent; a dash is
what takes less than 20 ms there. `tests/performance/test_growth.py` holds the same at small sizes
by counted steps."""


@dataclass(frozen=True)
class Growth:
    """One dimension: its sizes, and by stage the CPU seconds at each."""

    name: str
    sizes: tuple[int, ...]
    costs: dict[str, list[float]]

    def slope(self, stage: str) -> float:
        """How a stage's cost grows."""
        return exponent(self.sizes, self.costs[stage])

    def too_steep(self, stage: str) -> bool:
        """Whether it grows faster than what there is, and takes time that is noticed."""
        return self.slope(stage) > BOUND and self.costs[stage][-1] > NOTICED


def read(path: Path = FILE) -> list[Growth]:
    """What was kept."""
    return [Growth(**one) for one in json.loads(path.read_text())] if path.exists() else []


def keep(growths: Sequence[Growth], path: Path = FILE) -> None:
    """Keep these, each in the place of that of its name."""
    kept = {one.name: one for one in read(path)} | {one.name: one for one in growths}
    path.write_text(json.dumps([asdict(one) for one in kept.values()], indent=1) + "\n")


def markdown(growths: Sequence[Growth]) -> str:
    """The part of the page."""
    stages = list(growths[0].costs)
    head = ("", *(f"{one.name} ({one.sizes[-1]:,})" for one in growths))
    rows = [(stage, *(_cell(one, stage) for one in growths)) for stage in stages]
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    lines.insert(1, "| --- " + "| ---: " * len(growths) + "|")
    return INTRODUCTION + "\n\n" + "\n".join(lines)


def _cell(growth: Growth, stage: str) -> str:
    seconds = growth.costs[stage][-1]
    return f"{seconds:.2f} s, {growth.slope(stage):.2f}" if seconds > NOTICED else "-"
