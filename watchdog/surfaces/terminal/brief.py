"""A report in brief, as `watchdog check` prints it: one line for each eval set, the worst first.

Of a single eval set it says more: who asks for one wants to know what to do.
"""

from collections.abc import Iterator

from msgspec.structs import replace
from rich.text import Text

from watchdog.model.instants import from_timestamp
from watchdog.model.report import EvalSetFigures, Report, Snapshot
from watchdog.surfaces.fleet.entries import entry_of
from watchdog.surfaces.fleet.filters import Filters
from watchdog.surfaces.fleet.listing import Fleet
from watchdog.surfaces.fleet.records import EvalSetRow
from watchdog.surfaces.fleet.view import Care, owners_of
from watchdog.surfaces.terminal.console import Line
from watchdog.surfaces.terminal.eval_set import eval_set_lines, problem_lines
from watchdog.surfaces.terminal.fleet import counts_line, row_lines, verdict_line
from watchdog.surfaces.terminal.incidents import incident_lines


def brief_lines(report: Report, width: int) -> Iterator[Line]:
    """The report in brief; `width` in columns of the terminal."""
    fleet = _fleet(report)
    by_verdict = fleet.select(Filters()).by_verdict
    yield verdict_line(report.verdict, report.cause)
    yield counts_line(by_verdict, report.now, not_watched=report.not_watched)
    if len(report.eval_sets) == 1:
        yield 0, Text()
        yield from eval_set_lines(report.eval_sets[0], report.incidents, report.now)
    else:
        rows = _as_judged(report, fleet.rows(fleet.entries, fleet.snapshot.at))
        yield from incident_lines(
            report.incidents, from_timestamp(report.now), Care(owners_of(rows))
        )
        if rows:
            yield 0, Text()
            yield from row_lines(rows, report.now, width)
    yield from problem_lines(report.problems)


def _fleet(report: Report) -> Fleet:
    figures = tuple(EvalSetFigures(one, ()) for one in report.eval_sets)
    at = from_timestamp(report.now) or 0.0
    return Fleet(Snapshot(at, report, figures, frozenset()), [entry_of(one) for one in figures])


def _as_judged(report: Report, rows: tuple[EvalSetRow, ...]) -> list[EvalSetRow]:
    """With durations as of each one's own instant: bundles were captured at different ones."""
    lasted = {one.eval_set_id: one.stuck_seconds for one in report.eval_sets}
    return [replace(row, stuck_seconds=lasted[row.eval_set_id]) for row in rows]
