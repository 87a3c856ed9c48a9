"""What there may be much of, and four sizes of each: small ones for tests, large ones for CPU."""

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


def _doubled(first: int) -> Sizes:
    return first, 2 * first, 4 * first, 8 * first


DIMENSIONS = (
    Dimension("tasks", lambda n: (n, Shape(5, 35, 5)), _doubled(200)),
    Dimension(
        "samples a task",
        lambda n: (1, Shape(n, 7 * n, 1, "quiet", WHOLE)),
        _doubled(250),
        _doubled(48),
    ),
    Dimension(
        "samples that wait for a connection",
        lambda n: (1, Shape(n, 7 * n, 1, "slots", WHOLE)),
        _doubled(250),
        _doubled(90),
    ),
    Dimension("tasks of one eval set", lambda n: (n, Shape(1, 7, n)), _doubled(500), _doubled(16)),
    Dimension(
        "failing samples",
        lambda n: (4, Shape(n // 4, n, 2, "outage", WHOLE)),
        _doubled(120),
        _doubled(24),
    ),
    Dimension("eval sets in one outage", lambda n: (n, Shape(2, 2, 1, "outage")), _doubled(75)),
    Dimension(
        "incidents of one sample each", lambda n: (n, Shape(2, 14, 1, "one_hangs")), _doubled(75)
    ),
    Dimension("history", lambda n: (1, Shape(5, n)), _doubled(4_000), _doubled(400)),
)
