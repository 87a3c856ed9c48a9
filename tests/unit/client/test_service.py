"""What the real application serves, read by the client: the same as the page shows."""

import pytest

from tests.browser.serving import serving
from tests.builders.snapshots import HOSTILE, eval_set, quiet, snapshot
from tests.builders.wide_fleets import wide
from watchdog.client import connection
from watchdog.client.connection import Connection
from watchdog.client.errors import NoAnswerError, NotFoundError
from watchdog.client.service import Service
from watchdog.model.verdict import Verdict
from watchdog.surfaces.fleet import listing
from watchdog.surfaces.fleet.filters import Filters


@pytest.fixture(scope="module")
def served():
    with serving() as made:
        yield made


@pytest.fixture
async def service(served):
    served.snapshot = wide(7)
    made = Service(Connection(served.url, None))
    yield made
    await made.aclose()


async def test_the_fleet_is_that_of_the_page(service):
    view = await service.fleet(Filters())
    ids = [row.eval_set_id for row in view.fleet.eval_sets]
    assert ids[:2] == ["eval-set-0002-x7k2", "eval-set-0001-x7k2"]
    assert len(ids) == view.fleet.total == 7
    assert {incident.id for incident in view.incidents} == {"outage", "hang"}


async def test_filters_go_with_the_question(service):
    view = await service.fleet(Filters(verdict=(Verdict.PARTIALLY_STUCK,)))
    assert [row.eval_set_id for row in view.fleet.eval_sets] == ["swe-bench-agents-q9d1"]
    assert [incident.id for incident in view.incidents] == ["hang"]


async def test_a_fleet_of_several_answers_is_read_to_its_end(service, monkeypatch):
    monkeypatch.setattr("watchdog.client.service.LIMIT_MAX", 3)
    view = await service.fleet(Filters())
    assert len({row.eval_set_id for row in view.fleet.eval_sets}) == 7
    assert view.fleet.next is None
    assert listing.LIMIT_MAX == 500


async def test_one_eval_set(service):
    detail = await service.eval_set("swe-bench-agents-q9d1")
    assert detail.row.verdict is Verdict.PARTIALLY_STUCK
    assert [incident.id for incident in detail.incidents] == ["hang"]
    report = await service.report("swe-bench-agents-q9d1")
    assert [one.eval_set_id for one in report.eval_sets] == ["swe-bench-agents-q9d1"]
    assert len((await service.report(None)).eval_sets) == 7


async def test_a_name_that_is_like_one_is_told(service):
    with pytest.raises(NotFoundError, match="did you mean swe-bench-agents-q9d1"):
        await service.eval_set("swe-bench-agent-q9d1")


@pytest.mark.parametrize("name", [HOSTILE, "a/b c", "%2F", "?", "ünder"])
async def test_odd_ids_are_asked_for_as_they_are(service, served, name):
    served.snapshot = snapshot(eval_set(name))
    assert (await service.eval_set(name)).eval_set.eval_set_id == name


async def test_the_end_of_a_path_is_enough_where_it_tells(service, served):
    served.snapshot = snapshot(eval_set("team/a/mmlu"), quiet("team/b/gpqa", Verdict.PROGRESSING))
    assert (await service.eval_set("mmlu")).row.eval_set_id == "team/a/mmlu"
    served.snapshot = snapshot(eval_set("a/mmlu"), eval_set("b/mmlu"))
    with pytest.raises(NotFoundError, match="several: a/mmlu, b/mmlu"):
        await service.eval_set("mmlu")


async def test_before_the_first_poll_it_says_so(service, served, monkeypatch):
    monkeypatch.setattr(connection, "WAITS", ())
    served.snapshot = None
    with pytest.raises(NoAnswerError, match="first poll"):
        await service.fleet(Filters())
