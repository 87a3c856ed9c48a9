"""What `watchdog status` prints, and `watch` shows again and again."""

from collections.abc import Iterator

from watchdog.model.report import Report
from watchdog.surfaces.fleet.records import EvalSetDetail
from watchdog.surfaces.fleet.view import Status
from watchdog.surfaces.terminal.console import Line
from watchdog.surfaces.terminal.eval_set import detail_lines
from watchdog.surfaces.terminal.fleet import fleet_lines
from watchdog.surfaces.terminal.report import lines


def status_lines(status: Status, width: int, rows: int | None = None) -> Iterator[Line]:
    """The fleet, one eval set, or all in full.

    Args:
        status: what there is.
        width: columns of the terminal.
        rows: how many eval sets of the fleet at most; None for all.
    """
    if isinstance(status, Report):
        yield from lines(status)
    elif isinstance(status, EvalSetDetail):
        yield from detail_lines(status)
    else:
        yield from fleet_lines(status, width, rows)
