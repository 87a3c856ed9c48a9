"""Samples, one sample and the runner's lines, by the service over real recordings."""

import asyncio
import json
from urllib.parse import quote

import pytest

from tests.acceptance.recorded_site import bundled_site, recorded_site
from watchdog.collect.inspect import sample_rows
from watchdog.collect.stores.zip_members import directory, read_member
from watchdog.surfaces.web import inside

pytestmark = pytest.mark.acceptance

CONTENTS = {"content", "result", "arguments", "completion", "cmd", "output"}


def below(name, part=""):
    return f"/api/v1/eval-sets/{quote(name, safe='')}{part}"


async def samples(web, name, query=""):
    answer = await web.get(below(name, f"/samples{query}"))
    assert answer.status_code == 200, answer.text
    return answer.json()


def one(row):
    query = f"?id={quote(row['id'], safe='')}&epoch={row['epoch']}"
    return f"/samples/{quote(row['task_id'], safe='')}{query}"


async def test_all_samples_by_state(tmp_path):
    async with recorded_site("one_sample_500", tmp_path) as web:
        listed = await samples(web, "one_sample_500")
        assert listed["total"] == listed["matching"] == 8
        assert listed["by_state"] == {"stuck": 1, "completed": 7}
        assert [row["state"] for row in listed["samples"]] == ["stuck", *["completed"] * 7]
        ended = [row["ended_at"] for row in listed["samples"][1:]]
        assert ended == sorted(ended, reverse=True)
        assert listed["samples"][0]["retries"] == 32
        only = await samples(web, "one_sample_500", "?state=stuck&state=errored")
        assert [row["id"] for row in only["samples"]] == ["3"]
        assert only["by_state"] == listed["by_state"]


async def test_page_by_page_all_of_them_once(tmp_path):
    async with recorded_site("one_sample_500", tmp_path) as web:
        seen, cursor = [], ""
        while cursor is not None:
            page = await samples(
                web, "one_sample_500", f"?limit=3&cursor={quote(cursor)}" if cursor else "?limit=3"
            )
            seen += [row["id"] for row in page["samples"]]
            cursor = page["next"]
        assert sorted(seen) == list("12345678")


async def test_a_stuck_sample_tells_its_attempts_and_what_it_waits_for(tmp_path):
    async with recorded_site("one_sample_500", tmp_path) as web:
        row = (await samples(web, "one_sample_500", "?state=stuck"))["samples"][0]
        detail = (await web.get(below("one_sample_500", one(row)))).json()
        assert detail["events_from"] == "buffer"
        assert not detail["earlier"]
        assert detail["not_available"] == ""
        failed = [event for event in detail["events"] if event["outcome"] == "failed"]
        assert len(failed) == 32
        assert {event["cause"] for event in failed} == {"api_server_error"}
        assert all("Error code: 500" in event["error"] for event in failed)
        waits = [event for event in detail["events"] if event["kind"] == "wait"]
        assert [wait["outcome"] for wait in waits] == [*[""] * 31, "pending"]
        assert 1800 < waits[-2]["seconds"] < 1900
        assert detail["evidence"]


async def test_a_sample_that_ended_is_read_from_its_log(tmp_path):
    async with recorded_site("one_sample_500", tmp_path) as web:
        row = (await samples(web, "one_sample_500", "?state=completed"))["samples"][0]
        detail = (await web.get(below("one_sample_500", one(row)))).json()
        assert detail["events_from"] == "log"
        kinds = [event["kind"] for event in detail["events"]]
        assert {"model", "tool", "span", "score"} <= set(kinds)
        assert all(
            event["outcome"] == "ok" for event in detail["events"] if event["kind"] == "tool"
        )


async def test_a_pending_call_is_told(tmp_path):
    async with recorded_site("hung_tool_call", tmp_path) as web:
        row = (await samples(web, "hung_tool_call", "?state=stuck"))["samples"][0]
        detail = (await web.get(below("hung_tool_call", one(row)))).json()
        assert [call["kind"] for call in detail["pending"]] == ["tool"]
        assert detail["events"][-1]["outcome"] == "pending"
        assert detail["events"][-1]["seconds"] == pytest.approx(
            detail["pending"][0]["seconds"], 0.01
        )


def said(logs):
    """Texts of the conversations in a store: what was asked, answered, given to tools and got."""
    for path in logs.rglob("segment.*.zip"):
        data = path.read_bytes()
        for member in directory(data).values():
            yield from _texts(json.loads(read_member(data, member, 2**24)), told=False)


def _texts(value, *, told):
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, told=told or name in CONTENTS)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, told=told)
    elif told and isinstance(value, str) and len(value) > 20:
        yield value


async def test_nothing_that_was_said_is_in_any_answer(tmp_path):
    async with recorded_site("work_without_progress", tmp_path) as web:
        listed = await samples(web, "work_without_progress")
        paths = (below("work_without_progress", one(row)) for row in listed["samples"])
        answers = [(await web.get(path)).text for path in paths]
        texts = set(said(tmp_path / "logs"))
        assert len(texts) > 5
        assert not [text for text in texts for answer in answers if text in answer]


async def test_queued_ones_are_counted(tmp_path):
    async with recorded_site("queued_samples", tmp_path, 0) as web:
        listed = await samples(web, "queued_samples")
        assert listed["by_state"]["queued"] > 0
        assert listed["total"] == sum(listed["by_state"].values())
        assert listed["matching"] == listed["total"] - listed["by_state"]["queued"]


async def test_the_runners_lines_with_repeats_folded(tmp_path):
    async with bundled_site("all_529", tmp_path) as web:
        told = (await web.get(below("all-529-7f3a", "/log"))).json()
        assert told["not_available"] == ""
        assert told["read"] == 100
        (retries,) = [line for line in told["lines"] if line["level"] == "WARNING"]
        assert (retries["count"], "OverloadedError 529" in retries["text"]) == (6, True)
        assert retries["first_at"] < retries["at"]
        later = (await web.get(below("all-529-7f3a", f"/log?since={told['now']}"))).json()
        assert later["lines"] == []


async def test_what_is_not_at_hand_is_said(tmp_path):
    async with recorded_site("one_sample_500", tmp_path) as web:
        told = (await web.get(below("one_sample_500", "/log"))).json()
        assert told["lines"] == []
        assert "in no source that is watched" in told["not_available"]
        row = (await samples(web, "one_sample_500", "?state=stuck"))["samples"][0]
        for path in (tmp_path / "logs").rglob("manifest.json"):
            path.unlink()
        detail = (await web.get(below("one_sample_500", one(row)))).json()
        assert detail["sample"]["verdict"] == "stuck"
        assert detail["events"] == []
        assert detail["not_available"] == "it is neither in the buffer nor in the log"


async def test_a_damaged_segment_costs_its_own_rows(tmp_path):
    async with recorded_site("one_sample_500", tmp_path) as web:
        row = (await samples(web, "one_sample_500", "?state=stuck"))["samples"][0]
        newest = max(
            (tmp_path / "logs").rglob("segment.*.zip"),
            key=lambda path: int(path.name.split(".")[1]),
        )
        newest.write_bytes(b"PK no zip")
        detail = (await web.get(below("one_sample_500", one(row)))).json()
        assert newest.name in detail["not_available"]
        assert len(detail["events"]) > 20


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/samples?state=nope", 400),
        ("/samples?cursor=x", 400),
        ("/samples?limit=0", 400),
        ("/samples/T", 400),
        ("/samples/T?id=1&id=2", 400),
        ("/samples/T?id=1&epoch=x", 400),
        ("/samples/T?id=1", 404),
        ("/log?since=yesterday", 400),
        ("/nothing", 404),
    ],
)
async def test_what_is_none_is_refused(tmp_path, path, status):
    async with recorded_site("finished", tmp_path, 0) as web:
        answer = await web.get(below("finished", path))
        assert answer.status_code == status
        assert set(answer.json()) == {"error"}


async def test_another_eval_sets_samples_are_as_absent_as_any(tmp_path):
    async with recorded_site("finished", tmp_path, 0) as web:
        for part in ("", "/samples", "/samples/T?id=1", "/log"):
            answer = await web.get(below("other", part))
            assert answer.status_code == 404
            assert answer.json() == {"error": "no eval set of this id is watched"}


async def test_one_reads_at_a_time_and_who_waits_too_long_is_told(tmp_path, monkeypatch):
    reading, go_on = asyncio.Event(), asyncio.Event()
    real = sample_rows._from_buffer

    async def slow(*arguments):
        reading.set()
        await go_on.wait()
        return await real(*arguments)

    monkeypatch.setattr(sample_rows, "_from_buffer", slow)
    monkeypatch.setattr(inside.Turn.__init__, "__defaults__", (0.01, 20.0))
    async with recorded_site("one_sample_500", tmp_path) as web:
        row = (await samples(web, "one_sample_500", "?state=stuck"))["samples"][0]
        address = below("one_sample_500", one(row))
        first = asyncio.create_task(web.get(address))
        await reading.wait()
        second = await web.get(address)
        assert (second.status_code, second.headers["retry-after"]) == (429, "5")
        go_on.set()
        assert (await first).status_code == 200
        assert (await web.get(address)).status_code == 200


async def test_who_goes_away_ends_what_is_read(tmp_path, monkeypatch):
    reading, ended = asyncio.Event(), asyncio.Event()

    async def endless(*_):
        reading.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(sample_rows, "_from_buffer", endless)
    async with recorded_site("one_sample_500", tmp_path) as web:
        row = (await samples(web, "one_sample_500", "?state=stuck"))["samples"][0]
        asking = asyncio.create_task(web.get(below("one_sample_500", one(row))))
        await reading.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await ended.wait()


async def test_its_time_is_bounded(tmp_path, monkeypatch):
    async def endless(*_):
        await asyncio.Event().wait()

    monkeypatch.setattr(sample_rows, "_from_buffer", endless)
    monkeypatch.setattr(inside.Turn.__init__, "__defaults__", (3.0, 0.05))
    async with recorded_site("one_sample_500", tmp_path) as web:
        row = (await samples(web, "one_sample_500", "?state=stuck"))["samples"][0]
        detail = (await web.get(below("one_sample_500", one(row)))).json()
        assert "took longer than" in detail["not_available"]
        assert detail["sample"]["id"] == row["id"]
