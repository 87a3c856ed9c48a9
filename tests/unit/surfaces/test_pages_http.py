"""The pages' addresses: filters, pages, ETags, gzip, ids with slashes, who may see what."""

import gzip
import re
from urllib.parse import quote, urljoin

import httpx
import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from tests.builders.cluster_views import view as cluster_view
from tests.builders.snapshots import HOSTILE, NOW, eval_set, incident, realistic, snapshot
from tests.builders.wide_fleets import wide
from tests.security.served import site
from watchdog.collect.inspect.sample_rows import SampleRows
from watchdog.collect.source import PodLog
from watchdog.config.web import Web
from watchdog.model.cluster import PodEvent
from watchdog.model.ends import Ended
from watchdog.model.facts import Row, SampleKey, TaskSpec
from watchdog.model.runner_words import RunnerWords
from watchdog.model.state import ClusterState, EvalSetState, TaskState
from watchdog.surfaces.web import people
from watchdog.surfaces.web.access import Access
from watchdog.surfaces.web.assets import SCRIPT

API = "/api/v1/eval-sets"
NAMES = ("a/b/c", "a%2Fb", "%2e%2e", "a b?c#d&e=f", "ünï", "a/samples", HOSTILE, "-", "a//b", "x/")


def client(read=realistic, **more):
    return TestClient(site(read, **more).app(), base_url="http://localhost")


def shown(html):
    return re.findall(r'<tr role="row" class="\w+" id="row-([^"]*)"', html)


def test_fifty_of_many_and_a_way_to_the_rest():
    web, address, seen = client(lambda: wide(120)), "/?owner=ann&owner=bob&owner=carol", []
    while address:
        answer = web.get(address)
        assert answer.status_code == 200
        rows = shown(answer.text)
        assert 0 < len(rows) <= 50
        seen += rows
        following = re.search(r'rel="next" href="([^"]*)"', answer.text)
        address = (
            urljoin("http://localhost/", following[1].replace("&amp;", "&")) if following else ""
        )
    assert len(seen) == len(set(seen)) == 90
    assert "There is no such page: 120 eval sets fit." in web.get("/?page=9").text


@pytest.mark.parametrize(
    "query",
    [
        "verdict=nope",
        "cause=x",
        "page=0",
        "page=x",
        "page=1&page=2",
        "page=9999999999",
        "q=" + "x" * 999,
    ],
)
def test_what_is_no_filter_is_refused(query):
    answer = client().get(f"/?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (
        400,
        "text/plain; charset=utf-8",
    )


@pytest.mark.parametrize(
    "query", ["verdict=nope", "cursor=x", "cursor=&cursor=", "limit=0", "limit=501"]
)
def test_what_is_no_filter_of_the_api_is_refused(query):
    answer = client().get(f"{API}?{query}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


def test_page_and_api_show_the_same():
    web = client(lambda: wide(60))
    for query in ("", "?verdict=stuck", "?q=agents&verdict=progressing"):
        rows = web.get(f"{API}{query}").json()["eval_sets"]
        assert [row["eval_set_id"] for row in rows] == shown(web.get(f"/{query}").text)


@pytest.mark.parametrize("path", ["/", "/eval-sets/gpqa-nightly", API, f"/assets/{SCRIPT.name}"])
def test_who_has_it_reads_it_only_once(path):
    web = client()
    plain = web.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = web.get(path, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert (packed.content, packed.headers["vary"]) == (plain.content, "Accept-Encoding")
    known = {"if-none-match": packed.headers["etag"]}
    answer = web.get(path, headers=known)
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_page_is_made_once_for_all_who_see_the_same(monkeypatch):
    made = []

    def counted(*arguments):
        made.append(1)
        return real(*arguments)

    real = people.fleet_page
    monkeypatch.setattr(people, "fleet_page", counted)
    web = client()
    for _ in range(3):
        for query in ("", "?verdict=stuck", "?q=mmlu"):
            assert web.get(f"/{query}").status_code == 200
    assert len(made) == 3


def test_the_next_snapshot_and_what_the_service_says_of_itself_make_another_page():
    one, current = site(), [realistic()]
    one._read = lambda: current[0]
    web = TestClient(one.app(), base_url="http://localhost")
    etag = web.get("/").headers["etag"]
    assert web.get("/", headers={"if-none-match": etag}).status_code == 304
    current[0] = wide(3)
    answer = web.get("/", headers={"if-none-match": etag})
    assert answer.status_code == 200
    assert "eval-set-0000-x7k2" in answer.text


def test_a_loop_that_turns_makes_no_page_anew(monkeypatch):
    turned = [NOW]
    one = site()
    health = one._health()
    one._health = lambda: replace(health, seconds_since_turn=turned[0])
    web = TestClient(one.app(), base_url="http://localhost")
    web.get("/")
    monkeypatch.setattr(people, "fleet_page", None)
    turned[0] += 1
    assert web.get("/").status_code == 200


@pytest.mark.parametrize("name", NAMES)
async def test_any_name_has_an_address(name):
    told = incident(id=f"i/{name}", eval_sets=(name,))
    app = site(lambda: snapshot(eval_set(name), eval_set("other"), incidents=(told,))).app()
    # starlette's own client undoes a path twice
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as web:
        html = (await web.get("/")).text
        for way, words in (("eval-sets/", "Tasks (1)"), ("incidents/", "Sample mmlu/42/1")):
            links = {link for link in re.findall(r'href="([^"]*)"', html) if link.startswith(way)}
            own, *more = sorted(link for link in links if not link.endswith("/other"))
            answer = await web.get(f"/{own}")
            assert answer.status_code == 200
            assert words in answer.text
            assert more == ([f"{own}/actions"] if way == "incidents/" else [])
            for link in more:
                assert (await web.get(f"/{link}")).status_code == 200
            assert 'href="../"' in answer.text
        detail = (await web.get(f"{API}/{quote(name, safe='')}")).json()
    assert detail["row"]["eval_set_id"] == detail["eval_set"]["eval_set_id"] == name


def test_a_proxy_that_undoes_slashes_leads_to_the_same():
    web = client(lambda: snapshot(eval_set("a/b")))
    undone = web.get("/eval-sets/a/b")
    assert undone.status_code == 200
    assert 'href="../../"' in undone.text
    assert web.get("/eval-sets/" + "a/" * 1000).text.count("../" * 65) == 0


def test_a_page_may_be_searched_and_nothing_is_sent_elsewhere():
    policy = client().get("/").headers["content-security-policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["script-src"] == parts["connect-src"] == parts["form-action"] == "'self'"
    assert parts["default-src"] == "'none'"


def test_the_script_is_kept_for_ever_and_the_pages_are_not():
    web = client()
    (name,) = re.findall(r'src="(assets/[^"]+)"', web.get("/").text)
    answer = web.get(f"/{name}")
    assert answer.headers["cache-control"].endswith("immutable")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert web.get("/").headers["cache-control"] == "no-store"
    assert web.get("/assets/live-0.js").status_code == 404


SECRET, OPEN = "openai/secret-model-7", "openai/gpt-4o"


def of_two_groups():
    """What everybody may see, and what not, in one incident."""
    hidden = eval_set("hidden-run", models=(SECRET,), model_groups=("secret",), submitter="zoe")
    mine = eval_set("my-run", models=(OPEN,), model_groups=(), summary=f"like {SECRET}")
    told = incident(id="joint", subject=SECRET, scope="model", eval_sets=("hidden-run", "my-run"))
    alone = incident(id="alone", eval_sets=("hidden-run",))
    return snapshot(hidden, mine, incidents=(told, alone))


@pytest.fixture
def asks():
    web = Web(proxy_addresses=("127.0.0.1",), unlabelled="hide")
    app = site(of_two_groups, access=Access(web, lambda: NOW), key=b"k" * 32).app()
    test_client = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5))

    def ask(path, groups="", **headers):
        who = {"X-Auth-Request-User": "ann", "X-Auth-Request-Groups": groups or "x"}
        return test_client.get(path, headers={**who, **headers})

    return ask


ALL = (
    "/",
    "/?q=hidden",
    "/?owner=zoe",
    "/eval-sets/my-run",
    "/eval-sets/hidden-run",
    "/incidents/joint",
    "/incidents/alone",
    API,
    f"{API}?owner=zoe",
    f"{API}/my-run",
    f"{API}/hidden-run",
)
BELOW = ("/samples", "/samples/AbC123?id=42&epoch=1", "/log")


@pytest.mark.parametrize("path", ALL)
def test_what_somebody_may_not_see_is_at_no_address(asks, path):
    answer = asks(path)
    for word in (SECRET, "secret-model", "hidden-run", "zoe"):
        assert word not in answer.text.replace(path.partition("=")[2] or "\0", "")
    everything = asks(path, "secret")
    assert everything.status_code == 200
    assert everything.text != answer.text


@pytest.mark.parametrize(
    ("hidden", "absent"),
    [
        ("/eval-sets/hidden-run", "/eval-sets/absent-run"),
        ("/incidents/alone", "/incidents/absent"),
        (f"{API}/hidden-run", f"{API}/absent-run"),
        *(
            (f"{base}/hidden-run{part}", f"{base}/absent-run{part}")
            for base in ("/eval-sets", API)
            for part in (*BELOW, "/samples?state=nope", "/samples/x?id=1&id=2")
        ),
    ],
)
def test_what_is_hidden_is_as_if_it_were_not_there(asks, hidden, absent):
    one, other = asks(hidden), asks(absent)
    assert (one.status_code, one.content) == (404, other.content)


def test_the_etag_of_others_gives_nothing_away(asks):
    etag = asks("/", "secret").headers["etag"]
    answer = asks("/", **{"if-none-match": etag})
    assert answer.status_code == 200
    assert asks(API).json()["hidden"] == 1


class Talkative:
    """Implements `Inside`: everything that it remembers, or reads, names a secret model."""

    def state(self, report):
        view = cluster_view(NOW, events=(PodEvent("n", f"Pod/{SECRET}", "x", SECRET, NOW - 50),))
        words = {"p": RunnerWords(error=f"like {SECRET}", error_at=NOW - 5)}
        spec = TaskSpec("mmlu", "AbC123", OPEN)
        ends = {SampleKey(SECRET, 1): Ended("errored", None, NOW)}
        return EvalSetState(
            report.eval_set_id,
            {"x": TaskState("x", spec, ended=ends, unreadable=SECRET)},
            cluster=ClusterState(view),
            runner_words=words,
        )

    async def rows(self, _state, _task_id, _key):
        row = Row(1, "a", "model", NOW - 5, name=SECRET, error=f"500: {SECRET} is gone")
        return SampleRows((row,), "buffer", lost=(SECRET,))

    async def runner_logs(self, _state):
        return [PodLog("run", (f"ERROR:x:{SECRET} broke",))]


@pytest.mark.parametrize("base", ["/eval-sets/my-run", f"{API}/my-run"])
@pytest.mark.parametrize("part", ["", *BELOW])
def test_what_is_read_when_somebody_asks_names_nothing_that_is_hidden(base, part):
    web = Web(proxy_addresses=("127.0.0.1",), unlabelled="hide")
    access = Access(web, lambda: NOW)
    app = site(of_two_groups, access=access, key=b"k" * 32, inside=Talkative()).app()
    test_client = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5))
    who = {"X-Auth-Request-User": "ann", "X-Auth-Request-Groups": "x"}
    answer = test_client.get(base + part, headers=who)
    assert answer.status_code == 200
    assert "secret-model" not in answer.text
    everything = test_client.get(base + part, headers={**who, "X-Auth-Request-Groups": "secret"})
    assert SECRET in everything.text


@pytest.mark.parametrize(
    "path", [*ALL, *(f"/eval-sets/my-run{part}" for part in BELOW), f"/assets/{SCRIPT.name}"]
)
def test_who_says_nothing_of_themselves_gets_nothing(path):
    web = Web(proxy_addresses=("127.0.0.1",))
    app = site(of_two_groups, access=Access(web, lambda: NOW)).app()
    answer = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5)).get(path)
    assert answer.status_code == 401


async def test_a_compressed_page_is_one_member():
    transport = httpx.ASGITransport(site().app())
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
        http.stream("GET", "/", headers={"accept-encoding": "gzip"}) as raw,
    ):
        packed = b"".join([chunk async for chunk in raw.aiter_raw()])
    assert gzip.decompress(packed).startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=", "verdict=stuck%00", "cause=%20hung_tool_call"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_head_is_refused_like_what_it_is_the_head_of(query, method):
    web = TestClient(site().app(), base_url="http://localhost")
    assert web.request(method, f"/api/v1/eval-sets?{query}").status_code == 400
