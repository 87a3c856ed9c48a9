"""The report in brief: one line for each eval set, the worst first, in any width."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from tests.builders.printed import printed
from tests.builders.snapshots import (
    HOSTILE,
    counts,
    eval_set,
    finished,
    incident,
    partially_stuck,
    realistic,
    sample,
    snapshot,
    task,
)
from tests.builders.wide_fleets import wide
from watchdog.model.report import PendingItem, ProblemReport
from watchdog.model.verdict import Cause, Verdict
from watchdog.surfaces.terminal import brief_lines

INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def brief(report, width=80):
    return printed(brief_lines(report, width), width)


def rows(text):
    """The lines behind the table's head."""
    lines = text.splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("VERDICT"))
    return lines[head + 1 :]


def test_two_hundred_eval_sets_are_two_hundred_lines_and_what_is_open():
    text = brief(wide(200).report)
    assert len(rows(text)) == 200
    assert len(text.splitlines()) < 225


def test_first_what_and_how_many_then_what_is_open_then_the_worst():
    text = brief(wide(200).report, 120)
    lines = text.splitlines()
    assert lines[0].startswith("STUCK: ")
    assert lines[1] == (
        "200 eval sets: 3 stuck, 1 partially stuck, 196 progressing, 2026-11-23 08:00 UTC"
    )
    assert lines[3] == "2 open incidents"
    assert "model openai/gpt-4o: model API answers with server errors (5xx)" in lines[4]
    assert "for 22 h 14 min, in 3 eval sets" in text
    assert [row.split("  ")[0] for row in rows(text)[:5]] == [
        *["stuck"] * 3,
        "partially stuck",
        "progressing",
    ]
    assert "eval-set-0002-x7k2" in rows(text)[0]


@pytest.mark.parametrize("width", [60, 70, 80, 100, 140, 200])
def test_it_fits_but_for_commands(width):
    text = brief(wide(30).report, width)
    for line in text.splitlines():
        assert cell_len(line) <= width or line.startswith("      curl "), line
    for row in rows(text)[:4]:
        assert "stuck" in row
        assert "x7k2" in row or "swe-bench" in row


def test_more_room_tells_more():
    heads = [brief(wide(5).report, width).splitlines() for width in (60, 80, 120)]
    titles = [next(line for line in head if line.startswith("VERDICT")) for head in heads]
    assert titles[0].split() == ["VERDICT", "FOR", "EVAL", "SET", "CAUSE"]
    assert "DONE" in titles[1]
    assert "OWNER" in titles[2]
    assert len(set(titles)) == 3


def test_of_one_eval_set_it_says_what_to_do():
    text = brief(snapshot(eval_set(), incidents=(incident(),)).report)
    assert "What to do" in text
    assert "       hawk transcript nWJu3Mz\n" in text
    assert "Sample 42, epoch 1: stuck for 22 h 14 min while solving [api_server_error]" in text
    assert "FAIL x45 OK x5" in text


def test_samples_that_are_alike_are_told_together():
    alike = [sample(str(n), stuck_seconds=3600.0 + n) for n in range(30)]
    pending = PendingItem("tool", "bash", None, 600.0)
    other = sample("odd", cause=Cause.HUNG_TOOL_CALL, pending=pending, stuck_seconds=600.0)
    many = task(running=(*alike, other), samples=counts(running=31, stuck=31))
    text = " ".join(brief(snapshot(eval_set(tasks=(many,))).report).split())
    assert "30 samples: stuck for 60 min while solving [api_server_error]" in text
    assert "29, 28, 27, 26, 25, 24, 23, 22 and 22 more" in text
    assert "Sample odd, epoch 1: stuck for 10 min" in text
    assert text.count("Error code: 500") == 2


def test_incidents_that_are_alike_are_told_together_with_what_to_do_once():
    alike = [
        incident(id=str(n), subject=f"mmlu/{n}/1", actions=("Wait: `sleep 1`",)) for n in range(9)
    ]
    other = incident(id="x", cause=Cause.AUTH, actions=("Wait: `sleep 1`",))
    text = brief(snapshot(eval_set(), finished(), incidents=(*alike, other)).report, 200)
    assert "10 open incidents" in text
    assert "sample mmlu/0/1: model API answers with server errors (5xx)" in text
    assert "; and 8 more like it" in text
    assert text.count("sleep 1") == 1


def test_what_could_not_be_read_is_counted():
    report = replace(
        realistic().report, problems=tuple(ProblemReport(str(n), "x") for n in range(25))
    )
    assert "and 22 more (-v)" in brief(report)


def test_nothing_at_all():
    assert brief(snapshot().report).splitlines() == [
        "FINISHED",
        "0 eval sets, 2026-11-23 08:00 UTC",
    ]


@given(st.text(max_size=80))
def test_whatever_they_are_called_it_is_text_on_one_line(name):
    hostile = f"{name}{HOSTILE}"
    bad = task(hostile, running=(sample(hostile, recent=hostile),))
    one = eval_set(hostile, summary=hostile, tasks=(bad,), actions=(hostile,), submitter=hostile)
    told = incident(subject=hostile, eval_sets=(hostile,), actions=(hostile,))
    problem = ProblemReport(hostile, hostile)
    for others in ((), (partially_stuck(),)):
        report = snapshot(one, *others, incidents=(told,), problems=(problem,)).report
        text = brief(report, 100)
        kinds = {unicodedata.category(char) for char in text if char != "\n"}
        assert not kinds & INVISIBLE
        assert "[red]x[/red]" in text.replace("\n", " ") or others


def test_wide_letters_take_two_columns():
    one = eval_set("評価" * 40, verdict=Verdict.STUCK)
    for row in rows(brief(snapshot(one, finished()).report)):
        assert cell_len(row) <= 80
