"""The lines of a runner's log that matter to people, each as one line that may be shown.

What is said at WARNING or above, and what else tells of retries, deaths, progress and rates; what a
traceback ends in, not its frames.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from watchdog.collect.inspect.runner_errors import exception_line, told
from watchdog.collect.inspect.runner_log import LINE_LIMIT, decoded

_LEVELS = frozenset({"ERROR", "CRITICAL", "FATAL", "WARNING", "WARN"})
_TELLING = re.compile(
    r"-> \S{1,300} retry [0-9]|Retry attempt [0-9]|Evals not complete, waiting "
    r"|Task: .{1,400}?, (?:Model|Steps|Samples): |\[Throughput\] |Sample error \(id: "
    r"|Pod UID mismatch: |(?:PodReplacedError|ContainerRestartedError)\b"
    r"|Pod '[^'\n]{1,300}' has been replaced |Container '[^'\n]{1,300}' in pod "
    r"|Log Sync failed for"
)
_RAISED = re.compile(r"[A-Za-z_][\w.]{0,200}(?:Error|Exception|Exit|Interrupt|Timeout)(?:: |$)")
_LOOKED_AT = 4000
"""Characters of a line in which what it tells is looked for."""


class LineTold(NamedTuple):
    """A line that matters."""

    at: float | None
    level: str
    text: str
    """Bounded, without secrets and requests."""


def telling_lines(lines: Iterable[str]) -> Iterator[LineTold]:
    """Those that matter, in order; a line without a time has that of the one before it."""
    at: float | None = None
    for raw in lines:
        line = decoded(raw[:LINE_LIMIT].rstrip("\r\n"))
        at = line.at if line.at is not None else at
        text = _text(line.level, line.body, line.error)
        if text:
            yield LineTold(at, line.level, text)


def _text(level: str, body: str, error: str) -> str:
    if level in _LEVELS or _TELLING.search(body[:_LOOKED_AT]):
        head = body.partition("\n")[0]
        raised = exception_line(error) or exception_line(body.partition("\n")[2])
        return told(f"{head}: {raised}" if raised and raised not in head else head)
    if not level and _RAISED.match(body[:_LOOKED_AT]):
        return told(body.partition("\n")[0])
    return ""
