"""The comparison of two sides' outputs: what is equal, what is meant, and what is neither."""

import json
from itertools import pairwise

import pytest

from tools.compare.comparison import Expected, compare, dead
from tools.compare.inputs import NoRecordingError, all_series
from tools.compare.listing import LINES, agrees, listing
from tools.compare.serving import Listener, comparable

WORD = Expected("word", "it is called hung now", r"\bfrozen\b", "hung")
KEY = Expected(
    "key", "the report says its team", r'^( *)"email": "",$', r'\g<0>\n\1"team": "",', "* --json"
)


def told(comparison, expected, *, whole=True):
    return "\n".join(listing(comparison, expected, whole=whole))


def test_what_is_equal_is_counted_and_agrees():
    same = {"a check": "frozen\n", "b check": "well\n"}
    comparison = compare(same, dict(same), ())
    assert (comparison.equal, comparison.on_purpose, comparison.different) == (2, 0, ())
    assert agrees(comparison, (), whole=True)
    assert told(comparison, ()) == (
        "2 outputs compared: 2 equal, 0 different on purpose, 0 different"
    )


def test_one_other_byte_is_a_difference():
    comparison = compare({"a check": "one\ntwo\n"}, {"a check": "one\ntwo \n"}, ())
    assert not agrees(comparison, (), whole=True)
    (difference,) = comparison.different
    lines = list(difference.lines(LINES))
    assert lines[-2:] == ["-two", "+two "]
    assert "=== a check" in told(comparison, ())


@pytest.mark.parametrize(("before", "after"), [("a\n", "a"), ("a\n", "a\r\n")])
def test_a_line_end_is_a_difference_too(before, after):
    comparison = compare({"a": before}, {"a": after}, ())
    (difference,) = comparison.different
    assert list(difference.lines(LINES)) == ["only line ends differ"]


@pytest.mark.parametrize(("before", "after"), [({"a": "x"}, {}), ({}, {"a": "x"})])
def test_an_output_that_a_side_lacks_is_a_difference(before, after):
    assert len(compare(before, after, ()).different) == 1


def test_a_meant_difference_is_counted_with_its_reason():
    before = {"a check": "frozen for 3 h\n", "b check": "well\n"}
    after = {"a check": "hung for 3 h\n", "b check": "well\n"}
    comparison = compare(before, after, (WORD,))
    assert (comparison.equal, comparison.on_purpose, comparison.different) == (1, 1, ())
    assert agrees(comparison, (WORD,), whole=True)
    assert "      1  word: it is called hung now" in told(comparison, (WORD,))


def test_several_records_make_one_output_equal_together():
    before = {"a check --json": '  "email": "",\n  "why": "frozen"\n'}
    after = {"a check --json": '  "email": "",\n  "team": "",\n  "why": "hung"\n'}
    comparison = compare(before, after, (WORD, KEY))
    assert comparison.on_purpose == 1
    assert comparison.counts == {"word": 1, "key": 1}


def test_what_is_meant_hides_nothing_else():
    comparison = compare({"a": "frozen\n1\n"}, {"a": "hung\n2\n"}, (WORD,))
    (difference,) = comparison.different
    lines = list(difference.lines(LINES))
    assert lines[-3:] == [" hung", "-1", "+2"]
    assert comparison.counts["word"] == 0


def test_the_later_side_is_never_touched():
    assert len(compare({"a": "hung"}, {"a": "frozen"}, (WORD,)).different) == 1


def test_a_mask_covers_both_sides_and_nothing_beside_it():
    mask = Expected("age", "counted from later", r"for \d+ s", "for … s", masks=True)
    comparison = compare({"a": "silent for 14 s\n"}, {"a": "silent for 2 s\n"}, (mask,))
    assert (comparison.on_purpose, comparison.counts) == (1, {"age": 1})
    (difference,) = compare({"a": "for 14 s"}, {"a": "well for 2 s"}, (mask,)).different
    assert difference.after == "well for … s"


def test_a_record_concerns_only_the_outputs_that_it_names():
    before, after = '"email": "",\n', '"email": "",\n"team": "",\n'
    assert compare({"a check --json": before}, {"a check --json": after}, (KEY,)).on_purpose == 1
    assert len(compare({"a check": before}, {"a check": after}, (KEY,)).different) == 1


def test_a_record_that_changes_nothing_in_an_output_is_not_counted_for_it():
    other = Expected("other", "never there", "nowhere", "here")
    comparison = compare({"a": "frozen"}, {"a": "hung"}, (WORD, other))
    assert dead(comparison, (WORD, other)) == ["other"]


def test_a_dead_record_fails_only_where_all_was_compared():
    comparison = compare({"a": "well"}, {"a": "well"}, (WORD,))
    assert dead(comparison, (WORD,)) == ["word"]
    assert not agrees(comparison, (WORD,), whole=True)
    assert agrees(comparison, (WORD,), whole=False)
    line = "nothing differs as expected under word: take the record out"
    assert line in told(comparison, (WORD,))
    assert line not in told(comparison, (WORD,), whole=False)


def test_a_long_diff_is_cut():
    before = "".join(f"{number}\n" for number in range(0, 400, 2))
    after = "".join(f"{number}\n" for number in range(1, 401, 2))
    (difference,) = compare({"a": before}, {"a": after}, ()).different
    lines = list(difference.lines(LINES))
    assert len(lines) == LINES + 1
    assert lines[-1].endswith("more lines")


def test_a_recording_is_unpacked_in_the_order_of_time(tmp_path):
    (series,) = all_series(tmp_path / "into", None, ["two_tasks"])
    assert len(series.targets) > 1
    assert all(one.instant < other.instant for one, other in pairwise(series.targets))
    assert {target.eval_set_id for target in series.targets} == {"two-tasks-7f3a"}


def test_bundles_beside_the_recordings_have_names_of_their_own(tmp_path):
    bundle = tmp_path / "more" / "two_tasks"
    bundle.mkdir(parents=True)
    about = '{"format": 1, "eval_set_id": "x", "captured_at": "2026-11-20T07:00:00Z"}'
    (bundle / "bundle.json").write_text(about)
    (series,) = all_series(tmp_path / "into", tmp_path / "more", ["more.two_tasks"])
    (target,) = series.targets
    assert (target.eval_set_id, target.instant) == ("x", 1795158000.0)


def test_an_unknown_recording_is_named(tmp_path):
    with pytest.raises(NoRecordingError, match="no such recording: nosuch"):
        all_series(tmp_path, None, ["two_tasks", "nosuch"])


def test_one_change_hides_no_other():
    before = {f"a{number}": "frozen\n" for number in range(50)} | {"z": "1\n"}
    after = {f"a{number}": "hung\n" for number in range(50)} | {"z": "2\n"}
    text = told(compare(before, after, ()), ())
    assert text.count("-frozen") == 1
    assert "=== a1: differs too" in text
    assert "-1\n+2" in text


def test_what_is_served_is_compared_without_the_process_s_own_times():
    text = (
        "# HELP process_cpu_seconds_total Time.\nprocess_cpu_seconds_total 0.7\n"
        'eval_watchdog_notifications_total{channel="webhook"} 1.0\n'
        'eval_watchdog_notifications_total{channel="slack"} 1.0\n'
        'eval_watchdog_task_verdict{task="swe"} 1.0\n'
    )
    assert comparable("/metrics", text).splitlines() == [
        'eval_watchdog_notifications_total{channel="slack"} 1.0',
        'eval_watchdog_notifications_total{channel="webhook"} 1.0',
        'eval_watchdog_task_verdict{task="swe"} 1.0',
    ]


def test_messages_are_taken_channel_by_channel():
    listener = Listener()
    listener.answer("/webhook", b"{}")
    listener.answer("/slack/api/auth.test", b"{}")
    first = json.loads(listener.answer("/slack/api/chat.postMessage", b'{"text": "a", "b": 1}'))
    assert first["ts"] == "1700000000.000001"
    assert [line for line in listener.text().splitlines() if "POST" in line] == [
        "POST /slack/api/auth.test",
        "POST /slack/api/chat.postMessage",
        "POST /webhook",
    ]
    assert '{"text": "a",\n"b": 1}' in listener.text()
