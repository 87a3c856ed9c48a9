"""What a rhythm of its own for each task saves, and what it must not cost. Moto's server."""

import asyncio

import pytest

from tests.builders.clocks import slow_reads
from tests.builders.logs import (
    AT,
    LOG,
    MANIFEST,
    event,
    finished_log,
    manifest,
    rows,
    running_log,
    running_store,
    sample,
    segment_path,
    zipped,
)
from tests.contract.stores import INTERVAL, aws, bucket, fill, s3_server, watch
from tests.doubles.bucket import no_fault
from watchdog.collect.inspect.turns import RhythmOptions
from watchdog.collect.stores.opening import open_store
from watchdog.collect.work.account import PollLimits
from watchdog.config.load import load
from watchdog.model.facts import EvalSetUnreadable, Listing, TaskRead, TaskUnreadable
from watchdog.model.instants import from_timestamp, timestamp
from watchdog.model.outlook import Outlook
from watchdog.model.verdict import Verdict
from watchdog.pipeline.outlooks import Outlooks
from watchdog.redaction import Secrets
from watchdog.service import build as built
from watchdog.service.build import build

__all__ = ["aws", "bucket", "s3_server"]

pytestmark = pytest.mark.acceptance

BASE, SLOWEST = 30.0, 240.0
CALM = Outlook(Verdict.PROGRESSING)


def name_of(number: int) -> str:
    return LOG.replace("UyoxGrqb", f"AAAA{number:04}")


def rhythm(outlooks=None) -> RhythmOptions:
    known = outlooks or {}
    return RhythmOptions(BASE, SLOWEST, lambda _eval_set, log: known.get(log, CALM))


def buffer_of(log: str) -> str:
    return MANIFEST.replace(LOG[:-5], log[:-5])


def fill_sets(bucket, sets: int, tasks: int) -> list[tuple[str, str]]:
    """Eval sets with running tasks: folder and log of each."""
    places = []
    for number in range(sets):
        for task in range(tasks):
            folder, log = f"set-{number:03}", name_of(number * tasks + task)
            bucket.put(f"{folder}/{log}", running_log(task_id=log.split("_")[-1][:-5]))
            bucket.put(f"{folder}/{buffer_of(log)}", manifest(sample(1)))
            bucket.put(f"{folder}/.hawk/interactions.json", b'{"count": 0}')
            places.append((folder, log))
    return places


async def at(watched, now: float):
    """Poll at this time; the store's own clock is the present."""
    watched.now = now
    return await watched.poll(0.0)


async def count(bucket, watched, start: float, polls: int, change) -> tuple[int, int]:
    """Conditional requests and listings of some polls; `change` is done before each."""
    with bucket.counted() as requests:
        for poll in range(polls):
            change(poll)
            said = await at(watched, start + poll * BASE)
            assert said.of(TaskUnreadable) == []
        listings = sum("list-type" in one.query for one in requests)
        return len(requests) - listings, listings


SHARE = 0.01
"""Of the tasks that change from poll to poll."""


async def test_a_quiet_fleet_costs_less_than_a_quarter_of_polling_all_of_it(bucket):
    places = fill_sets(bucket, 20, 5)
    present = 11_000_000_000.0  # long after the objects were stored
    each, own = watch(bucket), watch(bucket, rhythm=rhythm())
    versions = dict.fromkeys(places, 0)

    def change(poll: int) -> None:
        for number in range(round(SHARE * len(places))):
            folder, log = place = places[(poll * 7 + number) % len(places)]
            versions[place] += 1
            bucket.put(f"{folder}/{buffer_of(log)}", manifest(sample(1)) + b" " * versions[place])

    for watched, warm_up in ((each, 1), (own, 24)):
        for poll in range(warm_up):
            await at(watched, present + (poll - warm_up) * BASE)
    after = await count(bucket, own, present, 24, change)
    before = await count(bucket, each, present, 24, change)
    assert sum(before) >= 24 * len(places)
    assert sum(after) <= sum(before) / 4, (before, after)
    assert after[1] <= before[1] / 3, (before, after)


async def test_a_suspicious_task_is_read_at_each_poll_and_a_quiet_one_says_how_often(bucket):
    ((_, calm), (_, odd)) = fill_sets(bucket, 1, 2)
    outlooks = {odd: Outlook(Verdict.PROGRESSING, 0.6)}
    watched = watch(bucket, rhythm=rhythm(outlooks))
    present = 11_000_000_000.0
    reads = []
    for poll in range(9):
        reads += (await at(watched, present + poll * BASE)).of(TaskRead)
    assert [read.log for read in reads].count(odd) == 9
    assert 2 <= [read.log for read in reads].count(calm) <= 3
    interval = max(read.interval for read in reads if read.log == calm)
    assert BASE < interval <= SLOWEST
    assert {read.interval for read in reads if read.log == odd} == {0.0}


async def test_what_a_runner_tells_hastens_the_read(bucket):
    ((_, one), (_, other)) = fill_sets(bucket, 1, 2)
    watched = watch(bucket, rhythm=rhythm())
    present = 11_000_000_000.0
    await at(watched, present)
    assert (await at(watched, present + BASE)).of(TaskRead) == []
    watched.source.wake()
    said = await at(watched, present + 2 * BASE)
    assert {read.log for read in said.of(TaskRead)} == {one, other}


async def test_a_log_that_is_begun_after_another_ended_is_found_with_the_next_listing(bucket):
    ((folder, log),) = fill_sets(bucket, 1, 1)
    watched = watch(bucket, rhythm=rhythm())
    present = 11_000_000_000.0
    await at(watched, present)
    bucket.put(f"{folder}/{log}", finished_log())
    bucket.delete(f"{folder}/{buffer_of(log)}")
    new = name_of(77)
    bucket.put(f"{folder}/{new}", running_log(task_id="new12345"))
    now, listed = present, ()
    while new not in listed and now < present + SLOWEST + INTERVAL + BASE:
        now += BASE
        for listing in (await at(watched, now)).of(Listing):
            listed = listing.logs
    assert new in listed


async def test_a_finished_set_is_listed_rarely_and_costs_nothing_else(bucket):
    bucket.put(f"old/{LOG}", finished_log())
    watched = watch(bucket, rhythm=rhythm())
    present = 11_000_000_000.0
    await at(watched, present)
    with bucket.counted() as requests:
        for poll in range(1, 33):
            await at(watched, present + poll * BASE)
    of_set = [one for one in requests if "old" in one.query]
    assert len(of_set) == 1
    assert all("list-type" in one.query for one in requests)


async def test_a_listing_that_failed_once_is_over_with_the_next_whatever_the_folders_rhythm(bucket):
    ((folder, log),) = fill_sets(bucket, 1, 1)
    watched = watch(bucket, rhythm=rhythm())
    present = 11_000_000_000.0
    await at(watched, present)
    bucket.server.fault = lambda path, query: "AccessDenied" if "list" in query else None  # noqa: ARG005
    assert (await at(watched, present + INTERVAL)).of(EvalSetUnreadable) != []
    bucket.server.fault = no_fault
    with bucket.counted() as requests:
        said = await at(watched, present + INTERVAL + BASE)
    assert said.of(Listing) == [Listing(folder, (log,))]
    assert len(requests) == 1


async def test_one_eval_set_by_itself_is_told_of_though_it_is_listed_rarely(bucket):
    bucket.put(LOG, running_log())
    bucket.put(MANIFEST, manifest(sample(1)))
    watched = watch(bucket, rhythm=rhythm(), eval_set_id="set")
    told = 0
    with bucket.counted() as requests:
        for poll in range(40):
            told += len((await at(watched, 11_000_000_000.0 + poll * BASE)).of(Listing))
    assert 10 <= told <= 12
    assert sum("list-type" in one.query for one in requests) <= 4


# What is too much


async def test_a_store_that_asks_to_slow_down_is_asked_less_at_once_and_all_is_read(bucket):
    for number in range(60):
        bucket.put(f"f{number}", b"x")
    settings = bucket.settings.model_copy(update={"retries": 20, "timeout": 60})
    store = open_store(bucket.target, settings, 16)
    asked: dict[str, int] = {}

    def slow_down(path: str, query: str) -> str | None:  # noqa: ARG001
        asked[path] = asked.get(path, 0) + 1
        return "SlowDown" if asked[path] <= 2 else None

    bucket.server.fault = slow_down
    read = await asyncio.gather(*(store.get(f"f{number}", 10) for number in range(60)))
    assert [got.data for got in read] == [b"x"] * 60
    assert set(asked.values()) == {3}
    assert store._throttle.limit < 16
    bucket.server.fault = no_fault
    for _ in range(4):
        await asyncio.gather(*(store.get(f"f{number}", 10) for number in range(60)))
    assert store._throttle.limit == 16


async def test_what_waits_to_try_again_holds_no_place(bucket):
    bucket.put("bad", b"x")
    bucket.put("good", b"x")
    settings = bucket.settings.model_copy(update={"retries": 20, "timeout": 60})
    store = open_store(bucket.target, settings, 1)
    bucket.server.fault = lambda path, query: "SlowDown" if "bad" in path else None  # noqa: ARG005
    waiting = asyncio.create_task(store.get("bad", 10))
    for _ in range(5):
        assert (await store.get("good", 10)).data == b"x"
    assert not waiting.done()
    bucket.server.fault = no_fault
    assert (await waiting).data == b"x"


async def test_a_poll_that_ends_too_soon_says_what_is_late_and_reads_it_next(bucket, monkeypatch):
    places = fill_sets(bucket, 4, 3)
    odd = places[-1][1]
    outlooks = {odd: Outlook(Verdict.STUCK, 2.0)}
    limits = PollLimits(seconds=0.0)
    watched = watch(bucket, rhythm=rhythm(outlooks), poll_limits=limits, concurrency=1)
    monkeypatch.setattr("watchdog.collect.inspect.task_reads.LEAST_SECONDS", 1e9)
    await at(watched, 1000.0)
    clock = slow_reads(monkeypatch)
    monkeypatch.setattr("watchdog.collect.inspect.task_reads.LEAST_SECONDS", 4.0)
    unread = {log for _, log in places}
    for poll in range(1, 5):
        watched.source.wake()
        watched.source.poll_began(clock())
        said = await at(watched, 1000.0 + poll * BASE)
        fresh = [read.log for read in said.of(TaskRead)]
        assert fresh[0] == odd
        # what was left goes first: nothing is read twice before all of it was read once
        assert set(fresh[1:]) <= unread or unread < set(fresh[1:])
        unread -= set(fresh)
        assert (len(fresh), said.result.late) == (4, 8)
        assert "could not be read in time" in said.texts
        assert said.result.unfinished
    assert not unread
    assert said.result.lag > 0


# The whole service


async def test_the_service_reads_a_quiet_task_less_often_and_finds_its_failures_in_time(
    bucket, tmp_path
):
    """From S3 through fold and judgment back to the rhythm: nothing of it is told by hand."""
    answer = {"choices": [{"stop_reason": "stop", "message": {"content": "x"}}]}
    done = event(completed=AT, output=answer)
    for number in range(6):
        files = running_store() | {segment_path(2): zipped({"1_1.json": rows(done, first=3)})}
        fill(bucket, {f"set-{number}/{name}": data for name, data in files.items()})
    now = (from_timestamp(AT) or 0.0) + 60.0
    settings = load(
        {
            "logs": (bucket.target,),
            "state": str(tmp_path / "state.sqlite3"),
            "status_feeds": (),
            "s3": {"endpoint_url": bucket.url, "region": "us-east-1"},
            "kubernetes": {"enabled": "no"},
        }
    )
    outlooks = Outlooks()
    app = build(
        settings,
        built.open_sources(settings, lambda: now, outlooks),
        lambda: now,
        secrets=Secrets([]),
        outlooks=outlooks,
    )
    await app.start()
    reads = []
    for _ in range(20):
        with bucket.counted() as requests:
            await app.tick()
        reads.append(sum("manifest" in one.path for one in requests))
        verdicts = {task.verdict for one in app.snapshot.report.eval_sets for task in one.tasks}
        assert verdicts == {Verdict.PROGRESSING}
        now += BASE
    assert reads[:5] == [6] * 5
    assert sum(reads[10:]) <= 60 / 4
    failed = (event(error="Error code: 500", timestamp=timestamp(now + n)) for n in range(5))
    bucket.put(f"set-0/{segment_path(3)}", zipped({"1_1.json": rows(*failed, first=5)}))
    bucket.put(f"set-0/{MANIFEST}", manifest(sample(1, ((1, 2), (2, 3), (3, 9)))))
    polls = 0
    while not outlooks.of("set-0", LOG).failing:
        now, polls = now + BASE, polls + 1
        await app.tick()
    assert 1 <= polls <= SLOWEST / BASE
    for _ in range(4):  # from then on at each poll
        now += BASE
        with bucket.counted() as requests:
            await app.tick()
        assert sum("set-0" in one.path and "manifest" in one.path for one in requests) == 1
    late = app.metrics.registry.get_sample_value(
        "eval_watchdog_tasks_late", {"source": app.snapshot.report.sources[0].name}
    )
    assert late == 0
    await app.aclose()
