"""An eval set's samples as a table: the stuck ones first, those that ended last."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from watchdog.model.instants import clock_of, from_timestamp
from watchdog.model.samples import SampleList, SampleRow, Standing
from watchdog.model.texts import clean
from watchdog.model.words import count, strip
from watchdog.surfaces.terminal.console import Line
from watchdog.surfaces.terminal.table import Cell, Column, short, table

STYLES: dict[Standing, str] = {
    "stuck": "bold red",
    "running": "green",
    "waiting": "cyan",
    "queued": "dim",
    "errored": "yellow",
    "cancelled": "dim",
    "completed": "dim",
}
CALLS = 8
"""Words of a strip of outcomes."""
COLUMNS = (
    Column("STATE", 9),
    Column("FOR", 9, align="right"),
    Column("SAMPLE", 40, least=12, cut="middle"),
    Column("TASK", 30, least=8),
    Column("CAUSE", 20, least=8),
    Column("LAST EVENT", 10, align="right", room=80),
    Column("FAILED", 7, align="right", room=70),
    Column("CALLS, NEWEST FIRST", 40, least=12, room=110),
    Column("PENDING", 30, least=10, room=90),
    Column("ERROR", 80, least=10, room=70),
    Column("UUID", 24, room=150),
)
"""`FOR`: of one that is stuck since then, of one that runs since its start, else since its end."""


def samples_lines(samples: SampleList, width: int) -> Iterator[Line]:
    """Counts, and a line for each sample."""
    text = Text(clean(samples.eval_set_id, 300), "bold").append("  ")
    text.append(count(samples.total, "sample"))
    parts = (f"{times:,} {state}" for state, times in samples.by_state.items())
    text.append(f": {', '.join(parts)}" if samples.by_state else "")
    yield 0, text.append(f", {clock_of(samples.now)}", "dim")
    for note in samples.notes[:5]:
        yield 0, Text(clean(note), "magenta")
    if samples.samples:
        yield 0, Text()
        rows = _rows(samples.samples, from_timestamp(samples.now))
        yield from table(COLUMNS, rows, width)
    unnamed = samples.by_state.get("queued", 0)
    if unnamed:
        yield 0, Text(f"and {unnamed:,} queued or being set up, which have no names yet", "dim")
    if samples.next is not None:
        more = samples.matching - len(samples.samples)
        yield 0, Text(f"and {count(more, 'more sample')}", "dim")


def _rows(samples: Sequence[SampleRow], now: float | None) -> Iterator[Sequence[Cell]]:
    several_tasks = len({sample.task_id for sample in samples}) > 1
    several_epochs = any(sample.epoch != 1 for sample in samples)
    for sample in samples:
        pending = sample.pending
        yield (
            Text(sample.state, STYLES[sample.state]),
            _lasted(sample, now),
            clean(f"{sample.id}/{sample.epoch}" if several_epochs else sample.id, 300),
            clean(sample.task, 100) if several_tasks else "",
            sample.cause or "",
            _ago(sample.last_event_at, now),
            f"{sample.retries:,}" if sample.retries else "",
            calls(sample.recent, CALLS),
            f"{pending.kind} {clean(pending.name, 60)} {short(pending.seconds)}" if pending else "",
            clean(sample.error, 200),
            sample.uuid or "",
        )


def calls(recent: str, length: int) -> Text:
    """A strip of outcomes, the newest first."""
    text = Text()
    for place, word in enumerate(strip(recent, length).split(" ") if recent else ()):
        text.append(" " if place else "")
        text.append(word, {"FAIL": "red", "OK": "green"}.get(word, ""))
    return text


def _lasted(sample: SampleRow, now: float | None) -> Text:
    if sample.stuck_since is not None:
        return Text(short(sample.stuck_seconds), "bold")
    return Text(_ago(sample.ended_at or sample.started_at, now), "dim")


def _ago(stamp: str | None, now: float | None) -> str:
    instant = from_timestamp(stamp)
    return short(max(0.0, now - instant)) if instant is not None and now is not None else ""
