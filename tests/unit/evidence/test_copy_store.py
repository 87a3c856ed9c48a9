"""An eval set's objects in a store, copied: all that a verdict needs, and nothing beside it."""

import os
from pathlib import Path

import pytest

from tests.builders.logs import (
    BUFFER,
    JSON_LOG,
    LOG,
    MANIFEST,
    finished_log,
    json_log,
    running_store,
)
from tests.doubles.bucket import Bucket, serving
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.stores.objects import FileMeta, Folder, StoreError
from watchdog.collect.stores.opening import open_store
from watchdog.evidence.copy_store import CHUNK, copy_store

OLD = "2026-11-23T14-00-00+00-00_mini_UyoxGrqbJKtth6e7U6nui7.eval"
OTHER = "2026-11-23T15-00-00+00-00_other_AAAAAAAAAAAAAAAAAAAAAA.eval"
ALL = 10**9


def write(root: Path, files: dict[str, bytes], at: int = 1_700_000_000) -> None:
    for number, (name, data) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (at + number, at + number))


def files_in(root: Path) -> dict[str, tuple[bytes, float]]:
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime)
        for path in root.rglob("*")
        if path.is_file()
    }


async def copied(tmp_path: Path, max_bytes: int = ALL, store=None):
    store = store or DirectoryStore(tmp_path / "from")
    result = await copy_store(store, tmp_path / "to", max_bytes)
    found = files_in(tmp_path / "to")
    assert (result.objects, result.size) == (len(found), sum(len(d) for d, _ in found.values()))
    return found, {problem.where: problem.text for problem in result.left_out}


async def test_logs_buffers_and_marks_keep_their_names_content_and_times(tmp_path):
    files = running_store() | {OTHER: finished_log(), ".eval-set-id": b"my-set"}
    write(tmp_path / "from", files | {f"{BUFFER}/.keep": b""})
    found, left_out = await copied(tmp_path)
    assert found == files_in(tmp_path / "from")
    assert left_out == {}


async def test_a_log_in_json_is_a_log(tmp_path):
    other = JSON_LOG.replace("UyoxGrqbJKtth6e7U6nui7", "AAAAAAAAAAAAAAAAAAAAAA")
    write(tmp_path / "from", running_store() | {other: json_log(), "logs.json": b"{}"})
    found, left_out = await copied(tmp_path)
    assert other in found
    assert left_out == {}


async def test_who_waits_for_a_person_and_who_is_to_stop_comes_along(tmp_path):
    hawk = {".hawk/interactions.json": b'{"count":1}', ".commands/stop.json": b"{}"}
    hawk[".commands/stop-sample-u1.json"] = b"{}"
    others = {".hawk/other": b"x", ".commands/other.json": b"x", ".other/stop.json": b"x"}
    write(tmp_path / "from", running_store() | hawk | others)
    found, left_out = await copied(tmp_path)
    assert found == {n: f for n, f in files_in(tmp_path / "from").items() if n not in others}
    assert left_out == {}


async def test_what_is_no_log_stays_and_is_named(tmp_path):
    write(tmp_path / "from", {OTHER: finished_log(), "core.1234": b"x", "sub/a.eval": b"x"})
    found, left_out = await copied(tmp_path)
    assert set(found) == {OTHER}
    assert set(left_out) == {"core.1234"}


async def test_superseded_logs_come_without_their_buffers(tmp_path):
    old = f".buffer/{OLD.removesuffix('.eval')}/manifest.json"
    write(tmp_path / "from", running_store() | {OLD: finished_log(), old: b"{}"})
    found, left_out = await copied(tmp_path)
    assert {LOG, MANIFEST, OLD} <= set(found)
    assert old not in found
    assert set(left_out) == {old.removesuffix("/manifest.json")}


async def test_what_runs_comes_before_what_has_ended(tmp_path):
    files = running_store()
    write(tmp_path / "from", {OTHER: b"x" * 5000, OLD: b"y", "logs.json": b"{}"} | files)
    found, left_out = await copied(tmp_path, sum(map(len, files.values())) + 100)
    assert set(found) == {*files, "logs.json"}
    assert "5000 bytes" in left_out[OTHER]
    assert "superseded" in left_out[OLD]


async def test_the_newest_segments_come_first(tmp_path):
    files = {LOG: b"log", MANIFEST: b"{}"} | {f"{BUFFER}/segment.{n}.zip": b"123" for n in range(5)}
    write(tmp_path / "from", files)
    found, left_out = await copied(tmp_path, 3 + 2 + 7)
    assert {name for name in found if "segment" in name} == {
        f"{BUFFER}/segment.{n}.zip" for n in (3, 4)
    }
    assert len(left_out) == 3


async def test_large_objects_come_in_pieces(tmp_path):
    class Noting(DirectoryStore):
        asked: tuple[tuple[int, int], ...] = ()

        async def get_range(self, path, start, end, if_match=None):
            self.asked += ((start, end),)
            return await super().get_range(path, start, end, if_match)

    data = os.urandom(2 * CHUNK + 10)
    write(tmp_path / "from", {OTHER: data})
    store = Noting(tmp_path / "from")
    found, _ = await copied(tmp_path, store=store)
    assert found[OTHER][0] == data
    assert store.asked == ((0, CHUNK), (CHUNK, 2 * CHUNK), (2 * CHUNK, 2 * CHUNK + 10))


class Moving(DirectoryStore):
    """Something happens whenever an object is about to be read."""

    def __init__(self, root: Path, happen) -> None:
        super().__init__(root)
        self._happen = happen

    async def get_range(self, path, start, end, if_match=None):
        self._happen(path)
        return await super().get_range(path, start, end, if_match)


async def test_a_task_that_is_written_meanwhile_is_copied_once_more_as_a_whole(tmp_path):
    root, seen = tmp_path / "from", []
    gone, new = f"{BUFFER}/segment.1.zip", f"{BUFFER}/segment.3.zip"

    def flush(path: str) -> None:
        if path == gone and not seen:
            seen.append(path)
            (root / gone).unlink()
            write(root, {new: b"new", MANIFEST: b"new manifest"}, 1_700_000_100)

    write(root, running_store())
    found, left_out = await copied(tmp_path, store=Moving(root, flush))
    assert found == files_in(root)
    assert found[MANIFEST][0] == b"new manifest"
    assert left_out == {}


async def test_a_task_that_ends_meanwhile_is_copied_without_a_buffer(tmp_path):
    root = tmp_path / "from"

    def finish(path: str) -> None:
        if path == LOG and (root / MANIFEST).exists():
            for file in (root / BUFFER).iterdir():
                file.unlink()
            (root / BUFFER).rmdir()
            (root / LOG).write_bytes(finished_log())

    write(root, running_store())
    found, left_out = await copied(tmp_path, store=Moving(root, finish))
    assert found == files_in(root)
    assert set(found) == {LOG}
    assert left_out == {}


async def test_a_log_that_never_stands_still_is_named(tmp_path):
    root = tmp_path / "from"

    def grow(path: str) -> None:
        if path == LOG:
            with (root / LOG).open("ab") as file:
                file.write(b"more")

    write(root, running_store() | {OTHER: finished_log()})
    found, left_out = await copied(tmp_path, store=Moving(root, grow))
    assert LOG not in found
    assert OTHER in found
    assert "was replaced while it was read" in left_out[LOG]


async def test_an_object_that_is_forbidden_is_named_and_the_others_come(tmp_path):
    class Forbidding(DirectoryStore):
        async def get_range(self, path, start, end, if_match=None):
            if path in {OTHER, f"{BUFFER}/segment.1.zip"}:
                raise StoreError("forbidden", "not for you")
            return await super().get_range(path, start, end, if_match)

    write(tmp_path / "from", running_store() | {OTHER: finished_log(), "logs.json": b"{}"})
    found, left_out = await copied(tmp_path, store=Forbidding(tmp_path / "from"))
    assert set(found) == {LOG, MANIFEST, f"{BUFFER}/segment.2.zip", "logs.json"}
    assert left_out[OTHER] == "not for you"
    assert "not for you" in left_out[LOG]


@pytest.mark.parametrize("name", ["..", "/etc/x", "../x", "a/../../x", "a\\..\\x", "n\0l", ""])
async def test_keys_that_lead_elsewhere_are_refused(tmp_path, name):
    class Hostile(DirectoryStore):
        async def list_dir(self, path=""):
            if path == BUFFER:
                return Folder((FileMeta(name, 1, 0.0),))
            found = await super().list_dir(path)
            bad = FileMeta(f"{name}.eval", 1, 0.0)
            return found if path else Folder((*found.files, bad), found.folders)

        async def get_range(self, path, start, end, if_match=None):  # noqa: ARG002
            assert name not in path.split("/")
            return b"x" * (end - start)

    write(tmp_path / "from", {LOG: b"l", MANIFEST: b"m"})
    found, left_out = await copied(tmp_path, store=Hostile(tmp_path / "from"))
    assert set(found) <= {LOG, "...eval", ".eval"}
    assert "no name for a file" in left_out.values()
    assert {path.name for path in tmp_path.iterdir()} == {"from", "to"}


async def test_a_store_that_can_t_be_listed_leaves_nothing_behind(tmp_path):
    with pytest.raises(StoreError):
        await copy_store(DirectoryStore(tmp_path / "none"), tmp_path / "to", ALL)
    assert not (tmp_path / "to").exists()


async def test_a_bucket_s_objects(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    files = running_store() | {OTHER: os.urandom(CHUNK + 1), f"{BUFFER}/.keep": b""}
    with serving() as (server, url):
        bucket = Bucket(server, url)
        for name, data in files.items():
            bucket.put(name, data)
        store = open_store(bucket.target, bucket.settings)
        root = await store.list_dir()
        found, left_out = await copied(tmp_path, store=store)
    assert {name: data for name, (data, _) in found.items()} == files
    assert left_out == {}
    assert {n: at for n, (_, at) in found.items() if "/" not in n} == pytest.approx(
        {file.name: file.mtime for file in root.files}
    )
