"""`.eval` files, read by ranges: what the task is, how it stands, which samples have ended.

Format: a zip, inspect_ai 0.3.285 `log/_recorders/eval.py`. While a task runs, `_journal/start.json`
and `_journal/summaries/N.json` (each new at a flush, none ever changed); once it has finished,
`header.json` and `summaries.json`. The whole object is written anew at each flush, so reads are
pinned to one version by its etag.
"""

import re

from msgspec import Struct

from watchdog.collect.inspect.buffers import CorruptManifest, TooMany
from watchdog.collect.inspect.memory import Ranges
from watchdog.collect.inspect.positions import LogPosition
from watchdog.collect.inspect.specification import closed, uncounted
from watchdog.collect.limits import JOURNAL_PARTS, LOG_CONTENT, SAMPLES, some
from watchdog.collect.stores.objects import Got, NotModified, Store, StoreError
from watchdog.collect.stores.zip_members import (
    CorruptZip,
    Directory,
    TooLarge,
    fetch_directory,
    fetch_member,
    span,
)
from watchdog.collect.work.account import Account
from watchdog.collect.work.content import Large
from watchdog.collect.work.limits import THREAD_BYTES
from watchdog.collect.work.reading import Packed, read_header, read_summaries
from watchdog.model.facts import EndedRead, LogStatus, SampleSummary, SpecRead

HEADER = "header.json"
START = "_journal/start.json"
SUMMARIES = "summaries.json"
JOURNAL = re.compile(r"_journal/summaries/(\d{1,9})\.json")
TAIL = 64 * 1024
"""Bytes read first: enough for the directory of some hundreds of samples and the last flush."""
ATTEMPTS = 3
"""Times that a read starts again because the object was replaced meanwhile."""


class LogFacts(Struct, frozen=True):
    """What a read of a log found. `ended` holds only summaries that were not read before."""

    spec: SpecRead
    ended: EndedRead | None = None


class EvalLog:
    """One `.eval` file and what was read of it already."""

    def __init__(  # noqa: PLR0913, PLR0917 - where it is, and who pays for it
        self,
        store: Store,
        path: str,
        eval_set_id: str,
        log: str,
        limit: int,
        account: Account | None = None,
    ) -> None:
        self._account = account or Account()
        self._store = store
        self._path = path
        self._eval_set_id = eval_set_id
        self._log = log
        self._limit = limit
        self._etag: str | None = None
        self._journal_read = Ranges()
        self._broken: StoreError | None = None
        self._start: tuple[int, SpecRead] | None = None
        self.spec: SpecRead | None = None
        self.stored_at: float | None = None
        """When the version that was read last was stored."""
        self.bad: tuple[str, ...] = ()
        """A text for each summary that is unreadable."""

    @property
    def finished(self) -> bool:
        """Whether the log says that its task ended."""
        return self.spec is not None and self.spec.status != "started"

    @property
    def etag(self) -> str | None:
        """The version that was read last."""
        return self._etag

    @property
    def position(self) -> LogPosition:
        """How far it was read; one that is broken is read anew."""
        if self._broken is not None or self.spec is None:
            return LogPosition()
        return LogPosition(self._etag, self._journal_read.bounds, self.stored_at, self.bad)

    def resume(self, position: LogPosition, spec: SpecRead) -> None:
        """Go on from there; `spec` is what was read of its task."""
        self._etag, self.stored_at = position.etag, position.stored_at
        self._journal_read = Ranges.within(position.journal)
        self.bad, self.spec = position.bad, spec

    async def refresh(self) -> LogFacts | None:
        """Read what is new; None where the file is unchanged.

        Raises:
            StoreError: it could not be read, `corrupt` where its bytes are no log. A corrupt file
                is not read again until it changes, but goes on raising.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._refresh()
            except StoreError as error:
                if error.reason != "changed":
                    raise
        return await self._refresh()

    async def _refresh(self) -> LogFacts | None:
        got = await self._store.get_tail(self._path, TAIL, self._etag)
        if isinstance(got, NotModified):
            if self._broken:
                raise self._broken
            return None
        return await self._read(got)

    async def _read(self, got: Got) -> LogFacts:
        self._broken = None
        try:
            version = _Version(self._store, self._path, got, self._limit, self._account)
            facts = await self._facts(version)
        except (CorruptZip, CorruptManifest) as error:
            self._etag = got.etag
            self._broken = StoreError("corrupt", f"{self._path}: {error}")
            raise self._broken from error
        self._etag, self.stored_at = got.etag, got.modified_at
        self.spec = facts.spec
        return facts

    async def _facts(self, version: "_Version") -> LogFacts:
        members = await version.directory()
        if HEADER in members:
            spec = await version.header(HEADER, self._where)
            ended = await self._all_ended(version, members)
            return LogFacts(uncounted(spec, self.bad), closed(spec.status, ended))
        if START not in members:
            raise CorruptZip(f"neither {HEADER} nor {START} in it")
        spec = await self._start_of(version, members)
        ended = await self._new_ended(version, members)
        return LogFacts(uncounted(spec, self.bad), ended)

    @property
    def _where(self) -> tuple[str, str]:
        return self._eval_set_id, self._log

    async def _start_of(self, version: "_Version", members: Directory) -> SpecRead:
        checksum = members[START].checksum
        if self._start is None or self._start[0] != checksum:
            self._start = checksum, await version.header(START, self._where)
        return self._start[1]

    async def _all_ended(self, version: "_Version", members: Directory) -> EndedRead | None:
        if SUMMARIES not in members:
            return await self._new_ended(version, members)
        samples, self.bad = await version.summaries(SUMMARIES)
        return EndedRead(self._eval_set_id, self._log, samples)

    async def _new_ended(self, version: "_Version", members: Directory) -> EndedRead | None:
        matches = (JOURNAL.fullmatch(member) for member in members)
        parts = {int(match[1]) for match in matches if match}
        numbers = sorted(part for part in parts if part not in self._journal_read)
        samples: list[SampleSummary] = []
        bad: list[str] = []
        for part in numbers[: JOURNAL_PARTS.value]:
            if len(samples) > SAMPLES.value:
                break
            more, bad_ones = await version.summaries(f"_journal/summaries/{part}.json")
            samples += more
            bad += bad_ones
        if len(numbers) > JOURNAL_PARTS.value:
            bad.append(f"its journal has {JOURNAL_PARTS.text(len(numbers))}")
        if len(samples) > SAMPLES.value:
            bad.append(f"its journal has {SAMPLES.more}")
        self.bad = some([*self.bad, *bad])
        self._journal_read.update(numbers)
        ended = tuple(samples[: SAMPLES.value])
        return EndedRead(self._eval_set_id, self._log, ended) if ended else None


async def status_of(store: Store, path: str, limit: int) -> tuple[LogStatus, str | None]:
    """How a log's task ended, and the first line of its error: of its header only.

    Raises:
        StoreError: it could not be read, `corrupt` where its bytes are no log.
    """
    got = await store.get_tail(path, TAIL)
    if isinstance(got, NotModified):
        raise StoreError("other", f"{path}: unasked-for 304")
    version = _Version(store, path, got, limit)
    try:
        if HEADER not in await version.directory():
            return "started", None
        header = await version.header(HEADER, ("", ""))
    except CorruptZip as error:
        raise StoreError("corrupt", f"{path}: {error}") from error
    return header.status, header.error


class _Version:
    """One version of a log: its end, and ranges of the same version."""

    def __init__(
        self, store: Store, path: str, got: Got, limit: int, account: Account | None = None
    ) -> None:
        self._account = account or Account()
        self._store = store
        self._path = path
        self._got = got
        self._limit = limit
        self._left = LOG_CONTENT.value
        self._members: Directory = {}

    async def directory(self) -> Directory:
        """The zip's members."""
        self._members = await fetch_directory(self._got.data, self._got.start, self._fetch)
        return self._members

    async def header(self, member: str, where: tuple[str, str]) -> SpecRead:
        """A member that says what the task is and how it stands."""
        content = await self._content(member)
        try:
            return await read_header(content, where, self._account, begun=member == START)
        except ValueError as error:
            raise CorruptZip(f"{member}: {error}") from error

    async def summaries(self, member: str) -> tuple[tuple[SampleSummary, ...], tuple[str, ...]]:
        """A member that holds a list of summaries, and texts for what of it isn't read."""
        try:
            samples, bad = await read_summaries(await self._content(member), self._account)
        except (TooLarge, TooMany) as error:
            return (), (f"{member}: {error}",)
        except CorruptManifest as error:
            raise CorruptZip(f"{member}: {error}") from error
        except StoreError as error:
            if error.reason != "too_large":
                raise
            return (), (f"{member}: {error.text}",)
        return samples, tuple(f"{member}: {text}" for text in bad)

    async def _content(self, name: str) -> bytes | bytearray | Packed:
        member = self._members[name]
        self._left -= member.size
        if self._left < 0:
            raise TooLarge(f"with it the log holds {LOG_CONTENT.more}")
        if member.size <= THREAD_BYTES.value:
            return await fetch_member(member, self._limit, self._fetch)
        begin, end = span(member, self._limit)
        return Packed(self._range(begin, end), member, self._limit)

    def _range(self, start: int, end: int) -> bytes | Large:
        """Of this version; in parts where it isn't at hand."""
        got = self._got
        size = min(end, got.size) - start
        if start >= got.start:
            return got.data[start - got.start : end - got.start]
        self._account.spend(size=size)
        return Large(self._store, self._path, size, got.etag, start=start)

    async def _fetch(self, start: int, end: int) -> bytes:
        got = self._got
        end = min(end, got.size)
        if start >= got.start:
            return got.data[start - got.start : end - got.start]
        if start >= end:
            return b""
        self._account.spend(size=end - start)
        return await self._store.get_range(self._path, start, end, got.etag)
