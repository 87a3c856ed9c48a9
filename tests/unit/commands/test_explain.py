"""`watchdog explain` and `watchdog replay` as a person calls them, on recordings."""

import json
import shutil

import pytest

from tests.builders.rows import Rows, facts, state
from tests.recordings import unpack
from watchdog.cli import main
from watchdog.pipeline.source_state import SourceState
from watchdog.pipeline.targets import Seen


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """One sample that gets nothing but 500s, at four instants."""
    return unpack.unpack("one_sample_500", tmp_path_factory.mktemp("one") / "series")


def told(capsys, *arguments):
    status = main([str(each) for each in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def plain(text):
    return " ".join(text.split())


def test_it_tells_evidence_weight_bound_and_what_would_change_it(one, capsys):
    status, out, _ = told(capsys, "explain", one[1], "3")
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
    _, out, _ = told(capsys, "explain", one[0], "3/1")
    assert "if all attempts to come fail too, the verdict falls at 2026-" in plain(out)
    _, out, _ = told(capsys, "explain", one[1], "swe/4/1")
    assert "(its time-out of 2 h and grace): the verdict falls at 2026-" in plain(out)


def test_without_a_sample_the_suspicious_come_first_and_in_full(one, capsys):
    _, out, _ = told(capsys, "explain", one[1])
    assert out.index("Sample swe/3/1: stuck") < out.index("Sample swe/4/1: progressing")
    assert out.count("weight of evidence") == 1


def test_the_knob_changes_the_verdict(one, capsys, monkeypatch):
    monkeypatch.setenv("WATCHDOG_DETECTION_FALSE_PAGES_PER_WEEK", "0.000001")
    _, out, _ = told(capsys, "explain", one[1], "3", "--json")
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
    status, out, err = told(capsys, "explain", one[1], *arguments)
    assert (status, out) == (3, "")
    assert says in err
    assert "3/1" in err


def test_hostile_names_do_nothing_to_the_terminal(capsys, monkeypatch):
    hostile = facts(
        {"[red]\x1b[2J\u202e1": Rows("m\x1b]0;x\x07").ok(0).fails(range(0, 9000, 500))}, read_at=1e4
    )
    watched = SourceState(None, {"set-1": state(hostile)})

    async def look(*_arguments):
        return (Seen(1e4, (watched,)),)

    monkeypatch.setattr("watchdog.commands.explain.look", look)
    status, out, _ = told(capsys, "explain", "set-1")
    assert status == 0
    assert "mmlu/[red][2J1/1: stuck" in plain(out)
    _, _, err = told(capsys, "explain", "set-1", "other")
    assert "there are [red][2J1/1" in err
    assert not {"\x1b", "\x07", "\u202e"} & set(out + err)


def test_of_many_samples_twenty_are_told_and_the_rest_counted(capsys, monkeypatch):
    many = {str(number): Rows().ok(0).pending("tool", 20, "bash") for number in range(25)}
    watched = SourceState(None, {"set-1": state(facts(many, read_at=300.0))})

    async def look(*_arguments):
        return (Seen(300.0, (watched,)),)

    monkeypatch.setattr("watchdog.commands.explain.look", look)
    _, out, _ = told(capsys, "explain", "set-1")
    assert out.count("Sample mmlu/") == 20
    assert "and 5 less suspicious samples" in out
    assert "Name one for all of its evidence." in out
    _, out, _ = told(capsys, "explain", "set-1", "u24")
    assert "Sample mmlu/24/1: progressing" in out


def test_a_target_that_is_not_there(tmp_path, capsys):
    status, _, err = told(capsys, "explain", tmp_path / "no")
    assert status == 3
    assert "there is no such directory" in err


def test_a_series_tells_when_the_verdict_fell(one, capsys):
    status, out, _ = told(capsys, "replay", *reversed(one))
    text = plain(out)
    assert status == 0
    assert text.count("stuck: swe/3/1 since 2026-11-20 07:07 UTC") == 1
    assert "swe/3/1 stuck at 2026-11-20 08:36 UTC, 88 min after the first sign" in text
    assert "simple rules" not in text


def test_a_directory_of_bundles_is_a_series(one, capsys):
    _, from_directory, _ = told(capsys, "replay", one[0].parent)
    _, from_list, _ = told(capsys, "replay", *one)
    assert from_directory == from_list


def test_bundles_of_the_same_instant_are_judged_both(one, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(one[1], copy)
    _, out, _ = told(capsys, "replay", one[1], copy, "--json")
    assert len(json.loads(out)["steps"]) == 2


def test_compare_shows_the_simple_rules(one, capsys):
    _, out, _ = told(capsys, "replay", one[0].parent, "--compare", "--json")
    replayed = json.loads(out)
    (ours,) = [f for f in replayed["falls"] if f["told_by"] == "watchdog"]
    assert ours["sample"] == "swe/3/1"
    assert {"guide", "pending"} <= {fall["told_by"] for fall in replayed["falls"]}
    assert replayed["steps"][1]["rules"]["guide"] == ["swe/3/1"]
    _, out, _ = told(capsys, "replay", one[0].parent, "--compare")
    assert "pending: swe/6/1 stuck at" in plain(out)


def test_a_series_without_a_stuck_sample_says_so(tmp_path, capsys):
    series = unpack.unpack("outage_40min", tmp_path / "series")
    _, out, _ = told(capsys, "replay", series[0])
    assert "No sample was called stuck." in out


def test_bundles_of_several_eval_sets_are_refused(one, tmp_path, capsys):
    other = unpack.unpack("outage_40min", tmp_path / "series")
    status, out, err = told(capsys, "replay", one[0].parent, other[0])
    mixed = tmp_path / "mixed"
    shutil.copytree(one[0], mixed / "a")
    shutil.copytree(other[0], mixed / "b")
    assert (status, out) == (3, "")
    assert "bundles of one eval set are needed" in err
    assert told(capsys, "replay", mixed)[0] == 3


def test_what_is_no_bundle_is_refused(tmp_path, capsys):
    status, _, err = told(capsys, "replay", tmp_path)
    assert status == 3
    assert "neither a bundle nor a directory of bundles" in err
    assert told(capsys, "replay", tmp_path / "no")[0] == 3
