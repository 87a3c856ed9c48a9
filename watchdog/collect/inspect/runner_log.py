r"""The runner's log: which attempts failed, how far the tasks are, which sandboxes were replaced.

Three formats, each optionally behind the time that `kubectl logs --timestamps` prints:

- Hawk's JSON (`hawk/core/logging.py`): `{"message", "timestamp", "status", "error": {…}, …}`;
- Inspect's JSON (`_util/logger.py`, `INSPECT_PY_LOGGER_FORMAT=json`): `{"ts", "msg", …}`;
- plain text: Inspect's `2026-11-23 15:42:58,234 - HTTP - logger - message` with newlines written
  as `\n`, Python's `LEVEL:logger:message`, or a bare message.

With a sample in context Inspect (`_util/log_context.py`) puts a line in front of the message:
`sample=<id>`, with `task=<name> ` before it where several tasks run and ` epoch=<n>` after it where
there are several epochs.

The SDKs' own `Retrying request to /responses in 0.82 seconds` is no fact: it happens inside an
attempt of Inspect that may still succeed, and it names neither the error nor the call.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from watchdog.collect.inspect.runner_errors import Record, RunnerErrors
from watchdog.collect.limits import LINE_LENGTH
from watchdog.collect.values import identifier, name, text
from watchdog.model.facts import (
    EvalSetRetryLogged,
    Fact,
    RetryLogged,
    RunnerLogRead,
    SampleDeathLogged,
    SampleKey,
    SandboxRestartLogged,
    TaskProgressLogged,
    ThroughputLogged,
)

LINE_LIMIT = LINE_LENGTH.value
"""Characters of a line that are looked at."""

TASKS_LIMIT = 1000
"""Names of tasks that are remembered from the log itself."""

_NUMBER = r"[0-9][0-9,]{0,14}"
_SECONDS = rf"({_NUMBER}(?:\.[0-9]{{1,9}})?) seconds?"
_EPOCH = re.compile(r"[0-9]{1,9}")
_STAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?)(?: |$)"
)
_LEVEL = re.compile(
    r"- (?P<level>[A-Z]{1,12}) - (?:[\w.-]{1,200} - )?|(?P<first>[A-Z]{1,12}):[\w.-]{1,200}:"
)
_CONTEXT = re.compile(r"(?:task=(.{1,400}?) )?sample=(.*?)(?: epoch=([0-9]{1,9}))?")
_RETRY = re.compile(
    rf"-> (\S{{1,300}}) retry ({_NUMBER}) \(retrying in {_SECONDS}\)(?: \[([^\]\n]{{1,300}})\])?"
)
_ATTEMPT = re.compile(
    rf"Retry attempt ({_NUMBER}) of {_NUMBER} failed\. Waiting {_SECONDS} before next retry"
)
_WAITS = re.compile(rf"Evals not complete, waiting {_NUMBER} seconds before retrying")
_TASK = re.compile(r"Task: (.{1,400}?), (?:Model|Steps|Samples): ")
_AGAIN = re.compile(rf" \(retry ({_NUMBER}) of ({_NUMBER})\)")
_STEPS = re.compile(rf", Steps: ({_NUMBER})/({_NUMBER})")
_HTTP_RETRIES = re.compile(rf"\bHTTP retries: ({_NUMBER})")
_RATE = r"([0-9][0-9,]{0,14}(?:\.[0-9]{1,3})?)"
_THROUGHPUT = re.compile(
    rf"\[Throughput\] (\S{{1,300}}): {_RATE} out-tok/s, {_RATE} req/min, {_RATE} retries/min, "
    rf"({_NUMBER}) in backoff"
)
_RESTART = re.compile(
    r"Pod UID mismatch: expected |(?:PodReplacedError|ContainerRestartedError)\b(?!\()"
    r"|Pod '[^'\n]{1,300}' has been replaced \(old UID "
    r"|Container '[^'\n]{1,300}' in pod '[^'\n]{1,300}' has restarted [0-9]"
)

_DEATH = re.compile(r"Sample error \(id: (.{1,400}?), epoch: ([0-9]{1,9})\): ")
_ANEW = "). Sample will be retried."
DEATH_LIMIT = 2000


def parse(
    lines: Iterable[str], eval_set_id: str, tasks: Collection[str] = (), pod: str = ""
) -> Iterator[Fact]:
    """What a runner's log says, in the order of its lines, and up to when it was read.

    Args:
        lines: The log's lines, with or without their ends; longer ones are cut.
        eval_set_id: The eval set whose runner wrote them.
        tasks: Names of tasks that are known to run. They settle where the task ends and the
            sample's id begins in old logs, which have no line `sample=<id>` in front.
        pod: Name of the pod whose log it is.

    Yields:
        `RetryLogged`, `TaskProgressLogged`, `SampleDeathLogged` and the like, by line; then the
        last error, where there is one, and one `RunnerLogRead`.
    """
    first_line_at = last_line_at = None
    longest_silence = 0.0
    running = set(tasks)
    errors = RunnerErrors(eval_set_id, pod)
    for raw in lines:
        line = decoded(raw[:LINE_LIMIT].rstrip("\r\n"))
        if line.at is not None:
            longest_silence = max(longest_silence, line.at - (last_line_at or line.at))
            first_line_at = line.at if first_line_at is None else first_line_at
            last_line_at = line.at
        yield from errors.take(Record(last_line_at, line.level, line.body, line.error, line.stack))
        fact, death = _fact(line, eval_set_id, running, pod), _death(line, eval_set_id)
        if isinstance(fact, TaskProgressLogged) and len(running) < TASKS_LIMIT:
            running.add(fact.task)
        yield from filter(None, (fact, death))
    yield from errors.rest()
    seconds = max(0.0, (last_line_at or 0.0) - (first_line_at or 0.0))
    yield RunnerLogRead(eval_set_id, last_line_at, pod, seconds, longest_silence)


class _Context(NamedTuple):
    """The sample that was in context. An id may itself end in ` epoch=1`: hence two readings."""

    task: str | None = None
    ids: tuple[str, ...] = ()
    epoch: int = 1

    @property
    def key(self) -> SampleKey | None:
        return _key(self.ids[0], self.epoch) if self.ids else None


class Line(NamedTuple):
    """A line of the log, taken apart."""

    at: float | None
    context: _Context
    body: str
    error: str = ""
    """What a logged exception says, where the format keeps it apart."""
    level: str = ""
    """Empty where the line names none."""
    stack: str = ""
    """Hawk's copy of the traceback."""


class _Entry(Struct, frozen=True):
    """Both JSON formats at once."""

    message: Any = None
    msg: Any = None
    timestamp: Any = None
    ts: Any = None
    error: Any = None
    exc_info: Any = None
    status: Any = None
    level: Any = None


# msgspec learns a type at its first use and without a lock: two threads at once end the process
_decode = msgspec.json.Decoder(_Entry).decode


def decoded(raw: str) -> Line:
    """A line taken apart, whichever format it has."""
    at, rest = _stamped(raw)
    return _from_json(at, rest) if rest.startswith("{") else _from_plain(at, rest)


def _from_json(at: float | None, rest: str) -> Line:
    try:
        entry = _decode(rest)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Line(at, _Context(), rest)
    own = _stamped(text(entry.timestamp or entry.ts) or "")[0]
    message = text(entry.message, LINE_LIMIT) or text(entry.msg, LINE_LIMIT) or ""
    level = (name(entry.status) or name(entry.level) or "").upper()
    stack = entry.error.get("stack") if isinstance(entry.error, dict) else None
    return Line(
        own if at is None else at,
        *_context(message),
        _error(entry),
        level,
        text(stack, LINE_LIMIT) or "",
    )


def _error(entry: _Entry) -> str:
    if not isinstance(entry.error, dict):
        return text(entry.exc_info, LINE_LIMIT) or ""
    return f"{text(entry.error.get('kind'))}: {text(entry.error.get('message'), LINE_LIMIT)}"


def _from_plain(at: float | None, rest: str) -> Line:
    own, rest = _stamped(rest)
    level = _LEVEL.match(rest)
    message = rest[level.end() :] if level else rest
    return Line(
        own if at is None else at,
        *_context(message.replace("\\n", "\n")),
        level=(level["level"] or level["first"]) if level else "",
    )


def _stamped(rest: str) -> tuple[float | None, str]:
    """The instant that a text begins with, and the rest. Without a zone it is taken as UTC."""
    match = _STAMP.match(rest)
    if not match:
        return None, rest
    try:
        moment = datetime.fromisoformat(match[1])
        utc = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return utc.timestamp(), rest[match.end() :]
    except (ValueError, OverflowError):
        return None, rest


def _context(message: str) -> tuple[_Context, str]:
    header, newline, body = message.partition("\n")
    match = _CONTEXT.fullmatch(header) if newline else None
    if not match:
        return _Context(), message
    ids = dict.fromkeys((match[2], header[match.start(2) :]))
    return _Context(match[1], tuple(ids), int(match[3] or 1)), body


def _fact(line: Line, eval_set_id: str, tasks: Collection[str], pod: str) -> Fact | None:
    return (
        _retry(line, eval_set_id, tasks)
        or _attempt(line, eval_set_id, tasks)
        or _progress(line, eval_set_id)
        or _throughput(line, eval_set_id)
        or _restart(line, eval_set_id, tasks)
        or _evals_again(line, eval_set_id, pod)
    )


def _retry(line: Line, eval_set_id: str, tasks: Collection[str]) -> RetryLogged | None:
    """Inspect's own retry line (`model/_model.py`, `log_model_retry`)."""
    if not line.body.startswith(("[", "-> ")):
        return None
    match = _RETRY.search(line.body, _behind_ids(line))
    if not match:
        return None
    task, key, sample_model = _whose(line, match.start(), tasks)
    return RetryLogged(
        eval_set_id,
        line.at,
        task,
        key,
        sample_model if sample_model.endswith(f"/{match[1]}") else match[1],
        _int(match[2]),
        _float(match[3]),
        name(match[4]) or "" if "out-tok/s" not in (match[4] or "") else "",
    )


def _behind_ids(line: Line) -> int:
    """Where an id that looks like a retry itself can't be mistaken for one."""
    for one in line.context.ids:
        start = line.body.find(f"/{one}/")
        if start >= 0:
            return start + len(one)
    return 0


def _whose(
    line: Line, start: int, tasks: Collection[str]
) -> tuple[str | None, SampleKey | None, str]:
    """Task, sample and the sample's model, from `[{id} {task}/{sample id}/{epoch} {model}]`.

    The bracket ends at `start`; without one the line in front of the message has to do.
    """
    bracket = line.body[:start].strip()
    path, _, model = bracket.removesuffix("]").partition(" ")[2].rpartition(" ")
    path, _, epoch = path.rpartition("/")
    if not (bracket.startswith("[") and bracket.endswith("]") and _EPOCH.fullmatch(epoch)):
        return name(line.context.task), line.context.key, ""
    task, sample = _split(path, line.context, tasks)
    return name(task), _key(sample, int(epoch)), model


def _split(path: str, context: _Context, tasks: Collection[str]) -> tuple[str, str]:
    """Task and sample id; both may hold a `/`. A guess only where nothing else is known."""
    for one in context.ids:
        if path.endswith(f"/{one}"):
            return path[: -len(one) - 1], one
    task_name = max((one for one in tasks if path.startswith(f"{one}/")), key=len, default=None)
    task, _, sample = (
        path.partition("/") if task_name is None else (task_name, "", path[len(task_name) + 1 :])
    )
    return task, sample


def _attempt(line: Line, eval_set_id: str, tasks: Collection[str]) -> RetryLogged | None:
    """A retry line of the guide, which names no model and no error."""
    match = _ATTEMPT.search(line.body)
    if not match:
        return None
    task, key, model = _whose(line, match.start(), tasks)
    return RetryLogged(eval_set_id, line.at, task, key, model, _int(match[1]), _float(match[2]), "")


def _progress(line: Line, eval_set_id: str) -> TaskProgressLogged | None:
    """Inspect's status line (`_display/log/display.py`, `_log_status`)."""
    match = _TASK.match(line.body)
    if not match:
        return None
    steps = _STEPS.search(line.body, match.end(1))
    retries = _HTTP_RETRIES.findall(line.body)
    task, again = _attempt_of(match[1])
    return TaskProgressLogged(
        eval_set_id,
        line.at,
        name(task) or "",
        _int(steps[1]) if steps else None,
        _int(steps[2]) if steps else None,
        _int(retries[-1]) if retries else None,
        again,
    )


def _attempt_of(task: str) -> tuple[str, tuple[int, int] | None]:
    """A task's name, and which retry of how many it is (`_eval/run.py`, since about 0.3.205)."""
    start = task.rfind(" (retry ")
    match = _AGAIN.fullmatch(task, start) if start > 0 else None
    return (task[:start], (_int(match[1]), _int(match[2]))) if match else (task, None)


def _evals_again(line: Line, eval_set_id: str, pod: str) -> EvalSetRetryLogged | None:
    """All unfinished tasks begin anew (`_eval/evalset.py`, without `retry_immediate`)."""
    match = _WAITS.match(line.body)
    return EvalSetRetryLogged(eval_set_id, line.at, pod) if match else None


def _throughput(line: Line, eval_set_id: str) -> ThroughputLogged | None:
    """A model's rates, logged each minute in which it retried (`model/_throughput.py`)."""
    match = _THROUGHPUT.match(line.body)
    if not match:
        return None
    return ThroughputLogged(
        eval_set_id,
        line.at,
        name(match[1]) or "",
        output_tokens_per_second=_float(match[2]),
        requests_per_minute=_float(match[3]),
        retries_per_minute=_float(match[4]),
        in_backoff=_int(match[5]),
    )


def _death(line: Line, eval_set_id: str) -> SampleDeathLogged | None:
    """A sample that erred and will be tried again in place (`_eval/task/run.py`)."""
    match = _DEATH.match(line.body)
    if not match or not line.body.rstrip().endswith(_ANEW):
        return None
    said = line.body[match.end() :].rstrip().removesuffix(_ANEW).strip()
    error = text(said.partition("\n")[0], DEATH_LIMIT) or ""
    key = _key(match[1], int(match[2]))
    if key is None:
        return None
    return SampleDeathLogged(eval_set_id, line.at, name(line.context.task), key, error)


def _restart(line: Line, eval_set_id: str, tasks: Collection[str]) -> SandboxRestartLogged | None:
    """What k8s_sandbox warns of or raises when its pod is another one than before."""
    report = f"{line.body}\n{line.error}"
    match = _RESTART.search(report)
    if not match:
        return None
    sentence = name(report[match.start() :].partition("\n")[0]) or ""
    task, key, _ = _whose(line, match.start(), tasks)
    return SandboxRestartLogged(eval_set_id, line.at, key, task, sentence)


def _key(sample: str, epoch: int) -> SampleKey | None:
    """Made as those of the buffer are, or they would not meet."""
    sample_id = identifier(sample)
    return None if sample_id is None else SampleKey(sample_id, epoch)


def _int(digits: str) -> int:
    return int(digits.replace(",", ""))


def _float(digits: str) -> float:
    return float(digits.replace(",", ""))
