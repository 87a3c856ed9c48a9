"""`watchdog replay` as a person calls it, on recordings."""

import json
import shutil

import pytest

from tests.recordings import unpack
from watchdog.cli import main


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """One sample that gets nothing but 500s, at four instants."""
    return unpack.unpack("one_sample_500", tmp_path_factory.mktemp("one") / "series")


def call(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def plain(text):
    return " ".join(text.split())


def test_a_series_tells_when_the_verdict_fell(one, capsys):
    status, out, _ = call(capsys, "replay", *reversed(one))
    text = plain(out)
    assert status == 0
    assert text.count("stuck: swe/3/1 since 2026-11-20 07:07 UTC") == 1
    assert "swe/3/1 stuck at 2026-11-20 08:36 UTC, 88 min after the first sign" in text
    assert "simple rules" not in text


def test_a_directory_of_bundles_is_a_series(one, capsys):
    _, from_directory, _ = call(capsys, "replay", one[0].parent)
    _, from_list, _ = call(capsys, "replay", *one)
    assert from_directory == from_list


def test_bundles_of_the_same_instant_are_judged_both(one, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(one[1], copy)
    _, out, _ = call(capsys, "replay", one[1], copy, "--json")
    assert len(json.loads(out)["steps"]) == 2


def test_compare_shows_the_simple_rules(one, capsys):
    _, out, _ = call(capsys, "replay", one[0].parent, "--compare", "--json")
    replayed = json.loads(out)
    (ours,) = [f for f in replayed["falls"] if f["told_by"] == "watchdog"]
    assert ours["sample"] == "swe/3/1"
    assert {"guide", "pending"} <= {fall["told_by"] for fall in replayed["falls"]}
    assert replayed["steps"][1]["rules"]["guide"] == ["swe/3/1"]
    _, out, _ = call(capsys, "replay", one[0].parent, "--compare")
    assert "pending: swe/6/1 stuck at" in plain(out)


def test_a_series_without_a_stuck_sample_says_so(tmp_path, capsys):
    series = unpack.unpack("outage_40min", tmp_path / "series")
    _, out, _ = call(capsys, "replay", series[0])
    assert "No sample was called stuck." in out


def test_bundles_of_several_eval_sets_are_refused(one, tmp_path, capsys):
    other = unpack.unpack("outage_40min", tmp_path / "series")
    status, out, err = call(capsys, "replay", one[0].parent, other[0])
    mixed = tmp_path / "mixed"
    shutil.copytree(one[0], mixed / "a")
    shutil.copytree(other[0], mixed / "b")
    assert (status, out) == (3, "")
    assert "bundles of one eval set are needed" in err
    assert call(capsys, "replay", mixed)[0] == 3


def test_what_is_no_bundle_is_refused(tmp_path, capsys):
    status, _, err = call(capsys, "replay", tmp_path)
    assert status == 3
    assert "neither a bundle nor a directory of bundles" in err
    assert call(capsys, "replay", tmp_path / "no")[0] == 3
