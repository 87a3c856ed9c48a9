"""One suite over all stores: what a source says of healthy, odd, broken and vanishing data."""

import asyncio
import json

import pytest

from tests.builders.logs import (
    AT,
    BUFFER,
    JSON_LOG,
    LOG,
    MANIFEST,
    ended,
    event,
    finished_log,
    json_log,
    json_sample,
    manifest,
    rows,
    running_log,
    running_store,
    sample,
    segment_path,
    spec,
    zipped,
)
from tests.builders.zips import forged
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
from watchdog.collect.stores import directory, s3
from watchdog.collect.stores.objects import StoreError
from watchdog.collect.stores.opening import open_store
from watchdog.model.facts import (
    EndedRead,
    EvalSetUnreadable,
    FormerEndsRead,
    Listing,
    Located,
    ManifestRead,
    RowsLost,
    RowsRead,
    SampleKey,
    SpecRead,
    TaskRead,
    TaskUnreadable,
)

__all__ = ["aws", "bucket", "s3_server", "shelf"]

ONE = SampleKey("1", 1)


class Interposed:
    """A store to which something happens before each read."""

    def __init__(self, shelf, before) -> None:
        self._store = open_store(shelf.target, shelf.settings)
        self._before = before

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def get(self, path, *rest):
        await self._before(path)
        return await self._store.get(path, *rest)

    async def get_tail(self, path, *rest):
        await self._before(path)
        return await self._store.get_tail(path, *rest)


def ids(said, key=ONE):
    return [row.id for fact in said.of(RowsRead) if fact.key == key for row in fact.rows]


# Healthy


async def test_a_running_task(shelf):
    fill(shelf, running_store())
    watched = watch(shelf)
    said = await watched.poll()
    kinds = ["SpecRead", "EndedRead", "ManifestRead", "RowsRead", "RowsRead", "TaskRead"]
    assert said.kinds(LOG) == kinds
    assert said.of(Listing) == [Listing("set", (LOG,))]
    assert said.of(SpecRead)[0].spec.total_samples == 10
    assert said.of(EndedRead)[0].samples[0].key == SampleKey("9", 1)
    assert said.of(ManifestRead)[0].samples[0].key == ONE
    assert ids(said) == [1, 2, 3]
    assert said.of(TaskRead)[0].at == watched.now
    assert (said.result.problems, said.result.failures) == ((), ())
    assert said.result.complete
    assert said.result.watched == {"set"}
    assert {fact.eval_set_id for fact in said.facts} == {"set"}


async def test_an_unchanged_task(shelf):
    fill(shelf, running_store())
    watched = watch(shelf)
    await watched.poll()
    assert (await watched.poll()).kinds() == ["TaskRead"]


async def test_each_segment_is_read_once(shelf):
    fill(shelf, running_store())
    watched = watch(shelf)
    await watched.poll()
    shelf.put(segment_path(3), zipped({"1_1.json": rows(event(pending=True), first=4)}))
    shelf.put(MANIFEST, manifest(sample(1, ((1, 2), (2, 3), (3, 4)))))
    said = await watched.poll()
    assert said.kinds() == ["ManifestRead", "RowsRead", "TaskRead"]
    assert ids(said) == [4]


async def test_a_completed_sample_is_not_read(shelf):
    files = running_store()
    files[MANIFEST] = manifest(sample(1, ((1, 2), (2, 3)), completed=True, completed_at=AT))
    fill(shelf, files)
    said = await watch(shelf).poll()
    assert said.kinds(LOG) == ["SpecRead", "EndedRead", "ManifestRead", "TaskRead"]


async def test_old_generation(shelf):
    files = running_store()
    files[MANIFEST] = manifest(sample(1, (1, 2)))
    files[segment_path(2)] = zipped({"1_1.json": rows(event("model_output"), first=3)}, method=8)
    fill(shelf, files)
    said = await watch(shelf).poll()
    assert ids(said) == [1, 2, 3]
    assert said.texts == ""


async def test_samples_with_odd_ids(shelf):
    files = running_store()
    files[MANIFEST] = manifest(sample("a/b c#ü", ((1, 1),), epoch=2))
    files[segment_path(1)] = zipped({"a/b c#ü_2.json": rows(event())})
    fill(shelf, files)
    assert ids(await watch(shelf).poll(), SampleKey("a/b c#ü", 2)) == [1]


async def test_a_task_that_finishes(shelf):
    fill(shelf, running_store())
    watched = watch(shelf)
    await watched.poll()
    shelf.put(LOG, finished_log(ended(9), ended(1)))
    for name in (MANIFEST, segment_path(1), segment_path(2)):
        shelf.delete(name)
    said = await watched.poll()
    assert said.kinds() == ["SpecRead", "EndedRead", "TaskRead"]
    assert said.of(SpecRead)[0].status == "success"
    assert len(said.of(EndedRead)[0].samples) == 2
    assert (await watched.poll()).kinds() == ["TaskRead"]


async def test_a_finished_log_that_is_replaced_is_read_again(shelf):
    shelf.put(LOG, finished_log(ended(1), status="error"))
    watched = watch(shelf)
    await watched.poll()
    shelf.put(LOG, finished_log(ended(1), ended(2)))
    assert (await watched.poll()).of(SpecRead) == []
    said = await watched.poll(INTERVAL)
    assert said.of(SpecRead)[0].status == "success"


async def test_a_buffer_that_appears_later(shelf):
    shelf.put(LOG, running_log())
    watched = watch(shelf)
    assert (await watched.poll()).kinds(LOG) == ["SpecRead", "TaskRead"]
    assert (await watched.poll()).kinds() == ["TaskRead"]
    fill(shelf, running_store())
    assert ids(await watched.poll(INTERVAL)) == [1, 2, 3]


async def test_a_flush_is_noticed_without_a_listing(shelf):
    fill(shelf, running_store())
    watched = watch(shelf)
    await watched.poll()
    shelf.put(LOG, running_log([ended(9)], [ended(1)]))
    shelf.put(MANIFEST, manifest())
    said = await watched.poll()
    assert said.kinds() == ["SpecRead", "EndedRead", "ManifestRead", "TaskRead"]
    assert [one.key for one in said.of(EndedRead)[0].samples] == [ONE]


# Eval sets, listings, names


async def test_eval_sets_in_folders_and_in_the_root(shelf):
    shelf.put(LOG, finished_log())
    shelf.put(f"set a#1/{LOG}", finished_log())
    shelf.put("set b/.eval-set-id", b"x")
    shelf.put("no set/readme.txt", b"x")
    shelf.put(f".hidden/{LOG}", finished_log())
    said = await watch(shelf).poll()
    assert {one.eval_set_id: one.logs for one in said.of(Listing)} == {
        "set": (LOG,),
        "set a#1": (LOG,),
        "set b": (),
    }
    assert said.result.watched == {"set", "set a#1", "set b"}


async def test_new_logs_and_eval_sets_are_found(shelf):
    fill(shelf, running_store())
    watched = watch(shelf)
    await watched.poll()
    shelf.put(OTHER, finished_log())
    shelf.put(f"late/{LOG}", finished_log())
    assert (await watched.poll()).of(Listing) == []
    said = await watched.poll(INTERVAL)
    assert said.of(Listing) == [Listing("set", (LOG, OTHER)), Listing("late", (LOG,))]
    assert said.kinds(OTHER) == ["SpecRead", "EndedRead", "TaskRead"]


async def test_a_log_that_goes(shelf):
    fill(shelf, running_store() | {OTHER: finished_log()})
    watched = watch(shelf)
    await watched.poll()
    for name in running_store():
        shelf.delete(name)
    said = await watched.poll()
    assert said.kinds(LOG) == ["TaskUnreadable"]
    assert said.result.failures == ("not_found",)
    said = await watched.poll()
    assert said.of(Listing) == [Listing("set", (OTHER,))]
    assert said.texts == ""


async def test_of_superseded_logs_only_how_they_ended_is_read(shelf):
    old = LOG.replace("T15", "T11")
    recovered = old.replace(".eval", "-recovered.eval")
    broken = {old: b"garbage", recovered: b"garbage", f".buffer/{old[:-5]}/manifest.json": b"?"}
    fill(shelf, running_store() | broken)
    said = await watch(shelf).poll()
    assert said.of(Listing) == [Listing("set", (LOG,))]
    assert said.texts == ""
    assert said.of(TaskRead) != []


def _attempt(run_id: str, *numbers: int) -> bytes:
    """A log of a former attempt: a task that ended in an error, and its samples."""
    header = {"status": "error", "eval": spec(run_id=run_id)}
    errors = [ended(n, error=f"KeyError('{n}')") for n in numbers]
    return zipped(
        {"header.json": json.dumps(header).encode(), "summaries.json": json.dumps(errors).encode()}
    )


async def test_former_attempts_of_the_same_run_tell_how_their_samples_ended(shelf):
    files = running_store() | {LOG: running_log(run_id="run-1")}
    files |= {
        LOG.replace("T15", "T14"): _attempt("run-1", 4, 5),
        LOG.replace("T15", "T13"): _attempt("run-1", 3),
        LOG.replace("T15", "T12"): _attempt("run-0", 1, 2),
    }
    fill(shelf, files)
    watched = watch(shelf)
    (former,) = (await watched.poll()).of(FormerEndsRead)
    assert (former.log, [one.key.id for one in former.samples]) == (LOG, ["3", "4", "5"])
    assert len(former.begun) == 2
    assert (await watched.poll()).of(FormerEndsRead) == []


async def test_odd_names_are_judged_by_what_is_inside(shelf):
    older = spec(created="2026-11-23T10:00:00+00:00")
    shelf.put("old.eval", zipped({"_journal/start.json": json.dumps({"eval": older}).encode()}))
    shelf.put("new.eval", running_log())
    shelf.put("other.eval", running_log(task_id="another"))
    said = await watch(shelf).poll()
    assert said.of(Listing) == [Listing("set", ("new.eval", "other.eval"))]
    assert said.kinds("new.eval") == ["AttemptsRead", "SpecRead", "TaskRead"]
    assert said.kinds("old.eval") == []


# Broken


async def test_empty(shelf):
    said = await watch(shelf).poll()
    assert said.facts == []
    assert "no eval set and no .eval log" in said.texts
    assert said.result.complete


async def test_garbage_for_a_log(shelf):
    fill(shelf, running_store() | {OTHER: b"garbage" * 1000})
    watched = watch(shelf)
    for _ in range(2):
        said = await watched.poll()
        assert said.kinds(OTHER) == ["TaskUnreadable"]
        assert said.of(TaskRead, LOG) != []
        assert said.result.failures == ("corrupt",)
        assert OTHER in said.texts
    shelf.put(OTHER, finished_log())
    assert (await watched.poll()).kinds(OTHER) == ["SpecRead", "EndedRead", "TaskRead"]


async def test_a_half_written_log_does_not_hold_the_buffer_back(shelf):
    fill(shelf, running_store())
    watched = watch(shelf)
    await watched.poll()
    shelf.put(LOG, running_log([ended(9)])[:-40])
    shelf.put(segment_path(3), zipped({"1_1.json": rows(event(), first=4)}))
    shelf.put(MANIFEST, manifest(sample(1, ((1, 2), (2, 3), (3, 4)))))
    said = await watched.poll()
    assert said.kinds() == ["ManifestRead", "RowsRead", "TaskUnreadable"]
    shelf.put(LOG, running_log([ended(9)], [ended(8)]))
    said = await watched.poll()
    assert said.kinds() == ["SpecRead", "EndedRead", "TaskRead"]
    assert said.texts == ""


@pytest.mark.parametrize("cut", [0, 1, 40, 200, -1])
async def test_a_truncated_manifest(shelf, cut):
    files = running_store()
    fill(shelf, files | {MANIFEST: files[MANIFEST][:cut]})
    watched = watch(shelf)
    said = await watched.poll()
    assert said.kinds(LOG)[-1] == "TaskUnreadable"
    assert said.result.failures == ("corrupt",)
    assert "manifest.json" in said.texts
    shelf.put(MANIFEST, files[MANIFEST])
    said = await watched.poll()
    assert ids(said) == [1, 2, 3]
    assert said.texts == ""


async def test_a_manifest_that_is_being_written_is_read_once_more(shelf):
    files = running_store()
    fill(shelf, files | {MANIFEST: b""})
    reads = 0

    async def write_on(path):
        nonlocal reads
        reads += path == MANIFEST
        if reads == 2:
            shelf.put(MANIFEST, files[MANIFEST])

    said = await watch(shelf, store=Interposed(shelf, write_on)).poll()
    assert ids(said) == [1, 2, 3]
    assert said.texts == ""


async def test_a_missing_segment(shelf):
    fill(shelf, running_store())
    shelf.delete(segment_path(2))
    watched = watch(shelf)
    said = await watched.poll()
    assert ids(said) == [1, 2]
    assert said.of(RowsLost) == [RowsLost("set", LOG, ONE, newest=True)]
    assert said.kinds()[-1] == "TaskRead"
    assert said.result.failures == ("not_found",)
    again = await watched.poll()
    assert again.kinds() == ["TaskRead"]
    assert "segment.2.zip" in again.texts
    assert again.result.failures == ()


async def test_rows_after_a_missing_segment_are_read(shelf):
    fill(shelf, running_store())
    shelf.delete(segment_path(1))
    said = await watch(shelf).poll()
    assert said.of(RowsLost) == [RowsLost("set", LOG, ONE, newest=False)]
    assert ids(said) == [3]


async def test_a_segment_that_goes_because_its_sample_ended(shelf):
    fill(shelf, running_store())
    shelf.delete(segment_path(2))

    async def flush(path):
        if path.endswith("segment.2.zip"):
            shelf.put(MANIFEST, manifest(sample(1, ((1, 2), (2, 3)), completed=True)))

    said = await watch(shelf, store=Interposed(shelf, flush)).poll()
    assert len(said.of(ManifestRead)) == 2
    assert said.of(RowsLost) == []
    assert said.texts == ""


async def test_a_missing_segment_under_a_manifest_that_is_replaced_all_the_time(shelf):
    fill(shelf, running_store())
    shelf.delete(segment_path(2))
    asked = 0

    async def replace(path):
        nonlocal asked
        if path.endswith("segment.2.zip"):
            asked += 1
            assert asked < 5
            shelf.put(MANIFEST, running_store()[MANIFEST] + b" " * asked)

    said = await watch(shelf, store=Interposed(shelf, replace)).poll()
    assert asked == 2
    assert said.of(RowsLost) == [RowsLost("set", LOG, ONE, newest=True)]
    assert said.kinds()[-1] == "TaskRead"


async def test_a_segment_that_goes_because_the_log_finished(shelf):
    fill(shelf, running_store())

    async def finish(path):
        if path.endswith("segment.1.zip"):
            shelf.put(LOG, finished_log(ended(1)))
            for name in (MANIFEST, segment_path(1), segment_path(2)):
                shelf.delete(name)

    watched = watch(shelf, store=Interposed(shelf, finish))
    said = await watched.poll()
    assert said.of(RowsLost) == []
    said = await watched.poll()
    assert said.of(SpecRead)[0].status == "success"
    assert said.texts == ""


@pytest.mark.parametrize("broken", [b"", b"garbage", "cut"])
async def test_a_corrupt_segment(shelf, broken):
    files = running_store()
    fill(shelf, files)
    shelf.put(segment_path(2), files[segment_path(2)][:-9] if broken == "cut" else broken)
    said = await watch(shelf).poll()
    assert ids(said) == [1, 2]
    assert said.of(RowsLost) == [RowsLost("set", LOG, ONE, newest=True)]
    assert said.result.failures == ("corrupt",)
    assert "segment.2.zip" in said.texts


async def test_a_corrupt_member_costs_only_its_sample(shelf):
    fill(shelf, running_store())
    shelf.put(MANIFEST, manifest(sample(1, ((1, 2),)), sample(2, ((1, 9),))))
    members = {"1_1.json": b"[", "2_1.json": rows(event(), first=9)}
    shelf.put(segment_path(1), zipped(members))
    said = await watch(shelf).poll()
    assert ids(said, SampleKey("2", 1)) == [9]
    assert said.of(RowsLost) == [RowsLost("set", LOG, ONE, newest=True)]


async def test_a_claim_of_gigabytes(shelf):
    fill(shelf, running_store())
    shelf.put(MANIFEST, manifest(sample(1, ((1, 2),))))
    shelf.put(segment_path(1), forged(b"x", 0xFFFFFFFE, 0, name=b"1_1.json"))
    said = await watch(shelf).poll()
    assert said.of(RowsLost) == [RowsLost("set", LOG, ONE, newest=True)]
    assert "claims 4,294,967,294 bytes" in said.texts


async def test_a_segment_larger_than_the_limit(shelf):
    fill(shelf, running_store())
    shelf.put(segment_path(2), bytes(1_000_001))
    said = await watch(shelf).poll()
    assert said.of(RowsLost) == [RowsLost("set", LOG, ONE, newest=True)]
    assert said.result.failures == ("too_large",)


async def test_a_promise_that_a_member_does_not_keep(shelf):
    fill(shelf, running_store())
    shelf.put(MANIFEST, manifest(sample(1, ((1, 2), (2, 5))), sample(2, ((2, 7),))))
    said = await watch(shelf).poll()
    assert said.of(RowsLost) == [
        RowsLost("set", LOG, ONE, newest=True),
        RowsLost("set", LOG, SampleKey("2", 1), newest=True),
    ]
    assert "rows up to 5 are missing" in said.texts
    assert "rows up to 7 are missing" in said.texts


async def test_a_segment_without_rows_repeats_the_last_row(shelf):
    fill(shelf, running_store())
    shelf.put(MANIFEST, manifest(sample(1, ((1, 2), (2, 3), (3, 3)))))
    shelf.put(segment_path(3), zipped({"1_1.json": rows()}))
    said = await watch(shelf).poll()
    assert (said.of(RowsLost), said.texts) == ([], "")


async def test_a_member_of_an_unknown_sample(shelf):
    fill(shelf, running_store())
    members = {"1_1.json": rows(event(), first=3), "stranger_1.json": rows(event())}
    shelf.put(segment_path(2), zipped(members))
    said = await watch(shelf).poll()
    assert ids(said) == [1, 2, 3]
    assert "stranger_1.json belongs to no sample" in said.texts
    assert said.kinds()[-1] == "TaskRead"


async def test_members_of_samples_that_left_are_nothing_odd(shelf):
    fill(shelf, running_store())
    shelf.put(MANIFEST, manifest(sample(1, ((1, 2),)), sample(5)))
    watched = watch(shelf)
    await watched.poll()
    members = {"1_1.json": rows(event(), first=3), "9_1.json": rows(), "5_1.json": rows()}
    shelf.put(segment_path(2), zipped(members))
    shelf.put(MANIFEST, manifest(sample(1, ((1, 2), (2, 3)))))
    said = await watched.poll()
    assert ids(said) == [3]
    assert said.texts == ""


async def test_unknown_kinds_of_events(shelf):
    fill(shelf, running_store())
    odd = [event("teleport"), event("teleport"), event("dream"), event()]
    shelf.put(segment_path(2), zipped({"1_1.json": rows(*odd, first=3)}))
    said = await watch(shelf).poll()
    kinds = [row.kind for fact in said.of(RowsRead) for row in fact.rows]
    assert kinds[2:] == ["teleport", "teleport", "dream", "model"]
    assert len(said.result.problems) == 2
    assert said.of(RowsLost) == []


async def test_numbers_where_text_is_expected(shelf):
    fill(shelf, running_store())
    shelf.put(MANIFEST, manifest(sample("1", (("1", "2"), (2, 3)), epoch="1", uuid=5)))
    data = json.loads(rows(event(model=5, error=500)))
    data["events"][0] |= {"id": "3", "event_id": 12}
    shelf.put(segment_path(2), zipped({"1_1.json": json.dumps(data).encode()}))
    said = await watch(shelf).poll()
    assert ids(said) == [1, 2, 3]
    row = said.of(RowsRead)[-1].rows[0]
    assert (row.event_id, row.name, row.error) == ("12", "5", "500")
    assert said.texts == ""


async def test_a_bad_entry_in_a_manifest(shelf):
    fill(shelf, running_store())
    shelf.put(MANIFEST, manifest({"summary": {"id": []}}, sample(1, ((1, 2),))))
    watched = watch(shelf)
    assert ids(await watched.poll()) == [1, 2]
    assert len((await watched.poll()).result.problems) == 1


async def test_bad_rows(shelf):
    fill(shelf, running_store())
    data = json.loads(rows(event(), event(), event(), first=3))
    data["events"][0]["event"] = None
    shelf.put(segment_path(2), zipped({"1_1.json": json.dumps(data).encode()}))
    said = await watch(shelf).poll()
    assert ids(said) == [1, 2, 4, 5]
    assert "row 0" in said.texts
    assert said.of(RowsLost) == [RowsLost("set", LOG, ONE, newest=False)]
    assert [type(fact) for fact in said.facts if isinstance(fact, RowsLost | RowsRead)] == [
        RowsRead,
        RowsLost,
        RowsRead,
    ]


async def test_a_bad_row_at_the_end_hides_what_is(shelf):
    fill(shelf, running_store())
    data = json.loads(rows(event(), event(), first=3))
    data["events"][1]["event"] = {"kind": "of another shape"}
    shelf.put(segment_path(2), zipped({"1_1.json": json.dumps(data).encode()}))
    said = await watch(shelf).poll()
    assert ids(said) == [1, 2, 3]
    assert said.of(RowsLost) == [RowsLost("set", LOG, ONE, newest=True)]


async def test_rows_under_another_name_are_lost(shelf):
    """Old writers promise no row, so that a member's absence alone proves nothing."""
    fill(shelf, running_store())
    shelf.put(MANIFEST, manifest(sample(1, (1, 2))))
    shelf.put(segment_path(2), zipped({"1_epoch_1.json": rows(event(), first=3)}))
    said = await watch(shelf).poll()
    assert said.of(RowsLost) == [RowsLost("set", LOG, ONE, newest=True)]


async def test_a_log_of_a_newer_format_is_not_guessed_at(shelf):
    files = running_store()
    start = json.dumps({"version": 3, "eval": spec()}).encode()
    files[LOG] = zipped({"_journal/start.json": start})
    files[OTHER] = finished_log(version=3)
    fill(shelf, files)
    said = await watch(shelf).poll()
    assert said.of(SpecRead) == []
    assert {fact.log for fact in said.of(TaskUnreadable)} == {LOG, OTHER}
    assert "newer Inspect" in said.texts


# Slow and failing


async def test_a_transient_failure_stops_at_its_segment(shelf):
    fill(shelf, running_store())
    down = True

    async def fail(path):
        if down and path.endswith("segment.1.zip"):
            raise StoreError("timeout", f"{path}: too slow")

    watched = watch(shelf, store=Interposed(shelf, fail))
    for _ in range(2):
        said = await watched.poll()
        assert ids(said) == []
        assert said.kinds()[-1] == "TaskUnreadable"
        assert said.result.failures == ("timeout",)
        assert said.of(RowsLost) == []
    down = False
    said = await watched.poll()
    assert ids(said) == [1, 2, 3]
    assert said.texts == ""
    assert said.kinds()[-1] == "TaskRead"


async def test_a_slow_log_does_not_hold_others_back(shelf):
    fill(shelf, running_store() | {OTHER: finished_log()})
    released = asyncio.Event()

    async def wait(path):
        if path == LOG:
            await released.wait()

    watched = watch(shelf, store=Interposed(shelf, wait))
    facts = []
    arrived = asyncio.Event()

    def emit(fact):
        facts.append(fact)
        if isinstance(fact, TaskRead):
            arrived.set()

    polling = asyncio.create_task(watched.source.poll(1000.0, emit))
    await arrived.wait()
    assert [fact.log for fact in facts if isinstance(fact, TaskRead)] == [OTHER]
    assert not polling.done()
    released.set()
    await polling
    assert [fact.log for fact in facts if isinstance(fact, TaskRead)] == [OTHER, LOG]


async def test_a_buffer_that_vanishes_while_the_log_says_started(shelf):
    fill(shelf, running_store())
    watched = watch(shelf)
    await watched.poll()
    shelf.delete(MANIFEST)
    said = await watched.poll()
    assert said.kinds() == ["TaskRead"]
    assert f"{BUFFER}/manifest.json" in said.texts


async def test_a_store_that_vanishes(shelf):
    fill(shelf, running_store())
    watched = watch(shelf)
    await watched.poll()
    for name in running_store():
        shelf.delete(name)
    if isinstance(shelf, Directory):
        shelf.root.rename(shelf.root.parent / "gone")
    said = await watched.poll(INTERVAL)
    if isinstance(shelf, Directory):
        assert said.kinds() == ["EvalSetUnreadable", "TaskUnreadable"]
        assert not said.result.complete
        assert said.result.watched is None
        assert set(said.result.failures) == {"not_found"}
    else:
        assert said.kinds() == ["EvalSetUnreadable"]
        assert not said.result.complete
        assert said.result.watched == {"set"}
        assert said.result.failures == ("missing",)
    assert said.result.problems


async def test_a_directory_that_was_never_there(tmp_path):
    shelf = Directory(tmp_path)
    shelf.root.rmdir()
    said = await watch(shelf).poll()
    assert [one.eval_set_id for one in said.of(EvalSetUnreadable)] == ["set"]
    assert not said.result.complete


async def test_a_folder_that_can_not_be_listed(shelf):
    shelf.put(f"good/{LOG}", finished_log())
    shelf.put(f"bad/{LOG}", finished_log())
    watched = watch(shelf)
    await watched.poll()
    list_dir = watched.source._store.list_dir

    async def forbidden(path=""):
        if path == "bad":
            raise StoreError("forbidden", "bad: not yours")
        return await list_dir(path)

    watched.source._store.list_dir = forbidden
    said = await watched.poll(INTERVAL)
    assert [one.eval_set_id for one in said.of(EvalSetUnreadable)] == ["bad"]
    assert [one.eval_set_id for one in said.of(Listing)] == ["good"]
    assert [one.eval_set_id for one in said.of(TaskUnreadable)] == []
    assert said.result.failures == ("forbidden",)
    assert said.result.watched is None


async def test_a_fault_of_ours_in_one_log_costs_no_other(shelf):
    fill(shelf, running_store() | {OTHER: running_log(task_id="ZZZZZZqbJKtth6e7U6nui7")})
    watched = watch(shelf)
    await watched.poll()

    async def broken(*_):
        raise RecursionError("too deep")

    watched.source._tasks["set"][OTHER].poll = broken
    said = await watched.poll()
    assert [fact.text for fact in said.of(TaskUnreadable, OTHER)] == [
        "a fault of the watchdog itself (RecursionError: too deep); the log has more"
    ]
    assert said.of(TaskRead, LOG) != []
    assert said.result.complete
    assert said.result.failures == ("fault",)


# Formats and folders


DEEP = "2026/nov/logs"


def moved(folder: str) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in running_store().items()}


async def test_a_log_some_folders_down(shelf):
    """A finished one in the root keeps nobody from looking further."""
    fill(shelf, moved(DEEP) | {OTHER: finished_log()})
    said = await watch(shelf).poll()
    assert said.of(Listing) == [Listing("set", (OTHER,)), Listing(DEEP, (LOG,))]
    assert {fact.eval_set_id for fact in said.of(RowsRead)} == {DEEP}
    assert [fact.logs_at for fact in said.of(Located)] == [
        shelf.target,
        f"{shelf.target}/{DEEP}",
    ]
    assert said.result.watched == {"set", DEEP}
    assert said.texts == ""


async def test_an_eval_set_within_another(shelf):
    fill(shelf, moved("outer") | {f"outer/more/{OTHER}": finished_log()})
    said = await watch(shelf).poll()
    assert {fact.eval_set_id for fact in said.of(Listing)} == {"outer", "outer/more"}


async def test_what_can_not_be_listed_is_not_gone(shelf):
    fill(shelf, moved(DEEP) | {OTHER: finished_log()})
    refused: set[str] = set()

    class Refusing(Interposed):
        async def list_dir(self, path=""):
            if path in refused:
                raise StoreError("forbidden", f"{path}: denied")
            return await self._store.list_dir(path)

    async def nothing(_path):
        pass

    watched = watch(shelf, store=Refusing(shelf, nothing))
    await watched.poll()
    refused.add("2026/nov")
    said = await watched.poll(after=2 * INTERVAL)
    assert [fact.eval_set_id for fact in said.of(EvalSetUnreadable)] == [DEEP]
    assert [fact.eval_set_id for fact in said.of(TaskRead)] == ["set", DEEP]
    assert "2026/nov: denied" in said.texts
    assert said.result.watched is None
    refused.clear()
    assert (await watched.poll()).result.watched == {"set", DEEP}


async def test_a_folder_that_never_held_logs_may_be_closed(shelf):
    """It is told, and counts neither as an eval set nor as a failure at each poll."""
    fill(shelf, {OTHER: finished_log(), "a/closed/x.txt": b""})

    class Refusing(Interposed):
        async def list_dir(self, path=""):
            if path == "a/closed":
                raise StoreError("forbidden", f"{path}: denied")
            return await self._store.list_dir(path)

    async def nothing(_path):
        pass

    said = await watch(shelf, store=Refusing(shelf, nothing)).poll()
    assert "a/closed: denied" in said.texts
    assert said.of(EvalSetUnreadable) == []
    assert (said.result.failures, said.result.watched) == ((), {"set"})


async def test_a_log_in_json(shelf):
    fill(shelf, {JSON_LOG: json_log(json_sample(1))})
    watched = watch(shelf)
    said = await watched.poll()
    assert said.of(Listing) == [Listing("set", (JSON_LOG,))]
    assert said.kinds(JSON_LOG) == ["SpecRead", "EndedRead", "TaskRead"]
    assert said.of(SpecRead)[0].status == "started"
    assert (await watched.poll()).kinds() == ["TaskRead"]
    shelf.put(JSON_LOG, json_log(json_sample(1), json_sample(2), status="success"))
    said = await watched.poll(after=2 * INTERVAL)
    assert said.of(SpecRead)[0].status == "success"
    assert watched.source.settled


async def test_json_that_is_no_log(shelf):
    """By its name, or by what is in it."""
    other = "2026-11-20T09-50-25+00-00_numbers_AbCdEfGh.json"
    files = {
        "logs.json": json_log(),
        "eval-set.json": b"{}",
        ".models.json": b'{"model_groups": ["public"]}',
    }
    fill(shelf, files | {other: b'{"accuracy": 1}', LOG: finished_log()})
    watched = watch(shelf)
    said = await watched.poll()
    assert said.of(Listing) == [Listing("set", (LOG,))]
    assert (
        said.texts
        == f"{shelf.target}/{other}: named like a log of Inspect's in JSON, and it is none"
    )
    assert (await watched.poll(after=2 * INTERVAL)).result.problems == said.result.problems
    assert watched.source.settled


async def test_a_folder_of_such_files_is_no_eval_set(shelf):
    fill(shelf, {"numbers/2026-11-20T09-50-25_x.json": b"[]", OTHER: finished_log()})
    said = await watch(shelf).poll()
    assert {fact.eval_set_id for fact in said.of(Listing)} == {"set"}


async def test_a_log_in_json_that_can_not_be_read_is_unknown(shelf):
    fill(shelf, {JSON_LOG: json_log()[:40]})
    said = await watch(shelf).poll()
    assert said.kinds(JSON_LOG) == ["TaskUnreadable"]
    assert JSON_LOG in said.texts


async def test_a_level_of_more_entries_than_are_listed_is_not_gone(shelf, monkeypatch):
    fill(shelf, running_store())
    state = watch(shelf)
    await state.poll()
    for module in (directory, s3):
        few = module.LISTED._replace(value=1)
        monkeypatch.setattr(module, "LISTED", few)
    said = await state.poll(200)
    assert "more than the 1 that are read" in said.texts or "more than the 1 entries" in said.texts
    assert said.of(EvalSetUnreadable)
    assert not said.of(Listing)
    assert not said.result.complete
