import json
import re
from html.parser import HTMLParser

import httpx
import pytest
from msgspec.structs import replace

from tests.builders import inside
from tests.builders.kept_incidents import hostile as hostile_incident
from tests.builders.snapshots import (
    HOSTILE,
    NOW,
    ago,
    eval_set,
    incident,
    realistic,
    sample,
    snapshot,
    task,
)
from tests.paths import ROOT
from watchdog.config.links import Links
from watchdog.model.parts import EvalSetParts
from watchdog.model.report import ProblemReport, SourceReport
from watchdog.notify.decide import HELD, Reason
from watchdog.pipeline.sample_list import SampleFilter
from watchdog.surfaces.fleet.filters import filters_of
from watchdog.surfaces.fleet.listing import Fleets
from watchdog.surfaces.incidents.asked import Asked as AskedIncidents
from watchdog.surfaces.incidents.records import IncidentList
from watchdog.surfaces.incidents.rows import Seen, detail, row
from watchdog.surfaces.metrics import Exposition, SelfMetrics
from watchdog.surfaces.reduced import reduced
from watchdog.surfaces.web.endpoints import ENDPOINTS
from watchdog.surfaces.web.fleet_page import Asked, fleet_page
from watchdog.surfaces.web.health import Health
from watchdog.surfaces.web.incidents_page import (
    FormState,
    actions_page,
    incident_page,
    incidents_page,
)
from watchdog.surfaces.web.inside_pages import log_page, sample_page, samples_page
from watchdog.surfaces.web.one_page import eval_set_page
from watchdog.surfaces.web.routes import build_app
from watchdog.surfaces.web.templating import PageContext

WELL = Health(seconds_since_turn=0.0, first_complete_poll=True)
OF_THE_PAGE = {"/evidence", "/assets/{name}"}
"""What the pages themselves ask for."""


def fleet_of(seen):
    return Fleets().of(seen, seen)


def first_page(seen, health=WELL, now=NOW):
    return fleet_page(fleet_of(seen), Asked(), PageContext(health, now, 30))


def page_of(seen, name, now=NOW):
    frame = PageContext(WELL, now, 30, "../")
    return eval_set_page(fleet_of(seen), name, frame, EvalSetParts(), Links())


class Service:
    """An application whose state a test can change."""

    def __init__(self):
        self.snapshot = realistic()
        self.health = WELL
        exposition = Exposition(lambda: self.snapshot, SelfMetrics())
        self.app = build_app(lambda: self.snapshot, lambda: self.health, exposition, lambda: NOW)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://watchdog")

    async def get(self, path, **more):
        return await self.client.request(more.pop("method", "GET"), path, **more)


@pytest.fixture
async def service():
    made = Service()
    yield made
    await made.client.aclose()


class Page(HTMLParser):
    """Tags, links and text of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.text, self.attributes = [], [], "", set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data):
        self.text += data


async def test_the_page_says_what_is_stuck(service):
    answer = await service.get("/")
    page = Page(answer.text)
    for part in (
        "Stuck: model API answers with server errors (5xx)",
        "Open incidents (2)",
        "mmlu-2026-11-22-x7k2: mmlu/42/1",
        "for 22 h 14 min",
        "24 of 25, 1 stuck",
        "5,710",
        "truncated zip member",
    ):
        assert part in page.text
    assert not [link for link in page.links if "//" in link]


async def test_an_eval_set_has_a_page_that_says_what_to_do(service):
    page = Page((await service.get("/eval-sets/swe-bench-agents-q9d1")).text)
    assert "Sample HumanEval/7, epoch 1" in page.text
    assert "kubectl get pods -n swe-bench-agents-q9d1" in page.text
    assert "bash(timeout=600) has been pending" in page.text
    assert "mmlu-2026-11-22-x7k2" not in page.text
    assert "../evidence?eval_set_id=swe-bench-agents-q9d1" in page.links


async def test_nothing_is_loaded_from_elsewhere_and_nothing_runs_that_stands_in_a_page(service):
    for path in ("/", "/eval-sets/gpqa-nightly"):
        html = (await service.get(path)).text
        assert re.findall(r"<script[^>]*>", html) == re.findall(
            r'<script src="(?:../)?assets/live-\w+\.js" defer>', html
        )
        assert len(re.findall("<script", html)) == 1
        assert not re.findall(r"<[^>]+\s(?:on\w+|style)=", html)


async def test_scans_are_counted_and_said_to_be_left_out(service):
    assert "not watched" not in Page((await service.get("/")).text).text
    report = replace(service.snapshot.report, not_watched=2)
    service.snapshot = replace(service.snapshot, report=report)
    assert "2 scans not watched." in Page((await service.get("/")).text).text


async def test_every_answer_is_locked_down(service):
    for path in ("/", "/api/v1/report", "/metrics", "/healthz", "/nothing"):
        headers = (await service.get(path)).headers
        assert headers["content-security-policy"].startswith(
            "default-src 'none'; style-src 'sha256-"
        )
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


async def test_before_the_first_snapshot(service):
    service.snapshot = None
    assert "The first poll is running…" in (await service.get("/")).text
    answer = await service.get("/api/v1/report")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {"error": "the first poll is running"}
    assert "eval_watchdog_build_info" in (await service.get("/metrics")).text


def hostile():
    bad = task(HOSTILE, model=HOSTILE, running=(sample(HOSTILE, recent=HOSTILE),))
    more = {"submitter": HOSTILE, "team": HOSTILE, "models": (HOSTILE,)}
    told = incident(
        id=HOSTILE, subject=HOSTILE, eval_sets=(HOSTILE,), summary=HOSTILE, actions=(HOSTILE,)
    )
    return snapshot(
        eval_set(HOSTILE, summary=HOSTILE, tasks=(bad,), actions=(HOSTILE,), **more),
        incidents=(told,),
        problems=(ProblemReport(HOSTILE, HOSTILE),),
    )


def test_hostile_text_is_shown_and_not_obeyed():
    health = replace(WELL, failing_sources=((HOSTILE, HOSTILE),))
    fleet, frame = fleet_of(hostile()), PageContext(health, NOW, 30, "../")
    filters = filters_of([("model", HOSTILE), ("owner", HOSTILE), ("q", "<script>")])
    for html in (
        fleet_page(fleet, Asked(), frame),
        fleet_page(fleet, Asked(filters), frame),
        *eval_set_pages(fleet, frame),
        *incident_pages(fleet, frame),
    ):
        page = Page(html)
        assert page.tags.count("script") == 1
        assert not [name for name in page.attributes if name.startswith(("on", "style"))]
        assert "<script>" in page.text
        assert "\x1b" not in html
        assert "\u202e" not in html


def eval_set_pages(fleet, frame):
    """The same."""
    links = Links(**dict.fromkeys(Links.model_fields, "https://x.example/?q={eval_set_id}"))
    parts = inside.parts(HOSTILE, sample=HOSTILE)
    yield eval_set_page(fleet, HOSTILE, frame, parts, links)
    view, wanted = fleet.snapshot, SampleFilter(("stuck",), HOSTILE)
    yield samples_page(inside.listed(HOSTILE, HOSTILE), wanted, view, frame)
    yield sample_page(inside.detail(HOSTILE, HOSTILE), view, frame, links)
    yield log_page(inside.lines(HOSTILE, HOSTILE), view, frame)


def incident_pages(fleet, frame):
    """With hostile texts from whoever can write one."""
    over = Seen(hostile_incident(HOSTILE), True, HOSTILE, (HOSTILE,))
    past = Seen(replace(over.kept, resolved_at=NOW, opening=2, openings=3), True)
    for seen in (over, past):
        told = detail(seen, NOW, ago(0))
        yield incident_page(fleet, told, frame)
        form = FormState("t", HOSTILE, HOSTILE, HOSTILE)
        yield actions_page(seen, told, fleet.snapshot, frame, form)
    listed = IncidentList(ago(0), (row(over, NOW), row(past, NOW)), HOSTILE, HOSTILE)
    yield incidents_page(listed, AskedIncidents(q=HOSTILE, since=HOSTILE), fleet.snapshot, frame)


def test_troubles_of_the_service_are_on_the_page():
    troubled = replace(
        WELL, failing_sources=(("store", "forbidden"),), failing_channels=(("slack", "404"),)
    )
    text = Page(first_page(realistic(), troubled)).text
    assert "Source store does not answer: forbidden" in text
    assert "Channel slack takes no messages: 404" in text


def test_an_empty_page_says_what_is_looked_for():
    source = SourceReport("s3://evals", "answers", last_complete_at=ago(60))
    text = Page(first_page(snapshot(), replace(WELL, sources=(source,)))).text
    assert "No eval set is running." in text
    assert "up to eight folders deep" in text
    assert "s3://evals: read in full 60 s ago, 0 eval sets" in text


def test_of_many_samples_some_are_shown():
    many = tuple(sample(str(place)) for place in range(25))
    seen = snapshot(eval_set("a", tasks=(task(running=many),)))
    assert "and 5 more stuck samples" in Page(page_of(seen, "a")).text


async def test_the_report_is_that_of_the_check(service):
    answer = await service.get("/api/v1/report")
    assert answer.headers["content-type"] == "application/json"
    report = answer.json()
    assert report["schema_version"] == 1
    assert report["verdict"] == "stuck"
    assert len(report["eval_sets"]) == 4


async def test_one_eval_set_of_the_report(service):
    answer = await service.get("/api/v1/report", params={"eval_set_id": "aime-2025-final"})
    report = answer.json()
    assert [each["eval_set_id"] for each in report["eval_sets"]] == ["aime-2025-final"]
    assert (report["verdict"], report["cause"], report["incidents"]) == ("finished", None, [])
    assert len(report["problems"]) == 1


@pytest.mark.parametrize("wanted", ["", "nothing", "<b>"])
async def test_an_unknown_eval_set(service, wanted):
    answer = await service.get("/api/v1/report", params={"eval_set_id": wanted})
    assert answer.status_code == 404
    assert answer.json() == {"error": "no eval set of this id is watched"}


def test_problems_of_others_are_left_out():
    report = replace(
        realistic().report,
        problems=(
            ProblemReport("s3://bucket/evals", "forbidden"),
            ProblemReport("gpqa-nightly/x.eval", "truncated"),
        ),
    )
    assert [each.where for each in reduced(report, "gpqa-nightly").problems] == [
        "s3://bucket/evals",
        "gpqa-nightly/x.eval",
    ]
    assert [each.where for each in reduced(report, "aime-2025-final").problems] == [
        "s3://bucket/evals"
    ]


async def test_metrics_by_accept(service):
    plain = await service.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain")
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    openmetrics = await service.get("/metrics", headers=accept)
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")


async def test_alive_while_the_loop_turns(service):
    assert (await service.get("/healthz")).json()["alive"] is True
    service.health = replace(WELL, seconds_since_turn=301.0)
    answer = await service.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"alive": False, "seconds_since_turn": 301.0}


async def test_ready_when_everything_was_read_once(service):
    assert (await service.get("/readyz")).status_code == 200
    service.health = Health(NOW, False, (("store", "forbidden"),), (("slack", "404 no_service"),))
    answer = await service.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "reasons": [
            "the first complete poll is not done yet",
            "source store does not answer: forbidden",
        ],
        "failing_sources": [["store", "forbidden"]],
        "failing_channels": [["slack", "404 no_service"]],
    }


async def test_a_failing_channel_makes_nobody_unready(service):
    service.health = replace(WELL, failing_channels=(("slack", "404 no_service"),))
    assert (await service.get("/readyz")).status_code == 200


async def test_what_is_not_there(service):
    assert (await service.get("/nothing")).status_code == 404
    assert (await service.get("/api/v2")).json() == {"error": "Not Found"}
    answer = await service.get("/", method="POST")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert (await service.get("/api/v1/report", method="DELETE")).json() == {
        "error": "Method Not Allowed"
    }
    assert (await service.get("/", method="HEAD")).status_code == 200


async def test_a_page_that_is_not_there_says_so_to_people(service):
    for path, words in (
        ("/eval-sets/nothing", "No such eval set"),
        ("/eval-sets/", "No such eval set"),
        ("/incidents/nothing", "No such incident"),
    ):
        answer = await service.get(path)
        assert (answer.status_code, "nothing" in answer.text) == (404, False)
        assert words in Page(answer.text).text
    service.snapshot = None
    answer = await service.get("/eval-sets/nothing")
    assert answer.status_code == 503
    assert "The first poll is running…" in answer.text


async def test_a_flaw_says_nothing_of_itself(service):
    service.health = None
    answer = await service.get("/readyz")
    assert (answer.status_code, answer.text) == (500, "internal error")
    service.snapshot = "no snapshot"
    assert json.loads((await service.get("/api/v1/report")).text) == {"error": "internal error"}


async def test_that_nobody_is_told_is_said(service):
    assert "No channel is set up" not in (await service.get("/")).text
    service.health = replace(WELL, tells=False)
    assert "No channel is set up" in (await service.get("/")).text


async def test_an_incident_shows_its_severity_and_why_nobody_heard_of_it_yet(service):
    first, second = service.snapshot.report.incidents
    service.health = replace(WELL, held={second.id: HELD[Reason.HOLD_FOR]})
    text = Page((await service.get("/")).text).text
    assert text.count("Not told yet: a sample ended a moment ago") == 1
    assert first.severity == "page"
    assert '<span class="badge page">page</span>' in (await service.get("/")).text


async def test_every_address_answers_and_is_locked_down(service):
    """A template, or whatever else an address needs, was not forgotten."""
    paths = [endpoint.path for endpoint in ENDPOINTS]
    assert len(paths) > 5
    for path in paths:
        answer = await service.get(path)
        assert answer.status_code != 500, path
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; "), path


def test_every_address_stands_in_the_documents():
    page = (ROOT / "docs" / "addresses.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `/")]
    addresses = {endpoint.path for endpoint in ENDPOINTS} - OF_THE_PAGE
    assert addresses == {path for row in rows for path in re.findall(r"`(/[^`?]*)`", row)}


def test_a_name_that_no_unicode_text_can_be_is_on_the_page():
    seen = snapshot(eval_set("broken\udcff"))
    assert 'href="eval-sets/broken%3F"' in first_page(seen)
    assert "Evidence for an escalation" in page_of(seen, "broken\udcff")


def test_durations_on_the_page_are_as_of_now():
    later = replace(snapshot(eval_set("a", stuck_since=ago(60), stuck_seconds=60.0)), at=NOW + 7200)
    assert "2 h 1 min</time>" in first_page(later, now=NOW + 7200)
    assert "2 h 1 min</time>" in page_of(later, "a", now=NOW + 7200)


def test_what_was_judged_long_ago_is_said_to_be_old():
    assert "This is old" not in first_page(realistic(), now=NOW + 60)
    html = first_page(realistic(), replace(WELL, judged_at=NOW), now=NOW + 600)
    assert "This is old: it was judged 10 min ago. Nothing was judged since" in html
