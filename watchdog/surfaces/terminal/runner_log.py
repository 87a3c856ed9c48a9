"""The runner's lines that matter, the newest last."""

from collections.abc import Iterator

from rich.text import Text

from watchdog.model.instants import clock_of
from watchdog.model.samples import RunnerLine, RunnerLines
from watchdog.model.texts import clean
from watchdog.surfaces.terminal.console import Hanging, Line

_LEVELS = {"ERROR": "red", "CRITICAL": "bold red", "FATAL": "bold red", "WARNING": "yellow"}
_TIME = 19


def runner_log_lines(log: RunnerLines) -> Iterator[Line]:
    """Where it begins, its lines, and what could not be read."""
    if log.earlier and log.since is not None:
        yield 0, Text(f"… earlier lines are left out; read from {clock_of(log.since)} on", "dim")
    yield from line_lines(log)
    if not log.lines and not log.not_available:
        yield 0, Text(f"nothing of note in {log.read:,} lines", "dim")
    if log.not_available:
        yield 0, Text(clean(log.not_available, 1000), "magenta")


def line_lines(log: RunnerLines) -> Iterator[Line]:
    """The lines alone."""
    pods = len({line.pod for line in log.lines}) > 1
    for line in log.lines:
        yield 0, _line(line, with_pod=pods)


def _line(line: RunnerLine, *, with_pod: bool) -> Text:
    stamp = f"{line.at[:10]} {line.at[11:19]}" if line.at else ""
    text = Hanging(f"{stamp:<{_TIME}}  ", "dim")
    text.append(f"{clean(line.level, 10):<8} ", _LEVELS.get(line.level, ""))
    text.append(f"{clean(line.pod, 100)}: " if with_pod else "", "cyan")
    text.append(clean(line.text, 2000))
    if line.count > 1:
        since = f" since {clock_of(line.first_at)}" if line.first_at else ""
        text.append(f"  (x{line.count:,}{since})", "bold")
    return text
