"""One log line for a failure that repeats: the first, then counts, then that it is over.

What fails a thousand times a second would fill a disk, and hide what is new. Failures are the same
where event, place and reason are; numbers and addresses in a text don't make them differ.
"""

import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

EVERY_SECONDS = 300.0
"""So often it is told how often it was."""
OVER_SECONDS = 60.0
"""What was not heard of for so long is over; half an hour later it would be news again."""
FORGET_SECONDS = 1800.0
KEYS_MAX = 1000
TEXT_MAX = 200
_PLACES = ("channel", "part", "incident", "source", "where", "host", "eval_set_id", "what")
"""Keys of an event that make the same failure another one."""
_REASONS = ("reason", "detail", "error")
_CHANGING = re.compile(r"0x[0-9a-fA-F]+|[0-9]+")

Key = tuple[str, ...]


class Repeated(Struct):
    """A failure that was told."""

    event: str
    places: dict[str, str]
    told_at: float
    last_at: float
    untold: int = 0
    times: int = 1


class LogRepeats(logging.Filter):
    """Leaves out warnings and errors that were told minutes ago. Memory is bounded."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._failures: OrderedDict[Key, Repeated] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass what is new, or due with its count."""
        if record.levelno < logging.WARNING:
            return True
        now, event = self._now(), _event(record)
        places = {name: _text(event[name]) for name in _PLACES if name in event}
        reason = next((_text(event[name]) for name in _REASONS if name in event), "")
        name = _CHANGING.sub("#", _text(event.get("event", "")))
        key = (record.name, name, _CHANGING.sub("#", reason), *places.values())
        failure = self._failures.get(key)
        if failure is None or now - failure.last_at >= FORGET_SECONDS:
            self._begin(key, Repeated(_text(event.get("event", "")), places, now, now))
            return True
        return self._again(failure, record, now)

    def _begin(self, key: Key, failure: Repeated) -> None:
        self._failures[key] = failure
        self._failures.move_to_end(key)
        while len(self._failures) > KEYS_MAX:
            self._failures.popitem(last=False)

    def _again(self, failure: Repeated, record: logging.LogRecord, now: float) -> bool:
        failure.last_at = now
        failure.times += 1
        if now - failure.told_at < EVERY_SECONDS:
            failure.untold += 1
            return False
        _add_count(record, failure.untold, round(now - failure.told_at))
        failure.told_at, failure.untold = now, 0
        return True

    def over(self) -> Iterator[Mapping[str, object]]:
        """What was repeated and is heard of no more, told once."""
        now = self._now()
        # a record of another thread may come in between
        for key, failure in tuple(self._failures.items()):
            quiet = now - failure.last_at
            if quiet >= (FORGET_SECONDS if failure.times == 1 else OVER_SECONDS):
                self._failures.pop(key, None)
                if failure.times > 1:
                    yield {"of": failure.event, "times": failure.times, **failure.places}


def installed() -> LogRepeats | None:
    """The one that the process' log goes through."""
    filters = (item for handler in logging.getLogger().handlers for item in handler.filters)
    return next((item for item in filters if isinstance(item, LogRepeats)), None)


def _event(record: logging.LogRecord) -> Mapping[str, object]:
    """Events of structlog come as a mapping, those of libraries as a text."""
    if isinstance(record.msg, Mapping):
        return record.msg
    kind = record.exc_info[0] if record.exc_info else None
    return {"event": record.getMessage(), "error": kind.__name__ if kind is not None else ""}


def _add_count(record: logging.LogRecord, count: int, seconds: int) -> None:
    if isinstance(record.msg, Mapping):
        record.msg = {**record.msg, "repeated": count, "in_seconds": seconds}
    else:
        record.msg = f"{record.getMessage()} ({count} more in {seconds} s)"
        record.args = ()


def _text(value: object) -> str:
    return str(value)[:TEXT_MAX]
