"""Open incidents in brief: what, for how long, in how many, and what to do now."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from watchdog.model.causes import cause_words
from watchdog.model.command import TEXT_MAX
from watchdog.model.instants import from_timestamp
from watchdog.model.report import IncidentReport
from watchdog.model.texts import clean, spans
from watchdog.model.words import count, duration
from watchdog.surfaces.fleet.view import SHOWN, Care, by_kind
from watchdog.surfaces.terminal.console import STYLES, Line

OWNERS = 3
"""People that are named of one kind."""


def incident_lines(
    incidents: Sequence[IncidentReport],
    now: float | None,
    care: Care,
    *,
    brief: bool = False,
) -> Iterator[Line]:
    """The worst first; those of one kind are told together, with a count.

    Args:
        incidents: the open ones.
        now: seconds since the epoch.
        care: who looks after what.
        brief: without what to do.
    """
    kinds = by_kind(incidents)
    if kinds:
        yield 0, Text()
        yield 0, Text(count(len(incidents), "open incident"), "bold")
    said: set[str] = set()
    for alike in kinds[:SHOWN]:
        yield 2, _told(alike, now).append(_whose(alike, care), "dim")
        if not brief:
            yield from _now(alike[0], said)
    more = sum(len(alike) for alike in kinds[SHOWN:])
    if more:
        yield 2, Text(f"and {more:,} more; -v tells them all", "dim")


def _told(alike: Sequence[IncidentReport], now: float | None) -> Text:
    """The worst of them by name, and how many more there are."""
    first = alike[0]
    text = Text(
        f"{first.severity}  ", STYLES[first.verdict] if first.severity == "page" else "yellow"
    )
    text.append(f"{first.scope.replace('_', ' ')} {clean(first.subject, 120)}", "bold")
    text.append(f": {cause_words(first.cause)}")
    since = from_timestamp(first.since)
    if since is not None and now is not None:
        text.append(f", for {duration(now - since)}", "bold")
    text.append(_extent(first))
    if len(alike) > 1:
        text.append(f"; and {len(alike) - 1:,} more like it", "bold")
    if first.muted_until is not None:
        text.append("; muted", "dim")
    return text


def _whose(alike: Sequence[IncidentReport], care: Care) -> str:
    eval_sets = (name for incident in alike for name in incident.eval_sets)
    known = (clean(care.owners.get(name, ""), 60) for name in eval_sets)
    names = [name for name in dict.fromkeys(known) if name]
    more = f" and {len(names) - OWNERS} more" if len(names) > OWNERS else ""
    acts = care.acts.get(alike[0].id, "")
    whose = f"; whose: {', '.join(names[:OWNERS])}{more}" if names else ""
    return f"{whose}; {clean(acts, 200)}" if acts else whose


def _extent(incident: IncidentReport) -> str:
    """How much is affected, where the subject doesn't say it."""
    names = [clean(name, 120) for name in incident.eval_sets]
    if len(names) == 1:
        return "" if names[0] == clean(incident.subject, 120) else f", in {names[0]}"
    return f", in {count(len(names), 'eval set')}" if names else ""


def _now(incident: IncidentReport, said: set[str]) -> Iterator[Line]:
    """The first thing to do, unless it was said; its command by itself, never cut."""
    for action in incident.actions[:1]:
        if action in said:
            continue
        said.add(action)
        for part, is_command in spans(clean(action, TEXT_MAX)):
            if is_command:
                yield 6, Text(part, "cyan", no_wrap=True)
            elif part.strip(" ;:."):
                yield 4, Text(part.strip(" ;"))
