"""S3 as a store: its names, its failures, its price. The server is moto's, in this process."""

import asyncio
import contextlib
from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from tests.builders.logs import (
    LOG,
    MANIFEST,
    finished_log,
    manifest,
    running_log,
    running_store,
    sample,
    segment_path,
)
from tests.contract.stores import INTERVAL, aws, bucket, fill, s3_server, watch
from tests.recordings.unpack import unpack
from watchdog.client.look import Look
from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.stores.objects import NotModified, StoreError
from watchdog.collect.stores.opening import open_store
from watchdog.collect.targets import open_target
from watchdog.config.s3 import S3
from watchdog.config.settings import Settings
from watchdog.model.facts import (
    Listing,
    Located,
    ManifestRead,
    OwnNameRead,
    RowsLost,
    RowsRead,
    TaskRead,
    TaskUnreadable,
)

__all__ = ["aws", "bucket", "s3_server"]

pytestmark = pytest.mark.acceptance

ODD = [
    *("a b.eval", "x#1", "p%20q.eval", "ü[1].eval", "q?.eval", "star*.eval", "a+b.eval", "~.eval"),
    *("c&d=1.eval", "back\\slash.eval", "d|e.eval", "{x}.eval", "^h.eval", '"j.eval', "<k>.eval"),
]


async def reason(request) -> str:
    with pytest.raises(StoreError) as caught:
        await request
    return caught.value.reason


async def test_odd_names(bucket):
    store = open_store(bucket.target, bucket.settings)
    for name in ODD:
        bucket.put(name, b"0123456789")
    assert {file.name for file in (await store.list_dir()).files} == set(ODD)
    for name in ODD:
        got = await store.get(name, 100)
        assert got.data == b"0123456789"
        assert await store.get(name, 100, got.etag) == NotModified()
        tail = await store.get_tail(name, 4)
        assert (tail.data, tail.start, tail.size) == (b"6789", 6, 10)
        assert await store.get_tail(name, 4, tail.etag) == NotModified()
        assert await store.get_range(name, 2, 5, got.etag) == b"234"


async def test_a_replaced_object(bucket):
    store = open_store(bucket.target, bucket.settings)
    bucket.put("f", b"old")
    got = await store.get("f", 100)
    bucket.put("f", b"new")
    assert await reason(store.get_range("f", 0, 2, got.etag)) == "changed"
    assert (await store.get("f", 100, got.etag)).data == b"new"
    assert await reason(store.get("f", 2)) == "too_large"


async def test_many_objects_are_listed_in_full(bucket):
    names = [f"set-{number:04}/x.eval" for number in range(1100)]
    for name in names:
        bucket.put(name, b"")
    with bucket.counted() as requests:
        found = await open_store(bucket.target, bucket.settings).list_dir()
    assert len(found.folders) == 1100
    assert len(requests) == 2


async def test_a_key_with_an_empty_part(bucket):
    fill(bucket, running_store())
    bucket.put("/x.eval", b"x")
    bucket.put(f"/set/{LOG}", b"x")
    bucket.put(f"late/{LOG}", finished_log())
    said = await watch(bucket).poll()
    assert [fact.eval_set_id for fact in said.of(Listing)] == ["set", "late"]


async def test_the_endpoint_is_taken_from_boto3s_sources(bucket, monkeypatch):
    bucket.put("f", b"x")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert (await open_store(bucket.target, S3(retries=0)).get("f", 10)).data == b"x"


async def test_a_profile(bucket, monkeypatch, tmp_path):
    bucket.put("f", b"x")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    keys = "aws_access_key_id = a\naws_secret_access_key = b"
    config.write_text(f"[profile p]\nregion = eu-west-1\nendpoint_url = {bucket.url}\n{keys}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    store = open_store(bucket.target, S3(profile="p", retries=0))
    assert (await store.get("f", 10)).data == b"x"


# Failures

FAILURES = [
    ("AccessDenied", "forbidden"),
    ("InvalidToken", "unauthorized"),
    ("InternalError", "unavailable"),
    ("SlowDown", "slow_down"),
]


@pytest.mark.parametrize(("code", "expected"), [*FAILURES, ("NoSuchKey", "not_found")])
async def test_reasons(bucket, code, expected):
    store = open_store(bucket.target, bucket.settings)
    bucket.put("f", b"x")
    bucket.server.fault = lambda path, query: code  # noqa: ARG005
    assert await reason(store.get("f", 10)) == expected
    assert await reason(store.get_tail("f", 10)) == expected
    assert await reason(store.list_dir()) == expected


async def test_time_outs_are_bounded(bucket):
    settings = bucket.settings.model_copy(update={"timeout": 0.2, "retries": 1})
    store = open_store(bucket.target, settings)
    bucket.put("f", b"x")
    bucket.server.fault = lambda path, query: "hang"  # noqa: ARG005
    assert await reason(store.get("f", 10)) == "timeout"
    assert await reason(store.list_dir()) == "timeout"


async def test_a_dead_endpoint(aws):  # noqa: ARG001
    settings = S3(endpoint_url="http://127.0.0.1:1", timeout=1, connect_timeout=1, retries=1)
    assert await reason(open_store("s3://bucket/x", settings).list_dir()) == "unavailable"


async def test_retries(bucket):
    bucket.put("f", b"x")
    answers = iter(["SlowDown", "InternalError"])
    bucket.server.fault = lambda path, query: next(answers, None)  # noqa: ARG005
    settings = bucket.settings.model_copy(update={"retries": 2})
    assert (await open_store(bucket.target, settings).get("f", 10)).data == b"x"


@pytest.mark.parametrize(("code", "expected"), FAILURES)
async def test_an_object_that_fails_costs_only_its_task(bucket, code, expected):
    other = LOG.replace("UyoxGrqb", "ZZZZZZZZ")
    fill(bucket, running_store() | {other: finished_log()})
    watched = watch(bucket)
    await watched.poll()
    bucket.server.fault = lambda path, query: code if "manifest" in path else None  # noqa: ARG005
    said = await watched.poll()
    assert [fact.log for fact in said.of(TaskUnreadable)] == [LOG]
    assert [fact.log for fact in said.of(TaskRead)] == [other]
    assert said.result.failures == (expected,)
    assert said.result.complete
    bucket.server.fault = lambda path, query: None  # noqa: ARG005
    assert {fact.log for fact in (await watched.poll()).of(TaskRead)} == {LOG, other}


@pytest.mark.parametrize(("code", "expected"), FAILURES)
async def test_a_segment_that_fails_is_read_later(bucket, code, expected):
    fill(bucket, running_store())
    watched = watch(bucket)
    broken = segment_path(2)
    bucket.server.fault = lambda path, query: code if broken in path else None  # noqa: ARG005
    said = await watched.poll()
    assert [row.id for fact in said.of(RowsRead) for row in fact.rows] == [1, 2]
    assert said.of(RowsLost) == []
    assert said.result.failures == (expected,)
    bucket.server.fault = lambda path, query: None  # noqa: ARG005
    said = await watched.poll()
    assert [row.id for fact in said.of(RowsRead) for row in fact.rows] == [3]


@pytest.mark.parametrize(("code", "expected"), FAILURES)
async def test_a_listing_that_fails(bucket, code, expected):
    fill(bucket, running_store())
    watched = watch(bucket)
    await watched.poll()
    bucket.server.fault = lambda path, query: code if "list-type" in query else None  # noqa: ARG005
    said = await watched.poll(INTERVAL)
    assert said.kinds() == ["EvalSetUnreadable", "TaskRead"]
    assert not said.result.complete
    assert said.result.failures == (expected,)
    bucket.server.fault = lambda path, query: None  # noqa: ARG005
    said = await watched.poll()
    assert said.of(Listing) == [Listing("set", (LOG,))]
    assert said.result.complete


async def test_a_cancelled_poll_can_be_repeated(bucket):
    fill(bucket, running_store())
    watched = watch(bucket)
    loop, reached = asyncio.get_running_loop(), asyncio.Event()

    def hang(path: str, query: str) -> str | None:  # noqa: ARG001
        if "manifest" not in path:
            return None
        loop.call_soon_threadsafe(reached.set)
        return "hang"

    bucket.server.fault = hang
    polling = asyncio.create_task(watched.poll())
    await reached.wait()
    polling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await polling
    bucket.server.fault = lambda path, query: None  # noqa: ARG005
    said = await watched.poll()
    assert [row.id for fact in said.of(RowsRead) for row in fact.rows] == [1, 2, 3]


# Price


def name_of(number: int) -> str:
    return LOG.replace("UyoxGrqb", f"AAAA{number:04}")


async def test_two_hundred_unchanged_tasks_cost_one_conditional_request_each(bucket):
    for number in range(200):
        log = name_of(number)
        bucket.put(log, running_log())
        bucket.put(MANIFEST.replace(LOG[:-5], log[:-5]), manifest(sample(1)))
    watched = watch(bucket)
    assert len((await watched.poll()).of(ManifestRead)) == 200
    for _ in range(2):
        with bucket.counted() as requests:
            said = await watched.poll()
        assert len(said.of(TaskRead)) == len(said.facts) == 200
        assert len(requests) == 200
        assert {(one.method, one.status) for one in requests} == {("GET", 304)}
        assert all(one.condition and one.path.endswith("/manifest.json") for one in requests)
        assert len({one.path for one in requests}) == 200


async def test_a_running_task_without_a_buffer_costs_one_conditional_range(bucket):
    bucket.put(LOG, running_log())
    watched = watch(bucket)
    await watched.poll()
    await watched.poll()
    with bucket.counted() as requests:
        await watched.poll()
    (one,) = requests
    assert (one.status, one.range) == (304, "bytes=-65536")
    assert one.path.endswith(LOG)


async def test_a_finished_task_costs_nothing(bucket):
    bucket.put(LOG, finished_log())
    watched = watch(bucket)
    with bucket.counted() as requests:
        await watched.poll()
    assert len(requests) == 2
    with bucket.counted() as requests:
        said = await watched.poll()
    assert requests == []
    assert len(said.of(TaskRead)) == 1
    with bucket.counted() as requests:
        await watched.poll(INTERVAL)
    assert ["list-type" in one.query for one in requests] == [True]


async def test_a_changed_task_costs_its_changes(bucket):
    fill(bucket, running_store())
    watched = watch(bucket)
    await watched.poll()
    bucket.put(MANIFEST, running_store()[MANIFEST] + b" ")
    with bucket.counted() as requests:
        await watched.poll()
    found = [(one.path.rpartition("/")[2], one.status) for one in requests]
    assert found == [("manifest.json", 200), (LOG, 304)]


# Real recordings


def _untimed(fact: object) -> str:
    """A fact without the store's clock, which a directory has not."""
    timed = isinstance(fact, RowsRead | TaskRead)
    return repr(replace(fact, stored_at=None) if timed else fact)


def _read(facts: Iterable[object]) -> list[object]:
    """All but where it was read, and the id in a file that is read on a disk alone."""
    return [fact for fact in facts if not isinstance(fact, Located | OwnNameRead)]


@pytest.mark.parametrize("name", ["one_sample_500", "restarted", "finished"])
async def test_a_recording_says_the_same_from_a_bucket(bucket, tmp_path, name):
    bundle = unpack(name, tmp_path)[-1]
    store = bundle / "store"
    for path in store.rglob("*"):
        if path.is_file():
            bucket.put(path.relative_to(store).as_posix(), path.read_bytes())
    here, _ = open_target(str(store), S3(), LogsOptions(eval_set_id="set", sqlite=False))
    facts: list[object] = []
    await here.poll(1010.0, facts.append)
    said = await watch(bucket).poll()
    assert len(facts) > 2
    stored = [fact.stored_at for fact in said.facts if isinstance(fact, RowsRead)]
    assert all(at is not None for at in stored)
    assert sorted(map(_untimed, _read(said.facts))) == sorted(map(_untimed, _read(facts)))
    assert said.texts == ""


async def test_a_folder_s_path_below_the_root_names_it_where_its_own_address_is_given(
    bucket,
):
    """`--logs s3://…/team/a/run` and the id `team/a/run`, as commands that are told have it."""
    for path, data in running_store().items():
        bucket.put(f"team/a/run/{path}", data)
    settings = Settings(s3=bucket.settings)
    whole = Look("all", [bucket.target], settings, lambda: 1010.0)
    own = Look("own", [f"{bucket.target}/team/a/run"], settings, lambda: 1010.0)
    try:
        for look, name in ((whole, "team/a/run"), (own, "run")):
            assert (await look.samples("team/a/run", ())).eval_set_id == name
    finally:
        await whole.aclose()
        await own.aclose()
