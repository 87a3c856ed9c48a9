"""The real service at a first start over long histories: nothing that it tells is false."""

import json
import shutil
import time
from collections import Counter

import pytest

from tests.acceptance.inbox import Inbox
from tests.acceptance.service_process import ServiceProcess
from tests.builders.long_history import LongHistory
from tests.recordings.shift import shift
from tests.recordings.unpack import unpack

pytestmark = pytest.mark.acceptance

HOUR = 3600.0
EVENTS = 3 + 7 * 200
"""Whole turns: no call is left open but those that are asked here."""
LONG = 240.0
"""Seconds: what is read behind the newest comes last on a busy machine."""
AFTER = 25
"""Polls that are waited for once all was read."""
POLLS = 'eval_watchdog_poll_duration_seconds_count{stage="evaluate"}'


def frozen(folder) -> None:
    """Its runner does nothing any more; the newest events show a call that is open."""
    history = LongHistory(3, EVENTS)
    history.ask(0, history.ended_at + 10)
    for sample in (1, 2):
        history.answer(sample, history.ended_at + 60)
    _move(folder, history, history.ended_at + 6 * 24 * HOUR)


def slow(folder) -> None:
    """A call is open for two hours, as many were that are told of in the older events."""
    history = LongHistory(3, EVENTS, seed=2, every=3 * HOUR)
    asked_at = history.ended_at + 10
    history.ask(0, asked_at)
    for number in range(1, 13):
        for sample in (1, 2):
            history.answer(sample, asked_at + 600 * number + sample)
    _move(folder, history, asked_at + 2 * HOUR + 30)


def _move(folder, history: LongHistory, now: float) -> None:
    history.write(folder)
    shift(folder, time.time() - now)


def asked(service, path):
    status, text = service.get(path)
    return json.loads(text) if status == 200 else {}


def half_read(service) -> bool:
    problems = asked(service, "/api/v1/report").get("problems", [])
    return any("still being read" in problem["text"] for problem in problems)


def polls(service) -> float:
    lines = service.get("/metrics")[1].splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(POLLS)), 0.0)


def served(folder, logs, inbox) -> ServiceProcess:
    """A first start over logs, which tells the inbox."""
    (folder / "state").mkdir()
    return ServiceProcess(
        folder / "state",
        [str(logs)],
        arguments=["--interval", "0.3"],
        environment={
            "WATCHDOG_WEBHOOK_URL": inbox.url,
            "WATCHDOG_STATUS_FEEDS": "[]",
            "WATCHDOG_KUBERNETES_ENABLED": "no",
        },
    )


def test_older_events_neither_end_nor_repeat_what_was_told(tmp_path):
    logs = tmp_path / "logs"
    frozen(logs / "frozen")
    slow(logs / "slow")
    with Inbox() as inbox:
        service = served(tmp_path, logs, inbox)
        try:
            assert service.until(lambda: len(inbox.heard("opened")) >= 2, LONG), service.lines[-20:]
            early = [p["incident"] for p in inbox.posts if p["incident"]["reading"]]
            assert {one["cause"] for one in early} <= {"hung_model_call"}, "by the newest events"
            assert all(p["incident"]["half_read"] for p in inbox.posts)
            assert service.until(lambda: not half_read(service), LONG), service.lines[-20:]
            seen = polls(service)
            assert service.until(lambda: polls(service) >= seen + AFTER, LONG), service.lines[-20:]
            found = asked(service, "/api/v1/report")
            assert [one["cause"] for one in found["incidents"]] == ["runner_frozen"], found
            rows = asked(service, "/api/v1/incidents")["incidents"]
            assert {(row["state"], row["cause"]) for row in rows} == {
                ("open", "runner_frozen"),
                ("open", "hung_model_call"),
            }, (rows, [line for line in service.lines if line.get("message") == "decided"])
        finally:
            service.stop()
        kinds = Counter(post["kind"] for post in inbox.posts)
        assert kinds.pop("opened") == 2
        assert kinds <= Counter(edited=1), "not where it was put right before anybody heard of it"
        last = {post["incident"]["id"]: post["incident"]["cause"] for post in inbox.posts}
        assert Counter(last.values()) == {"runner_frozen": 1, "hung_model_call": 1}


def test_what_is_told_first_rests_on_nothing_that_is_not_read(tmp_path):
    """One sample fails; that others succeed meanwhile is told by older events alone."""
    logs = tmp_path / "logs"
    shutil.copytree(unpack("one_sample_500", tmp_path / "recording")[-1] / "store", logs)
    with Inbox() as inbox:
        service = served(tmp_path, logs, inbox)
        try:
            assert service.until(lambda: any(map(is_whole, inbox.posts)), LONG), service.lines[-20:]
            (found,) = asked(service, "/api/v1/report")["incidents"]
        finally:
            service.stop()
    *early, whole = inbox.posts
    # where all was read before the first message was sent, that one is right already
    assert [post["kind"] for post in inbox.posts] in (["opened"], ["opened", "edited"])
    assert "End only this sample" in " ".join(whole["actions"])
    assert found["since"] == whole["since"]
    assert "still being read" not in whole["incident"]["summary"]
    for post in early:
        assert "older events are still being read" in post["incident"]["summary"]
        assert post["odds"] is None
        assert "everybody" not in " ".join(post["actions"])
        assert "End nothing yet" in " ".join(post["actions"])
        assert post["since"] > whole["since"]
        (moved,) = whole["changes"]
        assert moved.startswith("All older events are read now: it began at ")


def is_whole(post) -> bool:
    return not post["incident"]["reading"]
