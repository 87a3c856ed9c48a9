"""Reads what may be large, wherever that holds the loop least: here, in a thread, in the worker.

How much content there is decides, as the zip's directory claims it; a decoder takes no more than
was claimed. Everything comes in pieces, between which the loop turns.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from watchdog.collect.inspect.buffers import (
    CorruptManifest,
    Manifest,
    SampleEntry,
    TooMany,
    decode_manifest,
    decode_summaries,
)
from watchdog.collect.inspect.json_content import NoLog, Told, told
from watchdog.collect.inspect.specification import header_read
from watchdog.collect.stores.objects import Got, StoreError
from watchdog.collect.stores.zip_members import CorruptZip, Directory, Member, directory
from watchdog.collect.work.account import Account
from watchdog.collect.work.content import Large
from watchdog.collect.work.jobs import (
    LogArguments,
    SegmentArguments,
    SegmentPiece,
    encode,
    entries_piece,
    header_piece,
    json_piece,
    segment_piece,
    segment_pieces,
    summaries_piece,
)
from watchdog.collect.work.limits import INLINE_BYTES, THREAD_BYTES
from watchdog.collect.work.pace import pace
from watchdog.collect.work.worker import WorkFailed, worker
from watchdog.model.facts import SampleSummary, SpecRead

B = TypeVar("B", bound=bytes | bytearray)
S = TypeVar("S")
T = TypeVar("T")


class TooMuch(ValueError):  # noqa: N818 - reads as what it says
    """The worker process gave up: more memory or time than one file may take."""


class Packed(Struct, frozen=True):
    """A zip's member that is too large to be unpacked in the service."""

    data: bytes | Large
    """From its offset on."""
    member: Member
    limit: int
    """Bytes that it may have."""


def read_small(
    got: Got | Large, members: Sequence[str], limit: int, account: Account
) -> list[SegmentPiece] | None:
    """As `read_segment`, at once; None where that would hold the loop. Most segments are small.

    Raises:
        CorruptZip: the segment as a whole is unreadable.
    """
    if not isinstance(got, Got) or len(got.data) > INLINE_BYTES.value:
        return None
    with account.working():
        listing = directory(got.data)
        size = sum(listing[name].size for name in members if name in listing)
        if size > INLINE_BYTES.value:
            return None
        return list(segment_pieces(got.data, listing, SegmentArguments(tuple(members), limit)))


async def read_segment(
    got: Got | Large, members: Sequence[str], limit: int, account: Account
) -> AsyncGenerator[SegmentPiece, None]:
    """The rows of some members of a segment, each of at most `limit` bytes, in their order.

    Raises:
        CorruptZip: the segment as a whole is unreadable.
        WorkFailed: its worker process gave up on the member that comes next.
        StoreError: it could not be fetched in full.
    """
    wanted = SegmentArguments(tuple(members), limit)
    if isinstance(got, Got):
        with account.working():
            listing = directory(got.data)
        size = sum(listing[name].size for name in members if name in listing)
        if size <= THREAD_BYTES.value:
            async for piece in _here(got.data, listing, wanted, size, account):
                yield piece
            return
    data = got.data if isinstance(got, Got) else got
    async with aclosing(worker().read("segment", data, encode(wanted), account)) as pieces:
        try:
            async for encoded in pieces:
                yield segment_piece(encoded)
        except WorkFailed as error:
            if error.kind == "corrupt":
                raise CorruptZip(str(error)) from error
            raise


async def _here(
    data: bytes, listing: Directory, wanted: SegmentArguments, size: int, account: Account
) -> AsyncGenerator[SegmentPiece, None]:
    pieces = segment_pieces(data, listing, wanted)
    if size > INLINE_BYTES.value:
        pieces = iter(await in_thread(list, pieces, account))
    for piece in _metered(pieces, account):
        yield piece
        await pace().breathe(account)


def _metered(pieces: Iterator[T], account: Account) -> Iterator[T]:
    """What it takes to make each of them is counted."""
    while True:
        with account.working():
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


async def read_manifest(got: Got | Large, account: Account) -> Manifest:
    """The samples of a manifest.

    Raises:
        CorruptManifest: it is none.
        StoreError: it could not be fetched in full; `too_large` where it is too much work.
    """
    if isinstance(got, Got) and len(got.data) <= THREAD_BYTES.value:
        return await _decoded(decode_manifest, got.data, account)
    samples: list[SampleEntry] = []
    bad: tuple[str, ...] = ()
    try:
        async for encoded in _pieces("manifest", got, account):
            piece = entries_piece(encoded)
            samples += piece.samples
            bad += piece.bad
    except WorkFailed as error:
        raise _unreadable(error) from error
    return Manifest(tuple(samples), bad)


async def read_header(
    content: bytes | bytearray | Packed, where: tuple[str, str], account: Account, *, begun: bool
) -> SpecRead:
    """What a log's `header.json` says, or its `start.json` where it has `begun`.

    Where: the eval set's id and the log's name.

    Raises:
        ValueError: it can't be read.
        StoreError: the worker process died of something else.
    """
    if not isinstance(content, Packed):
        read = partial(header_read, eval_set_id=where[0], log=where[1], begun=begun)
        return await _decoded(read, content, account)
    wanted = LogArguments(*where, content.member, content.limit, begun)
    pieces = await _all_pieces("header", content.data, wanted, account)
    return header_piece(pieces[0])


async def read_json_log(
    content: Large, where: tuple[str, str], account: Account, cut: str = ""
) -> Told:
    """A log in JSON; see `told`.

    Raises:
        NoLog: it is something else.
        ValueError: it can't be read; `TooMuch` where that is too much work.
        StoreError: it could not be fetched in full, or the worker process died of something else.
    """
    if content.size <= THREAD_BYTES.value:
        data = b"".join([part async for part in content.parts()])
        read = partial(told, eval_set_id=where[0], log=where[1], cut=cut)
        return await _decoded(read, data, account)
    pieces = await _all_pieces("json_log", content, LogArguments(*where, cut=cut), account)
    *some, last = map(json_piece, pieces)
    if last.rest is None:
        raise NoLog(last.other or "")
    if last.rest.samples is None:
        return last.rest
    return replace(last.rest, samples=tuple(one for piece in some for one in piece.samples))


async def _all_pieces(
    job: str, data: bytes | Large, wanted: LogArguments, account: Account
) -> list[bytes]:
    """Raises: ValueError: it can't be read; StoreError: nor said why."""
    try:
        return [piece async for piece in _pieces(job, data, account, encode(wanted))]
    except WorkFailed as error:
        if error.kind == "died":
            raise StoreError("unavailable", str(error)) from error
        given_up = error.kind in {"memory", "too_slow"}
        raise (TooMuch if given_up else ValueError)(str(error)) from error


async def read_summaries(
    content: bytes | bytearray | Packed, account: Account
) -> tuple[tuple[SampleSummary, ...], tuple[str, ...]]:
    """A journal's summaries, and texts for those that are unreadable.

    Raises:
        CorruptManifest: it is no list of them, or too many (`TooMany`).
        StoreError: the worker process died of something else; `too_large`: it is too much work.
    """
    if not isinstance(content, Packed):
        return await _decoded(decode_summaries, content, account)
    samples: list[SampleSummary] = []
    bad: tuple[str, ...] = ()
    wanted = LogArguments("", "", content.member, content.limit)
    try:
        async for encoded in _pieces("summaries", content.data, account, encode(wanted)):
            piece = summaries_piece(encoded)
            samples += piece.samples
            bad += piece.bad
    except WorkFailed as error:
        raise _unreadable(error) from error
    return tuple(samples), bad


async def _pieces(
    job: str, got: Got | Large | bytes, account: Account, arguments: bytes = b""
) -> AsyncGenerator[bytes, None]:
    data = got.data if isinstance(got, Got) else got
    async with aclosing(worker().read(job, data, arguments, account)) as pieces:
        async for piece in pieces:
            yield piece
            await pace().breathe(account)


async def _decoded(decode: Callable[[B], T], data: B, account: Account) -> T:
    """In a thread where it takes long."""
    if len(data) > INLINE_BYTES.value:
        return await in_thread(decode, data, account)
    await pace().breathe(account)
    with account.working():
        return decode(data)


async def in_thread(work: Callable[[S], T], data: S, account: Account) -> T:
    """Do work in a thread, its CPU time on the account; the loop turns meanwhile."""

    def measured() -> tuple[T, float]:
        began = time.thread_time()
        return work(data), time.thread_time() - began

    result, seconds = await asyncio.to_thread(measured)
    account.spend(seconds)
    return result


def _unreadable(error: WorkFailed) -> CorruptManifest | StoreError:
    if error.kind == "too_many":
        return TooMany(str(error))
    if error.kind == "corrupt":
        return CorruptManifest(str(error))
    if error.kind == "died":
        return StoreError("unavailable", str(error))
    return StoreError("too_large", str(error))
