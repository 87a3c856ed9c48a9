"""Samples, events, messages and the runner's lines, as they are printed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from tests.builders.printed import printed
from tests.builders.snapshots import HOSTILE, NOW, ago
from watchdog.model.conversation import Conversation, Message
from watchdog.model.instants import timestamp
from watchdog.model.report import PendingItem
from watchdog.model.samples import (
    RunnerLine,
    RunnerLines,
    SampleDetail,
    SampleEvent,
    SampleList,
    SampleRow,
)
from watchdog.model.verdict import Cause, Verdict
from watchdog.surfaces.terminal.runner_log import runner_log_lines
from watchdog.surfaces.terminal.samples import samples_lines
from watchdog.surfaces.terminal.transcript import conversation_lines, transcript_lines

INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
STUCK = SampleRow(
    task="mmlu",
    task_id="AbC",
    model="openai/gpt-4o",
    id="42",
    epoch=1,
    state="stuck",
    uuid="nWJu3Mz",
    verdict=Verdict.STUCK,
    cause=Cause.API_SERVER_ERROR,
    phase="solving",
    started_at=ago(90_000),
    last_event_at=ago(900),
    stuck_since=ago(80_040),
    stuck_seconds=80_040.0,
    retries=45,
    recent=" ".join(["FAIL"] * 45 + ["OK"] * 5),
)
ENDED = replace(
    STUCK,
    id="7",
    state="errored",
    verdict=None,
    phase=None,
    stuck_since=None,
    ended_at=ago(60),
    recent="",
    retries=0,
    error="ValueError: no",
)


def listed(*rows, **more):
    states = [row.state for row in rows]
    by_state = {state: states.count(state) for state in dict.fromkeys(states)}
    made = SampleList(ago(0), "set", len(rows), len(rows), by_state, rows, None)
    return replace(made, **more)


def detail(*events, sample=STUCK, **more):
    made = SampleDetail(ago(0), "set", sample, (), (), events, "buffer")
    return replace(made, **more)


def failed(number, error="Error code: 500"):
    at = NOW - 9000 + 100 * number
    cause = Cause.API_SERVER_ERROR
    attempt = SampleEvent(
        timestamp(at), None, None, "model", "gpt", "failed", cause=cause, error=error
    )
    return (
        attempt,
        SampleEvent(
            timestamp(at), timestamp(at + 60), 60.0, "wait", "gpt", detail="for the next attempt"
        ),
    )


def test_the_list_says_how_many_and_of_each_how_it_is():
    text = printed(samples_lines(listed(STUCK, ENDED), 160), 160)
    lines = text.splitlines()
    assert lines[0] == "set  2 samples: 1 stuck, 1 errored, 2026-11-23 08:00 UTC"
    assert lines[3].split()[:5] == ["stuck", "22h14m", "42", "api_server_error", "15m"]
    assert "FAIL x45 OK x5" in lines[3]
    assert "ValueError: no" in lines[4]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_list_fits(width):
    pending = PendingItem("tool", "bash" * 30, ago(60), 60.0)
    rows = [replace(STUCK, id="x" * 200, task="t" * 90, pending=pending, epoch=2), ENDED]
    for line in printed(samples_lines(listed(*rows), width), width).splitlines():
        assert cell_len(line) <= width


def test_samples_without_a_name_and_those_left_out_are_counted():
    text = printed(
        samples_lines(listed(STUCK, by_state={"stuck": 1, "queued": 12}, matching=9, next="x"), 80)
    )
    assert "and 12 queued or being set up, which have no names yet" in text
    assert "and 8 more samples" in text


def test_what_fails_alike_again_and_again_is_one_line():
    runs = [event for number in range(45) for event in failed(number)]
    other = failed(50, "Error code: 429")
    text = printed(transcript_lines(detail(*runs, *other)), 200)
    assert "model    gpt  failed x46 until 2026-11-23 06:53 UTC, waits of 60 s" in text
    assert text.count("Error code: 500 [api_server_error]") == 1
    assert text.count("Error code: 429 [api_server_error]") == 1
    in_full = printed(transcript_lines(detail(*runs, *other), in_full=True), 200)
    assert in_full.count("Error code: 500") == 45
    assert in_full.count("for the next attempt") == 46


def test_a_success_between_them_is_seen():
    well = SampleEvent(ago(5), ago(1), 4.0, "model", "gpt", "ok")
    runs = [event for number in range(5) for event in failed(number)]
    text = printed(transcript_lines(detail(*runs, well, *runs)), 200)
    assert text.count("failed x5") == 2
    assert "gpt  ok  4.0 s" in text


def test_what_could_not_be_read_is_said():
    text = printed(transcript_lines(detail(not_available="no buffer", earlier=True)))
    assert "not all could be read: no buffer" in text
    assert "earlier events" in text


def test_lines_of_a_log_with_how_often():
    line = RunnerLine(ago(60), ago(3600), 45, "WARNING", "retry 45", "pod-a")
    log = RunnerLines(ago(0), "set", (line, replace(line, pod="pod-b", count=1)), 90)
    text = printed(runner_log_lines(log), 160)
    assert "WARNING  pod-a: retry 45  (x45 since 2026-11-23 07:00 UTC)" in text
    assert text.count("(x") == 1
    assert "nothing of note in 90 lines" in printed(runner_log_lines(replace(log, lines=())))
    none = replace(log, lines=(), not_available="no runner's log")
    assert printed(runner_log_lines(none)) == "no runner's log\n"


def test_further_lines_of_a_long_one_stand_below_it():
    line = RunnerLine(ago(60), None, 1, "ERROR", "word " * 40)
    lines = printed(runner_log_lines(RunnerLines(ago(0), "set", (line,), 1)), 60).splitlines()
    assert len(lines) > 3
    assert all(one.startswith("    word") for one in lines[1:])


@given(st.text(max_size=80))
def test_whatever_an_evaluation_wrote_is_text(text):
    bad = f"{text}{HOSTILE}"
    row = replace(STUCK, task=bad, id=bad, error=bad, recent=bad, model=bad, uuid=bad)
    event = SampleEvent(ago(1), None, 1.0, "tool", bad, "failed", error=bad, detail=bad)
    line = RunnerLine(ago(1), None, 2, bad, bad, bad)
    lines = [
        *samples_lines(listed(row, notes=(bad,), eval_set_id=bad), 100),
        *transcript_lines(detail(event, *failed(1, bad), sample=row, not_available=bad)),
        *runner_log_lines(RunnerLines(ago(0), bad, (line,), 1, not_available=bad)),
        *conversation_lines(Conversation((Message(bad, f"{bad}\n\t{bad}\r"),), "buffer")),
    ]
    shown = printed(lines, 100)
    assert not {unicodedata.category(char) for char in shown if char != "\n"} & INVISIBLE
    assert "alert(1)" in shown
