"""Which source is asked, and what is said where none can answer."""

import pytest
from msgspec.structs import replace

from tests.builders.snapshots import eval_set
from watchdog.collect.source import PodLog
from watchdog.model.cluster import ClusterView, Pod
from watchdog.model.facts import SampleKey
from watchdog.model.state import ClusterState, EvalSetState, TaskState
from watchdog.pipeline.source_state import SourceState
from watchdog.service.guarded import GuardedSource
from watchdog.service.inside import InsideSources
from watchdog.service.unopened import UnopenedSource
from watchdog.surfaces.web.inside import NotAvailable

PODS = (Pod("n", "run-1", "u"),)
STATE = EvalSetState(
    "a-2",
    {"x.eval": TaskState("x.eval")},
    source="s3",
    name="a",
    cluster=ClusterState(ClusterView(0.0, runners=PODS)),
)


class Plain:
    """A source that knows no logs of runners."""

    name = "s3"

    def place_of(self, _name, _log):
        return None


class Reader(Plain):
    """One that does."""

    def __init__(self, *logs):
        self.logs, self.asked = logs, []

    async def runner_logs(self, name, pods):
        self.asked.append((name, pods))
        return self.logs


def inside(source):
    return InsideSources([SourceState(source, {"a": STATE}, label="s3", listed_once=True)])


def test_an_eval_set_is_found_by_its_source_and_what_that_calls_it():
    looks = inside(Plain())
    report = replace(eval_set("a-2"), source="s3", name="a")
    assert looks.state(report) is STATE
    assert looks.state(replace(report, source="other")) is None
    assert looks.state(replace(report, name="b")) is None


@pytest.mark.parametrize("wrap", [lambda one: one, GuardedSource], ids=["plain", "guarded"])
async def test_the_source_that_tells_of_it_is_asked(wrap):
    reader = Reader(PodLog("run-1", ("x",)))
    assert await inside(wrap(reader)).runner_logs(STATE) == (PodLog("run-1", ("x",)),)
    assert reader.asked == [("a", PODS)]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (Plain(), "in no source that is watched"),
        (GuardedSource(Plain()), "in no source that is watched"),
        (UnopenedSource("s3", Plain), "in no source that is watched"),
        (Reader(), "no pod of its runner is there"),
    ],
)
async def test_where_nobody_can_answer_that_is_said(source, says):
    with pytest.raises(NotAvailable, match=says):
        await inside(source).runner_logs(STATE)


async def test_rows_of_a_log_that_is_not_at_hand():
    looks = inside(Plain())
    for task_id in ("x.eval", "another"):
        with pytest.raises(NotAvailable, match="its log is not at hand"):
            await looks.rows(STATE, task_id, SampleKey("1", 1))
    with pytest.raises(NotAvailable, match="not watched any more"):
        await InsideSources([]).rows(STATE, "x.eval", SampleKey("1", 1))
