"""Which tasks a fleet has, and which of them change from poll to poll."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from tests.performance.load.buffers import Pattern, Shape, Task, pattern
from tests.performance.load.events import new_id

PATTERNS = 48
"""Buffers that differ; the tasks take them in turn."""
MODELS = (
    "openai/gpt-4o",
    "openai/o4-mini",
    "anthropic/claude-sonnet-4-20250514",
    "anthropic/claude-opus-4-20250514",
    "google/gemini-2.5-pro",
    "grok/grok-4",
)
NAMES = ("mmlu", "swe_bench", "gpqa", "cybench", "gaia", "aime", "humaneval", "re_bench")
AGE = 900.0
"""Seconds since the youngest of the tasks was created."""


@dataclass
class Fleet:
    """Tasks of one shape."""

    shape: Shape
    tasks: list[Task]
    patterns: list[Pattern]
    turn: int = 0

    def changing(self, count: int) -> list[Task]:
        """The next tasks that sync, spread over the fleet, none twice before all did once."""
        total = len(self.tasks)
        stride = next(
            s for s in range(total // max(1, count) or 1, 2 * total + 2) if _prime(s, total)
        )
        chosen = [self.tasks[(self.turn + i) * stride % total] for i in range(count)]
        self.turn += count
        return chosen


def fleet(size: int, shape: Shape, now: float | None = None, seed: int = 0) -> Fleet:
    """Make so many tasks that are at work at `now` (seconds since the epoch; the present)."""
    now = time.time() if now is None else now
    chance = random.Random(seed)  # noqa: S311
    count = min(PATTERNS, max(size, 1))
    patterns = [pattern(shape, MODELS[n % len(MODELS)], now, chance) for n in range(count)]
    tasks = [_task(number, shape, patterns, chance) for number in range(size)]
    return Fleet(shape, tasks, patterns)


def _task(number: int, shape: Shape, patterns: list[Pattern], chance: random.Random) -> Task:
    made = patterns[number % len(patterns)]
    group, place = divmod(number, shape.tasks_per_set)
    suffix = random.Random(group).randbytes(8).hex()  # noqa: S311
    name = f"{NAMES[place % len(NAMES)]}" + (f"_{place}" if place >= len(NAMES) else "")
    begun_at = min(c.begun_at for c in made.conversations)
    created_at = begun_at - AGE - chance.uniform(0.0, 600.0)
    return Task(number, f"eval-{group:05d}-{suffix}", name, new_id(chance), created_at, made)


def _prime(number: int, total: int) -> bool:
    from math import gcd  # noqa: PLC0415

    return number > 0 and gcd(number, total) == 1
