"""Open and past incidents as a table."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from watchdog.model.acts import who
from watchdog.model.causes import cause_words
from watchdog.model.instants import clock_of
from watchdog.model.texts import clean
from watchdog.model.words import count
from watchdog.surfaces.incidents.records import ActRecord, IncidentList, IncidentRow
from watchdog.surfaces.terminal.console import Line
from watchdog.surfaces.terminal.fleet import shadow_lines
from watchdog.surfaces.terminal.table import Cell, Column, short, table

COLUMNS = (
    Column("SEVERITY", 8),
    Column("LASTED", 9, align="right"),
    Column("INCIDENT", 28, least=12, cut="middle"),
    Column("CAUSE", 44, least=14, cut="wrap"),
    Column("SINCE", 20, room=120),
    Column("ENDED", 20, room=100),
    Column("PEOPLE", 50, least=12, room=70),
    Column("ID", 12),
)


def kept_incident_lines(listed: IncidentList, width: int) -> Iterator[Line]:
    """The open ones, then the past, each the newest first."""
    yield from shadow_lines(listed.shadow)
    if not listed.incidents:
        yield 0, Text("no incident")
    for state, title in (("open", "open incident"), ("past", "past incident")):
        ones = [one for one in listed.incidents if one.state == state]
        if ones:
            yield 0, Text(count(len(ones), title), "bold")
            yield from table(COLUMNS, (_cells(one) for one in ones), width)
    if listed.problem:
        yield 0, Text(f"past ones can't be told: {clean(listed.problem, 300)}", "yellow")
    if listed.next is not None:
        yield 0, Text("and more: narrow it with --since, --cause or -q", "dim")


def _cells(one: IncidentRow) -> Sequence[Cell]:
    return (
        Text(one.severity, "bold red" if one.severity == "page" else "yellow"),
        short(one.seconds),
        named(one),
        cause_words(one.cause),
        clock_of(one.since or one.opened_at),
        clock_of(one.resolved_at) if one.resolved_at else "",
        ", ".join(_people(one)),
        clean(one.id, 12),
    )


def named(one: IncidentRow) -> str:
    """What it is about: its eval set, or what several suffer from."""
    if one.eval_sets_total == 1:
        return clean(one.eval_sets[0], 200)
    return f"{clean(one.subject, 200)} ({count(one.eval_sets_total, 'eval set')})"


def _people(one: IncidentRow) -> Iterator[str]:
    if one.part_of:
        yield f"part of {clean(one.part_of, 12)}"
    if one.acknowledgement is not None:
        yield f"acknowledged by {_by(one.acknowledgement)}"
    if one.silence is not None:
        yield f"silenced by {_by(one.silence)}"
    if one.judgement is not None:
        yield f"judged {'true' if one.judgement.judged else 'false'}"


def _by(act: ActRecord) -> str:
    return who(clean(act.by, 60), verified=act.verified)
