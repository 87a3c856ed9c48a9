"""The content of a log in JSON, read field by field, so that one cut off is read as far as it goes.

Format: `EvalLog` and `EvalSample`, inspect_ai 0.3.285 `log/_log.py`. The fields stand in a fixed
order: version, status and specification first, then results, then all samples in full, each with
its transcript, and the reductions last. It is no strict JSON: `NaN` may stand in it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from watchdog.collect.inspect.buffers import error_line, is_cancelled
from watchdog.collect.inspect.specification import spec_read
from watchdog.collect.json_bounds import values_in
from watchdog.collect.limits import JSON_LOG_VALUES, some
from watchdog.collect.limits import SAMPLES as SAMPLES_MAX
from watchdog.collect.values import count, identifier, instant, name, text
from watchdog.model.facts import SampleKey, SampleSummary, SpecRead

HEAD = 4 * 1024 * 1024
"""Bytes that are read of a larger file; ten thousand ids of samples take a tenth of it."""
SAMPLES = "samples"
_SPACE = re.compile(r"[ \t\r\n]*")


class NoLog(ValueError):  # noqa: N818 - reads as what it says
    """The file is no log of Inspect's, whatever it is."""


class Content(Struct):
    """What was read of a file: its fields before the samples, and those that have ended."""

    header: dict[str, Any]
    samples: list[SampleSummary] | None = None
    """None where the samples were not reached."""
    bad: tuple[str, ...] = ()
    cut_off: str = ""
    """Why the rest was not read; empty where all was."""


class Told(Struct, frozen=True):
    """What a log in JSON tells."""

    spec: SpecRead
    samples: tuple[SampleSummary, ...] | None = None
    """None where they were not reached."""
    bad: tuple[str, ...] = ()
    cut_off: str = ""
    """Why the rest was not read; empty where all was."""
    cut: str = ""
    """Why only its head was read on purpose."""


def told(data: bytes, eval_set_id: str, log: str, cut: str = "") -> Told:
    """The same of a file, or of its head: `cut` says why `data` are only that, else it is empty.

    Raises:
        NoLog: it is something else.
        ValueError: it ends before the specification does, or `spec_read` doesn't take that.
    """
    if not cut and len(data) > HEAD:
        values = values_in(data, JSON_LOG_VALUES.value)
        if values > JSON_LOG_VALUES.value:
            cut = JSON_LOG_VALUES.text(values)
            data = data[:HEAD]
    content = decode(data)
    spec = spec_read(eval_set_id, log, content.header, content.header["eval"])
    samples = None if content.samples is None else tuple(content.samples)
    return Told(spec, samples, content.bad, content.cut_off, cut)


def decode(data: bytes) -> Content:
    """A file's header, and its samples one by one: no more than one is ever held in full.

    The file may be cut off: what stands before the cut is read.

    Raises:
        NoLog: it is no JSON object, or one without status and specification.
        ValueError: it ends before the specification does.
    """
    content = _Reader(data.decode("utf-8", "replace")).content()
    header = content.header
    if isinstance(header.get("eval"), dict) and "status" in header:
        return content
    if content.cut_off:
        raise ValueError(f"its head can't be read: {content.cut_off}")
    raise NoLog("no log: it has no status, or no specification")


class _Reader:
    """Reads a JSON object field by field."""

    def __init__(self, content: str) -> None:
        self._text = content
        self._at = 0
        self._value = json.JSONDecoder().raw_decode

    def content(self) -> Content:
        if not self._token("{"):
            raise NoLog("no log: no JSON object")
        content = Content({})
        try:
            self._fields(content)
        except (ValueError, RecursionError) as error:
            content.cut_off = str(error)[:120] or "nested too deeply"
        return content

    def _fields(self, content: Content) -> None:
        while self._peek() != "}":
            key = self._next()
            if not self._token(":"):
                raise ValueError("a field without a value")
            if key == SAMPLES and self._peek() == "[":
                self._take_samples(content)
                return  # what follows repeats their scores
            content.header[str(key)] = self._next()
            if not self._token(",") and self._peek() != "}":
                raise ValueError("cut off")

    def _take_samples(self, content: Content) -> None:
        samples: dict[SampleKey, SampleSummary] = {}
        bad: list[str] = []
        for place, item in enumerate(self._items()):
            if place >= SAMPLES_MAX.value:
                bad.append(SAMPLES_MAX.more)
                break
            try:
                summary = _summary(item)
                samples[summary.key] = summary
            except ValueError as error:
                bad.append(f"sample {place}: {error}")
        content.samples, content.bad = list(samples.values()), some(bad)

    def _items(self) -> Iterator[object]:
        self._token("[")
        while self._peek() != "]":
            yield self._next()
            if not self._token(",") and self._peek() != "]":
                raise ValueError("cut off")

    def _next(self) -> object:
        self._peek()
        value: object
        value, self._at = self._value(self._text, self._at)
        return value

    def _token(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True

    def _peek(self) -> str:
        blank = _SPACE.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        return self._text[self._at : self._at + 1]


def _summary(item: object) -> SampleSummary:
    """A sample of a log (`EvalSample`), which has ended: as Inspect's own summary of it."""
    if not isinstance(item, dict):
        raise ValueError("no object")  # noqa: TRY004 - one error for bad data
    sample_id, epoch = identifier(item.get("id")), count(item.get("epoch"))
    if sample_id is None or epoch is None:
        raise ValueError("its id or epoch is missing")
    error, limit = item.get("error"), item.get("limit")
    message = error.get("message") if isinstance(error, dict) else None
    message = message if isinstance(message, str) else text(message)
    return SampleSummary(
        key=SampleKey(sample_id, epoch),
        uuid=identifier(item.get("uuid")),
        started_at=instant(item.get("started_at")),
        completed_at=instant(item.get("completed_at")),
        completed=True,
        error=error_line(message),
        cancelled=is_cancelled(message),
        limit=name(limit.get("type")) if isinstance(limit, dict) else None,
    )
