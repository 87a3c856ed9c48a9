"""What to do next, with commands that can be pasted."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from watchdog.model.command import TEXT_MAX
from watchdog.model.texts import clean, spans
from watchdog.surfaces.terminal.console import Line


def action_lines(actions: Sequence[str]) -> Iterator[Line]:
    """What to do, step by step; none where there are none."""
    if actions:
        yield 2, Text("What to do", "bold")
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
