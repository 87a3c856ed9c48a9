"""The matrix of Inspect's releases: its list, its judge, its page; the runs are elsewhere."""

import copy
import re

import pytest

from tests.matrix.forms import ATTEMPT
from tests.matrix.judge import FACTS, Result, result
from tests.matrix.page import PAGE, page
from tests.matrix.run import FORMS, Judged, Run
from tests.matrix.truth import CAUSES, INSTANTS, STUCK
from tests.matrix.versions import CI, NEWEST, VERSIONS
from watchdog.model.inspect_versions import NEWEST_TESTED

OLD = next(version for version in VERSIONS if not version.tells_errors)
COUNTS = {"total": 8, "completed": 4, "running": 4, "errored": 0, "cancelled": 0, "queued": 0}


def report(stuck, cause=None):
    """What the program should say once these samples are stuck."""
    running = [
        {"id": name, "verdict": "stuck", "cause": cause or CAUSES[name][0]}
        if name in stuck
        else {"id": name, "verdict": "progressing", "cause": None}
        for name in (*STUCK, "live")
    ]
    task = {"samples": dict(COUNTS), "running": running}
    verdict = "partially_stuck" if stuck else "progressing"
    return {"verdict": verdict, "problems": [], "eval_sets": [{"tasks": [task]}]}


def right():
    return [Judged(instant, report(instant.stuck)) for instant in INSTANTS]


def faults(judged, version=NEWEST):
    return result(version, "store", Run(tuple(judged), {})).faults


def task_of(moment):
    return moment.report["eval_sets"][0]["tasks"][0]


# The list


def test_the_newest_of_the_list_is_the_newest_that_the_program_knows():
    assert NEWEST.release == NEWEST_TESTED


def test_releases_stand_in_order_and_there_are_enough():
    releases = [version.release for version in VERSIONS]
    assert releases == sorted(set(releases))
    assert releases[0] == (0, 3, 90)
    assert len(releases) >= 6
    assert [version.released for version in VERSIONS] == sorted(v.released for v in VERSIONS)


def test_the_suite_runs_the_newest_and_one_that_tells_no_errors():
    assert NEWEST in CI
    assert (0, 3, 285) in [version.release for version in CI]
    assert not all(version.tells_errors for version in CI)
    assert len(CI) == 3


# The page


def test_the_page_has_every_release_in_both_forms_and_no_other():
    rows = re.findall(r"^\| (0\.3\.\d+) \| (\S+) \|", PAGE.read_text(), re.MULTILINE)
    wanted = [(v.number, v.released.isoformat()) for v in VERSIONS for _ in FORMS]
    assert rows == wanted


def test_the_page_says_where_something_was_wrong():
    texts = [
        page([Result(version, form, wrong, {}) for version in VERSIONS for form in FORMS])
        for wrong in ({}, {"hang": ["stuck: hang is called progressing (None)"]})
    ]
    assert [len(re.findall(r"\| no \|", text)) for text in texts] == [0, 2 * len(VERSIONS)]


def test_neighbours_that_write_the_same_are_one_line():
    outcomes = [
        Result(version, "store", {}, {ATTEMPT: "an error" if version.tells_errors else "pending"})
        for version in VERSIONS
    ]
    rows = [line for line in page(outcomes).splitlines() if line.startswith(f"| {ATTEMPT.what} ")]
    assert rows == [
        f"| {ATTEMPT.what} | 0.3.90 to 0.3.170 | pending | `{ATTEMPT.source}` |",
        f"| {ATTEMPT.what} | 0.3.172 to {NEWEST.number} | an error | `{ATTEMPT.source}` |",
    ]


def test_what_all_write_alike_is_no_difference():
    outcomes = [Result(version, "store", {}, {ATTEMPT: "an error"}) for version in VERSIONS]
    assert ATTEMPT.what not in page(outcomes)


# The judge


def test_what_is_right_has_no_fault():
    assert faults(right()) == {}


@pytest.mark.parametrize("name", STUCK)
def test_a_missed_sample_is_a_fault(name):
    judged = right()
    last = task_of(judged[-1])["running"]
    last[:] = [one | {"verdict": "progressing"} if one["id"] == name else one for one in last]
    assert list(faults(judged)) == [name]


def test_a_false_alarm_is_a_fault():
    judged = right()
    task_of(judged[0])["running"][-1] |= {"verdict": "stuck", "cause": "hung_tool_call"}
    assert list(faults(judged)) == ["live"]


def test_a_call_that_hangs_may_be_told_before_it_must():
    judged = right()
    judged[1] = Judged(INSTANTS[1], report(("fail", "hang")))
    assert faults(judged) == {}
    judged[0] = Judged(INSTANTS[0], report(("hang",)))
    assert set(faults(judged)) == {"hang", "verdict"}


def test_a_wrong_cause_is_a_fault_but_for_attempts_that_tell_none():
    judged = [Judged(i, report(i.stuck, "hung_model_call")) for i in INSTANTS]
    assert set(faults(judged)) == {"fail", "tool"}
    assert set(faults(judged, OLD)) == {"tool"}


@pytest.mark.parametrize("name", COUNTS)
def test_a_wrong_count_is_a_fault(name):
    judged = right()
    task_of(judged[0])["samples"][name] += 1
    assert list(faults(judged)) == ["counts"]


def test_a_sample_that_is_left_out_is_a_fault():
    judged = right()
    task_of(judged[0])["running"].pop()
    assert list(faults(judged)) == ["live"]


def test_a_problem_or_a_missing_log_is_a_fault():
    judged = right()
    judged[0].report["problems"].append({"where": "x", "text": "y"})
    assert list(faults(judged)) == ["counts"]
    judged[0].report["eval_sets"] = copy.copy([])
    assert list(faults(judged)) == ["counts"]
    assert set(FACTS) >= {"counts", "verdict", "live", *STUCK}
