"""What must hold; `make quality` fails where it doesn't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.quality.cluster.goals import cluster_goals
from tests.quality.cluster.run import ClusterResult
from tests.quality.fleets import UNSEEN
from tests.quality.recorded import OURS, Tally
from tests.quality.summary import Summary

CAUSES = 0.95
DELAY = 30 * 60.0
"""Seconds; median, failing calls."""
HALF = 0.5
FLEETS_WITHIN = 2
"""So many unseen fleets, at least, must keep within the knob at every setting."""


def missed(
    tallies: Mapping[str, Tally],
    summaries: Mapping[str, Summary],
    unseen: Summary | None,
    clusters: Sequence[ClusterResult] = (),
) -> list[str]:
    """The goals that are not met, in words."""
    return [
        *_recordings(tallies),
        *(_within(summaries) if summaries else ()),
        *(_delay(unseen) if unseen else ()),
        *cluster_goals(clusters),
    ]


def _recordings(tallies: Mapping[str, Tally]) -> Iterator[str]:
    ours = tallies[OURS]
    if ours.misses:
        yield f"recordings: missed {', '.join(ours.misses)}"
    if ours.false:
        yield f"recordings: false alarms at {', '.join(ours.false)}"
    if sum(ours.causes.values()) < CAUSES * len(ours.causes):
        yield f"recordings: wrong causes at {_wrong(ours.causes)}"
    if not all(ours.named.values()):
        yield f"recordings: wrong samples at {_wrong(ours.named)}"
    if ours.delay is None or ours.delay > DELAY:
        yield f"recordings: the median delay is {ours.delay} s"
    for name, rule in tallies.items():
        if name != OURS and len(rule.misses) + len(rule.false) <= len(ours.misses + ours.false):
            yield f"recordings: the rule {name} is as good"


def _wrong(found: Mapping[str, bool]) -> str:
    return ", ".join(where for where, right in found.items() if not right)


def _within(summaries: Mapping[str, Summary]) -> Iterator[str]:
    within = [name for name in UNSEEN if _is_within(summaries[name])]
    if len(within) < FLEETS_WITHIN:
        found = ", ".join(within) or "none"
        yield f"simulation: too few unseen fleets keep within the knob at every setting: {found}"


def _is_within(fleet: Summary) -> bool:
    return all(point.all_false.weekly <= knob for knob, point in fleet.detector.items())


def _delay(fleet: Summary) -> Iterator[str]:
    """Against the best rule for all unseen fleets, chosen with hindsight."""
    for knob, point in fleet.detector.items():
        rule = fleet.best_rule(point.false.count)
        if rule is not None and point.delay > HALF * rule.delay:
            yield (
                f"simulation: at {knob:g} a week: {point.delay / 60:.0f} min, the "
                f"best fixed rule ({rule.name}) {rule.delay / 60:.0f} min"
            )
