"""The sample buffer of one log in a store: its manifest, and each new segment once."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Literal

from watchdog.collect.inspect.buffers import CorruptManifest, Manifest, member_name
from watchdog.collect.inspect.events import KNOWN_KINDS
from watchdog.collect.inspect.memory import Names, Ranges
from watchdog.collect.inspect.passed_over import OlderRows, PassedOver
from watchdog.collect.inspect.positions import BufferPosition
from watchdog.collect.inspect.segment_zip import Wanted
from watchdog.collect.limits import MANIFEST_BYTES
from watchdog.collect.source import Emit
from watchdog.collect.stores.objects import Got, NotModified, Store, StoreError, is_transient, join
from watchdog.collect.stores.zip_members import CorruptZip
from watchdog.collect.values import printable
from watchdog.collect.work.account import Account
from watchdog.collect.work.content import Large, fetch
from watchdog.collect.work.jobs import SegmentPiece
from watchdog.collect.work.limits import CULPRITS, HELD_BYTES, THREAD_BYTES
from watchdog.collect.work.pace import pace
from watchdog.collect.work.reading import in_thread, read_manifest, read_segment, read_small
from watchdog.collect.work.worker import WorkFailed
from watchdog.model.facts import (
    HistoryBegun,
    HistoryRead,
    ManifestRead,
    RowsLost,
    RowsRead,
    SampleKey,
)
from watchdog.model.instants import latest
from watchdog.model.verdict import Problem

MANIFEST = "manifest.json"
AHEAD = 8
"""Segments fetched at once; they are handed on in order."""
KNOWN_AT_ONCE = 5_000
"""Samples that ended whose names are taken in at once: some milliseconds."""
HALF_WRITTEN = 0.05
"""Seconds until a manifest that is no JSON is read once more: Inspect overwrites it in place where
the store is a directory, and one poll in some thousands meets it half written."""
PROBLEMS_LIMIT = 50
"""Problems of one log that are kept; one more says that there are others."""

MANY = 1_000
"""Samples of a manifest; the segments of more are looked for in a thread."""

Change = Literal["changed", "unchanged", "absent"]


class Unfinished(Exception):  # noqa: N818 - reads as what it says
    """The eval set's share of this poll is used up; the next one goes on where this one stopped."""


class Buffer:
    """A log's buffer, and which segments were read of it already.

    Between two polls it holds no manifest, only which version was read to its end; one that wasn't
    is asked for anew. So what it remembers does not grow with how much was written.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - where it is, and who pays for it
        self,
        store: Store,
        folder: str,
        eval_set_id: str,
        log: str,
        limit: int,
        account: Account | None = None,
        newest_first: bool = False,
    ) -> None:
        self._store = store
        self._newest_first = newest_first
        self._folder = folder
        self._eval_set_id = eval_set_id
        self._log = log
        self._limit = limit
        self._account = account or Account()
        self._etag: str | None = None
        self._let_go_of: str | None = None
        self._broken: tuple[str | None, StoreError] | None = None
        self._died: set[int] = set()
        self._manifest = Manifest()
        self._manifest_problems: tuple[Problem, ...] = ()
        self._read = Ranges()
        self._missed: set[int] = set()
        self._known = Names()
        self._complete = True
        self._passed_over = PassedOver()
        self._standing: dict[Problem, None] = {}
        self.present = False
        """Whether a manifest was there when it was last asked for."""
        self.count = 0
        """Samples that its manifest names."""
        self.running = 0
        """Samples that its manifest names as not completed."""
        self.stored_at: float | None = None
        """When the newest of its objects that were read was stored."""
        self.failures: list[str] = []
        """Reasons of reads that failed for good since they were taken last."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What stands: unreadable parts of the manifest, segments and rows that are lost."""
        return self._manifest_problems + tuple(self._standing)

    @property
    def unread(self) -> bool:
        """Whether segments wait that could not be read so far."""
        return not self._complete

    @property
    def in_gap(self) -> bool:
        """Whether it was left between the oldest and the newest rows of a sample."""
        return self._passed_over.in_gap

    @property
    def history(self) -> tuple[int, int] | None:
        """Segments of its history, read so far and all; None where all of it is read."""
        return None if self._passed_over.at is None else self._passed_over.progress

    async def know(self, keys: Sequence[SampleKey]) -> None:
        """Samples that the log names as ended: their members in segments are nothing odd."""
        for begin in range(0, len(keys), KNOWN_AT_ONCE):
            await pace().breathe(self._account)
            self._known.update(map(member_name, keys[begin : begin + KNOWN_AT_ONCE]))

    @property
    def position(self) -> BufferPosition:
        """How far it was read."""
        return BufferPosition(
            etag=self._etag if self._complete and self._broken is None else None,
            present=self.present,
            read=self._read.bounds,
            missed=tuple(sorted(self._missed)),
            history=self._passed_over.position,
            count=self.count,
            running=self.running,
            stored_at=self.stored_at,
            problems=tuple(self._standing),
            manifest_problems=self._manifest_problems,
        )

    def resume(self, position: BufferPosition) -> None:
        """Go on from there."""
        self._etag, self.present = position.etag, position.present
        self._read, self._missed = Ranges.within(position.read), set(position.missed)
        self._passed_over.resume(position.history)
        self.count, self.running = position.count, position.running
        self.stored_at = position.stored_at
        self._standing = dict.fromkeys(position.problems)
        self._manifest_problems = position.manifest_problems

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
        path = join(self._folder, MANIFEST)
        known = self._broken[0] if self._broken is not None else self._etag
        try:
            most = min(self._limit, MANIFEST_BYTES.value)
            got = await fetch(self._store, path, THREAD_BYTES.value, most, known)
        except StoreError as error:
            if error.reason != "not_found":
                raise
            self._vanished()
            return "absent"
        if not isinstance(got, NotModified):
            return await self._take(got)
        if self._broken is not None:
            raise self._broken[1]
        return "unchanged"

    def _vanished(self) -> None:
        if self.present:
            text = "gone, though the log says that its task runs"
            self._manifest_problems = (Problem(join(self._folder, MANIFEST), text),)
        self._etag = self._let_go_of = None
        self.present = False
        self._broken = None

    async def _take(self, got: Got | Large) -> Change:
        where = join(self._folder, MANIFEST)
        self._account.spend(size=got.size)
        try:
            self._manifest = await read_manifest(got, self._account)
        except CorruptManifest as error:
            raise StoreError("corrupt", f"{where}: {error}") from error
        except StoreError as error:
            if error.reason != "too_large":
                raise
            # it would be as large the next time
            self._broken = got.etag, StoreError("too_large", f"{where}: {error.text}")
            raise self._broken[1] from error
        self._broken = None
        is_same = got.etag is not None and got.etag == self._let_go_of
        self._etag, self._let_go_of, self.present = got.etag, None, True
        self.count = len(self._manifest.samples)
        self.running = sum(not one.summary.completed for one in self._manifest.samples)
        self.stored_at = latest(self.stored_at, got.modified_at)
        self._manifest_problems = tuple(Problem(where, text) for text in self._manifest.bad)
        self._known.update(sample.member for sample in self._manifest.samples)
        self._complete = False
        return "unchanged" if is_same else "changed"

    def let_go(self) -> None:
        """Forget the manifest; while it isn't read to its end, the next refresh brings it again."""
        if not self._complete and self._etag is not None:
            self._let_go_of, self._etag = self._etag, None
        self._manifest = Manifest()

    def emit_manifest(self, emit: Emit) -> None:
        """Hand on the samples that are in the buffer now."""
        samples = tuple(sample.summary for sample in self._manifest.samples)
        emit(ManifestRead(self._eval_set_id, self._log, samples))

    async def read_rows(self, emit: Emit) -> None:
        """Read the segments that are new, in order, and hand on their rows.

        Raises:
            StoreError: a transient failure; the segment is read at the next poll.
            Unfinished: there was more than the eval set may have read in this poll.
        """
        manifest = None
        try:
            while manifest is not self._manifest:
                manifest = self._manifest
                await self._read_due(manifest, emit)
            self._complete = True
            self._passed_over.newest_read()
        finally:
            self.let_go()

    async def _read_due(self, manifest: Manifest, emit: Emit) -> None:
        due = await self._due_now()
        if self._pass_over(manifest, due, emit):
            due = await self._due_now()
        segments = sorted(due)
        for begin in range(0, len(segments), AHEAD):
            self._check_share(len(segments) - begin)
            batch = segments[begin : begin + AHEAD]
            replies = await asyncio.gather(*map(self._fetch, batch))
            for segment, got in zip(batch, replies, strict=True):
                await self._segment(segment, got, due[segment], emit)
                await pace().breathe(self._account)
            if manifest is not self._manifest:
                return

    def _pass_over(self, manifest: Manifest, due: dict[int, list[Wanted]], emit: Emit) -> bool:
        """Whether some of it is left for later, so that the newest is read now."""
        if not self._newest_first:
            return False
        choice = self._passed_over.begin(manifest, due.keys(), begun=len(self._read) > 0)
        if choice is None:
            return False
        self._read.update(sorted(choice.passed_over))
        keys = tuple(s.summary.key for s in manifest.samples if s.member in choice.gaps)
        emit(HistoryBegun(self._eval_set_id, self._log, keys))
        return True

    async def read_history(self, emit: Emit, until: float) -> None:
        """Read on in what was passed over, in order, until then (`time.monotonic`) or a bit more.

        Raises:
            StoreError: a transient failure; the next call goes on there.
        """
        history = self._passed_over
        if history.at is None or history.in_gap or not await self._with_manifest(emit):
            return
        manifest, due = self._manifest, self._due(history.at)
        segments, read = sorted(due), history.progress[0]
        total = max(history.progress[1], read + len(segments))
        for begin in range(0, len(segments), AHEAD):
            if manifest is not self._manifest or (begin and time.monotonic() >= until):
                return
            batch = segments[begin : begin + AHEAD]
            await self._read_older(batch, due, emit, is_last=begin + AHEAD >= len(segments))
            history.progress = min(read + begin + AHEAD, total), total
        if manifest is not self._manifest:
            return
        if not segments:
            emit(HistoryRead(self._eval_set_id, self._log, (), complete=True))
        history.at = None

    async def _with_manifest(self, emit: Emit) -> bool:
        """Whether there is one, and all that it names beyond the history was read."""
        was_complete = self._complete
        self._let_go_of, self._etag = self._etag or self._let_go_of, None
        change = await self.refresh()
        if change == "changed":
            self.emit_manifest(emit)  # what is new in it is read by the next poll
        elif change == "unchanged":
            self._complete = was_complete
        return change == "unchanged" and was_complete

    async def _read_older(
        self, batch: list[int], due: dict[int, list[Wanted]], emit: Emit, *, is_last: bool
    ) -> None:
        older, manifest = OlderRows(self._eval_set_id, self._log, emit), self._manifest
        try:
            replies = await asyncio.gather(*map(self._fetch, batch))
            for segment, got in zip(batch, replies, strict=True):
                await self._segment(segment, got, due[segment], older.take)
                if manifest is not self._manifest:
                    return
                self._passed_over.at = segment
                await pace().breathe(self._account)
        finally:
            older.hand_on(complete=is_last and self._passed_over.at == batch[-1])

    def _check_share(self, due: int) -> None:
        why = self._account.used_up
        if why is not None:
            total = len(self._read) + due
            share = 100 * len(self._read) // total
            raise Unfinished(f"still being read: {share} % of its {total:,} segments ({why})")

    async def _due_now(self) -> dict[int, list[Wanted]]:
        if len(self._manifest.samples) <= MANY:
            return self._due()
        return await in_thread(Buffer._due, self, self._account)

    def _due(self, after: int | None = None) -> dict[int, list[Wanted]]:
        """Segments that are not read yet, with the running samples that have rows in them.

        Or all of them after that one, read or not.
        """
        due: dict[int, list[Wanted]] = {}
        for sample in self._manifest.samples:
            if sample.summary.completed:
                continue
            before = 0
            for reference in sample.references:
                segment = reference.segment
                if segment > after if after is not None else self._is_due(sample.member, segment):
                    request = Wanted(sample, reference, before)
                    due.setdefault(reference.segment, []).append(request)
                before = max(before, reference.last_event_id or 0)
        return due

    def _is_due(self, member: str, segment: int) -> bool:
        return segment not in self._read and not self._passed_over.hides(member, segment)

    def _close_gaps(self, segment: int, requests: list[Wanted], emit: Emit) -> None:
        """The newest rows of a sample begin: between them and its oldest there is a hole."""
        for one in requests:
            if self._passed_over.ends(one.sample.member, segment):
                key = one.sample.summary.key
                emit(RowsLost(self._eval_set_id, self._log, key, newest=False))

    def _path(self, segment: int) -> str:
        return join(self._folder, f"segment.{segment}.zip")

    async def _fetch(self, segment: int) -> Got | Large | StoreError:
        path = self._path(segment)
        try:
            got = await fetch(self._store, path, HELD_BYTES.value, self._limit)
        except StoreError as error:
            return error
        if isinstance(got, NotModified):
            return StoreError("other", "unasked-for 304")
        self._account.spend(size=got.size)
        return got

    async def _segment(
        self, segment: int, got: Got | Large | StoreError, requests: list[Wanted], emit: Emit
    ) -> None:
        self._close_gaps(segment, requests, emit)
        if isinstance(got, StoreError):
            await self._missing(segment, got, requests, emit)
            return
        for _ in range(CULPRITS.value):
            try:
                done = await self._read_members(segment, got, requests, emit)
            except CorruptZip as error:
                self._lose(segment, requests, StoreError("corrupt", str(error)), emit)
                return
            requests = requests[done + 1 :]
            if not requests:
                break
        else:
            text = "the worker process gave up on several of its members; the rest is not read"
            self._lose(segment, requests, StoreError("too_large", text), emit)
        self._done(segment)
        self.stored_at = latest(self.stored_at, got.modified_at)

    def _done(self, segment: int) -> None:
        self._read.add(segment)
        self._died.discard(segment)
        self._missed.discard(segment)

    async def _read_members(
        self, segment: int, got: Got | Large, requests: list[Wanted], emit: Emit
    ) -> int:
        """How many members were read before one on which the worker process gave up."""
        done = 0
        names = [request.sample.member for request in requests]
        members = _Members(self, segment, requests, got.stored_at, emit)
        small = read_small(got, names, self._limit, self._account)
        if small is not None:
            for piece in small:
                members.take(piece)
            return len(requests)
        try:
            async with aclosing(read_segment(got, names, self._limit, self._account)) as pieces:
                async for piece in pieces:
                    members.take(piece)
                    done += piece.last
                    await pace().breathe(self._account)
        except WorkFailed as error:
            if done < len(requests):
                self._give_up(segment, requests[done], error, emit)
        return done

    def _give_up(self, segment: int, request: Wanted, error: WorkFailed, emit: Emit) -> None:
        """A process that died may have died of something else: the member is tried once more.

        Raises:
            StoreError: transient; the segment is read again at the next poll.
        """
        text = f"{request.sample.member}: {error}"
        if error.kind == "died" and segment not in self._died:
            self._died.add(segment)
            raise StoreError("unavailable", f"{self._path(segment)}: {text}") from error
        self.failures.append("too_large")
        self.stand(segment, text)
        self.lost(request, emit)

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
            self._manifest, self.count = Manifest(), 0
        elif change == "changed":
            self.emit_manifest(emit)
        return change != "unchanged"

    def _lose(self, segment: int, requests: list[Wanted], error: StoreError, emit: Emit) -> None:
        self._done(segment)
        self.failures.append(error.reason)
        self.stand(segment, error.text)
        for one in requests:
            self.lost(one, emit)

    def lost(self, request: Wanted, emit: Emit) -> None:
        """Rows of a sample can't be read."""
        sample, segment = request.sample, request.reference.segment
        newest = sample.references[-1].segment == segment
        emit(RowsLost(self._eval_set_id, self._log, sample.summary.key, newest))

    def hand_on(
        self,
        request: Wanted,
        piece: SegmentPiece,
        stored_at: float | None,
        emit: Emit,
    ) -> None:
        """Some rows of a sample, and what could not be understood of it."""
        sample, segment = request.sample, request.reference.segment
        where = (self._eval_set_id, self._log, sample.summary.key)
        for text in piece.bad:
            self.stand(segment, f"{sample.member}: {text}")
        for kind in {row.kind for row in piece.rows} - KNOWN_KINDS:
            self._keep(Problem(self._folder, f"unknown kind of event: {kind}"))
        if piece.rows:
            emit(RowsRead(*where, piece.rows, stored_at))
        if piece.hole:
            emit(RowsLost(*where, newest=piece.ends_in_hole))

    def is_stranger(self, member: str) -> bool:
        """Whether a segment's member belongs to no sample that is known."""
        return member not in self._known

    def fail(self, segment: int, request: Wanted, text: str, emit: Emit) -> None:
        """A member can't be read."""
        self.failures.append("corrupt")
        self.stand(segment, text)
        self.lost(request, emit)

    def promised(self, request: Wanted, last: int, emit: Emit) -> None:
        """Check that a member held all the rows that the manifest promises of it."""
        promise = request.reference.last_event_id
        if promise is not None and promise > max(last, request.before):
            text = f"{request.sample.member}: rows up to {promise} are missing from it"
            self.stand(request.reference.segment, text)
            self.lost(request, emit)

    def stand(self, segment: int, text: str) -> None:
        """A problem of a segment."""
        self._keep(Problem(self._path(segment), text))

    def _keep(self, problem: Problem) -> None:
        if len(self._standing) < PROBLEMS_LIMIT:
            self._standing[problem] = None
        else:
            self._standing[Problem(self._folder, "there are more problems than are kept")] = None


class _Members:
    """Takes the pieces of one segment, for the samples that are wanted from it."""

    def __init__(
        self,
        buffer: Buffer,
        segment: int,
        requests: list[Wanted],
        stored_at: float | None,
        emit: Emit,
    ) -> None:
        self._buffer = buffer
        self._segment = segment
        self._requests = requests
        self._stored_at = stored_at
        self._emit = emit
        self._strangers = False
        self._last_row = 0

    def take(self, piece: SegmentPiece) -> None:
        """The next piece."""
        if piece.names:
            self._take_names(piece.names)
            return
        request = self._requests[piece.place]
        if piece.unreadable is not None:
            self._buffer.fail(self._segment, request, piece.unreadable, self._emit)
        elif piece.missing:
            self._miss(request)
        else:
            self._take_rows(request, piece)

    def _take_names(self, names: tuple[str, ...]) -> None:
        for member in names:
            if self._buffer.is_stranger(member):
                self._strangers = True
                text = f"{printable(member[:80])} belongs to no sample of this log"
                self._buffer.stand(self._segment, text)

    def _miss(self, request: Wanted) -> None:
        if request.reference.last_event_id is None and self._strangers:
            self._buffer.lost(request, self._emit)  # its rows may stand there under another name
        else:
            self._buffer.promised(request, 0, self._emit)

    def _take_rows(self, request: Wanted, piece: SegmentPiece) -> None:
        self._buffer.hand_on(request, piece, self._stored_at, self._emit)
        if piece.rows:
            self._last_row = piece.rows[-1].id
        if piece.last:
            if not piece.ends_in_hole:
                self._buffer.promised(request, self._last_row, self._emit)
            self._last_row = 0
