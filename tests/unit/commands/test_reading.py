"""`status`, `samples`, `transcript` and `logs` as a person calls them, on recordings."""

import json
import shutil

import pytest

from tests.recordings.unpack import unpack
from watchdog import cli


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    names = ("one_sample_500", "two_tasks", "finished")
    return {name: str(unpack(name, tmp_path_factory.mktemp(name))[1]) for name in names}


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("WATCHDOG_SERVER", raising=False)


@pytest.fixture
def run(capsys):
    def called(*arguments):
        status = cli.main(list(arguments))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return called


def logs(bundles):
    return [word for path in bundles.values() for word in ("--logs", path)]


def test_status_is_a_table_and_says_where_it_read(run, bundles):
    status, out, err = run("status", *logs(bundles))
    assert status == 2
    assert err == f"watchdog: reads {', '.join(bundles.values())} (one look)\n"
    assert out.startswith("PARTIALLY STUCK\n3 eval sets: 2 partially stuck, 1 finished, ")
    assert "one-sample-500-7f3a" in out


def test_status_filters_as_the_page(run, bundles):
    status, out, _ = run("status", *logs(bundles), "--verdict", "finished")
    assert (status, "finished-7f3a" in out, "two-tasks" in out) == (0, True, False)
    status, out, _ = run("status", *logs(bundles), "-q", "nothing fits")
    assert (status, "of 3: the others don't fit the filters" in out) == (0, True)
    assert out.startswith("NO EVAL SET FITS THE FILTERS")
    status, _, err = run("status", *logs(bundles), "--verdict", "sick")
    assert (status, "there is no 'sick'" in err) == (3, True)


def test_status_in_json_is_what_the_api_answers(run, bundles):
    status, out, _ = run("status", *logs(bundles), "--json")
    fleet = json.loads(out)
    assert (status, fleet["total"], fleet["verdict"]) == (2, 3, "partially_stuck")
    status, out, _ = run("status", bundles["two_tasks"], "--json")
    assert json.loads(out)["row"]["eval_set_id"] == "two-tasks-7f3a"


def test_status_of_one_and_in_full(run, bundles):
    status, out, _ = run("status", "two-tasks-7f3a", *logs(bundles))
    assert (status, "What to do" in out, "one-sample" in out) == (2, True, False)
    _, out, _ = run("status", bundles["two_tasks"], "-v")
    assert "Sample a1, epoch 1: stuck" in out
    assert "Sample a2, epoch 1: stuck" in out


def test_a_command_names_an_eval_set_in_nested_folders_by_its_path(run, bundles, tmp_path):
    """What `check` says can be pasted: the path is the id, `--logs` the folder at its end."""
    root = tmp_path / "logs"
    for number in ("1", "2"):
        store = f"{bundles['one_sample_500']}/store"
        shutil.copytree(store, root / "team" / number / "run")
    _, said, _ = run("check", str(root), "-v")
    name, folder = "team/2/run", str(root / "team" / "2" / "run")
    assert f"watchdog evidence {name} --logs {folder} --output evidence.tar.gz" in said
    status, out, err = run("samples", name, "--logs", folder, "--json")
    assert (status, len(json.loads(out)["samples"])) == (0, 8), err
    sample = next(s for s in json.loads(out)["samples"] if s["state"] == "stuck")
    status, out, err = run("transcript", name, sample["uuid"], "--logs", folder)
    assert status == 0, err
    assert run("status", name, "--logs", folder)[0] == 2
    status, _, err = run("samples", "team/1/run", "--logs", folder)
    assert (status, "no eval set team/1/run" in err) == (3, True)


def test_the_path_below_the_root_weighs_more_than_the_root_s_own(run, bundles, tmp_path):
    root = tmp_path / "a" / "b"
    for name, folder in (("one_sample_500", root), ("two_tasks", root / "a" / "b")):
        shutil.copytree(f"{bundles[name]}/store", folder)
    _, out, _ = run("samples", "a/b", "--logs", str(root), "--json")
    assert {one["task"] for one in json.loads(out)["samples"]} != {"overload"}
    assert json.loads(out)["eval_set_id"] == "a/b"


def test_samples(run, bundles):
    status, out, _ = run("samples", bundles["one_sample_500"])
    assert status == 0
    assert out.startswith("one-sample-500-7f3a  8 samples: 1 stuck, 7 running, ")
    assert out.splitlines()[3].split()[:4] == ["stuck", "88m", "3", "api_server_error"]
    _, out, _ = run("samples", bundles["one_sample_500"], "--state", "running", "--json")
    assert {one["state"] for one in json.loads(out)["samples"]} == {"running"}
    status, _, err = run("samples", "one-sample", *logs(bundles))
    assert (status, "did you mean one-sample-500-7f3a?" in err) == (3, True)


def test_a_transcript_folds_what_fails_again_and_again(run, bundles):
    status, out, _ = run("transcript", bundles["one_sample_500"], "3")
    assert status == 0
    assert "failed x12 until 2026-11-20 08:31 UTC, waits of " in out
    assert "Error code: 500" in out
    assert out.count("model    ") == 5
    _, out, _ = run("transcript", bundles["one_sample_500"], "swe/3/1", "-v")
    assert out.count("  failed") == 12
    assert "Find out" not in out


@pytest.mark.parametrize("name", ["3", "3/1", "swe/3", "swe/3/1", "9WSPefkrDSpMunhcsVtvoj"])
def test_a_sample_goes_by_all_its_names(run, bundles, name):
    _, out, _ = run("transcript", bundles["one_sample_500"], name, "--json")
    assert json.loads(out)["sample"]["uuid"] == "9WSPefkrDSpMunhcsVtvoj"


def test_contents_only_where_they_are_asked_for(run, bundles):
    _, plain, _ = run("transcript", bundles["one_sample_500"], "3")
    status, out, _ = run("transcript", bundles["one_sample_500"], "3", "--content")
    assert status == 0
    assert "Step 4." in out
    assert "Step 4." not in plain
    status, _, err = run("transcript", bundles["one_sample_500"], "3", "--content", "--json")
    assert (status, "one of them" in err) == (3, True)


def test_the_runner_s_lines_that_matter(run, bundles):
    status, out, _ = run("logs", bundles["one_sample_500"])
    assert status == 0
    assert "WARNING  [Nh3kLq swe/5/1 scripted/gpt-4o] Pod UID mismatch" in out
    assert "(x9 since 2026-11-20 07:08 UTC)" in " ".join(out.split())


def test_a_directory_has_no_runner_s_log_and_says_so(run, bundles):
    status, out, _ = run("logs", f"{bundles['finished']}/store")
    assert (status, "has none" in out) == (3, True)


def test_a_log_that_is_nowhere_is_not_followed(run, bundles):
    status, out, _ = run("logs", f"{bundles['finished']}/store", "-f")
    assert (status, "runner's log" in out) == (3, True)


def test_several_where_one_is_needed(run, bundles, tmp_path):
    for name in ("a", "b"):
        shutil.copytree(f"{bundles['finished']}/store", tmp_path / name)
    status, _, err = run("samples", str(tmp_path))
    assert status == 3
    assert f"{tmp_path} holds 2 eval sets: a, b; name one, and give the target with --logs" in err
    (tmp_path / "none").mkdir()
    status, _, err = run("samples", str(tmp_path / "none"))
    assert (status, "there is no eval set in" in err) == (3, True)


def test_a_name_that_no_eval_set_has(run, bundles):
    status, _, err = run("samples", "nowhere-at-all", *logs(bundles))
    assert (status, "there is no eval set nowhere-at-all; there are " in err) == (3, True)


def test_a_sample_that_is_none(run, bundles):
    status, _, err = run("transcript", bundles["one_sample_500"], "33")
    assert (status, "there is no sample 33" in err) == (3, True)
