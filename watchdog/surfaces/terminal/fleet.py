"""The fleet in brief: counts, incidents, and one line for each eval set, the worst first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.text import Text

from watchdog.model.causes import cause_words
from watchdog.model.instants import clock_of, from_timestamp
from watchdog.model.texts import clean
from watchdog.model.verdict import Cause, Verdict, worst
from watchdog.model.words import VERDICT_WORDS, count
from watchdog.surfaces.fleet.records import EvalSetList, EvalSetRow
from watchdog.surfaces.fleet.view import FleetView
from watchdog.surfaces.terminal.console import STYLES, Line
from watchdog.surfaces.terminal.incidents import incident_lines
from watchdog.surfaces.terminal.table import Column, short, table

WORDS_FROM = 150
"""Columns from which on causes are said in words; below they go by their names, which are short."""
LOW = 36
"""Lines of a screen on which incidents take one line each, so that the table is seen."""
SPARK = "▁▂▃▄▅▆▇█"

TEAM_FROM = 180


def columns(width: int) -> tuple[Column, ...]:
    """Those of a terminal of this width; `table` leaves out what still doesn't fit."""
    return (
        Column("VERDICT", 15),
        Column("FOR", 9, align="right"),
        Column("EVAL SET", 60, least=18, cut="middle"),
        Column("CAUSE", 44, least=36 if width >= WORDS_FROM else 15),
        Column("DONE", 13, align="right", room=70),
        Column("STUCK", 6, align="right", room=70),
        Column("ERRED", 6, align="right", room=85),
        Column("SUCCESS", 10, align="right", room=90),
        Column("OWNER", 30, least=10, room=100),
        Column("RETRIES", 16, align="right", room=115),
        Column("MODELS", 60, least=16, room=130),
        Column("LAST 2 H", 24, room=170),
    )


def fleet_lines(view: FleetView, width: int, rows: int | None = None) -> Iterator[Line]:
    """Head, incidents, table.

    Args:
        view: what is shown.
        width: columns of the terminal.
        rows: lines of the screen, and eval sets at most; None for all.
    """
    fleet = view.fleet
    is_whole = fleet.matching == fleet.total
    shown = worst((row.verdict for row in fleet.eval_sets), Verdict.FINISHED)
    if fleet.total and not fleet.matching:
        yield 0, Text("NO EVAL SET FITS THE FILTERS", "bold")
    else:
        yield verdict_line(fleet.verdict if is_whole else shown, None)
    yield counts_line(fleet.by_verdict, fleet.now)
    yield from _beside(fleet)
    is_low = rows is not None and rows < LOW
    now = from_timestamp(fleet.now)
    yield from incident_lines(view.incidents, now, view.care, brief=is_low)
    if fleet.eval_sets:
        yield 0, Text()
        yield from row_lines(fleet.eval_sets[:rows], fleet.now, width)
    more = fleet.matching - len(fleet.eval_sets[:rows])
    if more > 0:
        yield 0, Text(f"and {count(more, 'more eval set')}", "dim")


def verdict_line(verdict: Verdict, cause: Cause | None) -> Line:
    """The first line: what is to be said of all together."""
    words = Text(VERDICT_WORDS[verdict].upper(), STYLES[verdict])
    return 0, words.append(f": {cause_words(cause)}" if cause is not None else "")


def counts_line(
    by_verdict: Mapping[Verdict, int], now: str | None, *, not_watched: int = 0
) -> Line:
    """How many there are, of which verdict, and as of when."""
    text = Text(count(sum(by_verdict.values()), "eval set"), "dim")
    if len(by_verdict) > 1:
        parts = (f"{times:,} {VERDICT_WORDS[one]}" for one, times in by_verdict.items())
        text.append(f": {', '.join(parts)}")
    scans = f", {count(not_watched, 'scan')} not watched" if not_watched else ""
    return 0, text.append(f"{scans}, {clock_of(now)}")


def shadow_lines(shadow: str) -> Iterator[Line]:
    """That nobody is told but a quiet channel."""
    if shadow:
        words = f"SHADOW: only {clean(shadow, 80)} is told, and nobody is paged (docs/shadow.md)"
        yield 0, Text(words, "bold magenta")


def _beside(fleet: EvalSetList) -> Iterator[Line]:
    yield from shadow_lines(fleet.shadow)
    if fleet.matching < fleet.total:
        yield 0, Text(f"of {fleet.total:,}: the others don't fit the filters", "dim")
    if fleet.hidden:
        yield 0, Text(f"{count(fleet.hidden, 'more eval set')} you may not see", "dim")
    if fleet.total == 0:
        yield 0, Text("No eval set is watched.")


def row_lines(rows: Iterable[EvalSetRow], now: str | None, width: int) -> list[Line]:
    """One line each, with a head."""
    instant = from_timestamp(now)
    return table(columns(width), [_cells(row, instant, width) for row in rows], width)


def _cells(row: EvalSetRow, now: float | None, width: int) -> tuple[Text | str, ...]:
    samples = row.samples
    muted = " (muted)" if row.muted else ""
    return (
        Text(row.verdict.value.replace("_", " "), STYLES[row.verdict]),
        Text(short(row.stuck_seconds) if row.stuck_since else "", "bold"),
        clean(row.eval_set_id, 300),
        Text(_cause(row.cause, width) + muted, "" if row.cause else "dim"),
        f"{row.done:,}/{samples.total:,}",
        Text(f"{samples.stuck:,}" if samples.stuck else "", "bold red"),
        Text(f"{samples.errored:,}" if samples.errored else "", "yellow"),
        _ago(row.last_success_at, now),
        _owner(row, width),
        _retries(row),
        clean(", ".join(row.models), 200),
        Text(spark(row.retries.growth), "yellow"),
    )


def _cause(cause: Cause | None, width: int) -> str:
    if cause is None:
        return ""
    return cause_words(cause) if width >= WORDS_FROM else cause.value


def _owner(row: EvalSetRow, width: int) -> str:
    team = f"({row.team})" if row.team and row.owner and width >= TEAM_FROM else ""
    return clean(f"{row.owner or row.team} {team}", 100)


def _retries(row: EvalSetRow) -> str:
    if not row.retries.total:
        return ""
    grown = f" +{row.retries.last_hour:,}/h" if row.retries.last_hour else ""
    return f"{row.retries.total:,}{grown}"


def _ago(stamp: str | None, now: float | None) -> str:
    instant = from_timestamp(stamp)
    return short(now - instant) if instant is not None and now is not None else ""


def spark(growth: Sequence[int]) -> str:
    """Retries of each five minutes as a line of bars; empty where there were none."""
    most = max(growth, default=0)
    if not most:
        return ""
    top = len(SPARK) - 1
    return "".join(SPARK[-(-number * top // most)] for number in growth)
