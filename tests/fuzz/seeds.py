"""Cuts the corpus from recordings and formats: python -m tests.fuzz.seeds.

Only what is missing is written: inputs that once broke something stay (`regression-*`).
"""

import contextlib
import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.builders.zips import forged
from tests.fuzz import access_targets, check_target, work_targets
from tests.fuzz.seed_texts import LINES, TEXTS
from tests.fuzz.target import CORPUS
from tests.recordings.unpack import unpack
from watchdog.collect.stores.zip_members import directory, read_member

RECORDINGS = ("one_sample_500", "restarted", "human")
MOST = 6000
"""Bytes of a seed: larger ones are cut or left out."""


def write() -> int:
    """Write what is missing; how many files that were."""
    written = 0
    for target, name, data in _seeds():
        path = CORPUS / target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(data)
            written += 1
    return written


def _seeds() -> Iterator[tuple[str, str, bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        for name in RECORDINGS:
            root = unpack(name, Path(folder) / name)[-1]
            for target, data in _of_recording(root):
                yield target, name, data
    for target, inputs in TEXTS.items():
        for name, data in inputs.items():
            yield target, name, data if isinstance(data, bytes) else data.encode()
    for target, inputs in (work_targets.SEEDS | access_targets.SEEDS).items():
        for name, data in inputs.items():
            yield target, name, data
    for target, lines in LINES.items():
        for place, line in enumerate(lines):
            yield target, f"{place:02}", line.encode()
    for place, data in enumerate(check_target.samples()):
        yield "check", check_target.PARTS[place], data
    yield "zip_members", "claims", forged(b"x" * 30, 3, 0)
    yield "zip_directory", "many", _zip({f"{number}.json": b"" for number in range(60)})
    yield "sqlite_file", "small", _database()
    yield from _segments()


def _of_recording(root: Path) -> Iterator[tuple[str, bytes]]:
    store = root / "store"
    log = next(iter(sorted(store.glob("*.eval"))))
    small = {name: data for name, data in _members(log) if len(data) < MOST}
    yield "zip_directory", _zip(dict(list(small.items())[:3]))
    yield "zip_members", _zip(dict(list(small.items())[:2]), zipfile.ZIP_DEFLATED)
    for name, data in _members(log):
        if name.startswith("samples/"):
            yield "logged_sample", _few_events(data)
            break
    start = json.loads(dict(_members(log))["_journal/start.json"])
    yield "specification", json.dumps(start).encode()
    finished = json.dumps({"version": 2, "status": "success", **start}).encode()
    for target in ("json_log", "work_json_log", "work_header"):
        yield target, finished
    yield "eval_log", _zip({"_journal/start.json": json.dumps(start).encode()})
    for segment in sorted(store.glob(".buffer/*/segment.*.zip"))[1:2]:
        for _, data in _members(segment):
            yield "work_segment", _zip({"1_1.json": _few_events(data)})
            yield "member", _few_events(data)
            yield "failing_request", _zip({"1_1.json": _few_events(data)})
            break
    manifest = next(iter(store.glob(".buffer/*/manifest.json")), None)
    if manifest is not None:
        content = json.loads(manifest.read_bytes())
        content["samples"] = content["samples"][:2]
        for sample in content["samples"]:
            sample["segments"] = sample["segments"][:4]
        content["segments"] = content["segments"][:4]
        yield "manifest", json.dumps(content).encode()
        yield "work_manifest", json.dumps(content).encode()
        yield "summary", json.dumps(content["samples"][0]["summary"]).encode()
        entries = json.dumps([one["summary"] for one in content["samples"]]).encode()
        yield "summaries", entries
        yield "work_summaries", entries
    for runner in root.glob("kubernetes/logs/*/*.log"):
        yield "runner_log", runner.read_bytes()[:MOST]
    for count in store.glob(".hawk/interactions.json"):
        yield "interactions", count.read_bytes()


def _members(path: Path) -> list[tuple[str, bytes]]:
    data = path.read_bytes()
    return [(name, read_member(data, one, 2**24)) for name, one in directory(data).items()]


def _few_events(data: bytes) -> bytes:
    """A member with as many of its events as fit."""
    content = json.loads(data)
    events, size = [], 0
    for event in content["events"]:
        size += len(json.dumps(event))
        if size > MOST:
            break
        events.append(event)
    return json.dumps({"events": events}).encode()


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def _segments() -> Iterator[tuple[str, str, bytes]]:
    """A member of every feature of the format that is parsed apart."""
    member = TEXTS["member"]["kinds"]
    body = member if isinstance(member, bytes) else member.encode()
    yield "failing_request", "kinds", _zip({"1_1.json": body})
    yield (
        "eval_log",
        "finished",
        _zip(
            {
                "header.json": json.dumps(json.loads(TEXTS["specification"]["small"])).encode(),
                "summaries.json": b'[{"id": 1, "epoch": 1, "completed": true}]',
            }
        ),
    )
    yield (
        "sqlite_rows",
        "kinds",
        b"\0".join(json.dumps(event["event"]).encode() for event in json.loads(body)["events"][:8]),
    )


def _database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA page_size = 512")
            connection.execute("CREATE TABLE samples (id TEXT, epoch INTEGER, data TEXT)")
            connection.execute(
                "CREATE TABLE events (id INTEGER PRIMARY KEY, event_id TEXT, sample_id TEXT,"
                " sample_epoch INTEGER, data TEXT)"
            )
            connection.execute("INSERT INTO samples VALUES ('1', 1, '{\"id\": 1, \"epoch\": 1}')")
            connection.execute(
                "INSERT INTO events VALUES (1, 'a', '1', 1, '{\"event\": \"info\"}')"
            )
        return path.read_bytes()


if __name__ == "__main__":
    print(write(), "inputs written")  # noqa: T201
