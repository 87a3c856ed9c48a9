"""The section of docs/quality.md on what the run itself tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from tests.quality import day_one_page
from tests.quality.itself_kinds import LOOP_WEEKS, LOTS, Kind, Measured

HEADING = "## What the run itself tells"

_TEXT = f"""
{HEADING}

Eval sets by lot on their first day, each with a healthy twin (tests/quality/itself_kinds.py); polls
are two minutes apart. What is heard is what goes out as messages, and it must have the right cause.

- *Writes fail*: from some instant on the store refuses all that the runner writes, which says so at
  each try; in the twin it refuses for up to four minutes, every hour or so. One third writes all
  the time, one as long calls end, and one fails for hours and tries every half an hour.
- *Samples err*: 60 to 100 % of a task's samples err from some instant on; in the twin 5 % at most.
- *Loops*: fleets in which samples do the same for ever, do so for a while, and poll ({LOOP_WEEKS:g}
  week each; polls are five minutes apart). The delay is from the first repetition, though day one
  asks for 20 and an hour.
- *Shared slots*: samples of one task hold all connections of a model with calls of an hour and a
  half, another task of the same process waits; nobody writes a row for as long. Sick is where these
  calls never return.
- *Side by side*: two to four agents in each sample, with spans as Inspect writes them, and log
  lines. In one agent a model call or a tool call hangs, or its calls fail for ever; all others go
  on.

A *miss* was never told in the hours that were simulated (8 of writes, 4 of errors, 12 of slots, 10
of agents, a day of loops). *False* are lots in which something was told that wasn't so, too early,
or in the twin; of loops the warnings. None may be missed and no page false; of warnings the
tolerated rate may be.

The program ran on these lots ({{lots}}) when it was done, and nothing was changed after. What it
did on others (0 to 147 of writes, 0 to 29 of the rest, fleets 1 and 4 of loops) led to two changes:
two writes that failed within a moment, with nothing more to write for half an hour, were a page
after five minutes, in five of 54 healthy twins; and a single one, while the only call that ran took
45 minutes more, was one after 35, in two of 48. Where nothing is written, nothing more is at risk:
it is told after 75 minutes now.
"""

_WORDS: dict[Kind, str] = {
    "writes": "writes fail",
    "erring": "samples err",
    "loops": "loops",
    "slots": "shared slots",
    "sides": "side by side",
}


def section(kinds: Sequence[Measured]) -> str:
    """Text and table."""
    lots = ", ".join(f"{_WORDS[kind]} {LOTS[kind][0]} to {LOTS[kind][-1]}" for kind in _WORDS)
    return "\n".join([_TEXT.replace("{lots}", lots), table(kinds), ""])


def table(kinds: Sequence[Measured]) -> str:
    """What came of each kind."""
    return "\n".join(
        [
            "| kind | lots | must be heard | missed | false (tolerated) | median delay (90 %) |",
            "| --- | --- | --- | --- | --- | --- |",
            *map(_row, kinds),
        ]
    )


def _row(kind: Measured) -> str:
    return (
        f"| {_WORDS[kind.kind]} | {kind.lots} | {kind.must} | {kind.missed} "
        f"| {kind.false} ({kind.tolerated:.1f}) | {_minutes(kind.delays)} |"
    )


def _minutes(delays: Sequence[float]) -> str:
    if not delays:
        return "-"
    late = delays[int(0.9 * len(delays))]
    return f"{median(delays) / 60:.0f} min ({late / 60:.0f} min)"


def missed(kinds: Sequence[Measured]) -> Iterator[str]:
    """The goals that are not met."""
    for kind in kinds:
        if kind.missed:
            yield f"itself: {_WORDS[kind.kind]}: {kind.missed} of {kind.must} missed"
        if kind.false > kind.tolerated:
            yield f"itself: {_WORDS[kind.kind]}: {kind.false} told wrongly of {kind.lots} lots"


def write(kinds: Sequence[Measured], docs: Path) -> None:
    """The section anew, before that of the first day."""
    page = docs / "quality.md"
    before, heading, after = page.read_text().partition(day_one_page.HEADING)
    before = before.partition(HEADING)[0].rstrip("\n")
    page.write_text(f"{before}\n{section(kinds)}\n{heading}{after}")
