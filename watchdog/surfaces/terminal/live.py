"""A view that stays on the screen and is drawn anew, as large as the terminal is."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from watchdog.model.instants import clock as instant_text
from watchdog.model.texts import clean
from watchdog.model.words import duration
from watchdog.surfaces.terminal.console import (
    NARROWEST,
    WIDEST,
    Line,
    Terminal,
    laid_out,
    print_lines,
)

UNBOUNDED = 1_000_000
"""Lines of what is no screen."""


Lines = Callable[[int, int], Iterable[Line]]
"""Makes lines for a width and a height."""


class View(Protocol):
    """Shows what was read last."""

    def show(self, lines: Lines, read_at: float) -> None:
        """Show these lines, which were read then (seconds since the epoch)."""

    def fails(self, since: float, why: str) -> None:
        """Say that nothing could be read since then; what is there stays."""


@contextmanager
def view(title: str, clock: Callable[[], float]) -> Iterator[View]:
    """A view of its own on a terminal; elsewhere what changed, printed.

    Args:
        title: where it reads.
        clock: seconds since the epoch.
    """
    console = Terminal()
    if not console.is_terminal or console.is_dumb_terminal:
        yield Printed(console)
        return
    screen = Screen(title, clock)
    with Live(screen, console=console, screen=True, refresh_per_second=2):
        yield screen


class Printed:
    """Prints what changed: for a file, a pipe, a terminal that can't be drawn on."""

    def __init__(self, console: Terminal) -> None:
        self._console = console
        self._last: list[str] = []
        self._fails = False

    def show(self, lines: Lines, read_at: float) -> None:
        """Print them if they are others than before."""
        del read_at
        made = list(lines(self._console.columns, UNBOUNDED))
        texts = [text.plain for _, text in made]
        if texts == self._last and not self._fails:
            return
        if self._last:
            self._console.print()
        print_lines(made, self._console)
        self._last, self._fails = texts, False

    def fails(self, since: float, why: str) -> None:
        """Print it once."""
        if not self._fails:
            print_lines([_failure(since, why)], self._console)
        self._fails = True


class Screen:
    """Lines for a screen: what doesn't fit is counted, and never scrolls."""

    def __init__(self, title: str, clock: Callable[[], float]) -> None:
        """Args: title: where it reads; clock: seconds since the epoch."""
        self._title = title
        self._clock = clock
        self._lines: Lines = lambda _width, _height: ()
        self._read_at: float | None = None
        self._trouble: tuple[float, str] | None = None

    def show(self, lines: Lines, read_at: float) -> None:
        """Show these lines."""
        self._lines, self._read_at, self._trouble = lines, read_at, None

    def fails(self, since: float, why: str) -> None:
        """Say that nothing could be read since then; what is there stays."""
        self._trouble = (since, why)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """All that fits."""
        width = max(NARROWEST, min(WIDEST, options.max_width))
        height = options.height or console.height
        above = list(laid_out(self._head(), console))
        below = list(laid_out(self._lines(width, max(1, height - len(above) - 1)), console))
        room = height - len(above)
        if len(below) > room:
            below = [*below[: room - 1], Text(f"… {len(below) - room + 1} more lines", "dim")]
        yield Text("\n").join([*above, *below])

    def _head(self) -> Iterator[Line]:
        now = self._clock()
        read = f"read {duration(now - self._read_at)} ago" if self._read_at is not None else ""
        yield 0, Text(f"{clean(self._title)}; {read}; Ctrl-C ends", "dim")
        if self._trouble is not None:
            yield _failure(*self._trouble)
            yield 0, Text("below is what was read before", "dim")


def _failure(since: float, why: str) -> Line:
    text = f"no answer since {instant_text(since)}, goes on trying: {clean(why)}"
    return 0, Text(text, "bold red")
