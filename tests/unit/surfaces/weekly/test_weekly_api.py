"""A week over HTTP: who sees what of it, and what is no week."""

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from tests.builders.snapshots import NOW, realistic
from tests.builders.weeks import DAY, lost, opened
from tests.doubles.weeks import Weeks
from tests.security.served import site
from watchdog.config.web import Web
from watchdog.model.access import Needs
from watchdog.surfaces.web.access import Access

API = "/api/v1/report/weekly"
ACME = {"authorization": "Bearer a-token-of-twenty-letters"}
ACCESS = Web(tokens=[{"name": "ann", "token": "a-token-of-twenty-letters", "groups": ["acme"]}])


def client(weeks=None, **more):
    app = site(realistic, weeks=weeks, **more).app()
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def incident(name, *groups):
    one = opened(name, NOW - DAY)
    return replace(one, kept=replace(one.kept, needs=Needs(groups)))


def test_the_seven_days_until_now_where_nothing_is_asked_for():
    weeks = Weeks(incident("a"), lost=[lost("a", NOW - DAY, 60.0)])
    answer = client(weeks).get(API).json()
    assert (answer["incidents"]["opened"], answer["lost"]["seconds"]) == (1, 60.0)
    assert (answer["shadow"], answer["hidden"]) == ("slack:#quiet", 0)
    assert weeks.asked[0].end - weeks.asked[0].begin == 7 * DAY


@pytest.mark.parametrize(
    ("query", "begin"),
    [
        ("week=2026-W48", "2026-11-23T00:00:00.000Z"),
        ("since=2026-11-20", "2026-11-20T00:00:00.000Z"),
    ],
)
def test_the_week_that_is_asked_for(query, begin):
    assert client(Weeks()).get(f"{API}?{query}").json()["begin"] == begin


@pytest.mark.parametrize("query", ["week=48", "since=yesterday", "week=2026-W48&week=2026-W47"])
def test_what_is_no_week_is_refused(query):
    assert client(Weeks()).get(f"{API}?{query}").status_code == 400


@pytest.mark.parametrize("query", ["week=2099-W10", "since=2099-01-01"])
def test_what_has_not_begun_is_not_found(query):
    answer = client(Weeks()).get(f"{API}?{query}")
    assert answer.status_code == 404
    assert answer.json()["error"] == f"{query.replace('=', ': ')} is in the future"


def test_a_ledger_that_cannot_be_read_is_said():
    assert client(Weeks(flaw="it is away")).get(API).status_code == 503
    assert client().get(API).status_code == 503


def test_a_viewer_gets_the_sum_of_what_they_may_see():
    rows = [lost("a", NOW - DAY, 60.0, groups=("acme",)), lost("b", NOW - DAY, 9.0, groups=("x",))]
    weeks = Weeks(incident("a", "acme"), incident("b", "x"), lost=rows)
    web = client(weeks, access=Access(ACCESS, lambda: NOW))
    answer = web.get(API, headers=ACME).json()
    assert (answer["incidents"]["opened"], answer["hidden"]) == (1, 1)
    assert (answer["lost"]["seconds"], answer["held"]["gpu_seconds"]) == (60.0, 60.0)
    assert [page["id"] for page in answer["unmarked_pages"]] == ["a"]
    assert web.get(API).status_code == 401


def test_it_has_an_etag():
    web = client(Weeks(incident("a")))
    etag = web.get(API).headers["etag"]
    assert web.get(API, headers={"if-none-match": etag}).status_code == 304
    assert web.head(API).status_code == 200
