"""What of runners' logs is told: equal lines folded into one with a count. Pure."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from watchdog.collect.inspect.runner_lines import LineTold, telling_lines
from watchdog.collect.source import PodLog
from watchdog.model.instants import earliest, from_timestamp, latest, timestamp
from watchdog.model.samples import RunnerLine, RunnerLines

LINES_MAX = 200
"""Lines that are told, the last ones."""
_BRACKET = re.compile(r"^\[[^\]]{0,1000}\] ")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ID = re.compile(r"\b[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,4}\b")


class _Folded(Struct):
    newest: LineTold
    pod: str
    first_at: float | None
    last_at: float | None
    count: int = 0


def runner_lines(
    eval_set_id: str, now: float, logs: Sequence[PodLog], since: str | None = None
) -> RunnerLines:
    """What matters of some logs, the newest last.

    Args:
        eval_set_id: whose runners wrote them.
        now: seconds since the epoch.
        logs: their ends, the oldest pod first.
        since: an instant (ISO 8601); only lines written later are told.
    """
    after = from_timestamp(since)
    folded: dict[tuple[str, str, str], _Folded] = {}
    for log in logs:
        for line in telling_lines(log.lines):
            if after is None or (line.at is not None and line.at > after):
                _take(folded, log.pod, line)
    ordered = sorted(folded.values(), key=lambda one: one.last_at or 0.0)
    first = next((one for log in logs for one in telling_lines(log.lines[:100])), None)
    return RunnerLines(
        now=timestamp(now),
        eval_set_id=eval_set_id,
        lines=tuple(map(_line, ordered[-LINES_MAX:])),
        read=sum(len(log.lines) for log in logs),
        since=timestamp(first.at) if first is not None else None,
        earlier=len(ordered) > LINES_MAX or not all(log.whole for log in logs),
        not_available="; ".join(_problems(logs)),
    )


def _take(folded: dict[tuple[str, str, str], _Folded], pod: str, line: LineTold) -> None:
    key = (pod, line.level, fingerprint(line.text))
    one = folded.get(key)
    if one is None:
        one = folded[key] = _Folded(line, pod, line.at, line.at)
    one.newest, one.count = line, one.count + 1
    one.first_at = earliest(one.first_at, line.at)
    one.last_at = latest(one.last_at, line.at)


def fingerprint(text: str) -> str:
    """What two lines that say the same have in common: neither whose they are, nor numbers."""
    return _NUMBER.sub("#", _ID.sub("#", _BRACKET.sub("", text)))


def _line(one: _Folded) -> RunnerLine:
    return RunnerLine(
        at=timestamp(one.last_at),
        first_at=timestamp(one.first_at),
        count=one.count,
        level=one.newest.level,
        text=one.newest.text,
        pod=one.pod,
    )


def _problems(logs: Iterable[PodLog]) -> Iterable[str]:
    return (f"log of pod {log.pod}: {log.problem}" for log in logs if log.problem)
