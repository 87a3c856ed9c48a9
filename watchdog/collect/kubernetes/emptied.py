"""Listings of the API server that are empty where there was something. Pure.

A proxy before it, rights that hide objects without a word, or another cluster under the same
address give a listing that is well-formed and empty. It is believed when it lasts; what is deleted
one by one comes as watch events and doesn't wait for it.
"""

from watchdog.collect.absence import ENDED, Absence, Proof, absent, fate
from watchdog.collect.kubernetes.resources import JOBS, NAMESPACES, PODS, ListQuery

KINDS = frozenset({PODS, JOBS, NAMESPACES})
"""Those from which it is told that something is gone."""


class Emptied:
    """Empty listings in a row, of one kind that wasn't empty before."""

    def __init__(self, query: ListQuery) -> None:
        self._query = query
        self._absence: Absence | None = None

    def why_not(self, before: int, after: int, now: float) -> str:
        """Why a listing of `after` objects isn't believed where there were `before`; or empty."""
        if after or not before or self._query.resource not in KINDS:
            self._absence = None
            return ""
        self._absence = absent(self._absence, Proof.ALONE, now)
        if fate(self._absence, now) in ENDED and not self._has_some_always:
            self._absence = None
            return ""
        return f"{self._query.what}: an empty listing where there were {before}: missing data"

    @property
    def _has_some_always(self) -> bool:
        """No cluster is without namespaces."""
        query = self._query
        return query.resource is NAMESPACES and not (query.namespace or query.name)
