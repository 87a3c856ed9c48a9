"""`watchdog check` as a person calls it, on recordings."""

import json
from pathlib import Path

import jsonschema
import pytest

from tests.recordings.unpack import unpack
from watchdog import cli

SCHEMA = json.loads(Path("docs/report.schema.json").read_text())


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return {
        name: unpack(name, tmp_path_factory.mktemp(name)) for name in ("one_sample_500", "finished")
    }


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    status = cli.main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_stuck_bundle_exits_with_2_and_names_the_sample(capsys, bundles):
    status, out, err = run(capsys, "check", str(bundles["one_sample_500"][1]))
    assert (status, err) == (2, "")
    assert out.startswith("PARTIALLY STUCK")
    assert "Sample 3, epoch 1" in out


def test_json_is_one_object_of_the_schema_and_nothing_else(capsys, bundles):
    status, out, _ = run(capsys, "check", "--json", str(bundles["one_sample_500"][1]))
    report = json.loads(out)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert (status, report["schema_version"], report["verdict"]) == (2, 1, "partially_stuck")
    samples = report["eval_sets"][0]["tasks"][0]["samples"]
    parts = ("completed", "errored", "cancelled", "running", "queued")
    assert samples["total"] == sum(samples[part] for part in parts)


def test_a_finished_one_exits_with_0(capsys, bundles):
    status, out, _ = run(capsys, "check", str(bundles["finished"][-1]))
    assert (status, out.splitlines()[0][:8]) == (0, "FINISHED")


def test_several_targets_are_judged_at_their_own_instants(capsys, bundles):
    targets = [str(bundles["finished"][-1]), str(bundles["one_sample_500"][1])]
    status, out, _ = run(capsys, "check", "--json", *targets)
    verdicts = {e["eval_set_id"]: e["verdict"] for e in json.loads(out)["eval_sets"]}
    assert status == 2
    assert sorted(verdicts.values()) == ["finished", "partially_stuck"]


def test_now_replaces_the_bundle_s_own_time(capsys, bundles):
    bundle = str(bundles["one_sample_500"][1])
    _, out, _ = run(capsys, "check", "--json", "--now", "2026-11-22T00:00:00Z", bundle)
    assert json.loads(out)["now"] == "2026-11-22T00:00:00.000Z"


def test_a_directory_without_logs_is_unknown(capsys, tmp_path):
    status, out, _ = run(capsys, "check", str(tmp_path))
    assert status == 3
    assert "no .eval log" in out
