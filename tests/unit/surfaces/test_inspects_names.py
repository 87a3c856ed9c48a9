"""An eval set is found by what Inspect calls it, too, by whoever may see it."""

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from tests.builders.snapshots import NOW, eval_set, finished, snapshot
from tests.security.served import site
from watchdog.config.web import Web
from watchdog.surfaces.web.access import Access

ONE = eval_set("logs", inspect_id="nWJu3Mz")
PATHS = (
    "/eval-sets/{}",
    "/eval-sets/{}/samples",
    "/api/v1/eval-sets/{}",
    "/api/v1/report?eval_set_id={}",
)


def client(*eval_sets, **more):
    made = snapshot(*eval_sets)
    return TestClient(site(lambda: made, **more).app(), base_url="http://localhost")


@pytest.mark.parametrize("path", PATHS)
def test_by_either_name(path):
    web = client(ONE, finished())
    by_folder, by_inspect = (web.get(path.format(name)) for name in ("logs", "nWJu3Mz"))
    assert by_folder.status_code == by_inspect.status_code == 200
    assert by_folder.content == by_inspect.content


def test_it_is_searched_for_and_shown():
    web = client(ONE, finished())
    rows = web.get("/api/v1/eval-sets?q=nwju3mz").json()["eval_sets"]
    assert [row["eval_set_id"] for row in rows] == ["logs"]
    assert "<code>nWJu3Mz</code> to Inspect" in web.get("/eval-sets/logs").text


def test_a_name_that_two_have_is_nobodys_and_an_id_comes_first():
    two = client(ONE, eval_set("more", inspect_id="nWJu3Mz"))
    assert two.get("/eval-sets/nWJu3Mz").status_code == 404
    own = client(eval_set("nWJu3Mz"), ONE)
    assert own.get("/api/v1/eval-sets/nWJu3Mz").json()["eval_set"]["eval_set_id"] == "nWJu3Mz"


@pytest.mark.parametrize("path", PATHS)
def test_who_may_not_see_it_finds_nothing(path):
    secret = replace(ONE, model_groups=("agi",))
    access = Access(Web(proxy_addresses=("127.0.0.1",)), lambda: NOW)
    app = site(lambda: snapshot(secret, finished()), access=access).app()
    web = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5))
    headers = {"X-Auth-Request-User": "ann", "X-Auth-Request-Groups": "x"}
    hidden, absent = (web.get(path.format(n), headers=headers) for n in ("nWJu3Mz", "nobody"))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content
