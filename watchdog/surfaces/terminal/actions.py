"""What to do next, with commands that can be pasted."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from watchdog.model.causes import cause_words
from watchdog.model.command import TEXT_MAX
from watchdog.model.report import EvalSetReport, IncidentReport
from watchdog.model.texts import clean, spans
from watchdog.model.verdict import Cause
from watchdog.surfaces.terminal.console import Line


def steps_lines(report: EvalSetReport, incidents: Sequence[IncidentReport] = ()) -> Iterator[Line]:
    """What to do about an eval set, by cause where it is stuck for several.

    Args:
        report: the eval set.
        incidents: the open ones that it is in, which are named beside their causes.
    """
    if not report.steps:
        yield from action_lines(report.actions, _named(report.cause, incidents, alone=True))
    for steps in report.steps:
        about = _named(steps.cause, incidents)
        yield from action_lines(steps.actions, f" about: {cause_words(steps.cause)}{about}")


def _named(cause: Cause | None, incidents: Sequence[IncidentReport], *, alone: bool = False) -> str:
    """` (incident 1a2b3c4d5e6f)`, where one has this cause, or is the only one."""
    own = [one for one in incidents if one.cause == cause]
    own = own or (list(incidents) if alone and len(incidents) == 1 else [])
    return f" (incident {clean(own[0].id, 200)})" if own else ""


def action_lines(actions: Sequence[str], about: str = "") -> Iterator[Line]:
    """What to do, step by step; none where there are none."""
    if actions:
        yield 2, Text(f"What to do{about}", "bold")
    for place, action in enumerate(actions, 1):
        yield from _action(place, clean(action, TEXT_MAX))


def _action(place: int, action: str) -> Iterator[Line]:
    """Each command has a line of its own: half of one, pasted, may do what nobody meant."""
    for number, (part, is_command) in enumerate(spans(action)):
        if is_command:
            yield 7, Text(part, "cyan", no_wrap=True)
        elif number == 0:
            yield 4, Text(f"{place}. {part}")
        else:
            yield 7, Text(part.lstrip("; "))
