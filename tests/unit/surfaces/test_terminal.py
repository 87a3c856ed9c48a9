import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from tests.builders.snapshots import (
    HOSTILE,
    counts,
    eval_set,
    finished,
    realistic,
    sample,
    snapshot,
    task,
)
from watchdog.model.report import EvidenceItem, ProblemReport
from watchdog.model.verdict import Verdict
from watchdog.surfaces.terminal import print_report


def printed(report, **options):
    out = io.StringIO()
    print_report(report, Console(file=out, **{"width": 80, **options}))
    return out.getvalue()


def test_the_first_line_is_the_verdict():
    first, second = printed(realistic().report).splitlines()[:2]
    assert first == "STUCK: model API answers with server errors (5xx)"
    assert second == "4 eval sets, 2026-11-23 08:00 UTC"


@pytest.mark.parametrize(
    "part",
    [
        "mmlu-2026-11-22-x7k2  stuck: ",
        "Stuck since 2026-11-22 09:46 UTC (22 h 14 min); retries x waits: 22 h 13 min",
        "25 samples: 24 completed, 1 running (1 stuck); 5,710 HTTP retries",
        "Sample 42, epoch 1: stuck for 22 h 14 min while solving [api_server_error]",
        "FAIL x45 OK x5",
        "next attempt after a wait of 30 min",
        "pending: tool bash, for 90 min",
        "       hawk transcript nWJu3Mz\n",
        "segment.3.zip: truncated zip member",
    ],
)
def test_it_says(part):
    assert part in printed(realistic().report)


def test_the_worst_comes_first():
    text = printed(realistic().report)
    names = ("mmlu-2026", "swe-bench-agents-q9d1  ", "gpqa-nightly", "aime-2025-final  ")
    places = [text.index(name) for name in names]
    assert places == sorted(places)


def test_no_colour_unless_a_person_watches():
    assert "\x1b" not in printed(realistic().report)
    assert "\x1b" in printed(realistic().report, force_terminal=True, color_system="standard")


def test_it_fits_in_80_columns_but_for_commands():
    for line in printed(realistic().report).splitlines():
        assert len(line) <= 80 or line.startswith("       curl ")
        assert line == line.rstrip()


def test_hostile_text_is_shown_and_not_obeyed():
    bad = task(HOSTILE, running=(sample(HOSTILE, recent=HOSTILE),))
    report = snapshot(eval_set(HOSTILE, summary=HOSTILE, tasks=(bad,), actions=(HOSTILE,))).report
    text = printed(report, width=400)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x[/red]" in text


def test_samples_that_wait_are_told_with_what_for():
    item = EvidenceItem(None, "approval", "a person's approval is awaited since noon")
    waiting = tuple(
        sample(str(place), verdict=Verdict.WAITING, evidence=(item,)) for place in range(7)
    )
    text = printed(snapshot(eval_set(tasks=(task(running=waiting),))).report)
    assert "    Sample 4, epoch 1: a person's approval is awaited since noon\n" in text
    assert "Sample 5" not in text
    assert "and 2 more waiting samples" in text


def test_samples_that_can_t_be_judged_are_told_beside_those_that_are_stuck():
    why = (EvidenceItem(None, "unreadable", "rows of it can't be read"),)
    stuck = sample("1", verdict=Verdict.STUCK)
    unknown = [sample(f"u{n}", verdict=Verdict.UNKNOWN, evidence=why) for n in range(3)]
    judged = task(verdict=Verdict.STUCK, running=(stuck, *unknown))
    text = printed(snapshot(eval_set(verdict=Verdict.STUCK, tasks=(judged,))).report)
    assert "3 running samples can't be judged: u0, u1, u2" in text
    assert "rows of it can't be read" in text
    silent = task(verdict=Verdict.UNKNOWN, running=tuple(unknown))
    text = printed(snapshot(eval_set(verdict=Verdict.UNKNOWN, tasks=(silent,))).report)
    assert "can't be judged" not in text


def test_long_lists_end_with_a_count():
    many = tuple(sample(str(place)) for place in range(25))
    report = snapshot(eval_set(tasks=(task(running=many),))).report
    report = replace(report, problems=tuple(ProblemReport(str(n), "x") for n in range(25)))
    text = printed(report)
    assert "and 5 more stuck samples" in text
    assert "and 5 more problems" in text


def test_little_is_said_of_what_is_well():
    assert printed(snapshot(finished()).report).count("\n") == 7
    assert printed(snapshot().report).startswith("FINISHED\n0 eval sets")
    assert counts().total == 0


def test_scans_are_counted_and_said_to_be_left_out():
    report = realistic().report
    assert "4 eval sets, 3 scans not watched, " in printed(replace(report, not_watched=3))
    assert "not watched" not in printed(report)
