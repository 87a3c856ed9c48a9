"""What all pages are made with: templates, filters, the style sheet and its hash."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from watchdog.addresses import quoted
from watchdog.model.aged import elapsed
from watchdog.model.attempts import next_attempt
from watchdog.model.causes import RUNNER_STOPS, cause_words
from watchdog.model.instants import clock, clock_of, timestamp
from watchdog.model.report import RunningSample, Snapshot, SourceReport, TaskReport
from watchdog.model.samples import Standing
from watchdog.model.texts import clean, spans
from watchdog.model.verdict import STUCK_VERDICTS
from watchdog.model.words import (
    VERDICT_WORDS,
    at_work,
    brief_duration,
    count,
    duration,
    strip,
    tally,
)
from watchdog.surfaces.incidents.records import IncidentRow
from watchdog.surfaces.web.assets import SCRIPT
from watchdog.surfaces.web.health import Health

MAX_SAMPLES = 20
"""Stuck samples of a task that are shown."""
MAX_NAMES = 50
"""Eval sets of an incident that are named."""
ALL_WELL = 90.0
"""Seconds; what was judged longer ago is said to be old."""
_HEIGHT = 10
_CLOCK = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC)")

_ENVIRONMENT = Environment(
    loader=PackageLoader("watchdog.surfaces.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


Handled = Callable[[], Mapping[str, IncidentRow]]
"""What the ledger keeps of open incidents, by the ids that the snapshot has for them."""


class PageContext(Struct, frozen=True):
    """What a page is shown in."""

    health: Health
    now: float
    """The instant that durations are as of; seconds since the epoch."""
    refresh: int
    """Seconds until it renews itself."""
    root: str = ""
    """The way from the page's address up to the first page: links are relative, since a proxy may
    serve all of it below a path of its own."""
    handled: Handled = dict
    version: int = 0
    """Of what `handled` tells."""


def render(template: str, frame: PageContext, snapshot: Snapshot | None, **more: object) -> str:
    """A page."""
    return _ENVIRONMENT.get_template(template).render(
        report=snapshot.report if snapshot else None,
        checked=timestamp(snapshot.at) if snapshot else None,
        is_old=snapshot is not None and frame.now - snapshot.at > ALL_WELL + frame.refresh,
        health=frame.health,
        sources=frame.health.sources,
        limited=limited(frame.health),
        refresh=frame.refresh,
        handled=frame.handled(),
        root=frame.root,
        ago=_ago(frame.now),
        style=STYLE,
        script=SCRIPT.name,
        stuck_samples=stuck_samples,
        max_samples=MAX_SAMPLES,
        max_names=MAX_NAMES,
        count=count,
        next_attempt=next_attempt,
        runner_stops=RUNNER_STOPS,
        **{"still": False, "alone": False, "told_row": None, "runner_first": False, **more},
    )


def limited(health: Health) -> list[tuple[str, str]]:
    """Parts of sources that fail, of which no source's own state tells."""
    silent = {source.name for source in health.sources if source.state != "answers"}
    return [one for one in health.failing_sources if one[0] not in silent]


def stuck_samples(task: TaskReport) -> list[RunningSample]:
    """The stuck samples of a task, the longest stuck first."""
    stuck = (sample for sample in task.running if sample.verdict in STUCK_VERDICTS)
    return sorted(stuck, key=lambda sample: -sample.stuck_seconds)


def style_source() -> str:
    """The style sheet as a source of the Content-Security-Policy."""
    digest = hashlib.sha256(STYLE.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def spark(growth: Sequence[int]) -> str:
    """A line of what came in each of some buckets, as an SVG path; empty where nothing did."""
    most = max(growth, default=0)
    if not most:
        return ""
    points = (f"{place} {_HEIGHT - n * _HEIGHT / most:.3g}" for place, n in enumerate(growth))
    return f"M{'L'.join(points)}"


def is_answering(source: SourceReport) -> bool:
    """Whether a source answers."""
    return source.state == "answers"


def instants(text: str) -> list[tuple[str, str]]:
    """A text cut at its instants (`model.instants.clock`) into parts, each with its stamp."""
    parts = enumerate(_CLOCK.split(text))
    return [(part, f"{part[:10]}T{part[11:16]}Z" if place % 2 else "") for place, part in parts]


def _to_second(stamp: str) -> str:
    """A report's time, to the second."""
    return f"{stamp[:10]} {stamp[11:19]} UTC"


def _cores(number: float) -> str:
    """CPU as `kubectl top` says it: `12m`, `2.3 cores`."""
    return f"{number:.1f} cores" if number >= 1 else f"{number * 1000:.0f}m"


def _size(number: int) -> str:
    return f"{number / 2**30:.1f} GiB" if number >= 2**30 else f"{number / 2**20:.0f} MiB"


def _ago(now: float) -> Callable[[str | None], str]:
    return lambda stamp: duration(elapsed(stamp, now))


def _named(names: Sequence[str], most: int = 2) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(clean(name, 60) for name in names[:most]) + more


_LOOKS: dict[Standing, str] = {
    "stuck": "stuck",
    "running": "progressing",
    "waiting": "waiting",
    "queued": "starting",
    "errored": "degraded",
    "cancelled": "finished",
    "completed": "finished",
}
"""The class of the style sheet for a sample's state: as the verdict that is nearest."""
_FILTERS: dict[str, Callable[..., Any]] = {
    "answering": is_answering,
    "at_work": at_work,
    "brief": brief_duration,
    "cause": cause_words,
    "clean": clean,
    "clock": clock_of,
    "cores": _cores,
    "duration": duration,
    "instant": clock,
    "instants": instants,
    "look": _LOOKS.__getitem__,
    "named": _named,
    "query": quoted,
    "seconds": _to_second,
    "size": _size,
    "spans": spans,
    "spark": spark,
    "stamp": timestamp,
    "strip": strip,
    "tally": tally,
    "verdict": VERDICT_WORDS.__getitem__,
}
_ENVIRONMENT.filters.update(_FILTERS)
STYLE: str = _ENVIRONMENT.loader.get_source(_ENVIRONMENT, "style.css")[0]  # type: ignore[union-attr]
