"""Who waits for a person and who is to stop, as any store has it: by its time, when it changes."""

import time

import pytest

from tests.builders.logs import LOG, finished_log, running_store
from tests.contract.stores import INTERVAL, Directory, aws, bucket, fill, s3_server, watch
from watchdog.collect.inspect.interactions import COUNT_LIMIT
from watchdog.collect.stores.objects import StoreError
from watchdog.model.facts import InteractionsRead, StopsRead, TaskRead

__all__ = ["aws", "bucket", "s3_server"]

COUNT = ".hawk/interactions.json"
STOP = ".commands/stop.json"


@pytest.fixture(params=["directory", "s3"])
def shelf(request, tmp_path):
    if request.param == "s3":
        return request.getfixturevalue("bucket")
    return Directory(tmp_path)


async def test_a_count_is_read_once_with_its_time_and_again_when_it_changes(shelf):
    fill(shelf, running_store() | {COUNT: b'{"count":2}'})
    watched = watch(shelf)
    (fact,) = (await watched.poll()).of(InteractionsRead)
    assert (fact.eval_set_id, fact.count) == ("set", 2)
    assert fact.at == pytest.approx(time.time(), abs=60)
    assert (await watched.poll()).kinds() == ["TaskRead"]
    shelf.put(COUNT, b'{"count":13}')
    said = await watched.poll()
    assert [fact.count for fact in said.of(InteractionsRead)] == [13]
    assert said.result.problems == ()


async def test_a_count_that_goes_is_said_once(shelf):
    fill(shelf, running_store() | {COUNT: b'{"count":2}'})
    watched = watch(shelf)
    await watched.poll()
    shelf.delete(COUNT)
    assert [fact.count for fact in (await watched.poll()).of(InteractionsRead)] == [None]
    assert (await watched.poll()).of(InteractionsRead) == []
    shelf.put(COUNT, b'{"count":1}')
    assert [fact.count for fact in (await watched.poll(INTERVAL)).of(InteractionsRead)] == [1]


@pytest.mark.parametrize("garbage", [b"", b"{", b'{"count":-1}', b"\xff", b" " * (COUNT_LIMIT + 1)])
async def test_garbage_is_a_problem_and_leaves_what_was_read(shelf, garbage):
    fill(shelf, running_store() | {COUNT: b'{"count":2}'})
    watched = watch(shelf)
    await watched.poll()
    shelf.put(COUNT, garbage)
    for _ in range(2):
        said = await watched.poll()
        assert said.of(InteractionsRead) == []
        assert len(said.of(TaskRead)) == 1
        assert said.texts.startswith(COUNT)
    shelf.put(COUNT, b'{"count":0}')
    said = await watched.poll()
    assert [fact.count for fact in said.of(InteractionsRead)] == [0]
    assert said.result.problems == ()


async def test_one_that_may_not_be_read_is_a_problem_until_it_may(shelf):
    fill(shelf, running_store() | {COUNT: b'{"count":2}'})
    watched = watch(shelf)
    await watched.poll()
    get = watched.source._store.get

    async def forbidden(path, *rest):
        if path.endswith(COUNT):
            raise StoreError("forbidden", "not yours")
        return await get(path, *rest)

    watched.source._store.get = forbidden
    said = await watched.poll()
    assert said.texts == f"{COUNT}: not yours"
    assert said.result.failures == ("forbidden",)
    assert said.of(InteractionsRead) == []
    watched.source._store.get = get
    said = await watched.poll()
    assert (said.result.problems, said.of(InteractionsRead)) == ((), [])


async def test_stops_come_with_the_listing_and_go_with_it(shelf):
    fill(shelf, running_store() | {STOP: b"{}", ".commands/stop-sample-u1.json": b"{}"})
    watched = watch(shelf)
    (stops,) = (await watched.poll()).of(StopsRead)
    assert stops.all_at == pytest.approx(time.time(), abs=60)
    assert [uuid for uuid, _ in stops.samples] == ["u1"]
    shelf.put(".commands/stop-sample-u2.json", b"garbage")
    assert (await watched.poll()).of(StopsRead) == []
    (stops,) = (await watched.poll(INTERVAL)).of(StopsRead)
    assert {uuid for uuid, _ in stops.samples} == {"u1", "u2"}
    for name in (STOP, ".commands/stop-sample-u1.json", ".commands/stop-sample-u2.json"):
        shelf.delete(name)
    assert (await watched.poll(INTERVAL)).of(StopsRead) == [StopsRead("set")]


async def test_of_an_eval_set_that_has_ended_nothing_is_asked(shelf):
    fill(shelf, {LOG: finished_log(), COUNT: b'{"count":1}', STOP: b"{}"})
    watched = watch(shelf)
    await watched.poll()
    kinds = (await watched.poll(INTERVAL)).kinds()
    assert [kind for kind in kinds if kind != "Located"] == ["Listing", "TaskRead"]


async def test_what_it_costs(bucket):
    """A conditional GET at each poll where there is such a file, and a listing for stops."""
    fill(bucket, running_store())
    watched = watch(bucket)
    await watched.poll()
    with bucket.counted() as requests:
        await watched.poll(INTERVAL)
    plain = len(requests)
    fill(bucket, {COUNT: b'{"count":1}', STOP: b"{}"})
    await watched.poll(INTERVAL)
    with bucket.counted() as requests:
        await watched.poll()
    ours = [request for request in requests if COUNT in request.path]
    assert [request.status for request in ours] == [304]
    assert not any("commands" in request.query for request in requests)
    with bucket.counted() as requests:
        await watched.poll(INTERVAL)
    assert len(requests) == plain + 2
