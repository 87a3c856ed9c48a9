"""Parsers of what Inspect, Hawk and their runner write."""

import asyncio
import atexit
import json
import sqlite3
import tempfile
from collections import deque
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

from tests.fuzz.memory_store import MemoryStore
from tests.fuzz.promises import kept
from tests.fuzz.target import Target
from watchdog.collect.inspect import runner_log, sqlite_buffer
from watchdog.collect.inspect.buffers import (
    CorruptManifest,
    CorruptMember,
    decode_manifest,
    decode_member,
    decode_summaries,
    decode_summary,
)
from watchdog.collect.inspect.conversation import decode_conversation
from watchdog.collect.inspect.eval_logs import EvalLog
from watchdog.collect.inspect.failing_request import failing_request
from watchdog.collect.inspect.interactions import decode_count
from watchdog.collect.inspect.json_content import decode as decode_json_log
from watchdog.collect.inspect.logged_sample import decode_logged
from watchdog.collect.inspect.naming import is_json, is_log, log_file, newest_of_each_task
from watchdog.collect.inspect.runner_errors import ERROR_LIMIT
from watchdog.collect.inspect.runner_lines import telling_lines
from watchdog.collect.inspect.sample_parts import RequestUnreadable
from watchdog.collect.inspect.specification import spec_read
from watchdog.collect.place import Place
from watchdog.collect.stores.objects import FileMeta, StoreError
from watchdog.collect.stores.zip_members import CorruptZip, MissingRange, directory, read_member
from watchdog.fold import fold
from watchdog.model.facts import RowsRead, SampleKey
from watchdog.model.state import EvalSetState
from watchdog.pipeline.sample_events import sample_events

LIMIT = 4 * 1024 * 1024


def run(work):
    """The result of a coroutine, on one loop for all inputs."""
    return _loop().run_until_complete(work)


@cache
def _loop():
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


def zip_directory(data: bytes) -> None:
    for member in directory(data).values():
        assert len(data) > 22
        assert member.name is not None


def zip_members(data: bytes) -> None:
    for member in list(directory(data).values())[:16]:
        with suppress(CorruptZip):
            assert len(read_member(data, member, LIMIT)) <= LIMIT


def member_rows(data: bytes) -> None:
    rows = decode_member(data)
    kept(rows)
    state = fold(EvalSetState("e"), RowsRead("e", "log.eval", SampleKey("1", 1), rows.rows))
    assert fold(state, RowsRead("e", "log.eval", SampleKey("1", 1), rows.rows)) == state
    kept(sample_events(rows.rows, 1.8e9, running=True))


def logged_sample(data: bytes) -> None:
    rows = decode_logged(data)
    kept(rows)
    kept(sample_events(rows, 1.8e9, running=False))


def conversation(data: bytes) -> None:
    kept(decode_conversation(data))


def manifest(data: bytes) -> None:
    kept(decode_manifest(data))


def summaries(data: bytes) -> None:
    kept(decode_summaries(data))


def summary(data: bytes) -> None:
    kept(decode_summary(data))


def specification(data: bytes) -> None:
    header = json.loads(data)
    eval_spec = header.get("eval") if isinstance(header, dict) else None
    if isinstance(eval_spec, dict):
        kept(spec_read("e", "log.eval", {"status": "started", **header}, eval_spec))


def eval_log(data: bytes) -> None:
    facts = run(EvalLog(MemoryStore(data), "a.eval", "e", "a.eval", LIMIT).refresh())
    assert facts is not None
    kept(facts)


def json_log(data: bytes) -> None:
    content = decode_json_log(data)
    kept((content.samples, content.bad, content.cut_off))


def interactions(data: bytes) -> None:
    count = decode_count(data)
    assert count is None or count >= 0


def runner_lines(data: bytes) -> None:
    lines = data.decode("utf-8", "replace").split("\n")
    for fact in runner_log.parse(lines, "e", {"mmlu"}, "pod"):
        kept(fact)
    for line in telling_lines(lines):
        kept(line)
        assert len(line.text) <= ERROR_LIMIT


def names(data: bytes) -> None:
    text = data.decode("utf-8", "replace").split("\n")
    files = [FileMeta(name, 1, 1.0) for name in text[:50]]
    logs = newest_of_each_task([log_file(file) for file in files if is_log(file.name)])
    assert len(logs) <= len(files)
    deque(map(is_json, text), maxlen=0)


def sqlite_file(data: bytes) -> None:
    """The bytes as a whole database: damaged pages, schemas, types."""
    with tempfile.TemporaryDirectory(dir=_quick()) as folder:
        path = Path(folder) / "a.eval.1.db"
        path.write_bytes(data)
        _read_database(path)


def sqlite_rows(data: bytes) -> None:
    """The bytes as rows of a sound database."""
    with tempfile.TemporaryDirectory(dir=_quick()) as folder:
        path = Path(folder) / "a.eval.1.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("CREATE TABLE samples (id, epoch, data)")
            connection.execute("CREATE TABLE events (id, event_id, sample_id, sample_epoch, data)")
            for place, part in enumerate(data.split(b"\0")[:8]):
                summary_row = ("1", 1, part.decode("utf-8", "replace"))
                connection.execute("INSERT INTO samples VALUES (?, ?, ?)", summary_row)
                row = (place + 1, f"e{place}", "1", 1, part)
                connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", row)
        _read_database(path)


def _read_database(path: Path) -> None:
    facts = []
    problems = run(sqlite_buffer.SqliteBuffer(path).read("e", "a.eval", facts.append))
    kept(problems)
    for fact in facts:
        kept(fact)


def _quick() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def request(data: bytes) -> None:
    """The failing request of a segment's member: events, pool and attachments."""
    manifest_json = json.dumps(
        {
            "samples": [{"summary": {"id": 1, "epoch": 1}, "segments": [1]}],
            "segments": [{"id": 1}],
        }
    ).encode()
    folder = ".buffer/2026-01-01T00-00-00+00-00_t_a"
    files = {f"{folder}/manifest.json": manifest_json, f"{folder}/segment.1.zip": data}
    log = "2026-01-01T00-00-00+00-00_t_a.eval"
    place = Place(MemoryStore(b"", files), "", "e", log, LIMIT)
    kept(run(failing_request(place, SampleKey("1", 1))))


TARGETS = (
    Target("zip_directory", zip_directory, (CorruptZip, MissingRange), ("stores.zip_directory",)),
    Target("zip_members", zip_members, (CorruptZip, MissingRange), ("stores.zip_members",)),
    Target(
        "member",
        member_rows,
        (CorruptMember,),
        ("inspect.segments", "inspect.events", "inspect.digests", "inspect.holes"),
        is_json=True,
    ),
    Target("manifest", manifest, (CorruptManifest,), ("inspect.buffers",), is_json=True),
    Target("summaries", summaries, (CorruptManifest,), is_json=True),
    Target("summary", summary, (ValueError,), is_json=True),
    Target(
        "specification",
        specification,
        (ValueError, RecursionError),  # of json.loads here
        (
            *("inspect.connections", "inspect.approval", "inspect.metadata"),
            *("inspect.specification", "allowances"),
        ),
        is_json=True,
    ),
    Target("eval_log", eval_log, (StoreError,), ("inspect.eval_logs",)),
    Target(
        "json_log",
        json_log,
        (ValueError,),
        ("inspect.json_content", "inspect.json_logs"),
        is_json=True,
    ),
    Target("interactions", interactions, (), ("inspect.interactions",), is_json=True),
    Target("logged_sample", logged_sample, (CorruptZip,), ("inspect.logged_sample",), is_json=True),
    Target(
        "conversation",
        conversation,
        (RequestUnreadable,),
        ("inspect.conversation",),
        is_json=True,
    ),
    Target(
        "runner_log",
        runner_lines,
        (),
        ("inspect.runner_log", "inspect.runner_errors", "inspect.runner_lines"),
    ),
    Target("log_names", names, (), ("inspect.naming",)),
    Target(
        "sqlite_file",
        sqlite_file,
        (),
        (
            *("inspect.sqlite_buffer", "inspect.sqlite_address", "inspect.sqlite_guard"),
            "inspect.local_database",
        ),
        slow=True,
    ),
    Target("sqlite_rows", sqlite_rows, (), slow=True, is_json=True),
    Target(
        "failing_request",
        request,
        (RequestUnreadable,),
        ("inspect.sample_parts", "inspect.failing_request"),
        slow=True,
    ),
)
