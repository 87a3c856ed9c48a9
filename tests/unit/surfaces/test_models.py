"""Health by provider and model: page and API, filters, who may see what."""

import re

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from tests.builders.kept_incidents import kept
from tests.builders.model_calls import WELL, calls, fleet_calls
from tests.builders.snapshots import HOSTILE, NOW, ago, eval_set, incident, realistic, snapshot
from tests.builders.wide_fleets import wide
from tests.doubles.desk import Desk
from tests.security.served import site
from watchdog.config.web import Web
from watchdog.model.access import Needs
from watchdog.model.model_calls import FleetCalls
from watchdog.model.report import OutsideReport
from watchdog.surfaces.models.filters import ModelFilters
from watchdog.surfaces.models.listing import WEEK, Past, PastOutage, models_of
from watchdog.surfaces.models.records import CallCountReport, CallSecondsReport
from watchdog.surfaces.web.access import Access
from watchdog.surfaces.web.models_page import seconds_words, share_words

API = "/api/v1/models"
OUT, LITTLE, FINE, IDLE = (one.model for one in fleet_calls().models)


def busy():
    return replace(wide(20), calls=fleet_calls())


def client(read=busy, **more):
    return TestClient(site(read, **more).app(), base_url="http://localhost")


def shown(web, query=""):
    html = web.get(f"/models{query}").text
    return [name.replace("%2F", "/") for name in re.findall(r'id="model-([^"]*)"', html)]


def test_those_in_trouble_come_first():
    web = client()
    assert shown(web) == [OUT, LITTLE, FINE, IDLE]
    assert [row["model"] for row in web.get(API).json()["models"]] == [OUT, LITTLE, FINE, IDLE]


def test_a_page_and_the_api_show_the_same_by_every_filter():
    web = client()
    for query in (
        "?failing=1",
        "?provider=OpenAI&provider=vllm",
        "?q=gpt+4o",
        "?q=nothing",
        "?x=y",
    ):
        assert [row["model"] for row in web.get(API + query).json()["models"]] == shown(web, query)
    assert shown(web, "?failing=1") == [OUT, LITTLE]
    assert shown(web, "?provider=OpenAI&provider=vllm") == [OUT, IDLE]
    assert shown(web, "?q=GPT&q=4o") == [OUT]
    assert "No model fits these filters" in web.get("/models?q=nothing").text


@pytest.mark.parametrize(
    "query", ["failing=2", "q=" + "x" * 999, "&".join(["provider=x"] * 21), "provider=" + "x" * 201]
)
def test_what_is_no_filter_is_refused(query):
    assert client().get(f"/models?{query}").status_code == 400
    answer = client().get(f"{API}?{query}")
    assert (answer.status_code, set(answer.json())) == (400, {"error"})


def test_what_is_said_of_a_model():
    row = client().get(f"{API}?q=gpt").json()["models"][0]
    assert (row["provider"], row["in_back_off"], row["samples"]) == ("openai", 25, 25)
    assert row["counts"][1] == {
        "seconds": 3600,
        "watched_seconds": 2400,
        "ok": 30,
        "failed": 100,
        "failing_share": pytest.approx(0.769, abs=0.001),
    }
    assert row["latency"][0] == {"seconds": 3600, "calls": 40, "p50": 2.4, "p95": 95.1}
    assert [one["incident_id"] for one in row["outages"]] == ["outage"]
    html = client().get("/models?q=gpt").text
    for text in ("77 % of 130", "25 calls", "1 h: 2.4 s, 95 s", "model API answers"):
        assert text in html
    assert "40 min of the last 1 h and 40 min of the last 24 h" in html


def test_where_no_call_ended_there_is_no_share():
    row = client().get(f"{API}?q=qwen").json()["models"][0]
    assert row["counts"][0]["failing_share"] is None
    assert "no call" in client().get("/models?q=qwen").text


@pytest.mark.parametrize(
    ("ok", "failed", "said"),
    [
        (0, 0, "no call"),
        (3, 0, "0 % of 3"),
        (0, 3, "100 % of 3"),
        (9999, 1, "< 1 % of 10,000"),
        (1, 9999, "> 99 % of 10,000"),
        (88, 12, "12 % of 100"),
    ],
)
def test_shares_in_words(ok, failed, said):
    assert share_words(CallCountReport(300, 300, ok, failed, None)) == said


def test_durations_in_words():
    took = CallSecondsReport(3600, 2, 1.19, 7200)
    assert (seconds_words(took, "p50"), seconds_words(took, "p95")) == ("1.2 s", "2 h")
    assert not seconds_words(CallSecondsReport(3600, 0, None, None), "p50")


def test_outages_of_the_week_that_are_over():
    def past(ended, **changes):
        usual = {"scope": "model", "subject": OUT, "models": (OUT,), "since": ago(9000)}
        return PastOutage(incident(**usual | changes), NOW - ended)

    ended = [
        past(WEEK + 60, id="old"),
        past(7200, id="b"),
        past(3600, id="a"),
        past(60, id="sample", scope="sample"),
        past(60, id="other", subject=FINE, models=(FINE,)),
        past(60, id="provider", scope="provider", subject="openai"),
    ]
    row = models_of(busy(), ModelFilters(q=("gpt",)), Past(tuple(ended))).models[0]
    assert [one.incident_id for one in row.outages] == ["outage", "provider", "a", "b"]
    assert [one.until is None for one in row.outages] == [True, False, False, False]


def test_what_the_status_page_says_of_its_provider():
    page = OutsideReport(
        "openai", "Elevated errors", "investigating", "https://status.example", None
    )
    joint = incident(scope="model", subject=OUT, models=(OUT,), outside=(page, page))
    shown_here = replace(snapshot(eval_set(), incidents=(joint,)), calls=fleet_calls())
    html = client(lambda: shown_here).get("/models").text
    assert html.count('href="https://status.example"') == 1
    assert "(investigating)" in html


def test_direct_tests_are_shown():
    tested = replace(realistic(), calls=fleet_calls())
    html = client(lambda: tested).get("/models?q=gpt").text
    assert "Middleman, small: timeout" in html


def test_without_calls_and_without_a_poll():
    html = client().get("/models?provider=").text
    assert "none is set up" in html
    nothing = replace(wide(2), calls=FleetCalls(left_out=3))
    html = client(lambda: nothing).get("/models").text
    assert "No call of a model was seen yet" in html
    assert "3 more models had no room here" in html
    web = client(lambda: None)
    assert "The first poll is running" in web.get("/models").text
    assert web.get(API).status_code == 503


def test_who_may_not_see_a_model_hears_nothing_of_it():
    secret = eval_set("secret", models=("openai/secret-9",), model_groups=("agi",))
    mine = eval_set("mine", models=("openai/gpt-4o",))
    gone = calls("openai/of-one-that-is-gone", WELL)
    figures = fleet_calls(calls("openai/secret-9"), calls("openai/gpt-4o"), gone)
    seen = replace(snapshot(secret, mine), calls=figures)

    def names(groups):
        web = Web(proxy_addresses=("127.0.0.1",))
        app = site(lambda: seen, access=Access(web, lambda: NOW)).app()
        asking = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5))
        headers = {"X-Auth-Request-User": "ann", "X-Auth-Request-Groups": groups}
        answer = asking.get(API, headers=headers)
        assert answer.status_code == 200, answer.text
        text = asking.get("/models", headers=headers).text
        found = {row["model"] for row in answer.json()["models"]}
        assert all((name in text) == (name in found) for name in ("openai/secret-9", gone.model))
        return found, answer.json()["hidden"]

    assert names("x") == ({"openai/gpt-4o"}, 1)
    assert names("agi") == ({"openai/gpt-4o", "openai/secret-9"}, 0)


def test_hostile_names_are_texts():
    hostile = replace(busy(), calls=fleet_calls(calls(HOSTILE)))
    html = client(lambda: hostile).get("/models").text
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "\u202e" not in html
    assert "\x1b" not in html


def test_who_has_it_is_told_so():
    web = client()
    for path in ("/models", API):
        tag = web.get(path).headers["etag"]
        assert web.get(path, headers={"if-none-match": tag}).status_code == 304
        assert web.head(path).status_code == 200


def out(name, **changes):
    usual = {"scope": "model", "subject": OUT, "models": (OUT,), "since": ago(9000)}
    return kept(2, incident=incident(id=name, **usual), resolved_at=NOW - 60, **changes)


def test_outages_that_are_over_are_read_once_for_a_snapshot():
    desk = Desk(past=[out("earlier"), kept(incident=incident(), resolved_at=NOW - 9)])
    web = client(desk=desk)
    outages = web.get(f"{API}?q=gpt").json()["models"][0]["outages"]
    assert [(one["incident_id"], one["opening"]) for one in outages] == [
        ("outage", 0),
        ("earlier", 2),
    ]
    assert 'href="incidents/earlier?opening=2"' in web.get("/models").text
    assert [query.ended_after for query in desk.asked] == [NOW - WEEK]


def test_that_they_can_not_be_read_is_said():
    web = client(desk=Desk(flaw="the ledger is away"))
    assert web.get(API).json()["problem"] == "the ledger is away"
    assert "over can't be read: the ledger is away" in web.get("/models").text


def test_an_outage_of_what_is_hidden_is_not_told():
    mine = eval_set("mine", models=(OUT,))
    seen = replace(snapshot(mine), calls=fleet_calls(calls(OUT)))
    desk = Desk(past=[out("theirs", needs=Needs(("agi",))), out("ours")])
    access = Access(Web(proxy_addresses=("127.0.0.1",)), lambda: NOW)
    app = site(lambda: seen, access=access, desk=desk).app()
    asking = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5))

    def told(groups):
        headers = {"X-Auth-Request-User": "ann", "X-Auth-Request-Groups": groups}
        rows = asking.get(API, headers=headers).json()["models"]
        return {one["incident_id"] for one in rows[0]["outages"]}

    assert told("x") == {"ours"}
    assert told("agi") == {"ours", "theirs"}
