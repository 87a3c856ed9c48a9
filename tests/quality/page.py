"""docs/quality.md: the figures, in tables, with what they mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.quality import day_one_page, plots
from tests.quality.cluster import page as clusters
from tests.quality.cluster.run import ClusterResult
from tests.quality.day_one import DayOne
from tests.quality.recorded import OURS, Tally
from tests.quality.summary import Point, Rate, Summary

Tell = Callable[[str], None]

_NONE = "-"

TOGETHER = "unseen together"

_INTRO = """# How good the verdicts are

Measured by `make quality`, which writes this page: real recordings against the truth of their
scripts, and simulated fleets through the real fold, learner and judgment. Both stand beside simple
rules. Last come simulated clusters, for what happens to eval sets besides their calls. Seeded: the
same commit gives the same figures."""

_RECORDINGS = """
## Recordings

Real Inspect runs under an accelerated clock (tests/recordings), judged at every instant as
`watchdog check` does, with the priors of day one and what the recording itself teaches. A *miss* is
an instant at which nothing but stuck is right and the rule is silent; a *false alarm* one at which
stuck is wrong. Where either is right, nothing is counted. The delay is the median over scenarios of
failing calls whose instants lie close together, from the true onset to the first instant at which
it is called stuck (who never does is counted as if at the last one).
"""

_FLEETS_HEADING = "## Simulated fleets"

_FLEETS = f"""
{_FLEETS_HEADING}

Hundreds of eval sets over weeks: models with their own speeds and failure rates, outages with
log-normal and Pareto lengths, full and partial, bursts of 429s, trouble of single samples, slow
tools, hours in which the watchdog sees nothing, and samples that get stuck for good and are ended
by hand a day later (tests/quality/fleets.py, which knows nothing of the detector's priors). Each
run begins on day one, with nothing learned. Polls are five minutes apart: delays are up to five
minutes longer than the service's.

The fleets "by lot" have every figure drawn from a range of what is plausible; the watchdog ran on
them only when it was done, and nothing was changed after. The other four were made by hand, and
what the watchdog did on them led to changes in it: `tuning` to figures, `stormy` (whose outages are
far worse than the priors of day one), `slow` and `busy` to designs.

A *page* is a new incident; it is false where no sample that it is about is stuck in truth. The
simple rules' pages are joined per model and hour, in their favour. The interval is the exact one of
a Poisson count (Garwood 1936).

![False pages measured against tolerated](quality-pages.svg)

![Delay against false pages](quality-delay.svg)

The grey dots are all fixed rules "N failures in a row that last T minutes" (N from 3 to 30, T from
0 to 480); the line is the best of them *chosen with hindsight on that very fleet*. "Best rule" in
the table is the quickest one with no more false pages of failing calls than the watchdog had; for
"unseen together" it is one rule that must serve all three fleets by lot, as a fixed rule would have
to. "Degraded" counts eval sets, not troubles: one outage degrades all that use its model.
"""


def recordings(tallies: Mapping[str, Tally]) -> str:
    """The table of the recordings."""
    rows = [
        "| | instants | misses | false alarms | causes right | samples right | median delay |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, tally in tallies.items():
        title = "**watchdog**" if name == OURS else f"rule `{name}`"
        causes = _share(tally.causes) if name == OURS else _NONE
        rows.append(
            f"| {title} | {tally.instants} | {len(tally.misses)} | {len(tally.false)} | {causes} "
            f"| {_share(tally.named)} | {_minutes(tally.delay)} |"
        )
    return "\n".join(rows)


def fleets(summaries: Mapping[str, Summary]) -> str:
    """The table of the fleets."""
    head = (
        "| fleet | weeks, eval sets, stuck | tolerated | false pages a week (95 %) "
        "| delay, failing (90 %) | best rule's | ratio | missed | delay, hanging "
        "| degraded a week |"
    )
    rows = [
        head,
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, found in summaries.items():
        for knob, point in found.detector.items():
            about = f"{found.weeks:g}, {found.eval_sets}, {found.stuck}"
            rule = found.best_rule(point.false.count)
            rows.append(
                f"| {name} | {about} | {knob:g} | {_rate(point.all_false)} "
                f"| {_minutes(point.delay)} ({_minutes(point.late)}) | {_rule(rule)} "
                f"| {_ratio(point, rule)} | {point.misses} | {_minutes(point.hanging)} "
                f"| {point.warned.weekly:.0f} |"
            )
    return "\n".join(rows)


def write(
    tallies: Mapping[str, Tally],
    summaries: Mapping[str, Summary],
    unseen: Summary,
    results: Sequence[ClusterResult],
    docs: Path,
) -> None:
    """The page and its plots."""
    every = {**summaries, TOGETHER: unseen}
    plots.delays(every, docs / "quality-delay.svg")
    plots.calibration(summaries, docs / "quality-pages.svg")
    parts = [_INTRO, _RECORDINGS, recordings(tallies), _FLEETS]
    (docs / "quality.md").write_text("\n".join([*parts, fleets(every), clusters.section(results)]))


def write_day_one(days: Sequence[DayOne], docs: Path) -> None:
    """The section of the first day anew, before that of the clusters."""
    page = docs / "quality.md"
    before, heading, after = page.read_text().partition(clusters.HEADING)
    before = before.partition(day_one_page.HEADING)[0].rstrip("\n")
    page.write_text(f"{before}\n{day_one_page.section(days)}\n{heading}{after}")


def write_clusters(
    tallies: Mapping[str, Tally], results: Sequence[ClusterResult], docs: Path
) -> None:
    """All but the simulated fleets anew, whose section stays as it is."""
    page = docs / "quality.md"
    section = page.read_text().partition(_FLEETS_HEADING)[2].partition(clusters.HEADING)[0]
    fleets_section = f"\n{_FLEETS_HEADING}{section}".rstrip("\n")
    parts = [_INTRO, _RECORDINGS, recordings(tallies), fleets_section]
    page.write_text("\n".join([*parts, clusters.section(results)]))


def _rate(rate: Rate) -> str:
    low, high = rate.interval
    return f"{rate.weekly:.2f} ({low:.2f} to {high:.2f})"


def _rule(rule: Point | None) -> str:
    return _NONE if rule is None else f"{_minutes(rule.delay)} ({rule.name})"


def _ratio(point: Point, rule: Point | None) -> str:
    return _NONE if rule is None else f"{point.delay / rule.delay:.2f}"


def _minutes(seconds: float | None) -> str:
    return _NONE if seconds is None or math.isnan(seconds) else f"{seconds / 60:.0f} min"


def _share(right: Mapping[str, bool]) -> str:
    return f"{sum(right.values())} of {len(right)}" if right else _NONE
