"""A direct API test as reports have it. Pure."""

from watchdog.model.instants import timestamp
from watchdog.model.probe import ProbeResult
from watchdog.model.report import ProbeReport
from watchdog.model.texts import cut


def probe_report(result: ProbeResult, text_max: int) -> ProbeReport:
    """The same, with so many characters of its detail."""
    return ProbeReport(
        route=result.route,
        size=result.size,
        model=result.model,
        outcome=result.outcome,
        at=timestamp(result.at),
        seconds=result.seconds,
        status=result.status,
        detail=cut(result.detail, text_max),
    )
