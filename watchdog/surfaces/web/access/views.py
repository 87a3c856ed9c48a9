"""The current snapshot as each kind of viewer sees it: made once for those who see the same."""

from collections import OrderedDict

from msgspec.structs import replace

from watchdog.masking import Key
from watchdog.model.access import Viewer
from watchdog.model.report import Report, Snapshot
from watchdog.surfaces.visible import View, hidden_ids, visible
from watchdog.surfaces.web.health import Health

KEPT = 16
"""Kinds of viewers whose view is kept until the next snapshot."""


class Views:
    """Views of one report at a time."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._report: Report | None = None
        self._views: OrderedDict[frozenset[str], View] = OrderedDict()

    def of(
        self, snapshot: Snapshot | None, health: Health, viewer: Viewer
    ) -> tuple[Snapshot | None, Health]:
        """What a viewer sees of a snapshot, and of how the service is."""
        if snapshot is None or viewer.sees_all:
            return snapshot, health
        view = self._view(snapshot.report, viewer)
        known = {incident.id for incident in view.report.incidents}
        health = replace(
            health,
            failing_sources=view.mask.record(health.failing_sources),
            sources=view.mask.record(health.sources),
            failing_channels=view.mask.record(health.failing_channels),
            held={name: why for name, why in health.held.items() if name in known},
        )
        return replace(snapshot, report=view.report), health

    def _view(self, report: Report, viewer: Viewer) -> View:
        if report is not self._report:
            self._report = report
            self._views.clear()
        kind = hidden_ids(report, viewer)
        if kind not in self._views:
            self._views[kind] = visible(report, viewer, self._key)
            while len(self._views) > KEPT:
                self._views.popitem(last=False)
        return self._views[kind]
