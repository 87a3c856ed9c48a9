"""Eval sets beside a hostile one: one that is well, and one whose verdict is waited for."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.builders.logs import event, manifest, rows, sample, spec, zipped

HOUR = 3600.0


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _write(folder: Path, begun: float, events: list[dict]) -> Path:
    created = _stamp(begun)
    name = f"{datetime.fromtimestamp(begun, UTC):%Y-%m-%dT%H-%M-%S}+00-00_mini_AbC123AbC123"
    buffer = folder / ".buffer" / name
    buffer.mkdir(parents=True)
    start = {
        "version": 2,
        "eval": spec(created=created, dataset={"samples": 1, "sample_ids": [1]}, config={}),
    }
    (folder / f"{name}.eval").write_bytes(
        zipped({"_journal/start.json": json.dumps(start).encode()})
    )
    (buffer / "segment.1.zip").write_bytes(zipped({"1_1.json": rows(*events)}))
    references = ((1, len(events)),)
    (buffer / "manifest.json").write_bytes(manifest(sample(1, references, started_at=created)))
    return folder


def stuck(folder: Path) -> Path:
    """Its one sample fails with 500 for two days and has never got an answer."""
    now = time.time()
    events = [
        event(
            timestamp=_stamp(now - 48 * HOUR + place * 1800),
            error="Error code: 500 - {'error': {'message': 'Internal server error'}}",
            output={"choices": []},
        )
        for place in range(95)
    ]
    return _write(folder, now - 48 * HOUR, events)


def healthy(folder: Path) -> Path:
    """A call ended a minute ago."""
    now = time.time()
    events = [
        event(
            timestamp=_stamp(now - HOUR + place * 60),
            completed=_stamp(now - HOUR + place * 60 + 5),
            output={"choices": [{"message": {"content": "x"}, "stop_reason": "stop"}]},
        )
        for place in range(59)
    ]
    return _write(folder, now - HOUR, events)
