"""A bundle's search ends when asked, and leaves out what it can't look into."""

import asyncio
import gzip
import threading
import zipfile

import pytest

from watchdog.evidence import bundle
from watchdog.evidence.redact import redact_directory
from watchdog.evidence.report import Wanted
from watchdog.redaction import REDACTED, Secrets, Stopped

KEY = "ghp_" + "Ab3dEf6hIj" * 3


def test_it_ends_between_files_members_and_finds(tmp_path):
    (tmp_path / "a.log").write_text("x token=Ab3dEf6h" * 50_000)
    for asked in (1, 2, 5):
        answers = iter([False] * asked + [True] * 100)
        with pytest.raises(Stopped):
            redact_directory(tmp_path, stop=lambda answers=answers: next(answers))


def test_packed_contents_databases_and_names_are_left_out(tmp_path):
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(KEY.encode()))
    (tmp_path / "b.log").write_bytes(gzip.compress(b"harmless"))
    (tmp_path / "c.db").write_bytes(b"SQLite format 3\x00" + KEY.encode())
    (tmp_path / "d.db").write_bytes(b"SQLite format 3\x00")
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr("inner", gzip.compress(KEY.encode()))
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr(f"{KEY}.json", "{}")
    (tmp_path / f"g-{KEY}").mkdir()
    notes = redact_directory(tmp_path).notes
    assert [path.name for path in tmp_path.iterdir()] == ["d.db"]
    assert len(notes) == 6
    assert KEY not in "".join(notes)


def test_binary_files_are_searched_and_keep_the_rest(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe\x00" + KEY.encode() + b"\x00\xff")
    assert redact_directory(tmp_path).changed == ("a.bin",)
    assert (tmp_path / "a.bin").read_bytes() == b"\xff\xfe\x00" + REDACTED.encode() + b"\x00\xff"


async def test_a_bundle_that_nobody_wants_any_more_ends_its_thread(tmp_path, monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    def search(_root, _secrets, stop):
        begun.set()
        while not stop():
            ended.wait(0.001)
        ended.set()
        raise Stopped

    monkeypatch.setattr(bundle, "redact_directory", search)
    work = asyncio.create_task(bundle._finished(tmp_path, Wanted(), Secrets()))
    await asyncio.to_thread(begun.wait, 10)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert ended.is_set()
