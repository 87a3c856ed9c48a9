"""A directory as a store; buckets are in tests/acceptance/test_s3.py."""

import os
from datetime import timedelta

import pytest

from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.stores.objects import Got, NotModified, StoreError
from watchdog.collect.stores.opening import open_store
from watchdog.collect.stores.s3 import reason_of, text_of
from watchdog.config.s3 import S3

ODD = [
    *(
        "a b.eval",
        "x#1",
        "x#1.eval",
        "p%20q.eval",
        "ü[1].eval",
        "q?.eval",
        "star*.eval",
        "{n}.eval",
    ),
    *(
        "back\\slash.eval",
        "a|b.eval",
        "til~de.eval",
        "new\nline.eval",
        "-dash.eval",
        "'quote'.eval",
    ),
]


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path)


async def reason(request) -> str:
    with pytest.raises(StoreError) as caught:
        await request
    return caught.value.reason


@pytest.mark.parametrize("name", ODD)
async def test_odd_names(store, tmp_path, name):
    (tmp_path / name).write_bytes(b"hello")
    (file,) = (await store.list_dir()).files
    got = await store.get(name, 100)
    assert (file.name, file.size, file.etag) == (name, 5, got.etag)
    assert got.data == b"hello"
    assert await store.get(name, 100, got.etag) == NotModified()


async def test_ranges(store, tmp_path):
    (tmp_path / "f").write_bytes(b"0123456789")
    tail = await store.get_tail("f", 4)
    assert (tail.data, tail.start, tail.size) == (b"6789", 6, 10)
    assert (await store.get_tail("f", 100)).data == b"0123456789"
    assert await store.get_tail("f", 4, tail.etag) == NotModified()
    assert await store.get_range("f", 2, 5, tail.etag) == b"234"
    assert await store.get_range("f", 8, 50) == b"89"
    assert await store.get_range("f", 50, 60) == b""


async def test_a_replaced_file(store, tmp_path):
    (tmp_path / "f").write_bytes(b"old")
    got = await store.get("f", 100)
    (tmp_path / "g").write_bytes(b"new")
    os.utime(tmp_path / "g", ns=(0, (tmp_path / "f").stat().st_mtime_ns))
    (tmp_path / "g").rename(tmp_path / "f")
    assert await reason(store.get_range("f", 0, 2, got.etag)) == "changed"
    again = await store.get("f", 100, got.etag)
    assert isinstance(again, Got)
    assert again.data == b"new"


async def test_too_large(store, tmp_path):
    (tmp_path / "f").write_bytes(b"123456")
    assert await reason(store.get("f", 5)) == "too_large"


async def test_folders_and_links(store, tmp_path):
    (tmp_path / "real #1").mkdir()
    (tmp_path / "real #1" / "f").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real #1")
    (tmp_path / "file-link").symlink_to(tmp_path / "real #1" / "f")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    root = await store.list_dir()
    assert root.folders == ("link", "real #1")
    assert [file.name for file in root.files] == ["file-link"]
    assert (await store.get("link/f", 10)).data == b"x"
    assert [file.name for file in (await store.list_dir("link")).files] == ["f"]


async def test_what_is_no_file(store, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    assert await reason(store.get("pipe", 10)) == "not_found"
    assert await reason(store.get("folder", 10)) == "not_found"
    assert await reason(store.get("none", 10)) == "not_found"
    assert await reason(store.get("nul\0", 10)) == "not_found"
    assert (await store.list_dir()).files == ()


async def test_a_vanished_directory(tmp_path):
    assert await reason(DirectoryStore(tmp_path / "gone").list_dir()) == "not_found"


async def test_a_name_that_is_no_text_is_left_out(store, tmp_path):
    (tmp_path / os.fsdecode(b"\xff.eval")).write_bytes(b"x")
    assert (await store.list_dir()).files == ()


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd"])
async def test_no_way_out(store, path):
    assert await reason(store.get(path, 10)) == "forbidden"


def test_a_url_without_a_bucket():
    with pytest.raises(StoreError, match="expected s3://bucket/prefix"):
        open_store("s3:///prefix", S3())


def test_no_credentials(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(StoreError, match="no AWS credentials") as caught:
        open_store("s3://bucket/prefix", S3())
    assert caught.value.reason == "unauthorized"


def test_an_unknown_profile(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(StoreError, match="nobody"):
        open_store("s3://bucket/prefix", S3(profile="nobody"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status code: 403 Forbidden: <Error><Code>ExpiredToken</Code>", "unauthorized"),
        ("status code: 403 Forbidden: <Error><Code>AccessDenied</Code>", "forbidden"),
        ("status code: 503 Service Unavailable: <Error><Code>SlowDown</Code>", "slow_down"),
        ("status code: 503 Service Unavailable: <html>", "unavailable"),
        ("status code: 404 Not Found: <Error><Code>NoSuchBucket</Code>", "not_found"),
        ("HTTP error: error sending request Debug source: … TimedOut", "timeout"),
        ("HTTP error: error sending request", "unavailable"),
        ("Received redirect without LOCATION", "other"),
    ],
)
def test_reasons(text, expected):
    assert reason_of(RuntimeError(text)) == expected


def test_texts_are_short():
    text = text_of(RuntimeError("first part\n  Debug source: " + "x" * 10_000))
    assert text == "first part"
    assert len(text_of(RuntimeError("y" * 10_000))) == 300


def test_time_outs_are_durations():
    assert timedelta(seconds=S3().timeout) > timedelta(seconds=S3().connect_timeout)
