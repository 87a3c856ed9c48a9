"""Eval sets that left the cluster without a word: by a listing, not by a watch event. Pure.

A deletion that was watched is believed at once. One that only a listing tells of (the watch had
broken off) takes three looks over two minutes, in a cluster that shows anything else.
"""

from collections.abc import Iterable, Iterator

from watchdog.collect.absence import ENDED, Absence, Proof, absent, fate
from watchdog.collect.kubernetes.eval_set_objects import Objects
from watchdog.collect.kubernetes.objects import Meta
from watchdog.model.cluster import ClusterView

SYSTEM = "kube-system"
"""A namespace that each cluster has, and keeps: its UID is taken as the cluster's own."""


def uids_of(view: ClusterView) -> frozenset[str]:
    """The UIDs of an eval set's objects."""
    pods = {pod.uid for pod in (*view.runners, *view.sandboxes)}
    return frozenset(pods | {job.uid for job in view.jobs})


def cluster_uid(namespaces: Iterable[Meta]) -> str:
    """What tells a cluster from others; empty where its namespaces can't be read."""
    return next((meta.uid for meta in namespaces if meta.name == SYSTEM), "")


class Unproven:
    """Since when eval sets are gone that nobody told of, by name."""

    def __init__(self) -> None:
        self._uids: dict[str, frozenset[str]] = {}
        self._absences: dict[str, Absence] = {}

    def __contains__(self, name: str) -> bool:
        """Whether it is gone, and that isn't believed yet."""
        return name in self._absences

    def names(self) -> Iterator[str]:
        """All of those."""
        return iter(sorted(self._absences))

    def look(
        self, views: dict[str, ClusterView], gone: Iterable[str], objects: Objects, now: float
    ) -> None:
        """Take in a complete look at the cluster."""
        for name, view in views.items():
            self._absences.pop(name, None)
            self._uids[name] = uids_of(view) or self._uids.get(name, frozenset())
        proof = Proof.SIBLINGS if views or any(True for _ in objects.namespaces) else Proof.EMPTY
        for name in gone:
            if self._uids.get(name, frozenset()) & objects.missed:
                self._absences[name] = absent(self._absences.get(name), proof, now)
                if fate(self._absences[name], now) in ENDED:
                    self.forget(name)

    def forget(self, name: str) -> None:
        """It has left, or its end is believed."""
        self._absences.pop(name, None)
        self._uids.pop(name, None)
