"""A short life of the service leaves nothing behind: what `make week` shows of a long one."""

import pytest

from tests.performance.week import Course, Instant, growths, simulate, slope
from tests.performance.workers import Worker

DAY = 48
SPARE = 2
OBJECTS_A_POLL = 5.0
"""A poll folds about twenty rows here: of what is read nothing may stay."""


@pytest.mark.acceptance
async def test_nothing_grows_while_tasks_come_and_go(tmp_path):
    course = Course(tasks=4, polls=7 * DAY, day=DAY, measure_each=DAY // 2)
    with Worker() as worker:
        instants = await simulate(tmp_path, worker, course)
    assert len(instants) == 14
    assert {one.eval_sets for one in instants} != {4}, "nothing ended"
    settled = instants[4:]
    # of a pool as many live as there was work for a moment ago
    assert max(one.threads for one in settled) <= max(one.threads for one in instants[:7]) + SPARE
    assert max(one.descriptors for one in settled) <= settled[0].descriptors + 1
    alike = [one for one in settled if one.eval_sets == settled[0].eval_sets]
    first, last = alike[0], alike[-1]
    assert last.poll - first.poll > 4 * DAY
    assert (last.objects - first.objects) / (last.poll - first.poll) < OBJECTS_A_POLL


def _instants(objects):
    return [
        Instant(1440 * n, 100, value, 500, 900, 4, 9, 1, 0) for n, value in enumerate(objects, 1)
    ]


def test_what_grows_is_noticed():
    assert list(growths(_instants(range(1000, 2400, 100)))) == ["objects"]


def test_what_comes_and_goes_is_no_growth():
    assert growths(_instants([1000, 1100] * 7)) == {}


def test_the_slope_is_that_of_a_week():
    rise, noise = slope(_instants([0, 1, 2, 3]), "objects")
    assert rise == pytest.approx(14.0)
    assert noise == pytest.approx(0.0)
