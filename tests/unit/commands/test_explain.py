"""`watchdog explain` as a person calls it, on recordings."""

import json

import pytest

from tests.builders.rows import Rows, facts, state
from tests.recordings import unpack
from watchdog.cli import main
from watchdog.pipeline.source_state import SourceState
from watchdog.pipeline.targets import TargetStates


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """One sample that gets nothing but 500s, at four instants."""
    return unpack.unpack("one_sample_500", tmp_path_factory.mktemp("one") / "series")


def call(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def reads(monkeypatch, states, as_of):
    """Whatever target is named, these states are what is read of it."""

    async def read_targets(*_arguments):
        return (TargetStates(as_of, (SourceState(None, states),)),)

    monkeypatch.setattr("watchdog.pipeline.explain.read_targets", read_targets)


def plain(text):
    return " ".join(text.split())


def test_it_tells_evidence_weight_bound_and_what_would_change_it(one, capsys):
    status, out, _ = call(capsys, "explain", one[1], "3")
    text = plain(out)
    assert status == 0
    for part in (
        "Sample swe/3/1: stuck",
        "12 attempts on scripted/gpt-4o failed in a row",
        "trouble of one sample that lasts 84 min and passes [own]: ",
        "8 succeeded [shared]: ",
        "weight of evidence",
        "the first success ends it",
        "Tolerated per week: false pages 1 (detection.false_pages_per_week)",
        "Experience:",
    ):
        assert part in text


def test_what_is_not_stuck_yet_says_when_the_verdict_would_fall(one, capsys):
    _, out, _ = call(capsys, "explain", one[0], "3/1")
    assert "if all attempts to come fail too, the verdict falls at 2026-" in plain(out)
    _, out, _ = call(capsys, "explain", one[1], "swe/4/1")
    assert "(its time-out of 2 h and grace): the verdict falls at 2026-" in plain(out)


def test_without_a_sample_the_suspicious_come_first_and_in_full(one, capsys):
    _, out, _ = call(capsys, "explain", one[1])
    assert out.index("Sample swe/3/1: stuck") < out.index("Sample swe/4/1: progressing")
    assert out.count("weight of evidence") == 1


def test_the_knob_changes_the_verdict(one, capsys, monkeypatch):
    monkeypatch.setenv("WATCHDOG_DETECTION_FALSE_PAGES_PER_WEEK", "0.000001")
    _, out, _ = call(capsys, "explain", one[1], "3", "--json")
    (explained,) = json.loads(out)
    (sample,) = explained["samples"]
    assert sample["verdict"] == "degraded"
    (weighing,) = [each for each in sample["weighings"] if each["weight"] is not None]
    assert weighing["suspicion"] == pytest.approx(weighing["weight"] / weighing["bound"])
    assert explained["knob"]["shares"]["own"] == 0.25


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["9"], "no running sample '9'; there are "),
        (["3/2"], "no running sample '3/2'; there are "),
    ],
)
def test_a_sample_that_is_not_there_is_named_with_those_that_are(one, capsys, arguments, says):
    status, out, err = call(capsys, "explain", one[1], *arguments)
    assert (status, out) == (3, "")
    assert says in err
    assert "3/1" in err


def test_hostile_names_do_nothing_to_the_terminal(capsys, monkeypatch):
    hostile = facts(
        {"[red]\x1b[2J\u202e1": Rows("m\x1b]0;x\x07").ok(0).fails(range(0, 9000, 500))}, read_at=1e4
    )
    reads(monkeypatch, {"set-1": state(hostile)}, 1e4)
    status, out, _ = call(capsys, "explain", "set-1")
    assert status == 0
    assert "mmlu/[red][2J1/1: stuck" in plain(out)
    _, _, err = call(capsys, "explain", "set-1", "other")
    assert "there are [red][2J1/1" in err
    assert not {"\x1b", "\x07", "\u202e"} & set(out + err)


def test_of_many_samples_twenty_are_told_and_the_rest_counted(capsys, monkeypatch):
    many = {str(number): Rows().ok(0).pending("tool", 20, "bash") for number in range(25)}
    reads(monkeypatch, {"set-1": state(facts(many, read_at=300.0))}, 300.0)
    _, out, _ = call(capsys, "explain", "set-1")
    assert out.count("Sample mmlu/") == 20
    assert "and 5 less suspicious samples" in out
    assert "Name one for all of its evidence." in out
    _, out, _ = call(capsys, "explain", "set-1", "u24")
    assert "Sample mmlu/24/1: progressing" in out


def test_a_target_that_is_not_there(tmp_path, capsys):
    status, _, err = call(capsys, "explain", tmp_path / "no")
    assert status == 3
    assert "there is no such directory" in err
