"""Eval sets that would starve a service: what one alone can be made of, by kind."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

from tests.builders import logs

Objects = Iterator[tuple[str, bytes]]
MEBI = 1024 * 1024
NOISE = 1024
"""Random bytes in each row."""


def manifest_of(count: int) -> Objects:
    """A manifest of so many samples, all in one segment."""
    yield logs.LOG, logs.running_log()
    yield logs.MANIFEST, _manifest(logs.sample(n, ((1, 1),)) for n in range(count))
    yield logs.segment_path(1), logs.zipped({"1_1.json": logs.rows(logs.event(pending=True))})


def member_of(mebibytes: int, *, strict: bool = True, rows: int = 100) -> Objects:
    """One member of so many bytes, strict JSON or with a `NaN` in each of its rows."""
    extra = "1.0" if strict else "NaN"
    noise = random.Random(19)  # noqa: S311 - so that a member isn't refused for its ratio
    text = "x" * (mebibytes * MEBI // rows - 2 * NOISE)
    events = ",".join(
        _row(n, f'"y":"{noise.randbytes(NOISE).hex()}{text}","z":{extra}')
        for n in range(1, rows + 1)
    )
    yield from _one_sample(f'{{"events":[{events}]}}'.encode(), rows)


def rows_of(count: int, *, segments: int = 1, strict: bool = True) -> Objects:
    """A sample with so many short rows."""
    extra = "1.0" if strict else "NaN"
    yield logs.LOG, logs.running_log()
    each = count // segments
    last = [(n, n * each) for n in range(1, segments + 1)]
    yield logs.MANIFEST, _manifest([logs.sample(1, tuple(last))])
    for n in range(segments):
        events = ",".join(_row(n * each + i, f'"z":{extra}') for i in range(1, each + 1))
        member = {"1_1.json": f'{{"events":[{events}]}}'.encode()}
        yield logs.segment_path(n + 1), logs.zipped(member)


def buffer_of(mebibytes: int, *, segments: int) -> Objects:
    """A sample with a buffer of so many bytes, which hardly shrink: one row a segment."""
    yield logs.LOG, logs.running_log()
    last = [(n, n) for n in range(1, segments + 1)]
    yield logs.MANIFEST, _manifest([logs.sample(1, tuple(last))])
    noise = random.Random(20)  # noqa: S311
    half = mebibytes * MEBI // segments // 2
    for n in range(1, segments + 1):
        row = _row(n, f'"y":"{noise.randbytes(half).hex()}"')
        yield logs.segment_path(n), logs.zipped({"1_1.json": f'{{"events":[{row}]}}'.encode()})


def running_of(count: int) -> Objects:
    """So many samples that run, each with a failed call and a pending one."""
    yield logs.LOG, logs.running_log()
    yield logs.MANIFEST, _manifest(logs.sample(n, ((1, 2),)) for n in range(count))
    events = logs.rows(logs.event(error="Error code: 500"), logs.event(pending=True))
    yield logs.segment_path(1), logs.zipped({f"{n}_1.json": events for n in range(count)})


def ended_of(count: int) -> Objects:
    """A log of so many samples that erred."""
    error = "RuntimeError: " + "e" * 200
    samples = [logs.ended(n, error=error) for n in range(count)]
    yield logs.LOG, logs.running_log(samples)
    yield logs.MANIFEST, _manifest([])


KINDS: dict[str, Callable[[], Objects]] = {
    "manifest of 10,000 samples": lambda: manifest_of(10_000),
    "manifest of 100,000 samples": lambda: manifest_of(100_000),
    "manifest of 1,000,000 samples": lambda: manifest_of(1_000_000),
    "member of 1 MB": lambda: member_of(1),
    "member of 1 MB, not strict": lambda: member_of(1, strict=False),
    "member of 16 MB": lambda: member_of(16),
    "member of 16 MB, not strict": lambda: member_of(16, strict=False),
    "member of 100 MB": lambda: member_of(100),
    "member of 100 MB, not strict": lambda: member_of(100, strict=False),
    "100,000 rows": lambda: rows_of(100_000),
    "1,000,000 rows in one segment": lambda: rows_of(1_000_000),
    "1,000,000 rows in 500 segments": lambda: rows_of(1_000_000, segments=500),
    "1,000,000 rows in 500 segments, not strict": lambda: rows_of(
        1_000_000, segments=500, strict=False
    ),
    "buffer of 2 GiB in 500 segments": lambda: buffer_of(2048, segments=500),
    "5,000 running samples": lambda: running_of(5_000),
    "10,000 running samples": lambda: running_of(10_000),
    "20,000 running samples": lambda: running_of(20_000),
    "100,000 ended samples": lambda: ended_of(100_000),
}


def _manifest(samples: object) -> bytes:
    return logs.manifest(*samples)  # type: ignore[misc]


def _one_sample(member: bytes, last: int) -> Objects:
    yield logs.LOG, logs.running_log()
    yield logs.MANIFEST, _manifest([logs.sample(1, ((1, last),))])
    yield logs.segment_path(1), logs.zipped({"1_1.json": member})


def _row(number: int, more: str) -> str:
    about = json.dumps(logs.event("info", source="s"))
    return f'{{"id":{number},"event_id":"e{number}","event":{about[:-1]},{more}}}}}'
