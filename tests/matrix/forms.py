"""What a release wrote, by measurement: how its files differ from other releases'."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zipfile_zstd  # type: ignore[import-untyped]  # noqa: F401  (teaches zipfile method 93)

Row = tuple[str, dict[str, Any]]
"""A sample's id, and an event of it."""

COMPRESSIONS = {zipfile.ZIP_DEFLATED: "deflate", 93: "zstd"}


@dataclass(frozen=True)
class Difference:
    """Something that not all releases write alike."""

    what: str
    source: str
    """Where Inspect writes it."""


ATTEMPT = Difference("failed attempt of a call", "model/_model.py")
ANSWER = Difference("`completed` of an answered call", "model/_model.py")
MEMBER = Difference("keys of a segment's member", "log/_recorders/buffer/types.py")
COMPRESSION = Difference("compression of segments", "log/_recorders/buffer/filestore.py")
SEGMENTS = Difference("a sample's segments in the manifest", "log/_recorders/buffer/filestore.py")
TABLES = Difference("tables of the database", "log/_recorders/buffer/database.py")
NAME = Difference("time in a log's name", "log/_recorders/file.py")
SPANS = Difference("begin and end of a span", "log/_transcript.py")

RETRY = Difference("retry line in the runner's log", "model/_model.py")
CONTROL = Difference("control channel, by default", "_control/")
JOURNAL = Difference("journal of the database", "log/_recorders/buffer/database.py")
FLUSH = Difference("a sample that completes while others are flushed", "_eval/task/log.py")
SLOTS = Difference("connections, by default", "model/_generate_config.py")
SYNC = Difference("a sync of the buffer that fails", "log/_recorders/buffer/database.py")

WORDING = (
    (
        FLUSH,
        "pending = list(self.flush_pending)",
        "in the buffer",
        "in neither buffer nor log for a while",
    ),
    (SLOTS, "adaptive_connections", "adaptive", "a fixed number"),
    (SYNC, "Log Sync failed", "logged (`Log Sync failed`)", "not logged"),
)
"""What the runs don't show: which words of a source tell it, what holds with and without them."""

Forms = dict[Difference, str]


def of_store(logs: Path) -> Forms:
    """What is told by a log directory with its buffer."""
    [buffer] = (logs / ".buffer").iterdir()
    manifest = json.loads((buffer / "manifest.json").read_text())
    members = list(_members(buffer))
    rows = [
        (content["events"][0]["sample_id"], event["event"])
        for _, content in members
        for event in content["events"]
    ]
    return {
        **_of_rows(rows),
        NAME: _of_name(next(logs.glob("*.eval")).name),
        MEMBER: ", ".join(members[0][1]),
        COMPRESSION: _one_of(COMPRESSIONS[kind] for kind, _ in members),
        SEGMENTS: _one_of(
            _kind(segment) for one in manifest["samples"] for segment in one["segments"]
        ),
    }


def of_database(data: Path) -> Forms:
    """What is told by the database of Inspect's data directory."""
    [path] = data.glob("inspect_ai/samplebuffer/*/*.db")
    with closing(sqlite3.connect(path)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = sorted(name for (name,) in names if not name.startswith("sqlite_"))
        events = database.execute("SELECT sample_id, data FROM events ORDER BY id")
        rows = [(str(sample), json.loads(event)) for sample, event in events]
        [[journal]] = database.execute("PRAGMA journal_mode")
    return {**_of_rows(rows), TABLES: ", ".join(tables), JOURNAL: journal}


def of_process(log: Path, data: Path) -> Forms:
    """What is told by the runner's log, and by what its process left beside the buffer."""
    line = next((one for one in log.read_text().splitlines() if " retry 1 " in one), "")
    words = (("the sample", "matrix/fail/1"), ("the error", "InternalServerError"))
    named = [meaning for meaning, word in words if word in line]
    bound = next(data.glob("inspect_ai/control/*.json"), None)
    return {
        RETRY: f"names {' and '.join(named)}" if named else "names neither sample nor error",
        CONTROL: "a socket" if bound else "none",
    }


def of_sources(package: Path) -> Forms:
    """What is told by the sources of the installed Inspect."""
    return {
        what: there if word in (package / what.source).read_text() else absent
        for what, word, there, absent in WORDING
    }


def _of_rows(rows: list[Row]) -> Forms:
    calls = [(sample, event) for sample, event in rows if event["event"] == "model"]
    failed = any(event.get("error") for sample, event in calls if sample == "fail")
    ended = any(event.get("completed") for sample, event in calls if sample == "live")
    kinds = {event["event"] for _, event in rows} & {"step", "span_begin", "span_end"}
    return {
        ATTEMPT: "has its `error`" if failed else "pending for ever",
        ANSWER: "written" if ended else "never written",
        SPANS: ", ".join(sorted(kinds)),
    }


def _members(buffer: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for path in sorted(buffer.glob("segment.*.zip")):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                yield info.compress_type, json.loads(archive.read(info))


def _of_name(log: str) -> str:
    zone = re.match(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d([+-]\d\d-\d\d)", log)
    return f"`…{zone[1]}`" if zone else "without a zone"


def _kind(segment: object) -> str:
    return "objects" if isinstance(segment, dict) else "numbers"


def _one_of(kinds: Iterator[str]) -> str:
    return " and ".join(sorted(set(kinds)))
