"""The status page for people. Pure: snapshot, health and `now` in, HTML out."""

import base64
import hashlib
from collections.abc import Sequence
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from watchdog.model.aged import aged, elapsed
from watchdog.model.causes import cause_words
from watchdog.model.instants import clock_of, timestamp
from watchdog.model.report import (
    EvalSetFigures,
    EvalSetReport,
    RunningSample,
    Snapshot,
    TaskReport,
)
from watchdog.model.texts import clean, spans
from watchdog.model.verdict import SEVERITY, STUCK_VERDICTS, Verdict
from watchdog.model.words import VERDICT_WORDS, at_work, count, duration, strip, tally
from watchdog.surfaces.report_pieces import figures_of
from watchdog.surfaces.web.health import Health

MAX_SAMPLES = 20
MAX_FINISHED = 200
MAX_TOLD = 200
"""Eval sets under one heading that are told in full, the worst first; of others there is a line."""

_ENVIRONMENT = Environment(
    loader=PackageLoader("watchdog.surfaces.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    clean=clean,
    clock=clock_of,
    at_work=at_work,
    duration=duration,
    cause=cause_words,
    verdict=VERDICT_WORDS.__getitem__,
    strip=strip,
    tally=tally,
    spans=spans,
    query=lambda text: quote(text, safe="", errors="replace"),
)
_STYLE = _ENVIRONMENT.loader.get_source(_ENVIRONMENT, "style.css")[0]  # type: ignore[union-attr]


class Group(Struct, frozen=True):
    """Eval sets under one heading."""

    title: str
    eval_sets: tuple[EvalSetReport, ...]
    """Those that are told in full, with their durations as of now."""
    open: bool
    """Whether their details are unfolded."""
    others: tuple[EvalSetReport, ...] = ()
    """Those of which there is a line."""

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.eval_sets) + len(self.others)


_GROUPS: tuple[tuple[str, frozenset[Verdict], bool], ...] = (
    ("Needs a person", STUCK_VERDICTS, True),
    ("Not known", frozenset({Verdict.UNKNOWN}), True),
    ("Degraded", frozenset({Verdict.DEGRADED}), True),
    (
        "Running",
        frozenset({Verdict.PROGRESSING, Verdict.WAITING, Verdict.STARTING}),
        False,
    ),
    ("Finished", frozenset({Verdict.FINISHED}), False),
)


def render(snapshot: Snapshot | None, health: Health, now: float, refresh: int) -> str:
    """The whole page."""
    return _ENVIRONMENT.get_template("page.html").render(
        report=snapshot.report if snapshot else None,
        groups=groups(snapshot) if snapshot else (),
        age=duration(max(0.0, now - snapshot.at)) if snapshot else None,
        checked=clock_of(timestamp(snapshot.at)) if snapshot else None,
        health=health,
        sources=[source for source in health.sources if source.state != "answers"],
        limited=[one for one in health.failing_sources if one[0] not in _silent(health)],
        refresh=refresh,
        style=_STYLE,
        stuck_samples=stuck_samples,
        max_samples=MAX_SAMPLES,
        max_finished=MAX_FINISHED,
        count=count,
    )


def _silent(health: Health) -> set[str]:
    return {source.name for source in health.sources if source.state != "answers"}


def groups(snapshot: Snapshot) -> tuple[Group, ...]:
    """Eval sets by what they ask of the reader, the worst first; empty groups are left out."""
    ordered = sorted(figures_of(snapshot), key=lambda one: _order(one.report, snapshot.at))
    all_groups = (
        _group(
            title, [one for one in ordered if one.report.verdict in verdicts], snapshot.at, unfolded
        )
        for title, verdicts, unfolded in _GROUPS
    )
    return tuple(group for group in all_groups if group.eval_sets)


def _order(report: EvalSetReport, now: float) -> tuple[int, float, str]:
    return -SEVERITY.index(report.verdict), -elapsed(report.stuck_since, now), report.eval_set_id


def _group(title: str, members: Sequence[EvalSetFigures], now: float, unfolded: bool) -> Group:
    told = tuple(aged(one, now).report for one in members[:MAX_TOLD])
    return Group(title, told, unfolded, tuple(one.report for one in members[MAX_TOLD:]))


def stuck_samples(task: TaskReport) -> list[RunningSample]:
    """The stuck samples of a task, the longest stuck first."""
    stuck = (sample for sample in task.running if sample.verdict in STUCK_VERDICTS)
    return sorted(stuck, key=lambda sample: -sample.stuck_seconds)


def style_source() -> str:
    """The style sheet as a source of the Content-Security-Policy."""
    digest = hashlib.sha256(_STYLE.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
