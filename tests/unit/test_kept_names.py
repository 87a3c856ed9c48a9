"""What others read keeps its name: files of version 0.1.0, read by the program of today.

They were written by that version and are never written anew. A test that fails here tells of a
change that breaks other people's programs: it needs a new `schema_version`.
"""

import json
import tarfile
from pathlib import Path

import msgspec
import pytest

from tests.paths import ROOT
from watchdog.config.load import load
from watchdog.model.report import Report
from watchdog.model.verdict import Cause, Verdict
from watchdog.pipeline.once import check
from watchdog.surfaces.families import FAMILIES
from watchdog.surfaces.metrics import SELF_FAMILIES

DATA = ROOT / "tests" / "unit" / "data" / "version_0_1"


@pytest.fixture
def bundle(tmp_path):
    with tarfile.open(DATA / "bundle.tar.gz") as archive:
        # before Python 3.11.4 there is no filter; the archive is our own
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(tmp_path, **safe)  # noqa: S202
    return tmp_path / "bundle_0_1"


async def report_on(bundle: Path) -> Report:
    return await check([str(bundle)], load({}), None, 0.0)


async def test_an_old_bundle_is_judged_as_then(bundle):
    report = await report_on(bundle)
    (eval_set,) = report.eval_sets
    assert (eval_set.eval_set_id, eval_set.verdict) == ("one_sample_500", Verdict.PARTIALLY_STUCK)
    stuck = [s.id for s in eval_set.tasks[0].running if s.verdict is Verdict.STUCK]
    assert (stuck, eval_set.cause) == (["3"], Cause.API_SERVER_ERROR)
    assert report.now == "2026-11-20T08:36:03.080Z"
    assert report.problems == ()


async def test_the_report_says_what_it_said_under_the_same_keys(bundle):
    then = json.loads((bundle / "report.json").read_text())
    now = json.loads(msgspec.json.encode(await report_on(bundle)))
    for report in (then, now):
        # commands name the place of the logs, which was another one
        for each in (*report["eval_sets"], *report["incidents"]):
            del each["actions"]
        # how rare something is has no more digits than people read
        for item in _odds(report):
            del item["text"]
    assert _of_keys(now, then) == then


def _odds(report):
    samples = (s for e in report["eval_sets"] for task in e["tasks"] for s in task["running"])
    return [item for sample in samples for item in sample["evidence"] if item["kind"] == "odds"]


def _of_keys(now, then):
    """Without the keys that were added since."""
    if isinstance(now, dict) and isinstance(then, dict):
        return {key: _of_keys(value, then[key]) for key, value in now.items() if key in then}
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [_of_keys(*pair) for pair in zip(now, then, strict=True)]
    return now


def test_an_old_report_is_read(bundle):
    report = msgspec.json.decode((bundle / "report.json").read_bytes(), type=Report)
    assert report.incidents[0].cause is Cause.API_SERVER_ERROR


def keys(schema: dict) -> set[str]:
    """`EvalSetReport.summary` and so on; each record's own name is not part of the report."""
    return {
        f"{name}.{key}"
        for name, record in schema["$defs"].items()
        for key in record.get("properties", ())
    }


def test_every_key_of_the_report_is_there():
    then = json.loads((DATA / "report.schema.json").read_text())
    now = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    assert keys(then) <= keys(now)
    assert len(keys(then)) > 90


def test_every_metric_is_there_with_its_type_and_labels():
    then = json.loads((DATA / "metrics.json").read_text())
    now = {f.name: (f.type, list(f.labels)) for f in (*FAMILIES, *SELF_FAMILIES)}
    assert {name: (m["type"], m["labels"]) for name, m in then.items()}.items() <= now.items()


def test_every_cause_and_verdict_has_its_value():
    then = json.loads((DATA / "report.schema.json").read_text())
    assert set(then["$defs"]["Cause"]["enum"]) <= {cause.value for cause in Cause}
    assert set(then["$defs"]["Verdict"]["enum"]) <= {verdict.value for verdict in Verdict}
