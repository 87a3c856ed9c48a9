"""Incidents as the ledger holds them."""

from typing import Any

from msgspec.structs import replace

from watchdog.model.report import IncidentReport
from watchdog.notify.decide import LedgerEntry
from watchdog.notify.decide.announcements import announcements


def ledger_entry(
    incident: IncidentReport, opened_at: float, generation: int = 1, **changes: Any
) -> LedgerEntry:
    """One whose message shows it as it is, unless it says otherwise."""
    shown = changes.get("shown", incident)
    shown_at = changes.get("shown_at", opened_at)
    usual = LedgerEntry(
        incident=incident,
        generation=generation,
        opened_at=opened_at,
        shown=shown,
        shown_at=shown_at,
        announced=announcements(shown),
        announced_at=shown_at,
    )
    return replace(usual, **changes)
