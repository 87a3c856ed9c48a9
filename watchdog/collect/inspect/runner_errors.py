r"""What a runner says goes wrong: that its log can't be written, and its last error before it ends.

What can't be written is said in three ways (inspect_ai 0.3.90 to 0.3.285):

- by name, whatever went wrong: `Log Sync failed for <log>` (ERROR, since about 0.3.205,
  `log/_recorders/buffer/database.py`), `Task '<name>' encountered an error while [starting or]
  writing its log: …`, earlier `… during finalisation: …` (ERROR, `_eval/run.py`), `Stale eval log
  flush failed: …` and `Reused-sample settle flush failed: …` (WARNING, `_eval/task/log.py`),
  `Skipped intermediate log write for <log> (file in use by another program): …` (WARNING,
  `log/_recorders/file.py`);
- before that, and for flushes, as a traceback through Inspect's recorders that ends in an error of
  a disk, a bucket or credentials: a failed sync was an error of the sample whose event it wrote;
- as the traceback of the process's end.

That credentials are refused or a disk is full says nothing by itself: a model's client and a
sandbox say so too.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from watchdog.model.facts import Fact, LogWriteFailed, RunnerErrorLogged
from watchdog.model.texts import clean
from watchdog.redaction import redact

ERROR_LIMIT = 300
"""Characters kept of an error."""
TRACEBACK_LIMIT = 500
"""Lines of a traceback that are looked at."""

ERRORS = frozenset({"ERROR", "CRITICAL", "FATAL"})
_LEVELS = ERRORS | {"WARNING", "WARN"}
_NAMED = re.compile(
    r"Log Sync failed for(?: (?P<log>\S{1,2000})| *$)"
    r"|Task '(?P<task>.{1,400}?)' encountered an error "
    r"(?:while (?:starting or )?writing its log|during finalisation): "
    r"|(?:Stale eval log|Reused-sample settle) flush failed: "
    r"|Skipped intermediate log write for (?P<skipped>\S{1,2000}) "
)
_RECORDER = re.compile(r"inspect_ai[/\\]log[/\\]_recorders[/\\][\w/\\]{1,60}\.py\W")
_WRITER = re.compile(
    r"inspect_ai[/\\]log[/\\]_recorders[/\\][\w/\\]{1,60}\.py\"?[:,][^\n]{0,40}?[ ,]in ?"
    r"\w{0,40}(?:write|flush|sync|log_start|log_finish|log_init|compose)"
)
_DISK = re.compile(
    r"No space left on device|Disk quota exceeded|Read-only file system|disk is full"
    r"|disk I/O error|readonly database|\[Errno (?:5|28|30|122)\]"
)
_STORAGE = re.compile(
    r"botocore|ClientError|Credential|TokenRetrieval|UnauthorizedSSO|EndpointConnection"
    r"|ConnectTimeout|ReadTimeout|ConnectionClosed|ConnectionError|ClientConnector|HTTPClientError"
    r"|PermissionError|OSError|FileNotFoundError|NotADirectoryError|HttpError|AccessDenied"
    r"|ExpiredToken|InvalidAccessKeyId|SignatureDoesNotMatch|SlowDown|ServiceUnavailable"
)
_RICH = re.compile(r"(?:\[[\d/ :.]{5,30}\])? {0,24}(ERROR|CRITICAL|WARNING|FATAL) {1,8}")
_SOURCE = re.compile(r"(?<! ) +[\w.]{1,60}\.py:\d{1,6} *$")
"""From the first of several spaces on: from each of them it takes the square of their number."""
_BARE = re.compile(r"(?:ERROR|Error|error|FATAL|Fatal|fatal|CRITICAL)(?: Python error)?: ?\S")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]{0,200}(?:: |$)")
_INNER = re.compile(
    r"[A-Za-z_][\w.]{0,200}(?:Error|Exception|Exit|Interrupt|Timeout)(?::(?: |$)|$)"
)
_IN_USE = "(file in use by another program): "
"""Inspect's guess at every denied permission."""
_TRACEBACK = "Traceback (most recent call last)"
_FRAME = (" ", "\t", "│", "╭", "╰", "|", "+")
_REQUEST = "ModelGenerateError("


class Record(NamedTuple):
    """A line of the log, taken apart."""

    at: float | None
    level: str
    """Empty where the line has none."""
    body: str
    error: str = ""
    """What its exception says: a traceback, or class and message."""
    stack: str = ""
    """The traceback where the format keeps it apart from that."""


class Column:
    """A record as rich draws it: its message, and a traceback, broken into one narrow column."""

    def __init__(
        self, at: float | None = None, level: str = "", indent: int = 0, lines: Iterable[str] = ()
    ) -> None:
        self._at = at
        self._level = level
        self._indent = indent
        self.lines = list(lines)

    def takes(self, body: str) -> bool:
        """Whether a line goes on with it; then it is kept."""
        goes_on = bool(self.lines) and body.startswith(" " * self._indent) and body.strip() != ""
        if goes_on and len(self.lines) < TRACEBACK_LIMIT:
            self.lines.append(body[self._indent :].rstrip())
        return goes_on

    def record(self) -> Record:
        """In one piece; where a name was broken, nothing tells that it was one."""
        begin = next((n for n, line in enumerate(self.lines) if _TRACEBACK in line), None)
        head = " ".join(self.lines[:begin]).strip()
        if begin is None:
            return Record(self._at, self._level, head)
        rest = [line.strip(" │") for line in self.lines[begin + 1 :]]
        last = max((n for n, line in enumerate(rest) if _INNER.match(line)), default=len(rest))
        trace = f"{_TRACEBACK}:\n  {''.join(rest[:last])}\n{' '.join(rest[last:])}"
        return Record(self._at, self._level, head, trace)


class RunnerErrors:
    """Reads a log line by line; what it says are facts, the last error among them at the end.

    A traceback that stands in the log as it was printed belongs to the record before it.
    """

    def __init__(self, eval_set_id: str, pod: str) -> None:
        self._eval_set_id = eval_set_id
        self._pod = pod
        self._last: tuple[float | None, str] | None = None
        self._head = ""
        """The last record, while a traceback of it may follow."""
        self._waiting: LogWriteFailed | None = None
        """What that record says, without the error that may follow."""
        self._traceback: list[str] | None = None
        self._traceback_at: float | None = None
        self._column = Column()

    def take(self, record: Record) -> Iterator[LogWriteFailed]:
        """What a line says of the writing of logs, or the one before it."""
        if not record.level:
            yield from self._unmarked(record)
            return
        yield from self._closed()
        if record.level in _LEVELS:
            yield from self._said(record)

    def rest(self) -> Iterator[Fact]:
        """What there is to say at the end: the last error, where it told one."""
        yield from self._closed()
        if self._last is not None:
            at, text = self._last
            yield RunnerErrorLogged(self._eval_set_id, at, told(text), self._pod)

    def _closed(self) -> Iterator[LogWriteFailed]:
        """Nothing more belongs to the record before."""
        column, self._column = self._column, Column()
        if column.lines:
            yield from self._said(column.record())
        if self._traceback is not None and exception_line("\n".join(self._traceback)):
            # a group of exceptions has no last line of its own
            yield from self._printed(self._traceback_at, self._traceback, "")
        if self._waiting is not None:
            yield self._waiting
        self._waiting, self._traceback, self._head = None, None, ""

    def _said(self, record: Record) -> Iterator[LogWriteFailed]:
        head, _, rest = record.body.partition("\n")
        error = exception_line(record.error) or exception_line(rest)
        if record.level in ERRORS:
            self._keep(record.at, _joined(head, error))
        failure = self._failure(record.at, head, error, "\n".join((rest, *record[3:])))
        if failure is not None and error:
            yield failure
            return
        self._head, self._waiting = head, failure

    def _unmarked(self, record: Record) -> Iterator[LogWriteFailed]:
        """A line without a level: of a traceback as it was printed, or somebody's print."""
        body, lines = record.body, self._traceback
        if self._column.takes(body):
            return
        if lines is None and _TRACEBACK in body:
            self._traceback, self._traceback_at = [body], record.at
        elif lines is not None and (not body.strip() or body.startswith(_FRAME)):
            if len(lines) < TRACEBACK_LIMIT:
                lines.append(body)
        elif lines is not None and _EXCEPTION.match(body):
            yield from self._printed(record.at, lines, body)
        else:
            yield from self._closed()
            self._drawn(record)

    def _printed(
        self, at: float | None, lines: list[str], error_line: str
    ) -> Iterator[LogWriteFailed]:
        """A traceback is complete."""
        trace = "\n".join((*lines, error_line))
        error, head, before = exception_line(trace) or error_line, self._head, self._waiting
        self._traceback, self._waiting, self._head = None, None, ""
        self._keep(at, _joined(head, error))
        if before is not None:
            yield replace(before, error=told(error))
            return
        failure = self._failure(at, head, error, trace)
        if failure is not None:
            yield failure

    def _drawn(self, record: Record) -> None:
        """A line as rich draws it, or a bare `error: …`."""
        match = _RICH.match(record.body)
        if match is not None:
            # the source's name stands at the line's end
            body = _SOURCE.sub("", record.body[match.end() :])
            self._column = Column(record.at, match[1], match.end(), [body.rstrip()])
        elif _BARE.match(record.body):
            self._keep(record.at, record.body)

    def _failure(
        self, at: float | None, head: str, error: str, trace: str
    ) -> LogWriteFailed | None:
        """What a record, or a traceback, says of the writing of logs."""
        match = _NAMED.match(head)
        if match is None:
            through_writer = _RECORDER.search(trace) and is_storage_error(error, trace)
            return self._failed(at, "", "", error) if through_writer else None
        text = error or head[match.end() :] or head
        log = match["log"] or match["skipped"] or ""
        return self._failed(at, log, match["task"] or "", text.removeprefix(_IN_USE))

    def _keep(self, at: float | None, text: str) -> None:
        if text.strip():
            self._last = at, text

    def _failed(self, at: float | None, log: str, task: str, error: str) -> LogWriteFailed:
        return LogWriteFailed(
            self._eval_set_id, at, clean(log, 2000), clean(task), told(error), self._pod
        )


def is_storage_error(error: str, trace: str) -> bool:
    """Whether a traceback through the recorders ends in what a disk, bucket or login says."""
    if _DISK.search(error):
        return True
    return _STORAGE.search(error) is not None and _WRITER.search(trace) is not None


def exception_line(trace: str) -> str:
    """Class and message of the exception that a traceback ends in; of a group the innermost's."""
    if _TRACEBACK not in trace:
        head = next((line for line in trace.splitlines() if line.strip()), "")
        return head.strip() if _EXCEPTION.match(head) else ""
    lines = trace[trace.rindex(_TRACEBACK) :].splitlines()[1:]
    outer = next((n for n in lines if n.strip() and not n.startswith(_FRAME)), "")
    if outer and "ExceptionGroup" not in outer:
        return outer.strip()
    inner = (line.lstrip(" |+-│") for line in reversed(lines))
    return next((line for line in inner if _INNER.match(line)), outer).strip()


def told(text: str) -> str:
    """An error as it may be shown: one line, bounded, without secrets and requests."""
    if _REQUEST in text:
        text = text[: text.index(_REQUEST)] + _REQUEST.rstrip("(")
    return clean(redact(text), ERROR_LIMIT)


def _joined(head: str, error: str) -> str:
    if _TRACEBACK in head or not head.strip():
        return error
    return f"{head[:ERROR_LIMIT]}: {error}" if error and error not in head else head
