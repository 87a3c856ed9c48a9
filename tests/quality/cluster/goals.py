"""What must hold of simulated clusters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.quality.cluster.run import ClusterResult


def cluster_goals(results: Sequence[ClusterResult]) -> Iterator[str]:
    """Of what happens to clusters nothing is missed, and nothing is told wrongly."""
    for result in results:
        where = f"{result.cluster}, seed {result.seed}"
        for one in result.missed:
            yield f"{where}: missed: {one.eval_set}: {one.happening.value}"
        for wrong in result.wrongs:
            yield f"{where}: {wrong.kind}: {wrong.eval_set}: {wrong.happening.value}: {wrong.text}"
