"""What there may be much of, and four sizes of each: small ones for tests, large ones to measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.performance.load.buffers import Shape

Sizes = tuple[int, int, int, int]
SMALL: Sizes = (8, 16, 32, 64)
WHOLE = 1_000_000
"""Rows of one segment, where how many samples share one must not matter."""


@dataclass(frozen=True)
class Dimension:
    """One of them. `case` makes of a size how many tasks there are, and their shape."""

    name: str
    case: Callable[[int], tuple[int, Shape]]
    large: Sizes
    small: Sizes = SMALL


DIMENSIONS = (
    Dimension(
        "tasks", lambda n: (n, Shape(5, 35, 5)), (500, 1000, 2000, 4000)
    ),
    Dimension(
        "samples a task", lambda n: (1, Shape(n, 7 * n, 1, "quiet", WHOLE)), (500, 1000, 2000, 4000), (48, 96, 192, 384)
    ),
    Dimension(
        "tasks of one eval set", lambda n: (n, Shape(2, 14, n)), (250, 500, 1000, 2000),
        (16, 32, 64, 128),
    ),
    Dimension(
        "failing samples", lambda n: (4, Shape(n // 4, n, 2, "outage", WHOLE)), (250, 500, 1000, 2000),
        (24, 48, 96, 192),
    ),
    Dimension(
        "eval sets in one outage", lambda n: (n, Shape(2, 2, 1, "outage")), (125, 250, 500, 1000)
    ),
    Dimension(
        "incidents of one sample each", lambda n: (n, Shape(2, 14, 1, "one_hangs")),
        (125, 250, 500, 1000),
    ),
    Dimension(
        "history", lambda n: (1, Shape(5, n)), (6_250, 12_500, 25_000, 50_000),
        (400, 800, 1600, 3200),
    ),
)  # fmt: skip
