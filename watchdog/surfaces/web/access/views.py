"""The current snapshot as each kind of viewer sees it: made once for those who see the same."""

import threading
from collections import OrderedDict

from msgspec.structs import replace

from watchdog.masking import Key, Mask
from watchdog.model.access import Viewer
from watchdog.model.report import Snapshot
from watchdog.surfaces.visible_parts import Seen, VisibleParts
from watchdog.surfaces.web.health import Health

KEPT = 8
"""Kinds of viewers whose view is kept until others are asked for."""

_Kind = tuple[frozenset[str], bool]


class Views:
    """Views of one snapshot at a time."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._nothing = Mask(key, ())
        self._parts: OrderedDict[_Kind, VisibleParts] = OrderedDict()
        self._seen: dict[_Kind, tuple[Snapshot, Seen]] = {}
        self._everything: Seen | None = None
        self._lock = threading.Lock()

    def known(self, snapshot: Snapshot, viewer: Viewer) -> Seen | None:
        """What a viewer sees, where that is known already; it takes no time."""
        if viewer.sees_all:
            everything = self._everything
            if everything is None or everything.snapshot is not snapshot:
                self._everything = everything = Seen(snapshot, self._nothing)
            return everything
        of, seen = self._seen.get(_kind(viewer), (None, None))
        return seen if of is snapshot else None

    def made(self, snapshot: Snapshot, viewer: Viewer) -> Seen:
        """What a viewer sees. It looks at every eval set: not for the event loop."""
        with self._lock:
            seen = self.known(snapshot, viewer)
            if seen is None:
                kind = _kind(viewer)
                seen = self._of(kind, viewer).of(snapshot)
                self._seen[kind] = (snapshot, seen)
            return seen

    def _of(self, kind: _Kind, viewer: Viewer) -> VisibleParts:
        parts = self._parts.pop(kind, None) or VisibleParts(viewer, self._key)
        self._parts[kind] = parts
        while len(self._parts) > KEPT:
            oldest, _ = self._parts.popitem(last=False)
            self._seen.pop(oldest, None)
        return parts


def _kind(viewer: Viewer) -> _Kind:
    return viewer.groups, viewer.sees_unlabelled


def health_of(health: Health, seen: Seen) -> Health:
    """How the service is, without names that a viewer may not see."""
    incidents = {incident.id for incident in seen.snapshot.report.incidents}
    return replace(
        health,
        failing_sources=seen.mask.record(health.failing_sources),
        sources=seen.mask.record(health.sources),
        failing_channels=seen.mask.record(health.failing_channels),
        held={name: why for name, why in health.held.items() if name in incidents},
    )
