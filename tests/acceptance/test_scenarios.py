"""Every recorded scenario at every instant: verdict, cause and samples are what its script says."""

from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from tests.recordings.unpack import expected, names, unpack
from watchdog.config.load import load
from watchdog.model.report import Report
from watchdog.model.verdict import Cause, Verdict
from watchdog.pipeline.once import check

INSTANTS = [
    pytest.param(name, number, id=f"{name}-{instant['dir']}")
    for name in names()
    for number, instant in enumerate(expected(name)["instants"])
]


@pytest.fixture(scope="session")
def recordings(tmp_path_factory):
    @cache
    def unpacked(name: str) -> list[Path]:
        return unpack(name, tmp_path_factory.mktemp(name))

    return unpacked


async def report_on(bundle: Path) -> Report:
    return await check([str(bundle)], load({}), None, 0.0)


def stuck_samples(report: Report) -> set[tuple[str, str, int]]:
    return {
        (task.task, sample.id, sample.epoch)
        for eval_set in report.eval_sets
        for task in eval_set.tasks
        for sample in task.running
        if sample.verdict is Verdict.STUCK
    }


@pytest.mark.parametrize(("name", "number"), INSTANTS)
async def test_the_verdict_is_the_truth(recordings, name, number):
    truth = expected(name)["instants"][number]
    report = await report_on(recordings(name)[number])
    assert [p for p in report.problems if "unknown event kind" not in p.text] == []
    (eval_set,) = report.eval_sets
    assert eval_set.verdict in [Verdict(v) for v in truth["verdicts"]], eval_set.summary
    assert eval_set.cause in [Cause(c) if c else None for c in truth["causes"]], eval_set.summary
    if truth["stuck"] is not None:
        named = {(s["task"], s["id"], s["epoch"]) for s in truth["stuck"]}
        assert stuck_samples(report) == named


def test_there_are_recordings():
    assert len(INSTANTS) >= 40


async def test_where_inspect_gives_up_by_itself_the_evidence_says_when(recordings):
    """Said an hour before, compared with when the samples really ended."""
    bundles = recordings("retries_with_limit")
    last = await report_on(bundles[-1])
    ended = {sample.id: sample.at for sample in last.eval_sets[0].tasks[0].errored}
    assert ended
    early = await report_on(bundles[10])
    for sample in early.eval_sets[0].tasks[0].running:
        (said,) = [item for item in sample.evidence if item.kind == "gives_up"]
        assert "Inspect gives up by itself at about" in said.text
        error = datetime.fromisoformat(said.at) - datetime.fromisoformat(ended[sample.id])
        assert abs(error.total_seconds()) < 300
