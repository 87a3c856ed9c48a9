"""Parsers that run in the worker process, and those of single small files."""

import io

import msgspec

from tests.fuzz.promises import kept
from tests.fuzz.target import Target
from watchdog.collect.inspect import model_access
from watchdog.collect.json_bounds import loads
from watchdog.collect.limits import LINE_LENGTH
from watchdog.collect.stores.lines import last_lines
from watchdog.collect.work import frames, jobs

_SEGMENT = jobs.encode(jobs.SegmentArguments(("1_1.json", "none.json"), 4 * 1024 * 1024))
_LOG = jobs.encode(jobs.LogArguments("e", "log"))
_PIECES = {
    "segment": jobs.segment_piece,
    "manifest": jobs.entries_piece,
    "summaries": jobs.summaries_piece,
    "header": jobs.header_piece,
    "json_log": jobs.json_piece,
}


def _work(job: str, data: bytes) -> None:
    for piece in jobs.JOBS[job](data, _SEGMENT if job == "segment" else _LOG):
        kept(_PIECES[job](piece))


def segment(data: bytes) -> None:
    _work("segment", data)


def manifest(data: bytes) -> None:
    _work("manifest", data)


def summaries(data: bytes) -> None:
    _work("summaries", data)


def header(data: bytes) -> None:
    _work("header", data)


def json_log(data: bytes) -> None:
    _work("json_log", data)


def frame(data: bytes) -> None:
    """What the worker process may say of itself, were it another's; the first byte says what."""
    decoders = (frames.request_of, frames.end_of, frames.fault_of, *_PIECES.values())
    decoders[(data[0] if data else 0) % len(decoders)](data[1:])


def any_json(data: bytes) -> None:
    loads(data)


def model_groups(data: bytes) -> None:
    kept(model_access.decode(data))


def lines(data: bytes) -> None:
    """The first byte says how much of the end is wanted."""
    most = (data[0] if data else 0) * 40
    for line in last_lines(io.BytesIO(data), len(data), most):
        assert len(line) <= LINE_LENGTH.value
        line.encode()


TARGETS = (
    Target("work_segment", segment, jobs.UNREADABLE, ("work.jobs",)),
    Target("work_manifest", manifest, jobs.UNREADABLE, is_json=True),
    Target("work_summaries", summaries, jobs.UNREADABLE, is_json=True),
    Target("work_header", header, jobs.UNREADABLE, is_json=True),
    Target("work_json_log", json_log, jobs.UNREADABLE, is_json=True),
    Target("work_frame", frame, (msgspec.DecodeError,), ("work.frames",)),
    Target("json", any_json, (ValueError,), ("json_bounds",), is_json=True),
    Target("model_access", model_groups, (), ("inspect.model_access",), is_json=True),
    Target("last_lines", lines, (), ("stores.lines",)),
)
SEEDS: dict[str, dict[str, bytes]] = {
    "work_frame": {"piece": b"\x03\x80", "end": b"\x01" + frames.encode(frames.End(0.5))},
    "json": {
        "small": b'{"a": [1, 2.5, null, true, "x\\u00e9"], "b": {"c": NaN}}',
        "depth": b"[" * 3000,
    },
    "model_access": {
        "hawk": b'{"model_names": ["gpt-secret"], "model_groups": ["model-access-b", "a"]}',
        "none": b'{"model_names": [], "model_groups": []}',
    },
    "last_lines": {"three": b"\x05first line\nsecond\n\nthird without an end"},
}
