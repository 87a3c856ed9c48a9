"""The section of docs/quality.md on simulated clusters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.quality.cluster.run import ClusterResult
from tests.quality.cluster.truth import Happening, Standstill

HEADING = "## Simulated clusters"

INTRO = f"""
{HEADING}

Eval sets by lot on clusters by lot, in both layouts: to each something happens at a drawn moment,
on purpose or not (tests/quality/cluster). Their objects, logs and runners' words go through the
real source, fold, judgment, decisions and delivery, a poll a minute; now and then the watchdog sees
nothing for up to two hours, or is started anew with its ledger. Model APIs are calm, so that all
that is heard is about the cluster. Nodes and Kueue's Workloads can be read on some clusters, some
logs tell their slots, and some runners how many samples wait for a person.

The program ran on these when it was done. What it did on others by lot led to changes in it: calls
of a runner that Kueue had taken away, and sandboxes that had waited for capacity for hours, were
told as hung the minute they could start; sandboxes of a dead runner were told as the next one's
trouble; an incident ended where a watchdog that was started anew saw only the last of a dead
runner's namespaces go; and a start that shows life had three times what was learned of such starts.

*Must be heard* counts what a person must hear of: a page, or for what is no standstill a warning. A
*miss* is one that nobody heard of within a wide bound; a *false* one is a message about an eval set
of which nothing of the kind was true; *ended too early* one that was told to be over while it was
not (a TTL and a janitor take a dead runner's objects, which mends nothing); *too long* one that was
still open two hours after it was over. `make quality` fails on any of them. The delay is from the
onset to the message.
"""


@dataclass(frozen=True)
class Line:
    """One kind of happening, over all clusters."""

    happening: Happening
    eval_sets: int
    standstills: tuple[Standstill, ...]
    missed: int
    wrongs: tuple[int, int, int, int]
    """False pages, false warnings, ended too early, stands too long."""

    @property
    def delays(self) -> list[float]:
        """Seconds from onset to message, of what was heard of."""
        return sorted(s.heard_at - s.since for s in self.standstills if s.heard_at is not None)


def lines(results: Sequence[ClusterResult]) -> list[Line]:
    """One for each kind of happening."""
    return [_line(happening, results) for happening in Happening]


def _line(happening: Happening, results: Iterable[ClusterResult]) -> Line:
    results = tuple(results)
    wrongs = [w.kind for r in results for w in r.wrongs if w.happening is happening]
    return Line(
        happening,
        sum(result.happenings[happening] for result in results),
        tuple(s for r in results for s in r.standstills if s.happening is happening),
        sum(s.happening is happening for r in results for s in r.missed),
        (
            wrongs.count("false page"),
            wrongs.count("false warning"),
            wrongs.count("ended too early"),
            wrongs.count("stands too long"),
        ),
    )


def table(results: Sequence[ClusterResult]) -> str:
    """The table, with all kinds together in the last line."""
    head = (
        "| what happens | eval sets | must be heard | missed | false pages | false warnings "
        "| ended too early | too long | delay (longest) |"
    )
    rows = [
        head,
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    all_lines = lines(results)
    for line in all_lines:
        counts = " | ".join(map(str, (line.missed, *line.wrongs)))
        rows.append(
            f"| {line.happening.value} | {line.eval_sets} | {len(line.standstills)} | {counts} "
            f"| {_delay(line.delays)} |"
        )
    counts = [(line.missed, *line.wrongs) for line in all_lines]
    totals = [sum(numbers) for numbers in zip(*counts, strict=True)]
    rows.append(
        f"| **together** | {sum(line.eval_sets for line in all_lines)} "
        f"| {sum(len(line.standstills) for line in all_lines)} | {' | '.join(map(str, totals))} | |"
    )
    return "\n".join(rows)


def about(results: Sequence[ClusterResult]) -> str:
    """How much was simulated, in a sentence."""
    weeks = sum(result.weeks for result in results)
    pages, warnings = sum(r.pages for r in results), sum(r.warnings for r in results)
    restarts = sum(result.restarts for result in results)
    return (
        f"{len(results)} clusters, {weeks:g} weeks, {restarts} restarts of the watchdog; "
        f"{pages} pages and {warnings} warnings were heard."
    )


def section(results: Sequence[ClusterResult]) -> str:
    """All of it."""
    return "\n".join([INTRO, about(results), "", table(results), ""])


def _delay(delays: Sequence[float]) -> str:
    return f"{median(delays) / 60:.0f} min ({delays[-1] / 60:.0f} min)" if delays else "-"
