"""The usual way: `aws s3 sync` of the buffers, then reading them with Inspect's own reader."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from inspect_ai.log._recorders.buffer.filestore import SampleBufferFilestore
from inspect_ai.log._recorders.buffer.types import SampleData

from tests.performance import workers

Cursors = dict[tuple[str, str | int, int], int]
"""By log, sample and epoch the last row that was read."""

_SEEN: Cursors = {}


def sync(command: Path, url: str, folder: Path, environment: dict[str, str]) -> tuple[float, int]:
    """Run `aws s3 sync` of the buffers; give its CPU in seconds, and the objects it fetched."""
    only_buffers = ("--exclude", "*", "--include", "*.buffer/*")
    before = workers.children_cpu()
    done = subprocess.run(
        [command, "s3", "sync", url, folder, *only_buffers, "--no-progress"],
        capture_output=True,
        check=True,
        text=True,
        env=environment,
    )
    return workers.children_cpu() - before, done.stdout.count("download:")


def read(logs: list[str]) -> tuple[float, int]:
    """Read all rows of the running samples of these logs; give CPU in seconds, and the rows."""
    return _timed(logs, {})


def read_new(logs: list[str]) -> tuple[float, int]:
    """Read only the rows that were not read before."""
    return _timed(logs, _SEEN)


def _timed(logs: list[str], seen: Cursors) -> tuple[float, int]:
    before = workers.own_cpu()
    rows = sum(_read(log, seen) for log in logs)
    return workers.own_cpu() - before, rows


def _read(log: str, seen: Cursors) -> int:
    return sum(len(data.events) for data in samples(log, seen))


def samples(log: str, seen: Cursors | None = None) -> Iterator[SampleData]:
    """Give the rows of each running sample of a log, those that were not seen before."""
    seen = {} if seen is None else seen
    store = SampleBufferFilestore(log, create=False)
    found = store.get_samples()
    assert found is not None
    assert found != "NotModified"
    for one in found.samples:
        if not one.completed:
            yield _sample(store, (log, one.id, one.epoch), seen)


def _sample(
    store: SampleBufferFilestore, key: tuple[str, str | int, int], seen: Cursors
) -> SampleData:
    _, sample, epoch = key
    data = store.get_sample_data(sample, epoch, after_event_id=seen.get(key))
    assert data is not None
    seen[key] = max([seen.get(key, 0), *(row.id for row in data.events)])
    return data
