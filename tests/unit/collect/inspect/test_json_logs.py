"""Logs in JSON: read whole, by their head, half written, and what is none."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.logs import AT, JSON_LOG, json_log, json_sample, spec
from watchdog.collect.inspect import json_logs
from watchdog.collect.inspect.json_content import NoLog, decode
from watchdog.collect.inspect.json_logs import JsonLog
from watchdog.collect.inspect.naming import is_json, log_file, newest_of_each_task, stem
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.stores.objects import FileMeta, StoreError
from watchdog.collect.values import instant
from watchdog.model.facts import SampleKey

SECONDS = instant(AT)


@pytest.fixture
def log(tmp_path: Path) -> JsonLog:
    return JsonLog(DirectoryStore(tmp_path), JSON_LOG, "set", JSON_LOG, 1 << 28)


@pytest.fixture
def write(tmp_path: Path):
    def write(data: bytes) -> None:
        (tmp_path / "new").write_bytes(data)
        (tmp_path / "new").rename(tmp_path / JSON_LOG)

    return write


async def test_a_task_that_began(log, write):
    write(json_log())
    facts = await log.refresh()
    assert (facts.spec.status, facts.spec.spec.task, facts.ended) == ("started", "mini", None)
    assert facts.spec.spec.total_samples == 10
    assert not log.finished


async def test_samples_that_have_ended(log, write):
    error = {"message": "RuntimeError('boom')\nsecond line", "traceback": "…"}
    write(
        json_log(
            json_sample(1),
            json_sample("a/b", epoch=2, error=error),
            json_sample(3, error={"message": "CancelledError()"}),
            json_sample(4, limit={"type": "time", "limit": 60}),
            json_sample(4, limit=None),
        )
    )
    samples = (await log.refresh()).ended.samples
    assert [(s.key, s.completed, s.cancelled, s.limit) for s in samples] == [
        (SampleKey("1", 1), True, False, None),
        (SampleKey("a/b", 2), True, False, None),
        (SampleKey("3", 1), True, True, None),
        (SampleKey("4", 1), True, False, None),  # a sample that ran again counts as it ended last
    ]
    assert [s.error for s in samples[:2]] == [None, "RuntimeError('boom')"]
    assert (samples[0].uuid, samples[0].completed_at) == ("uuid-1", SECONDS)


@pytest.mark.parametrize("status", ["success", "error", "cancelled"])
async def test_a_finished_task(log, write, status):
    write(json_log(json_sample(1), status=status, error={"message": "boom"}))
    facts = await log.refresh()
    assert (facts.spec.status, facts.spec.error) == (status, "boom")
    assert facts.spec.completed_at == SECONDS
    assert log.finished


async def test_it_is_read_again_only_where_it_has_changed(log, write):
    write(json_log())
    await log.refresh()
    assert await log.refresh() is None
    write(json_log(json_sample(1)))
    assert len((await log.refresh()).ended.samples) == 1


async def test_of_a_large_one_the_head_is_read(log, write, monkeypatch):
    monkeypatch.setattr(json_logs, "HEAD", 4000)
    log._limit = 5000
    write(json_log(*(json_sample(number) for number in range(100)), status="success"))
    facts = await log.refresh()
    assert (facts.spec.status, facts.spec.spec.task, facts.ended) == ("success", "mini", None)
    assert facts.spec.spec.total_samples is None  # else those that have ended would seem queued
    assert "only its head is read" in log.bad[0]
    assert log.finished


async def test_where_even_the_head_is_too_large_it_is_said(log, write, monkeypatch):
    monkeypatch.setattr(json_logs, "HEAD", 200)
    log._limit = 300
    write(json_log(json_sample(1)))
    with pytest.raises(StoreError, match="its head can't be read"):
        await log.refresh()
    assert not log.is_other


async def test_one_that_is_half_written_is_read_once_more(tmp_path, log, write, monkeypatch):
    """Inspect used to write over it in place."""
    whole = json_log(json_sample(1), json_sample(2))
    write(whole[:-200])

    async def finish(_: float) -> None:
        (tmp_path / JSON_LOG).write_bytes(whole)

    monkeypatch.setattr(json_logs.asyncio, "sleep", finish)
    assert len((await log.refresh()).ended.samples) == 2


async def test_one_that_stays_cut_off_is_corrupt_until_it_changes(log, write, monkeypatch):
    monkeypatch.setattr(json_logs, "HALF_WRITTEN", 0.0)
    write(json_log(json_sample(1))[:-300])
    for _ in range(2):
        with pytest.raises(StoreError, match="can't be read") as raised:
            await log.refresh()
        assert raised.value.reason == "corrupt"
    write(json_log())
    assert (await log.refresh()).spec.status == "started"


async def test_a_newer_format_is_not_guessed_at(log, write, monkeypatch):
    monkeypatch.setattr(json_logs, "HALF_WRITTEN", 0.0)
    write(json_log(version=3))
    with pytest.raises(StoreError, match="newer Inspect"):
        await log.refresh()
    assert not log.is_other


@pytest.mark.parametrize(
    "data",
    [b"[]", b"", b"nonsense", b"{}", b'{"a": 1}', b'{"eval": {}}', b'{"status": 1, "eval": []}'],
)
async def test_what_is_no_log(log, write, data):
    """`logs.json`, a list of results: named like a log or not."""
    write(data)
    with pytest.raises(StoreError, match="no log"):
        await log.refresh()
    assert log.is_other
    with pytest.raises(NoLog):
        decode(data)


async def test_a_sample_without_a_name_is_told(log, write):
    write(json_log(json_sample(1), {"epoch": 1}, json_sample(3)))
    assert len((await log.refresh()).ended.samples) == 2
    assert log.bad == ("sample 1: its id or epoch is missing",)


@given(st.integers(0, len(json_log(json_sample(1)))))
def test_cut_off_anywhere_it_is_read_so_far_or_refused(end):
    data = json_log(json_sample(1))[:end]
    try:
        content = decode(data)
    except ValueError:
        return
    assert content.header["status"] == "started"
    assert content.header["eval"]["task"] == "mini"


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data):
    with contextlib.suppress(ValueError):
        assert decode(data).header["status"] is not None


def test_nesting_is_no_way_to_bring_it_down():
    deep = b"[" * 200_000
    content = decode(b'{"status": "started", "eval": {}, "plan": ' + deep)
    assert content.cut_off


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (JSON_LOG, True),
        ("2026-11-20T09:50:25+00:00_x_AbCdEf.json", True),
        ("2026-11-20T09-50-25_x.json", True),
        ("logs.json", False),
        ("eval-set.json", False),
        (".models.json", False),
        ("2026-11-20_results.json", False),
        ("2026-11-20T09-50-25_x.jsonl", False),
    ],
)
def test_names(name, expected):
    assert is_json(name) is expected


def chosen(*names: str) -> list[str]:
    files = [log_file(FileMeta(name, 1, float(at))) for at, name in enumerate(names)]
    return [log.file.name for log in newest_of_each_task(files)]


def test_the_newest_log_of_a_task_counts_whatever_its_format():
    old = "2026-11-20T09-50-25+00-00_x_AbCdEfGh.json"
    new = "2026-11-20T10-50-25+00-00_x_AbCdEfGh.eval"
    other = "2026-11-20T10-50-25+00-00_x_ZbCdEfGh.json"
    assert chosen(new, old) == [new]
    assert chosen(new.replace(".eval", ".json"), old) == [new.replace(".eval", ".json")]
    assert chosen(old, new, other) == [new, other]
    assert stem(old) == old.removesuffix(".json")


def test_of_one_log_in_two_formats_the_one_written_last_counts():
    """One of them is a copy (`inspect log convert`)."""
    one = "2026-11-20T09-50-25+00-00_x_AbCdEfGh.json"
    other = one.replace(".json", ".eval")
    assert chosen(one, other) == [other]
    assert chosen(other, one) == [one]


def test_an_eval_s_own_words_stay_data():
    about = json.loads(json_log(about=spec(task="x\u0000\n" * 400)))
    content = decode(json.dumps(about).encode())
    assert content.header["eval"]["task"].startswith("x")
