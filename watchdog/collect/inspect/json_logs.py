"""Logs in JSON (`log_format="json"`): what the task is, how it stands, which samples have ended.

Format: `EvalLog`, inspect_ai 0.3.285 `log/_log.py`, whose fields stand in a fixed order: version,
status and specification first, then results, then all samples in full, and the reductions last. The
file is written anew at the start, at each flush (every 10 samples, 100 in a bucket) and at the end.
It is no strict JSON: `NaN` may stand in it.

What runs is in Inspect's database on the runner's disk alone: it refuses `log_shared` for this
format (`_eval/eval.py`), so that a bucket never has a buffer for it. Of a file too large to be read in full the head is read,
which tells all but the samples that have ended.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, structs

from watchdog.collect.inspect.buffer_reader import HALF_WRITTEN
from watchdog.collect.inspect.buffers import error_line, is_cancelled
from watchdog.collect.inspect.eval_logs import ATTEMPTS, LogFacts, closed, spec_read
from watchdog.collect.stores.objects import NotModified, Store, StoreError
from watchdog.collect.values import instant, name, text, whole
from watchdog.model.facts import EndedRead, SampleKey, SampleSummary, SpecRead

WHOLE_MAX = 64 * 1024 * 1024
"""Bytes of a file that is read with its samples, each of which holds its whole transcript."""
HEAD = 4 * 1024 * 1024
"""Bytes of a larger one that are read; ten thousand ids of samples take a tenth of it."""
THREAD_BYTES = 256 * 1024
SAMPLES = "samples"
_SPACE = " \t\r\n"


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


class JsonLog:
    """One log in JSON and what was read of it already; as `EvalLog`."""

    def __init__(self, store: Store, path: str, eval_set_id: str, log: str, limit: int) -> None:
        self._store = store
        self._path = path
        self._eval_set_id = eval_set_id
        self._log = log
        self._limit = min(limit, WHOLE_MAX)
        self._etag: str | None = None
        self._broken: StoreError | None = None
        self.spec: SpecRead | None = None
        self.bad: tuple[str, ...] = ()
        """A text for each sample that is unreadable, or one that they were not read."""
        self.is_other = False
        """Whether the file is something else than a log."""

    @property
    def finished(self) -> bool:
        """Whether the log says that its task ended."""
        return self.spec is not None and self.spec.status != "started"

    @property
    def etag(self) -> str | None:
        """The version that was read last."""
        return self._etag

    async def refresh(self) -> LogFacts | None:
        """Read it where it has changed; None where it is unchanged.

        Raises:
            StoreError: it could not be read, `corrupt` where its bytes are no log. A corrupt file
                is not read again until it changes, but goes on raising.
        """
        before = self._etag
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._refresh()
            except StoreError as error:
                if not self._may_pass(error, before):
                    raise
            self._etag = before
            await asyncio.sleep(HALF_WRITTEN)
        return await self._refresh()

    def _may_pass(self, error: StoreError, before: str | None) -> bool:
        """Whether the file was read while it was written: Inspect used to do that in place."""
        if error.reason == "corrupt":
            return self._etag != before and not self.is_other
        return error.reason == "changed"

    async def _refresh(self) -> LogFacts | None:
        got = await self._store.get_tail(self._path, 1, self._etag)
        if isinstance(got, NotModified):
            if self._broken:
                raise self._broken
            return None
        self._broken = None
        whole_file = got.size <= self._limit
        end = got.size if whole_file else min(HEAD, self._limit)
        data = await self._store.get_range(self._path, 0, end, got.etag)
        facts = await self._facts(data, got.etag, got.size if not whole_file else None)
        self._etag, self.spec = got.etag, facts.spec
        return facts

    async def _facts(self, data: bytes, etag: str | None, cut: int | None) -> LogFacts:
        """Args: cut: the file's size where `data` is only its head."""
        try:
            content = await _decoded(data)
            return self._told(content, cut)
        except ValueError as error:
            self._etag, self.is_other = etag, isinstance(error, NoLog) and cut is None
            self._broken = StoreError("corrupt", f"{self._path}: {error}")
            raise self._broken from error

    def _told(self, content: Content, cut: int | None) -> LogFacts:
        header = content.header
        read = spec_read(self._eval_set_id, self._log, header, header["eval"])
        self.bad = content.bad
        if cut is not None:
            self.bad = (
                f"a log in JSON of {cut:,} bytes, more than {self._limit:,}: only its head is read, "
                "so that its samples that have ended are not counted",
            )
            read = structs.replace(read, spec=structs.replace(read.spec, total_samples=None))
            return LogFacts(read)
        if content.cut_off:
            raise ValueError(f"its samples can't be read: {content.cut_off}")
        ends = EndedRead(self._eval_set_id, self._log, tuple(content.samples or ()))
        return LogFacts(read, closed(read.status, ends) if ends.samples else None)


async def _decoded(data: bytes) -> Content:
    if len(data) <= THREAD_BYTES:
        return decode(data)
    return await asyncio.to_thread(decode, data)


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
            try:
                summary = _summary(item)
                samples[summary.key] = summary
            except ValueError as error:
                bad.append(f"sample {place}: {error}")
        content.samples, content.bad = list(samples.values()), tuple(bad)

    def _items(self) -> Iterator[object]:
        self._token("[")
        while self._peek() != "]":
            yield self._next()
            if not self._token(",") and self._peek() != "]":
                raise ValueError("cut off")

    def _next(self) -> Any:
        self._peek()
        value, self._at = self._value(self._text, self._at)
        return value

    def _token(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True

    def _peek(self) -> str:
        while self._text[self._at : self._at + 1] in _SPACE and self._at < len(self._text):
            self._at += 1
        return self._text[self._at : self._at + 1]


def _summary(item: object) -> SampleSummary:
    """A sample of a log (`EvalSample`), which has ended: as Inspect's own summary of it."""
    if not isinstance(item, dict):
        raise ValueError("no object")  # noqa: TRY004 - one error for bad data
    sample_id, epoch = text(item.get("id")), whole(item.get("epoch"))
    if sample_id is None or epoch is None:
        raise ValueError("its id or epoch is missing")
    error, limit = item.get("error"), item.get("limit")
    message = text(error.get("message")) if isinstance(error, dict) else None
    return SampleSummary(
        key=SampleKey(sample_id, epoch),
        uuid=name(item.get("uuid")),
        started_at=instant(item.get("started_at")),
        completed_at=instant(item.get("completed_at")),
        completed=True,
        error=error_line(message),
        cancelled=is_cancelled(message),
        limit=name(limit.get("type")) if isinstance(limit, dict) else None,
    )
