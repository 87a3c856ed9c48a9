"""Whoever deletes an eval set wants to: at whatever moment, and however, nobody is told of it."""

import pytest

from tests.control_plane import hawk
from tests.control_plane.hawk_release.moments import BY_HAND, OLDER, moments
from tests.control_plane.stages import LINGERS
from tests.control_plane.waiting import wait_for

pytestmark = pytest.mark.control_plane

AT_WORK = {"starting", "waiting", "progressing", "degraded"}
OVER = "finished"
LATER = 10
"""Turns for which nothing may be said afterwards."""


@pytest.fixture
def live(plane, install, kueue, recorded, name):
    """Makes an eval set that stands where a moment says; takes it away afterwards."""
    older: list[hawk.HawkEvalSet] = []

    def make_one(moment):
        stage = moment.stage
        if moment.way == OLDER:
            older.append(hawk.make_eval_set(plane, name, "shared", 2, **stage.plan))
            made = older[-1]
        else:
            made = install("eval-set", name=name, kueue=stage.kueue, **stage.plan)
            if not stage.kueue:
                made.wait_running()
                made.add_sandboxes()
        if stage.kueue:
            kueue.hold(made)
        if stage.recording:
            recorded(made, *stage.recording)
        return made

    yield make_one
    for eval_set in older:
        eval_set.remove()


def delete(eval_set, way):
    """Delete it, and wait until it is gone; a runner that runs takes a while to stop."""
    for pod in eval_set.runners():
        eval_set.plane.behave(eval_set.runner_namespace, pod["metadata"]["name"], LINGERS)
    if way == OLDER:
        eval_set.plane.api.delete("Job", eval_set.id, eval_set.runner_namespace)
        eval_set.remove_sandboxes()
        wait_for(lambda: not eval_set.runners(), "the runner's pod is gone")
    else:
        eval_set.delete_namespaces() if way == BY_HAND else eval_set.uninstall()
        eval_set.wait_gone()


@pytest.mark.parametrize("moment", moments(), ids=lambda moment: moment.name)
async def test_nobody_is_told_of_a_deletion(live, watching, moment):
    made = live(moment)
    await watching.start()
    eval_sets = await watching.until(lambda found: made.id in found)
    moment.stage.bring(made)
    eval_sets = await watching.turns(moment.watched)
    assert eval_sets[made.id].verdict.value in AT_WORK, eval_sets[made.id].summary
    assert watching.messages == []
    await watching.meanwhile(delete, made, moment.way)
    eval_sets = await watching.turns(LATER)
    assert watching.messages == []
    assert watching.open_incidents == []
    if made.id in eval_sets:
        assert eval_sets[made.id].verdict.value == OVER, eval_sets[made.id].summary
