"""The sample buffer of one log in a store: its manifest, and each new segment once."""

import asyncio
from collections.abc import Iterable
from typing import Literal

from watchdog.collect.inspect.buffers import (
    CorruptManifest,
    Manifest,
    decode_manifest,
    member_name,
)
from watchdog.collect.inspect.events import KNOWN_KINDS
from watchdog.collect.inspect.holes import row_facts
from watchdog.collect.inspect.segment_zip import THREAD_BYTES, Unpacked, Wanted, unpack
from watchdog.collect.inspect.segments import Rows
from watchdog.collect.limits import MANIFEST_BYTES, SMALL
from watchdog.collect.source import Emit
from watchdog.collect.stores.objects import Got, NotModified, Store, StoreError, is_transient, join
from watchdog.collect.stores.turns import READING
from watchdog.collect.stores.zip_members import CorruptZip
from watchdog.collect.values import printable
from watchdog.model.facts import ManifestRead, RowsLost, SampleKey
from watchdog.model.instants import latest
from watchdog.model.verdict import Problem

MANIFEST = "manifest.json"
AHEAD = 8
"""Segments fetched at once; they are handed on in order."""
HALF_WRITTEN = 0.05
"""Seconds until a manifest that is no JSON is read once more: Inspect overwrites it in place where
the store is a directory, and one poll in some thousands meets it half written."""
PROBLEMS_LIMIT = 50
"""Problems of one log that are kept; one more says that there are others."""

Change = Literal["changed", "unchanged", "absent"]


class Buffer:
    """A log's buffer and what was read of it already."""

    def __init__(self, store: Store, folder: str, eval_set_id: str, log: str, limit: int) -> None:
        self._store = store
        self._folder = folder
        self._eval_set_id = eval_set_id
        self._log = log
        self._limit = limit
        self._etag: str | None = None
        self._manifest = Manifest()
        self._manifest_problems: tuple[Problem, ...] = ()
        self._read: set[int] = set()
        self._missed: set[int] = set()
        self._known: set[str] = set()
        self._complete = True
        self._standing: dict[Problem, None] = {}
        self.stored_at: float | None = None
        """When the newest of its objects that were read was stored."""
        self.failures: list[str] = []
        """Reasons of reads that failed for good since they were taken last."""

    @property
    def present(self) -> bool:
        """Whether a manifest was there when it was last asked for."""
        return self._etag is not None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What stands: unreadable parts of the manifest, segments and rows that are lost."""
        return self._manifest_problems + tuple(self._standing)

    @property
    def unread(self) -> bool:
        """Whether segments wait that could not be read so far."""
        return not self._complete

    def know(self, keys: Iterable[SampleKey]) -> None:
        """Samples that the log names as ended: their members in segments are nothing odd."""
        self._known.update(member_name(key) for key in keys)

    async def refresh(self) -> Change:
        """Ask for a new manifest.

        Raises:
            StoreError: it could not be read; `corrupt` where it is no manifest.
        """
        try:
            return await self._ask()
        except StoreError as error:
            if error.reason != "corrupt":
                raise
        await asyncio.sleep(HALF_WRITTEN)
        return await self._ask()

    async def _ask(self) -> Change:
        try:
            got = await self._manifest_bytes()
        except StoreError as error:
            if error.reason != "not_found":
                raise
            self._vanished()
            return "absent"
        return "unchanged" if isinstance(got, NotModified) else await self._take(got)

    async def _manifest_bytes(self) -> Got | NotModified:
        path = join(self._folder, MANIFEST)
        try:
            return await self._store.get(path, min(self._limit, SMALL.value), self._etag)
        except StoreError as error:
            if error.reason != "too_large" or self._limit <= SMALL.value:
                raise
        async with READING.turn():
            return await self._store.get(path, min(self._limit, MANIFEST_BYTES.value), self._etag)

    def _vanished(self) -> None:
        if self.present:
            text = "gone, though the log says that its task runs"
            self._manifest_problems = (Problem(join(self._folder, MANIFEST), text),)
        self._etag = None

    async def _take(self, got: Got) -> Change:
        where = join(self._folder, MANIFEST)
        try:
            self._manifest = await _decoded(got.data)
        except CorruptManifest as error:
            raise StoreError("corrupt", f"{where}: {error}") from error
        self._etag = got.etag
        self.stored_at = latest(self.stored_at, got.modified_at)
        self._manifest_problems = tuple(Problem(where, text) for text in self._manifest.bad)
        self._known.update(sample.member for sample in self._manifest.samples)
        self._complete = False
        return "changed"

    def emit_manifest(self, emit: Emit) -> None:
        """Hand on the samples that are in the buffer now."""
        samples = tuple(sample.summary for sample in self._manifest.samples)
        emit(ManifestRead(self._eval_set_id, self._log, samples))

    async def read_rows(self, emit: Emit) -> None:
        """Read the segments that are new, in order, and hand on their rows.

        Raises:
            StoreError: a transient failure; the segment is read at the next poll.
        """
        manifest = None
        while manifest is not self._manifest:
            manifest = self._manifest
            await self._read_due(manifest, emit)
        self._complete = True

    async def _read_due(self, manifest: Manifest, emit: Emit) -> None:
        due = self._due()
        segments = sorted(due)
        for begin in range(0, len(segments), AHEAD):
            batch = segments[begin : begin + AHEAD]
            replies = await asyncio.gather(*map(self._fetch, batch))
            for segment, got in zip(batch, replies, strict=True):
                await self._segment(segment, got, due[segment], emit)
            if manifest is not self._manifest:
                return

    def _due(self) -> dict[int, list[Wanted]]:
        """Segments that are not read yet, with the running samples that have rows in them."""
        due: dict[int, list[Wanted]] = {}
        for sample in self._manifest.samples:
            if sample.summary.completed:
                continue
            before = 0
            for reference in sample.references:
                if reference.segment not in self._read:
                    request = Wanted(sample, reference, before)
                    due.setdefault(reference.segment, []).append(request)
                before = max(before, reference.last_event_id or 0)
        return due

    def _path(self, segment: int) -> str:
        return join(self._folder, f"segment.{segment}.zip")

    async def _fetch(self, segment: int) -> Got | StoreError:
        try:
            # what is larger is read by itself, see `_segment`
            got = await self._store.get(self._path(segment), min(self._limit, SMALL.value))
        except StoreError as error:
            return error
        return got if isinstance(got, Got) else StoreError("other", "unasked-for 304")

    async def _segment(
        self, segment: int, got: Got | StoreError, requests: list[Wanted], emit: Emit
    ) -> None:
        is_large = isinstance(got, StoreError) and got.reason == "too_large"
        if is_large and self._limit > SMALL.value:
            async with READING.turn():
                got = await self._large(segment)
                await self._take_segment(segment, got, requests, emit)
            return
        await self._take_segment(segment, got, requests, emit)

    async def _large(self, segment: int) -> Got | StoreError:
        try:
            got = await self._store.get(self._path(segment), self._limit)
        except StoreError as error:
            return error
        return got if isinstance(got, Got) else StoreError("other", "unasked-for 304")

    async def _take_segment(
        self, segment: int, got: Got | StoreError, requests: list[Wanted], emit: Emit
    ) -> None:
        if isinstance(got, StoreError):
            await self._missing(segment, got, requests, emit)
            return
        try:
            unpacked = await unpack(got.data, requests, self._limit)
        except CorruptZip as error:
            self._lose(segment, requests, StoreError("corrupt", str(error)), emit)
            return
        self._read.add(segment)
        self.stored_at = latest(self.stored_at, got.modified_at)
        self._hand_on(segment, unpacked, got.stored_at, emit)

    async def _missing(
        self, segment: int, error: StoreError, requests: list[Wanted], emit: Emit
    ) -> None:
        if is_transient(error):
            raise error
        if error.reason == "not_found" and segment not in self._missed:
            self._missed.add(segment)
            if await self._replaced(emit):
                return
        self._lose(segment, requests, error, emit)

    async def _replaced(self, emit: Emit) -> bool:
        """Whether the manifest was replaced since it was read, so that it may need other segments.

        The sample was flushed, or the log finished: then nothing is lost.
        """
        change = await self.refresh()
        if change == "absent":
            self._manifest = Manifest()
        elif change == "changed":
            self.emit_manifest(emit)
        return change != "unchanged"

    def _lose(self, segment: int, requests: list[Wanted], error: StoreError, emit: Emit) -> None:
        self._read.add(segment)
        self.failures.append(error.reason)
        self._stand(segment, error.text)
        for one in requests:
            self._lost(one, emit)

    def _lost(self, request: Wanted, emit: Emit) -> None:
        sample, segment = request.sample, request.reference.segment
        newest = sample.references[-1].segment == segment
        emit(RowsLost(self._eval_set_id, self._log, sample.summary.key, newest))

    def _hand_on(
        self, segment: int, unpacked: Unpacked, stored_at: float | None, emit: Emit
    ) -> None:
        strangers = [member for member in unpacked.names if member not in self._known]
        for request, rows in unpacked.members:
            if isinstance(rows, Rows):
                self._rows(request, rows, stored_at, emit)
            elif rows is not None:
                self.failures.append("corrupt")
                self._stand(segment, rows)
                self._lost(request, emit)
            elif request.reference.last_event_id is None and strangers:
                self._lost(request, emit)  # its rows may stand there under another name
            else:
                self._promised(request, 0, emit)
        for member in strangers:
            self._stand(segment, f"{printable(member[:80])} belongs to no sample of this log")

    def _rows(self, request: Wanted, rows: Rows, stored_at: float | None, emit: Emit) -> None:
        sample = request.sample
        for text in rows.bad:
            self._stand(request.reference.segment, f"{sample.member}: {text}")
        for kind in {row.kind for row in rows.rows} - KNOWN_KINDS:
            self._keep(Problem(self._folder, f"unknown kind of event: {kind}"))
        key, where = sample.summary.key, (self._eval_set_id, self._log)
        for fact in row_facts(*where, key, rows.rows, rows.hole, stored_at):
            emit(fact)
        if rows.hole != len(rows.rows):
            self._promised(request, rows.rows[-1].id if rows.rows else 0, emit)

    def _promised(self, request: Wanted, last: int, emit: Emit) -> None:
        """Check that a member held all the rows that the manifest promises of it."""
        promise = request.reference.last_event_id
        if promise is not None and promise > max(last, request.before):
            text = f"{request.sample.member}: rows up to {promise} are missing from it"
            self._stand(request.reference.segment, text)
            self._lost(request, emit)

    def _stand(self, segment: int, text: str) -> None:
        self._keep(Problem(self._path(segment), text))

    def _keep(self, problem: Problem) -> None:
        if len(self._standing) < PROBLEMS_LIMIT:
            self._standing[problem] = None
        else:
            self._standing[Problem(self._folder, "there are more problems than are kept")] = None


async def _decoded(data: bytes) -> Manifest:
    if len(data) <= THREAD_BYTES:
        return decode_manifest(data)
    return await asyncio.to_thread(decode_manifest, data)
