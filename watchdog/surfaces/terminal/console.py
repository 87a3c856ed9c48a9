"""The terminal: how wide it is, what colours mean, how lines are broken."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from watchdog.model.causes import cause_words
from watchdog.model.verdict import Cause, Verdict
from watchdog.model.words import VERDICT_WORDS

WIDEST = 200
NARROWEST = 40
"""Columns beyond which lines are not laid out: longer ones tire, shorter ones say nothing."""

STYLES: dict[Verdict, str] = {
    Verdict.FINISHED: "dim",
    Verdict.STARTING: "cyan",
    Verdict.WAITING: "cyan",
    Verdict.PROGRESSING: "green",
    Verdict.DEGRADED: "yellow",
    Verdict.PARTIALLY_STUCK: "bold red",
    Verdict.STUCK: "bold red",
    Verdict.UNKNOWN: "magenta",
}

Line = tuple[int, Text]
"""Indentation and text."""


class Hanging(Text):
    """A text whose further lines stand below its first words, not below its time."""

    HANG = 4


class Terminal(Console):
    """Leaves it to the command line how a call ends whose reader has gone away."""

    def on_broken_pipe(self) -> None:
        """Rich's own ends the program with status 1, which says `degraded` here."""
        raise BrokenPipeError

    @property
    def columns(self) -> int:
        """Those that tables may take: the terminal's, or COLUMNS'; 80 where neither is known."""
        return max(NARROWEST, min(WIDEST, self.width))


def print_lines(lines: Iterable[Line], console: Console) -> None:
    """Print lines; commands are never broken into several."""
    for text in laid_out(lines, console):
        console.print(text, soft_wrap=True, highlight=False)


def laid_out(lines: Iterable[Line], console: Console) -> Iterator[Text]:
    """Lines as they are printed: indented, broken at the width, but for commands and tables."""
    for indent, text in lines:
        hang = Hanging.HANG if isinstance(text, Hanging) else 0
        width = max(20, console.width - indent - hang)
        for place, part in enumerate([text] if text.no_wrap else text.wrap(console, width)):
            part.rstrip()
            blanks = " " * (indent + (hang if place else 0))
            yield Text(blanks).append_text(part) if part else part


def verdict_text(verdict: Verdict, cause: Cause | None) -> Text:
    """A verdict with its cause, in words and by name."""
    text = Text(VERDICT_WORDS[verdict], STYLES[verdict])
    if cause is not None:
        text.append(f": {cause_words(cause)}").append(f" [{cause}]", "dim")
    return text
