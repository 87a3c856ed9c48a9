"""Names of logs, and which of several logs of one task counts.

Inspect names a log `<time>_<task>_<task id>.eval` (`log/_recorders/file.py`), the colons of the
time replaced by `-`, `.json` instead where the eval was asked for that format; a recovered one has
`-recovered` before the suffix. Any `.eval` is a log; a `.json` may be one only where its name
begins with a time (`is_log_file`, `log/_file.py`), and whether it is stands in its content.
"""

import re
from collections.abc import Collection, Iterable

from msgspec import Struct

from watchdog.collect.stores.objects import FileMeta
from watchdog.collect.values import instant

SUFFIX = ".eval"
JSON_SUFFIX = ".json"
JSON_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d.*\.json", re.ASCII)
NAME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)T(?P<h>\d\d)-(?P<m>\d\d)-(?P<s>\d\d)"
    r"(?P<sign>[+-])(?P<zh>\d\d)-(?P<zm>\d\d)_.*_(?P<task_id>[A-Za-z0-9]{6,})"
    r"(?P<recovered>-recovered(?:-\d+)?)?\.(?:eval|json)"
)


class LogFile(Struct, frozen=True):
    """A log in a listing. `task_id` and `created_at` are None where its name does not say."""

    file: FileMeta
    task_id: str | None = None
    created_at: float | None = None
    recovered: bool = False


def is_json(name: str) -> bool:
    """Whether a file may be a log in JSON, by its name."""
    return JSON_NAME.fullmatch(name) is not None


def is_log(name: str) -> bool:
    """Whether a file is a log, or may be one, by its name."""
    return name.endswith(SUFFIX) or is_json(name)


def stem(name: str) -> str:
    """A log's name without its suffix: its buffer is named so."""
    return name.removesuffix(SUFFIX if name.endswith(SUFFIX) else JSON_SUFFIX)


def log_file(file: FileMeta) -> LogFile:
    """A log by its name."""
    match = NAME.fullmatch(file.name)
    if not match:
        recovered = stem(file.name).endswith("-recovered")
        return LogFile(file, recovered=recovered)
    created = "{day}T{h}:{m}:{s}{sign}{zh}:{zm}".format_map(match.groupdict())
    return LogFile(file, match["task_id"], instant(created), match["recovered"] is not None)


def newest_of_each_task(logs: Iterable[LogFile]) -> tuple[LogFile, ...]:
    """The log that counts of each task id, in order of names.

    A recovered copy counts only where no other log of its task exists. A log of which the task id
    is not known stands for itself.
    """
    best: dict[str, LogFile] = {}
    for log in logs:
        task = log.task_id or f"{log.file.name}/"
        if task not in best or _rank(log) > _rank(best[task]):
            best[task] = log
    return tuple(sorted(best.values(), key=lambda log: log.file.name))


def with_barred(
    logs: Collection[LogFile], left_out: Iterable[tuple[str, str]]
) -> tuple[tuple[LogFile, ...], dict[str, str]]:
    """The log that counts of each task: those that can be read, and by name why the others can't.

    Args:
        logs: those that can be read.
        left_out: names of what lies beside them and isn't read, each with the reason.
    """
    readable = {log.file.name for log in logs}
    reasons = {n: why for n, why in left_out if n.endswith(SUFFIX) and n not in readable}
    others = (log_file(FileMeta(name, 0, 0.0)) for name in reasons)
    newest = newest_of_each_task((*logs, *others))
    barred = {log.file.name: reasons[log.file.name] for log in newest if log.file.name in reasons}
    return tuple(log for log in newest if log.file.name not in barred), barred


def _rank(log: LogFile) -> tuple[bool, float, float, str]:
    created = log.file.mtime if log.created_at is None else log.created_at
    return (not log.recovered, created, log.file.mtime, log.file.name)
