"""The simulated clusters: what runs in each, and what may happen to it. No figure is the program's.

Model APIs are calm here, and no tool takes long, so that whatever is heard is about the cluster.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from random import Random

from tests.quality.cluster.truth import Happening
from tests.quality.fleets import HOUR, MINUTE, Fleet, Lengths, Model


@dataclass(frozen=True)
class Cluster:
    """A cluster and the eval sets on it."""

    fleet: Fleet
    weights: dict[Happening, float]
    """How often each happening is drawn for an eval set, against the others."""
    older_layout: float
    """Share of the eval sets in the older layout: one runner namespace for all."""
    knows_nodes: bool
    """Whether nodes may be read."""
    knows_queue: bool
    """Whether Kueue's Workloads may be read."""
    tells_slots: bool
    """Whether logs tell how many samples run at once."""
    counts_parked: bool
    """Whether runners say how many samples wait for a person; else only the log's configuration."""
    restarts: float
    """Restarts of the watchdog a week."""
    poll: float = MINUTE
    """Seconds between two polls."""

    @property
    def name(self) -> str:
        """The fleet's."""
        return self.fleet.name

    @property
    def life(self) -> float:
        """About how long an eval set runs, in seconds."""
        fleet = self.fleet
        turn = fleet.models[0].seconds.median + fleet.tools.median
        return 1.5 * fleet.samples / fleet.concurrent * fleet.turns * turn

    def happening(self, random: Random, before: Counter[Happening]) -> Happening:
        """What happens to the next eval set: by weight, what came rarest so far first."""
        least = min(before[kind] / weight for kind, weight in self.weights.items())
        rare = [kind for kind, weight in self.weights.items() if before[kind] / weight <= least + 1]
        return random.choices(rare, [self.weights[kind] for kind in rare])[0]


def drawn_by_lot(number: int) -> Cluster:
    """A cluster that nobody chose: every figure is drawn from what is plausible."""
    random = Random(f"cluster {number}")
    between = random.uniform
    fleet = Fleet(
        name=f"cluster by lot {number}",
        eval_sets=random.randint(8, 14),
        concurrent=random.randint(2, 4),
        samples=random.randint(6, 16),
        turns=between(15, 40),
        models=(
            Model(
                "maker/model",
                1,
                Lengths(between(8, 40), between(0.5, 0.9), longest=15 * MINUTE),
                between(0.002, 0.02),
            ),
        ),
        tools=Lengths(between(8, 40), between(0.8, 1.3), longest=15 * MINUTE),
        outages=(),
        own=(),
        gaps=between(0.5, 2),
    )
    return Cluster(
        fleet,
        weights={kind: between(0.5, 2) for kind in Happening},
        older_layout=between(0.2, 0.8),
        knows_nodes=random.random() < 0.5,
        knows_queue=random.random() < 0.5,
        tells_slots=random.random() < 0.5,
        counts_parked=random.random() < 0.7,
        restarts=between(1, 6),
    )


CLUSTERS = {cluster.name: cluster for cluster in map(drawn_by_lot, (1, 2, 3, 4))}

SMALL = replace(
    drawn_by_lot(0),
    fleet=replace(drawn_by_lot(0).fleet, name="small cluster", eval_sets=8, samples=5, turns=8.0),
    weights=dict.fromkeys(Happening, 1.0),
    poll=2 * MINUTE,
)
"""For the tests: seconds, and every happening."""

__all__ = ["CLUSTERS", "HOUR", "SMALL", "Cluster", "drawn_by_lot"]
