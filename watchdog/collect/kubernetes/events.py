"""How many events are kept: a noisy namespace may crowd out neither memory nor the others."""

from collections import Counter
from collections.abc import Mapping

from watchdog.collect.kubernetes.objects import Entry, Key
from watchdog.model.cluster import PodEvent

KEPT_SECONDS = 7200.0
NAMESPACE_LIMIT = 2000
TOTAL_LIMIT = 20_000

NEVER_OURS = (
    *("Node", "Deployment", "DaemonSet", "CronJob", "Service", "Ingress"),
    *("Endpoints", "EndpointSlice", "HorizontalPodAutoscaler", "PodDisruptionBudget"),
)
SELECTOR = ",".join(f"involvedObject.kind!={kind}" for kind in NEVER_OURS)
"""Field selectors know no `in`: what is certainly of no interest is not sent."""


def trim(entries: dict[Key, Entry[PodEvent]], now: float) -> None:
    """Drop what is old, and the oldest of what is too much."""
    counts: Counter[str] = Counter()
    total = 0
    for key, entry in sorted(entries.items(), key=_newest_first):
        namespace = entry.record.namespace
        counts[namespace] += 1
        total += 1
        full = counts[namespace] > NAMESPACE_LIMIT or total > TOTAL_LIMIT
        if full or _at(entry) < now - KEPT_SECONDS:
            del entries[key]
            counts[namespace], total = counts[namespace] - 1, total - 1


def in_order(entries: Mapping[Key, Entry[PodEvent]]) -> tuple[PodEvent, ...]:
    """Events, newest last."""
    return tuple(entry.record for entry in sorted(entries.values(), key=_at))


def _at(entry: Entry[PodEvent]) -> float:
    return entry.record.at or 0.0


def _newest_first(item: tuple[Key, Entry[PodEvent]]) -> float:
    return -_at(item[1])
