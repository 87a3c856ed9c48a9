"""Inspect's sample buffer in its object-store form: the manifest.

Format: `Manifest` in inspect_ai 0.3.285, `log/_recorders/buffer/filestore.py`, and
`EvalSampleSummary` in `log/_log.py`. Rows of a segment's member are in `segments.py`.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from watchdog.collect.inspect.events import decode_row
from watchdog.collect.inspect.segments import CorruptMember, Rows, decode_member
from watchdog.collect.json_bounds import UNFIT, Tally, loads
from watchdog.collect.limits import (
    ERROR_SOURCE,
    MANIFEST_BYTES,
    METRICS_BYTES,
    NUMBER,
    REFERENCES,
    RUNNING,
    SAMPLES,
    Beyond,
    some,
)
from watchdog.collect.stores.zip_directory import member_key
from watchdog.collect.values import TEXT_LIMIT, count, identifier, instant, name, text
from watchdog.model.facts import SampleKey, SampleSummary
from watchdog.model.texts import first_line

__all__ = [
    "CorruptManifest",
    "CorruptMember",
    "Manifest",
    "Reference",
    "Rows",
    "SampleEntry",
    "TooMany",
    "decode_manifest",
    "decode_member",
    "decode_row",
    "decode_summaries",
    "decode_summary",
    "member_name",
]

CANCEL_ERRORS = ("CancelledError", "Cancelled by ")
"""How the error of a cancelled sample begins: the exception, and Inspect's sentinels
`Cancelled by operator | limit | system` (`event/_model.py`)."""


WITH_REQUEST = "ModelGenerateError("
GRPC = "<AioRpcError of RPC"
PARAGRAPH = re.compile(r"(?:\\n|\n){2}")
"""An empty line, in a text that may be a `repr`."""


class CorruptManifest(Exception):  # noqa: N818 - reads as what it says
    """The bytes are no manifest, or no list of summaries."""


class TooMany(CorruptManifest):
    """There is more in it than is read."""


class Reference(Struct, frozen=True):
    """A segment that holds rows of a sample. `last_event_id` is None with old writers."""

    segment: int
    last_event_id: int | None = None


class SampleEntry(Struct, frozen=True):
    """A sample in the buffer and the segments that hold its rows, in ascending order."""

    summary: SampleSummary
    member: str
    """The name of its member in every segment's zip."""
    references: tuple[Reference, ...] = ()


class Manifest(Struct, frozen=True):
    """Samples in the buffer, and a text for each entry that is unreadable."""

    samples: tuple[SampleEntry, ...] = ()
    bad: tuple[str, ...] = ()


Count = Annotated[int, Meta(ge=0, le=NUMBER.value)]
_TALLY = Tally(SAMPLES, REFERENCES)


class _Segment(Struct, gc=False):
    id: Count
    last_event_id: Count | None = None


class _Summary(Struct, gc=False):
    id: int | str
    epoch: Count
    uuid: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    completed: bool = False
    error: str | None = None
    limit: str | None = None

    def __post_init__(self) -> None:
        _TALLY.take(SAMPLES)


class _Entry(Struct, gc=False):
    summary: _Summary
    segments: list[Count | _Segment] = []

    def __post_init__(self) -> None:
        _TALLY.take(REFERENCES, len(self.segments))


class _Manifest(Struct, gc=False):
    samples: list[_Entry]


_manifest = msgspec.json.Decoder(_Manifest)
_summary = msgspec.json.Decoder(_Summary)
_summaries = msgspec.json.Decoder(list[_Summary])

METRICS_FIRST = re.compile(rb'\s*\{\s*"metrics"\s*:\s*')


def decode_manifest(data: bytes | bytearray) -> Manifest:
    """The samples of a manifest, whatever generation of Inspect wrote it.

    Raises:
        CorruptManifest: it is no JSON object with a list of samples.
    """
    if len(data) > MANIFEST_BYTES.value:
        raise CorruptManifest(MANIFEST_BYTES.text(len(data)))
    try:
        manifest = _TALLY.counting(_manifest, _without_metrics(data))
        return _running_few(Manifest(tuple(_entry(entry) for entry in manifest.samples)))
    except Beyond as error:
        raise TooMany(str(error)) from error
    except UNFIT:
        return _loose_manifest(data)


def decode_summaries(data: bytes | bytearray) -> tuple[tuple[SampleSummary, ...], tuple[str, ...]]:
    """A journal's list of summaries, and a text for each one that is unreadable.

    Raises:
        CorruptManifest: it is no JSON list, or nothing in it can be understood.
    """
    try:
        summaries = _TALLY.counting(_summaries, data)
        return tuple(_summarise(summary) for summary in summaries), ()
    except Beyond as error:
        raise TooMany(str(error)) from error
    except UNFIT:
        return _some(*_each(_load(data), _loose_summary))


def decode_summary(data: bytes | bytearray) -> SampleSummary:
    """One summary's JSON.

    Raises:
        ValueError: it is none, or names no sample.
    """
    _TALLY.begin()
    try:
        return _summarise(_summary.decode(data))
    except UNFIT:
        return _loose_summary(loads(data))


def _without_metrics(data: bytes | bytearray) -> bytes | bytearray:
    """A manifest without its first value, in which `NaN` stands until the first score."""
    begin = METRICS_FIRST.match(data)
    if not begin:
        return data
    start = begin.end()
    try:
        head = data[start : start + METRICS_BYTES.value].decode("utf-8", "ignore")
        _, end = json.JSONDecoder().raw_decode(head)
    except (ValueError, RecursionError):
        return data
    return b'{"metrics":null' + data[start + len(head[:end].encode()) :]


def _entry(entry: _Entry) -> SampleEntry:
    references = (
        Reference(segment)
        if isinstance(segment, int)
        else Reference(segment.id, segment.last_event_id)
        for segment in entry.segments
    )
    return _sample(_summarise(entry.summary), references, str(entry.summary.id))


def _sample(summary: SampleSummary, references: Iterable[Reference], own_id: str) -> SampleEntry:
    """Args: own_id: the sample's id as it is written, however long."""
    by_id = {reference.segment: reference for reference in references}
    member = member_key(f"{own_id}_{summary.key.epoch}.json")
    return SampleEntry(summary, member, tuple(by_id[segment] for segment in sorted(by_id)))


def member_name(key: SampleKey) -> str:
    """The name under which a segment's zip has a sample's rows."""
    return member_key(f"{key.id}_{key.epoch}.json")


def _summarise(summary: _Summary) -> SampleSummary:
    return SampleSummary(
        key=SampleKey(_id(summary.id), summary.epoch),
        uuid=identifier(summary.uuid),
        started_at=instant(summary.started_at),
        completed_at=instant(summary.completed_at),
        completed=summary.completed,
        error=error_line(summary.error),
        cancelled=is_cancelled(summary.error),
        limit=name(summary.limit),
        by_model=is_of_model(summary.error),
    )


def _id(value: int | str) -> str:
    """An empty id is one as well."""
    return identifier(value) or ""


def error_line(error: str | None) -> str | None:
    r"""The first line of an error, at most a few thousand characters, without the request.

    A provider that refuses a request makes Inspect write the whole of it, prompt included, before
    what the provider said: `ModelGenerateError('\nRequest:\n{…}\n\nBadRequestError(…)')`.
    """
    if error is not None and error.startswith(WITH_REQUEST):
        error = PARAGRAPH.split(_end_of(error))[-1].removesuffix("')").replace("\\'", "'")
        error = error if not error.startswith(WITH_REQUEST) else WITH_REQUEST.rstrip("(")
    if error is not None and error.startswith(GRPC):
        error = " ".join(error[:TEXT_LIMIT].split())  # its status stands on the second line
    return first_line(text(error) or "", TEXT_LIMIT) or None


def _end_of(error: str) -> str:
    """A long error's end, behind how it begins."""
    most = ERROR_SOURCE.value
    return error if len(error) <= most else WITH_REQUEST + error[len(WITH_REQUEST) - most :]


def is_of_model(error: str | None) -> bool:
    """Whether Inspect itself calls an error one of a model call."""
    return error is not None and error.startswith(WITH_REQUEST)


def is_cancelled(error: str | None) -> bool:
    """Whether a sample's error says that it was cancelled, which is no failure."""
    return error is not None and error.startswith(CANCEL_ERRORS)


def _loose_manifest(data: bytes | bytearray) -> Manifest:
    content = _load(data)
    if not isinstance(content, dict):
        raise CorruptManifest("no JSON object")
    return _running_few(Manifest(*_some(*_each(content.get("samples"), _loose_entry))))


def _running_few(manifest: Manifest) -> Manifest:
    """Raises: CorruptManifest: more samples run than are judged."""
    running = sum(not sample.summary.completed for sample in manifest.samples)
    if running > RUNNING.value:
        raise CorruptManifest(RUNNING.text(running))
    return manifest


def _some(good: tuple[Any, ...], bad: list[str]) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """Both, where any was understood: a list of which nothing was isn't an empty one."""
    if bad and not good:
        raise CorruptManifest(f"none of its {len(bad)} samples can be understood: {bad[0]}")
    return good, some(bad)


def _load(data: bytes | bytearray) -> object:
    try:
        return loads(data)
    except Beyond as error:
        raise TooMany(str(error)) from error
    except ValueError as error:
        raise CorruptManifest(f"not JSON: {str(error)[:120]}") from error


def _each(items: object, read: Callable[[object], Any]) -> tuple[tuple[Any, ...], list[str]]:
    if not isinstance(items, list):
        raise CorruptManifest("no list of samples")
    if len(items) > SAMPLES.value:
        raise TooMany(SAMPLES.text(len(items)))
    good: list[Any] = []
    bad: list[str] = []
    for place, value in enumerate(items):
        try:
            good.append(read(value))
        except ValueError as error:
            bad.append(f"sample {place}: {str(error)[:120]}")
    return tuple(good), bad


def _loose_entry(item: object) -> SampleEntry:
    if not isinstance(item, dict):
        raise ValueError("no object")  # noqa: TRY004 - one error for bad data
    segments = item.get("segments") or []
    if not isinstance(segments, list):
        raise ValueError("its segments are no list")  # noqa: TRY004 - one error for bad data
    references = [_loose_reference(segment) for segment in segments]
    summary = item.get("summary")
    own_id = str(summary.get("id")) if isinstance(summary, dict) else ""
    return _sample(_loose_summary(summary), references, own_id)


def _loose_reference(item: object) -> Reference:
    last = count(item.get("last_event_id")) if isinstance(item, dict) else None
    segment = count(item.get("id") if isinstance(item, dict) else item)
    if segment is None:
        raise ValueError("a segment's id is no whole number")
    return Reference(segment, last)


def _loose_summary(item: object) -> SampleSummary:
    if not isinstance(item, dict):
        raise ValueError("no summary")  # noqa: TRY004 - one error for bad data
    sample_id, epoch = identifier(item.get("id")), count(item.get("epoch"))
    if sample_id is None or epoch is None:
        raise ValueError("its id or epoch is missing")
    error = item.get("error")
    error = error if isinstance(error, str) else text(error)
    return SampleSummary(
        key=SampleKey(sample_id, epoch),
        uuid=identifier(item.get("uuid")),
        started_at=instant(item.get("started_at")),
        completed_at=instant(item.get("completed_at")),
        completed=item.get("completed") is True,
        error=error_line(error),
        cancelled=is_cancelled(error),
        limit=name(item.get("limit")),
        by_model=is_of_model(error),
    )
