"""The simulated fleets: what runs in each, and what goes wrong. No figure is the detector's."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random

MINUTE = 60.0
HOUR = 3600.0


@dataclass(frozen=True)
class Lengths:
    """A log-normal body, and with probability `heavy` a Pareto tail: seconds."""

    median: float
    sigma: float
    heavy: float = 0.0
    least: float = 600.0
    index: float = 1.3
    longest: float = 12 * HOUR


@dataclass(frozen=True)
class Model:
    """A model: how long its calls take, how often one attempt fails in good times."""

    name: str
    weight: float
    seconds: Lengths
    fails: float


@dataclass(frozen=True)
class Trouble:
    """Trouble that passes: so many a week, so long, and the share of attempts that fails."""

    per_week: float
    lengths: Lengths
    shares: tuple[float, float] = (0.9, 1.0)
    error: str = "500"


@dataclass(frozen=True)
class Fleet:
    """A fleet. Rates are per week, for all of it."""

    name: str
    eval_sets: int
    """At any one time."""
    concurrent: int
    """Samples of an eval set that run at once."""
    samples: int
    """Samples of an eval set."""
    turns: float
    """Mean number of a sample's turns: a model call and a tool call each."""
    models: tuple[Model, ...]
    tools: Lengths
    outages: tuple[Trouble, ...]
    """Of one model: each model has its own, at this rate divided by the number of models."""
    own: tuple[Trouble, ...]
    """Of one sample alone."""
    stuck_failing: float = 6.0
    stuck_model: float = 2.0
    stuck_tool: float = 2.0
    gaps: float = 1.0
    """Times a week that the watchdog sees nothing, for up to two hours."""
    joint: bool = False
    """Whether an outage takes all models of a provider, not one."""
    loops: float = 0.0
    """Samples that begin to do the same again and again, and never stop."""
    dithers: tuple[tuple[float, Lengths], ...] = ()
    """The same, but it passes: how often a week, and how long."""
    polls: tuple[tuple[float, Lengths], ...] = ()
    """The same with a wait of a minute in each round."""

    def sky(self, model: Model) -> str:
        """Whose outages a model has: its own, or its provider's."""
        return model.name.split("/", 1)[0] if self.joint else model.name


TUNING = Fleet(
    name="tuning",
    eval_sets=20,
    concurrent=5,
    samples=40,
    turns=120,
    models=(
        Model("openai/gpt-4o", 2, Lengths(15, 0.8), 0.01),
        Model("anthropic/claude-sonnet-4", 2, Lengths(25, 0.9), 0.02),
        Model("openai/o3", 1, Lengths(180, 1.0), 0.02),
    ),
    tools=Lengths(20, 1.6),
    outages=(
        Trouble(5, Lengths(4 * MINUTE, 1.2, heavy=0.15), (0.7, 1.0)),
        Trouble(4, Lengths(6 * MINUTE, 1.0), (0.3, 0.9), "429"),
    ),
    own=(Trouble(10, Lengths(2 * MINUTE, 1.0)),),
)

STORMY = Fleet(
    name="stormy",
    eval_sets=24,
    concurrent=4,
    samples=30,
    turns=150,
    models=(
        Model("acme/large", 3, Lengths(30, 0.9), 0.05),
        Model("acme/small", 2, Lengths(8, 0.7), 0.03),
        Model("other/reasoner", 1, Lengths(600, 1.1), 0.05),
    ),
    tools=Lengths(30, 1.8),
    outages=(
        Trouble(10, Lengths(8 * MINUTE, 1.2, heavy=0.25, index=1.2), (0.5, 1.0)),
        Trouble(12, Lengths(10 * MINUTE, 1.1), (0.4, 0.95), "429"),
        Trouble(1, Lengths(90 * MINUTE, 0.7), (1.0, 1.0)),
    ),
    own=(
        Trouble(15, Lengths(3 * MINUTE, 1.1)),
        Trouble(3, Lengths(8 * MINUTE, 0.8), error="429"),
    ),
    stuck_failing=8.0,
)

SLOW = Fleet(
    name="slow",
    eval_sets=12,
    concurrent=3,
    samples=15,
    turns=60,
    models=(
        Model("lab/deep-think", 2, Lengths(20 * MINUTE, 0.7), 0.01),
        Model("lab/fast", 1, Lengths(12, 0.6), 0.005),
        Model("host/open-weights", 1, Lengths(45, 1.2), 0.10),
        Model("host/rare", 0.5, Lengths(60, 1.0), 0.02),
    ),
    tools=Lengths(90, 1.7, heavy=0.002, least=HOUR, index=2.0),
    outages=(
        Trouble(3, Lengths(5 * MINUTE, 1.0, heavy=0.1), (0.9, 1.0)),
        Trouble(2, Lengths(15 * MINUTE, 0.9), (0.5, 1.0), "429"),
    ),
    own=(Trouble(5, Lengths(4 * MINUTE, 1.2)),),
    stuck_failing=6.0,
)

BUSY = Fleet(
    name="busy",
    eval_sets=30,
    concurrent=6,
    samples=60,
    turns=100,
    models=(
        Model("openai/gpt-5", 3, Lengths(40, 1.0), 0.02),
        Model("anthropic/claude-opus", 3, Lengths(35, 0.8), 0.04),
        Model("google/gemini", 2, Lengths(20, 0.9), 0.15),
    ),
    tools=Lengths(10, 2.0),
    outages=(
        Trouble(6, Lengths(3 * MINUTE, 1.4, heavy=0.1, index=1.1), (0.6, 1.0)),
        Trouble(20, Lengths(5 * MINUTE, 1.2), (0.5, 0.95), "429"),
    ),
    own=(Trouble(25, Lengths(2 * MINUTE, 1.1)),),
    stuck_failing=8.0,
)

OUTAGES = Fleet(
    name="outages",
    eval_sets=24,
    concurrent=4,
    samples=30,
    turns=120,
    models=(
        Model("acme/large", 2, Lengths(30, 0.9), 0.03),
        Model("acme/small", 2, Lengths(8, 0.7), 0.02),
        Model("other/reasoner", 2, Lengths(60, 1.0), 0.03),
    ),
    tools=Lengths(30, 1.6),
    outages=(
        Trouble(8, Lengths(3 * HOUR, 0.7), (1.0, 1.0)),
        Trouble(6, Lengths(2 * HOUR, 0.6), (0.9, 1.0), "429"),
        Trouble(60, Lengths(12 * MINUTE, 0.6), (1.0, 1.0)),
    ),
    own=(Trouble(5, Lengths(3 * MINUTE, 1.1)),),
    stuck_failing=3.0,
    stuck_model=1.0,
    stuck_tool=1.0,
    joint=True,
)
"""Long outages of whole providers, and many that come and go: for what people hear of them."""

FLAPPING = replace(
    OUTAGES,
    name="flapping",
    outages=(Trouble(80, Lengths(8 * MINUTE, 0.3), (0.8, 1.0)),),
    stuck_failing=0.0,
    stuck_model=0.0,
    stuck_tool=0.0,
)
"""Trouble comes and goes the whole week, and nothing ever gets stuck."""

LOOKED_AT = (TUNING, STORMY, SLOW, BUSY)
"""What the watchdog did on these led to changes in it."""


def drawn_by_lot(number: int) -> Fleet:
    """A fleet that nobody chose: every figure is drawn from what is plausible."""
    random = Random(f"fleet {number}")
    between = random.uniform
    models = tuple(
        Model(
            f"maker-{index}/model",
            between(1, 3),
            Lengths(math.exp(between(math.log(8), math.log(600))), between(0.6, 1.1)),
            math.exp(between(math.log(0.003), math.log(0.1))),
        )
        for index in range(random.randint(2, 4))
    )
    failing = Trouble(
        between(2, 12),
        Lengths(between(3, 9) * MINUTE, between(0.8, 1.3), heavy=between(0, 0.2)),
        (between(0.3, 0.8), 1.0),
    )
    refused = Trouble(
        between(2, 15),
        Lengths(between(3, 10) * MINUTE, between(0.8, 1.2)),
        (between(0.3, 0.7), between(0.8, 1.0)),
        "429",
    )
    return Fleet(
        name=f"by lot {number}",
        eval_sets=random.randint(12, 28),
        concurrent=random.randint(3, 6),
        samples=random.randint(15, 60),
        turns=between(60, 150),
        models=models,
        tools=Lengths(between(8, 60), between(1.4, 1.9)),
        outages=(failing, refused),
        own=(Trouble(between(3, 15), Lengths(between(1, 3) * MINUTE, between(0.8, 1.1))),),
    )


BY_LOT = tuple(map(drawn_by_lot, (1, 2, 3)))
"""The watchdog ran on these when it was done."""

FLEETS = {fleet.name: fleet for fleet in (*LOOKED_AT, *BY_LOT)}
UNSEEN = tuple(fleet.name for fleet in BY_LOT)
