"""`.eval` files: what the task is, how it stands, what has ended, each read once."""

import json

import pytest

from tests.builders.logs import LOG, ended, finished_log, running_log, spec, zipped
from watchdog.collect.inspect import eval_logs
from watchdog.collect.inspect.eval_logs import EvalLog
from watchdog.collect.inspect.naming import log_file, newest_of_each_task
from watchdog.collect.inspect.specification import task_spec, total_samples
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.stores.objects import FileMeta, StoreError
from watchdog.model.facts import Connections, SampleKey

LIMIT = 1_000_000


class Counting(DirectoryStore):
    """A store that notes the ranges that are read."""

    def __init__(self, root):
        super().__init__(root)
        self.ranges = []

    async def get_range(self, path, start, end, if_match=None):
        self.ranges.append((start, end, if_match))
        return await super().get_range(path, start, end, if_match)


@pytest.fixture
def store(tmp_path):
    return Counting(tmp_path)


@pytest.fixture
def log(store):
    return EvalLog(store, LOG, "set", LOG, LIMIT)


@pytest.fixture
def write(tmp_path):
    """Replace the log as Inspect does: the whole file anew."""

    def write(data: bytes) -> None:
        new = tmp_path / "new"
        new.write_bytes(data)
        new.rename(tmp_path / LOG)

    return write


async def test_a_running_task(log, write):
    write(running_log([ended(1), ended(2)]))
    facts = await log.refresh()
    assert facts.spec.status == "started"
    assert facts.spec.spec.task == "mini"
    assert facts.spec.spec.total_samples == 10
    assert [one.key for one in facts.ended.samples] == [SampleKey("1", 1), SampleKey("2", 1)]
    assert not log.finished


async def test_unchanged(log, write):
    write(running_log())
    assert (await log.refresh()).ended is None
    assert await log.refresh() is None


async def test_each_flush_is_read_once(log, write):
    write(running_log([ended(1)]))
    await log.refresh()
    write(running_log([ended(1)], [ended(2)], [ended(3)]))
    facts = await log.refresh()
    assert [one.key.id for one in facts.ended.samples] == ["2", "3"]


async def test_a_finished_task(log, write):
    error = {"message": "RuntimeError: boom\nmore", "traceback": ""}
    write(finished_log(ended(1), ended(2), status="error", error=error))
    facts = await log.refresh()
    assert log.finished
    assert (facts.spec.status, facts.spec.error) == ("error", "RuntimeError: boom")
    assert facts.spec.completed_at == 1795448681.0
    assert len(facts.ended.samples) == 2


async def test_a_cancelled_task(log, write):
    halted = ended(3, completed=False, completed_at=None)
    write(finished_log(ended(1), ended(2, error="CancelledError()"), halted, status="cancelled"))
    facts = await log.refresh()
    assert [one.cancelled for one in facts.ended.samples] == [False, True, True]


async def test_only_what_is_needed_is_read(log, write, store, monkeypatch):
    monkeypatch.setattr(eval_logs, "TAIL", 1000)
    members = {"_journal/start.json": json.dumps({"eval": spec()}).encode()}
    members |= {f"samples/{n}_epoch_1.json": bytes(range(256)) * 4000 for n in range(3)}
    members["_journal/summaries/1.json"] = json.dumps([ended(1)]).encode()
    write(zipped(members, method=0))
    facts = await log.refresh()
    assert len(facts.ended.samples) == 1
    assert sum(end - start for start, end, _ in store.ranges) < 20_000
    assert {etag for *_, etag in store.ranges} == {log.etag}


async def test_a_file_that_is_replaced_meanwhile(log, write, store, monkeypatch):
    monkeypatch.setattr(eval_logs, "TAIL", 200)
    write(running_log([ended(1)]))
    read = store.get_range

    async def replaced(path, start, end, if_match=None):
        monkeypatch.setattr(store, "get_range", read)
        write(running_log([ended(1)], [ended(2)]))
        return await read(path, start, end, if_match)

    monkeypatch.setattr(store, "get_range", replaced)
    facts = await log.refresh()
    assert [one.key.id for one in facts.ended.samples] == ["1", "2"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        running_log()[:-30],
        zipped({"x": b"y"}),
        zipped({"_journal/start.json": b"{"}),
        zipped({"header.json": b'{"status": "splendid"}'}),
        zipped({"header.json": b"[]"}),
    ],
)
async def test_no_log(log, write, data):
    write(data)
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            await log.refresh()
        assert caught.value.reason == "corrupt"
    write(running_log())
    assert (await log.refresh()).spec.status == "started"


async def test_truncated_at_any_offset(log, write):
    data = finished_log(ended(1))
    for length in range(0, len(data), 7):
        write(data[:length])
        with pytest.raises(StoreError) as caught:
            await log.refresh()
        assert caught.value.reason == "corrupt"


async def test_a_bad_summary_is_named(log, write):
    write(running_log([ended(1), {"id": None}]))
    facts = await log.refresh()
    assert len(facts.ended.samples) == 1
    assert log.bad == ("_journal/summaries/1.json: sample 1: its id or epoch is missing",)
    # else one that has ended would seem to be queued
    assert facts.spec.spec.total_samples is None


async def test_summaries_of_another_shape_are_no_empty_list(log, write):
    write(running_log([{"key": "1/1"}, {"key": "2/1"}]))
    with pytest.raises(StoreError, match="none of its 2 samples can be understood"):
        await log.refresh()


async def test_a_newer_format_is_not_guessed_at(log, write):
    write(finished_log(version=3))
    with pytest.raises(StoreError, match="written by a newer Inspect"):
        await log.refresh()
    write(finished_log(version=2))
    assert (await log.refresh()).spec.status == "success"


async def test_a_log_that_is_gone(log):
    with pytest.raises(StoreError) as caught:
        await log.refresh()
    assert caught.value.reason == "not_found"


def test_the_specification():
    found = task_spec(spec())
    assert (found.max_samples, found.connections, found.has_sandbox) == (
        4,
        Connections(20, 20, 20),
        True,
    )
    assert (found.task_id, found.eval_set_id) == ("UyoxGrqbJKtth6e7U6nui7", "set")
    assert task_spec(spec(sandbox=None)).has_sandbox is False


def test_a_specification_of_wrong_types():
    odd = task_spec({key: [1] for key in spec()})
    assert (odd.task, odd.model, odd.total_samples, odd.created_at) == ("", "", None, None)


@pytest.mark.parametrize(
    ("dataset", "config", "total"),
    [
        ({"samples": 100, "sample_ids": [1, 2]}, {"epochs": 3, "limit": 2}, 6),
        ({"samples": 100}, {}, 100),
        ({"samples": 100}, {"limit": 5, "epochs": 2}, 10),
        ({"samples": 100}, {"limit": [90, 120]}, 10),
        ({"samples": 3}, {"limit": 5}, 3),
        ({}, {"epochs": 2}, None),
        ({"sample_ids": []}, {"epochs": "many"}, 0),
    ],
)
def test_total_samples(dataset, config, total):
    assert total_samples(dataset, config) == total


def chosen(*names: str) -> list[str]:
    files = [log_file(FileMeta(name, 1, float(place))) for place, name in enumerate(names)]
    return [log.file.name for log in newest_of_each_task(files)]


OLD = "2026-11-23T07-00-00+00-00_mmlu_AbC123.eval"
NEW = "2026-11-23T09-00-00+00-00_mmlu_AbC123.eval"
RECOVERED = "2026-11-23T07-00-00+00-00_mmlu_AbC123-recovered.eval"
OTHER = "2026-11-23T07-00-00-00-00_m_x_Xyz789.eval"


def test_the_newest_log_of_a_task_counts():
    assert chosen(NEW, OLD, RECOVERED, OTHER) == [OTHER, NEW]


def test_a_recovered_log_never_counts_beside_another():
    assert chosen(OLD, RECOVERED) == [OLD]
    assert chosen(RECOVERED) == [RECOVERED]


def test_time_zones_are_minded():
    later = "2026-11-23T08-00-00-05-00_mmlu_AbC123.eval"
    assert chosen(NEW, later) == [later]


def test_odd_names_stand_for_themselves():
    assert chosen("one.eval", "two.eval", OLD) == [OLD, "one.eval", "two.eval"]


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("0.3.285", (0, 3, 285)),
        ("0.3.286.dev4+g1a2b3c", (0, 3, 286)),
        ("1.0.0rc1", (1, 0, 0)),
        ("0.3", None),
        ("0.3." + "9" * 400, None),
        ("\u0660.\u0663.\u0662", None),
        ("main", None),
        (285, None),
        (["0.3.285"], None),
        (None, None),
    ],
)
def test_inspect_s_version(version, numbers):
    assert task_spec({"packages": {"inspect_ai": version}}).inspect_version == numbers


@pytest.mark.parametrize(
    ("config", "limit"), [({}, None), ({"message_limit": 50}, 50), ({"message_limit": []}, None)]
)
def test_the_limit_of_messages(config, limit):
    assert task_spec({"config": config}).message_limit == limit


@pytest.mark.parametrize("packages", [None, [], "0.3.285", {"inspect-ai": "0.3.285"}])
def test_packages_that_name_no_inspect(packages):
    assert task_spec({"packages": packages}).inspect_version is None


@pytest.mark.parametrize(
    ("config", "bears"),
    [
        ({}, False),
        ({"fail_on_error": False}, True),
        ({"fail_on_error": True}, False),
        ({"fail_on_error": 0}, False),
        ({"fail_on_error": 0.3}, False),
        ({"fail_on_error": "false"}, False),
        ({"fail_on_error": 10**400}, False),
        ({"fail_on_error": []}, False),
        ({"continue_on_fail": True}, True),
        ({"continue_on_fail": 1}, False),
        ({"continue_on_fail": "true", "fail_on_error": {}}, False),
    ],
)
def test_whether_an_error_of_one_sample_is_borne(config, bears):
    assert task_spec({"config": config}).bears_errors is bears
