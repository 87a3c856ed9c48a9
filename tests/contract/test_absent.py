"""What is not in a store's listing any more: gone, or only not to be seen. Both kinds of store."""

import asyncio
import os
import shutil

import pytest

from tests.builders.logs import LOG, finished_log, running_store
from tests.contract.stores import (
    INTERVAL,
    OTHER,
    Directory,
    aws,
    bucket,
    fill,
    s3_server,
    shelf,
    watch,
)
from watchdog.model.facts import EvalSetUnreadable, Listing, TaskRead

__all__ = ["aws", "bucket", "s3_server", "shelf"]

HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Hi</p></body></html>"


def moved(folder: str) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in running_store().items()}


def remove(shelf, folder: str) -> None:
    for name in moved(folder):
        shelf.delete(name)
    if isinstance(shelf, Directory):
        shutil.rmtree(shelf.root / folder)


def gone(said) -> list[str]:
    return [fact.eval_set_id for fact in said.of(Listing) if not fact.logs]


async def test_a_folder_that_was_deleted_is_gone_after_three_listings_and_two_minutes(shelf):
    fill(shelf, moved("one") | moved("two"))
    watched = watch(shelf)
    await watched.poll()
    remove(shelf, "one")
    first = await watched.poll(INTERVAL)
    assert [fact.eval_set_id for fact in first.of(EvalSetUnreadable)] == ["one"]
    for _ in range(3):
        said = await watched.poll(30)
        assert gone(said) == []
        assert said.result.watched == {"one", "two"}
        assert said.result.complete
        assert {fact.eval_set_id for fact in said.of(TaskRead)} == {"two"}
    said = await watched.poll(30)
    assert gone(said) == ["one"]
    assert said.result.watched == {"two"}
    assert said.texts == ""


async def test_one_that_comes_back_begins_anew(shelf):
    fill(shelf, moved("one") | moved("two"))
    watched = watch(shelf)
    await watched.poll()
    remove(shelf, "one")
    for _ in range(4):
        await watched.poll(30)
    fill(shelf, moved("one"))
    said = await watched.poll(30)
    assert {fact.eval_set_id for fact in said.of(TaskRead)} == {"one", "two"}
    remove(shelf, "one")
    for _ in range(4):
        said = await watched.poll(INTERVAL if said.result.failures == () else 10)
        assert gone(said) == []
        if said.of(EvalSetUnreadable):
            break
    said = await watched.poll(60)
    assert gone(said) == []


async def test_an_empty_root_is_missing_data(shelf):
    fill(shelf, moved("one") | moved("two"))
    watched = watch(shelf)
    await watched.poll()
    remove(shelf, "one")
    remove(shelf, "two")
    for _ in range(10):
        said = await watched.poll(INTERVAL)
        assert gone(said) == []
        assert not said.result.complete
        assert said.result.watched == {"one", "two"}
        assert said.result.failures == ("missing",)
    assert "it is empty; before, 2 eval sets lay there" in said.texts
    fill(shelf, moved("one") | moved("two"))
    said = await watched.poll(30)
    assert said.result.complete
    assert {fact.eval_set_id for fact in said.of(TaskRead)} == {"one", "two"}
    assert said.texts == ""


async def test_an_empty_root_is_believed_after_a_week(shelf):
    fill(shelf, moved("one"))
    watched = watch(shelf)
    await watched.poll()
    remove(shelf, "one")
    await watched.poll(INTERVAL)
    assert gone(await watched.poll(6 * 86_400.0)) == []
    said = await watched.poll(2 * 86_400.0)
    assert gone(said) == ["one"]
    assert said.result.complete


async def test_other_content_than_before_is_missing_data(shelf):
    fill(shelf, moved("one") | moved("two"))
    watched = watch(shelf)
    await watched.poll()
    remove(shelf, "one")
    remove(shelf, "two")
    fill(shelf, moved("foreign"))
    for _ in range(5):
        said = await watched.poll(INTERVAL)
        assert gone(said) == []
        assert {fact.eval_set_id for fact in said.of(TaskRead)} == {"foreign"}
    assert "nothing of what it held before" in said.texts


async def test_the_only_one_beside_a_new_one_is_gone(shelf):
    fill(shelf, moved("one"))
    watched = watch(shelf)
    await watched.poll()
    fill(shelf, moved("new"))
    remove(shelf, "one")
    await watched.poll(INTERVAL)
    for _ in range(3):
        said = await watched.poll(60)
    assert "one" not in said.result.watched
    assert said.result.complete


async def test_the_only_one_beside_other_files_is_gone_and_that_is_known(shelf):
    fill(shelf, moved("one") | {"notes.txt": b"x"})
    watched = watch(shelf)
    said = await watched.poll()
    assert said.result.occupied
    remove(shelf, "one")
    await watched.poll(INTERVAL)
    for _ in range(3):
        said = await watched.poll(60)
    assert said.result.watched == frozenset()
    assert said.result.occupied
    assert not (await watch(shelf).poll()).result.occupied


async def test_a_finished_one_whose_folder_is_emptied_goes_quietly(tmp_path):
    shelf = Directory(tmp_path)
    fill(shelf, {f"team/one/{LOG}": finished_log(), f"team/two/{OTHER}": finished_log()})
    fill(shelf, moved("other"))
    watched = watch(shelf)
    await watched.poll()
    shutil.rmtree(shelf.root / "team" / "one")
    shutil.rmtree(shelf.root / "team" / "two")
    await watched.poll(INTERVAL)
    for _ in range(3):
        said = await watched.poll(60)
    assert said.result.watched == {"other"}


async def test_a_disk_within_that_is_not_mounted_any_more(tmp_path):
    shelf = Directory(tmp_path)
    fill(shelf, moved("team/one") | moved("other"))
    watched = watch(shelf)
    await watched.poll()
    shutil.rmtree(shelf.root / "team")
    (shelf.root / "team").mkdir()
    for _ in range(5):
        said = await watched.poll(INTERVAL)
        assert said.result.watched == {"other", "team/one"}
        assert {fact.eval_set_id for fact in said.of(TaskRead)} == {"other"}
    assert said.result.complete


async def test_another_directory_under_the_same_name(tmp_path):
    shelf = Directory(tmp_path)
    fill(shelf, moved("one"))
    watched = watch(shelf)
    await watched.poll()
    shelf.root.rename(tmp_path / "elsewhere")
    shelf.root.mkdir()
    fill(shelf, moved("foreign"))
    for _ in range(5):
        said = await watched.poll(INTERVAL)
        assert "one" in said.result.watched
    assert "another directory than before" in said.texts


def answer(rest: str, name: str = "%(name)s", prefix: str = "evals/set/") -> bytes:
    text = f"<Name>{name}</Name><Prefix>{prefix}</Prefix>{rest}"
    return f"<ListBucketResult>{text}</ListBucketResult>".encode()


WHOLE = "<KeyCount>0</KeyCount><IsTruncated>false</IsTruncated>"
FOREIGN = "<CommonPrefixes><Prefix>else/where/</Prefix></CommonPrefixes>"


@pytest.mark.parametrize(
    "body",
    [
        HTML,
        b"",
        b"<Error><Code>InternalError</Code></Error>",
        b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>",
        b"<ListBucketResult/>",
        answer(WHOLE).replace(b"ListBucketResult", b"ListVersionsResult"),
        answer(WHOLE)[:60],
        answer(WHOLE, name="other"),
        answer(WHOLE, prefix="other/"),
        answer("<IsTruncated>true</IsTruncated>"),
        answer("<KeyCount>5</KeyCount><IsTruncated>false</IsTruncated>"),
        answer(f"{WHOLE}<ContinuationToken>page-7</ContinuationToken>"),
        answer(f"{FOREIGN}<IsTruncated>false</IsTruncated>"),
    ],
)
async def test_an_answer_of_200_that_is_no_listing(bucket, body):
    bucket.settings = bucket.settings.model_copy(update={"timeout": 3})
    fill(bucket, moved("one") | moved("two"))
    watched = watch(bucket)
    await watched.poll()
    bucket.server.instead = body.replace(b"%(name)s", bucket.name.encode())
    try:
        for _ in range(4):
            said = await watched.poll(INTERVAL)
            assert gone(said) == []
            assert not said.result.complete
            assert said.result.watched is None
        assert {fact.eval_set_id for fact in said.of(EvalSetUnreadable)} == {"one", "two"}
        fresh = await watch(bucket).poll()
        assert not fresh.result.complete
    finally:
        bucket.server.instead = None
    assert (await watched.poll()).result.watched == {"one", "two"}


async def test_a_part_of_a_listing_is_asked_for_again(bucket):
    """A page that doesn't say how it goes on, with one of two in it."""
    fill(bucket, moved("one") | moved("two"))
    watched = watch(bucket)
    await watched.poll()
    bucket.server.instead = (
        f"<ListBucketResult><Name>{bucket.name}</Name><Prefix>evals/set/</Prefix><CommonPrefixes>"
        "<Prefix>evals/set/one/</Prefix></CommonPrefixes><IsTruncated>true</IsTruncated>"
        "</ListBucketResult>"
    ).encode()
    try:
        said = await watched.poll(INTERVAL)
    finally:
        bucket.server.instead = None
    assert not said.result.complete
    assert "how it goes on" in said.texts


def _broken(real):
    """The same of everything but `one`."""

    def call(path, *args, **options):
        if path == "one":
            raise OSError(5, "Input/output error")
        return real(path, *args, **options)

    return call


async def test_a_folder_whose_disk_does_not_answer_is_still_there(tmp_path, monkeypatch):
    """Its name can be read, itself it can't: an NFS server that is away."""
    shelf = Directory(tmp_path)
    fill(shelf, moved("one") | moved("two"))
    watched = watch(shelf)
    await watched.poll()
    for name in ("stat", "open"):
        monkeypatch.setattr(os, name, _broken(getattr(os, name)))
    for _ in range(5):
        said = await watched.poll(INTERVAL)
        assert "Input/output error" in said.texts
        assert gone(said) == []
    await asyncio.sleep(0)
