"""Status pages over HTTP: every way in which a page may fail, and what is asked when.

The other side is a real server on the loopback. What it answers stands in each test.
"""

import asyncio
import json
import logging
import socket
from contextlib import asynccontextmanager

import httpx
import pytest

from watchdog.collect.status_pages.feeds import Feed
from watchdog.collect.status_pages.fetching import BODY_MAX, HOPS_MAX, UnreadableError
from watchdog.collect.status_pages.fetching import _checked as checked
from watchdog.collect.status_pages.reader import (
    CACHE_SECONDS,
    FAILURE_SECONDS,
    STALE_SECONDS,
    StatusPages,
)

NOW = 1_795_507_200.0
PATH = "/api/v2/summary.json"
WHERE = "status page of acme (127.0.0.1)"


def summary(*names):
    incidents = [{"name": name, "status": "investigating", "impact": "none"} for name in names]
    return json.dumps({"incidents": incidents, "components": []}).encode()


class Page:
    """A status page that answers as told and keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.status = 200
        self.body = summary("Errors")
        self.headers = {}
        self.answers = {}
        """By path, in place of those three."""
        self.play = None
        """Writes something that is no answer, or none."""
        self.gone = asyncio.Event()
        """A client left while `play` had more to say."""

    @property
    def paths(self):
        return [path for path, _ in self.asked]

    def url(self, path=PATH, host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    async def serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").strip().split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines)
                self.asked.append((first.split()[1], headers))
                if self.play is not None:
                    await self.play(reader, writer)
                    break
                writer.write(self.answer(first.split()[1], headers))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.gone.set()
        finally:
            writer.close()

    def answer(self, path, headers):
        status, body, said = self.answers.get(path, (self.status, self.body, self.headers))
        tag = said.get("etag")
        if tag and headers.get("if-none-match") == tag.lower():
            status, body = 304, b""
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in said.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def serving():
    page = Page()
    server = await asyncio.start_server(page.serve, "127.0.0.1", 0)
    page.port = server.sockets[0].getsockname()[1]
    try:
        yield page
    finally:
        server.close()


@pytest.fixture
async def page():
    async with serving() as made:
        yield made


@pytest.fixture
async def other():
    async with serving() as made:
        made.body = summary("Of another")
        yield made


@pytest.fixture
async def outside(page):
    made = StatusPages([Feed("acme", page.url(), "statuspage")])
    yield made
    await made.aclose()


@asynccontextmanager
async def reading(*feeds, **options):
    made = StatusPages(feeds, **options)
    try:
        yield made
    finally:
        await made.aclose()


async def told(outside, now=NOW, providers=("acme",)):
    return [incident.title for incident in await outside.about(providers, now)]


def problems(outside):
    return [(problem.where, problem.text) for problem in outside.problems]


async def test_a_page_is_read(page, outside):
    assert await told(outside) == ["Errors"]
    assert problems(outside) == []
    assert page.paths == [PATH]


async def test_nothing_is_asked_about_other_providers(page, other):
    feeds = Feed("acme", page.url(), "statuspage"), Feed("other", other.url(), "statuspage")
    async with reading(*feeds) as outside:
        assert await told(outside, providers=()) == []
        assert await told(outside, providers=("nobody",)) == []
        assert page.paths == other.paths == []
        assert await told(outside, providers={"other"}) == ["Of another"]
        assert page.paths == []
        assert await told(outside, providers={"other", "acme"}) == ["Errors", "Of another"]
        assert (len(page.paths), len(other.paths)) == (1, 1)


async def test_an_answer_is_kept_for_a_while(page, outside):
    await told(outside)
    page.body = summary("Later")
    assert await told(outside, NOW + CACHE_SECONDS - 1) == ["Errors"]
    assert len(page.asked) == 1
    assert await told(outside, NOW + CACHE_SECONDS) == ["Later"]
    assert len(page.asked) == 2


async def test_a_clock_that_is_set_back_asks_anew(page, outside):
    await told(outside)
    await told(outside, NOW - 10)
    assert len(page.asked) == 2


async def test_two_at_once_ask_once(page, outside):
    assert await asyncio.gather(told(outside), told(outside)) == [["Errors"], ["Errors"]]
    assert len(page.asked) == 1


async def test_an_unchanged_page_is_not_sent_again(page, outside):
    page.headers = {"etag": 'W/"a1"'}
    await told(outside)
    assert await told(outside, NOW + 300) == ["Errors"]
    assert [headers.get("if-none-match") for _, headers in page.asked] == [None, 'w/"a1"']
    page.headers, page.body = {"etag": 'W/"a2"'}, summary("Later")
    assert await told(outside, NOW + 600) == ["Later"]
    assert problems(outside) == []


async def test_an_unchanged_feed_grows_old(page):
    item = "<item><title>x</title><pubDate>Tue, 24 Nov 2026 08:00:00 GMT</pubDate></item>"
    page.body = f"<rss version='2.0'><channel>{item}</channel></rss>".encode()
    page.headers = {"etag": '"a1"'}
    async with reading(Feed("acme", page.url(), "rss", max_age=3600)) as outside:
        assert await told(outside, NOW + 3500) == ["x"]
        assert await told(outside, NOW + 3900) == []
    assert page.asked[1][1]["if-none-match"] == '"a1"'


async def test_unchanged_without_being_asked_is_a_failure(page, outside):
    page.status, page.body = 304, b""
    assert await told(outside) == []
    assert problems(outside) == [(WHERE, "answered 304")]


@pytest.mark.parametrize(
    ("status", "requests"), [(500, 2), (503, 2), (404, 1), (403, 1), (429, 1), (204, 1)]
)
async def test_other_answers_are_problems_and_tried_once_more_at_most(
    page, outside, status, requests
):
    page.status = status
    assert await told(outside) == []
    assert problems(outside) == [(WHERE, f"answered {status}")]
    assert len(page.asked) == requests


async def test_a_failure_is_kept_for_a_minute(page, outside):
    page.status = 404
    await told(outside)
    page.status = 200
    assert await told(outside, NOW + FAILURE_SECONDS - 1) == []
    assert len(page.asked) == 1
    assert problems(outside) == [(WHERE, "answered 404")]
    assert await told(outside, NOW + FAILURE_SECONDS) == ["Errors"]
    assert problems(outside) == []


async def test_a_problem_is_named_only_while_its_provider_is_asked_about(page, outside):
    page.status = 404
    await told(outside)
    await told(outside, providers=())
    assert problems(outside) == []


async def test_a_page_that_fails_after_it_was_read_stands_for_an_hour(page, outside):
    await told(outside)
    page.status = 404
    assert await told(outside, NOW + 300) == ["Errors"]
    assert problems(outside) == [(WHERE, "answered 404")]
    assert await told(outside, NOW + STALE_SECONDS) == []


async def test_a_connection_that_breaks_once_does_no_harm(page, outside):
    async def play(_, writer):
        page.play = None
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")

    page.play = play
    assert await told(outside) == ["Errors"]
    assert len(page.asked) == 2


@pytest.mark.parametrize("sent", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nlocation"])
async def test_no_http(page, outside, sent):
    async def play(_, writer):
        writer.write(sent)

    page.play = play
    assert await told(outside) == []
    assert problems(outside) == [(WHERE, "no connection (RemoteProtocolError)")]
    assert len(page.asked) == 2


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"])
async def test_a_page_that_hangs_is_left(page, sent):
    async def play(reader, writer):
        writer.write(sent)
        assert await reader.read() == b""
        page.gone.set()

    page.play = play
    async with reading(Feed("acme", page.url(), "statuspage"), timeout=0.5) as outside:
        assert await told(outside) == []
        ((where, text),) = problems(outside)
        assert where == WHERE
        assert text in {"no answer within 0.5 s", "no answer in time"}
    await asyncio.wait_for(page.gone.wait(), 10)
    assert len(page.asked) == 1


async def test_a_page_that_drips_is_left(page):
    async def play(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)
        page.gone.set()

    page.play = play
    async with reading(Feed("acme", page.url(), "statuspage"), timeout=0.5) as outside:
        assert await told(outside) == []
        assert problems(outside) == [(WHERE, "no answer within 0.5 s")]
    await asyncio.wait_for(page.gone.wait(), 10)


async def test_pages_are_asked_at_the_same_time(page, other):
    asked = asyncio.Event()

    async def first(_, writer):
        await asked.wait()
        writer.write(page.answer(PATH, {}))

    async def second(_, writer):
        asked.set()
        writer.write(other.answer(PATH, {}))

    page.play, other.play = first, second
    feeds = Feed("acme", page.url(), "statuspage"), Feed("other", other.url(), "statuspage")
    async with reading(*feeds) as outside:
        assert await told(outside, providers=("acme", "other")) == ["Errors", "Of another"]


async def test_an_endless_body_is_cut_off(page, outside):
    sent = 0

    async def play(_, writer):
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" " * 65_536)
            sent += 65_536
            await writer.drain()
        page.gone.set()

    page.play = play
    assert await told(outside) == []
    assert problems(outside) == [(WHERE, "longer than 2 MiB")]
    await asyncio.wait_for(page.gone.wait(), 10)
    assert BODY_MAX < sent < 20 * BODY_MAX  # what the sockets hold comes on top


async def test_nothing_is_unpacked(page, outside):
    page.headers = {"content-encoding": "gzip"}
    assert await told(outside) == []
    assert problems(outside) == [(WHERE, "answered in an encoding that wasn't asked for")]
    assert page.asked[0][1]["accept-encoding"] == "identity"


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"\xff\xfe", b"[" * 10_000])
async def test_garbage(page, outside, body):
    page.body = body
    assert await told(outside) == []
    assert problems(outside) == [(WHERE, "not JSON")]
    assert len(page.asked) == 1


async def test_nobody_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        async with reading(Feed("acme", url, "statuspage")) as outside:
            assert await told(outside) == []
            assert problems(outside) == [(WHERE, "no connection (ConnectError)")]


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/", "http://", "x\0y"])
async def test_an_address_that_is_none(url):
    async with reading(Feed("acme", url, "statuspage")) as outside:
        assert await told(outside) == []
        assert [text for _, text in problems(outside)] == ["not an http(s) address"]


# --- redirects


def moved(to, status=301):
    return status, b"", {"location": to}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_page_that_has_moved_is_found(page, outside, status):
    page.answers[PATH] = moved("/new", status)
    assert await told(outside) == ["Errors"]
    assert page.paths == [PATH, "/new"]


async def test_a_page_that_has_moved_to_another_host_is_found(page, other, outside):
    page.answers[PATH] = moved(other.url("/new", "localhost"))
    assert await told(outside) == ["Of another"]
    assert other.paths == ["/new"]


async def test_a_few_redirects_and_no_more(page, outside):
    for hop in range(HOPS_MAX):
        page.answers[f"/{hop}"] = moved(f"/{hop + 1}")
    page.answers[PATH] = moved("/1")
    assert await told(outside) == ["Errors"]
    page.answers[PATH] = moved("/0")
    assert await told(outside, NOW + 300) == ["Errors"]  # what it said last
    assert problems(outside) == [(WHERE, "more than 3 redirects")]
    assert len(page.asked) == 2 * (HOPS_MAX + 1)


@pytest.mark.parametrize(
    "target",
    ["http://user:pass@127.0.0.1:{port}/", "http://[::1]:{port}/", "http://169.254.169.254/"],
)
async def test_a_redirect_to_where_no_page_is(page, outside, target):
    page.answers[PATH] = moved(target.format(port=page.port))
    assert await told(outside) == []
    assert problems(outside) == [(WHERE, "redirected to where it isn't followed")]
    assert page.paths == [PATH]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "javascript:1", "http://"])
async def test_a_redirect_that_is_no_address(page, outside, target):
    page.answers[PATH] = moved(target)
    assert await told(outside) == []
    assert len(problems(outside)) == 1
    assert set(page.paths) == {PATH}


def test_no_redirect_gives_up_encryption():
    old = httpx.URL("https://status.acme.test/")
    assert checked(old, new := httpx.URL("https://status.other.test/")) == new
    with pytest.raises(UnreadableError, match="redirected"):
        checked(old, httpx.URL("http://status.acme.test/"))


# --- secrets


async def test_nothing_is_shown_to_a_page(page, outside, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password xyzzy\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    page.headers = {"set-cookie": "a=b; Path=/"}
    await told(outside)
    await told(outside, NOW + 300)
    assert len(page.asked) == 2
    for _, headers in page.asked:
        assert headers.keys() <= {"host", "connection", "accept", "accept-encoding", "user-agent"}


async def test_an_address_with_credentials_is_not_asked(page):
    url = page.url().replace("//", "//me:xyzzy@")
    async with reading(Feed("acme", url, "statuspage")) as outside:
        assert await told(outside) == []
        assert problems(outside) == [(WHERE, "an address with credentials isn't asked")]
    assert page.asked == []


async def test_problems_and_logs_hold_no_secret_and_nothing_foreign(page, caplog):
    caplog.set_level(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # as telemetry has it
    page.body = b"FOREIGN"
    async with reading(Feed("acme", page.url("/feed?token=xyzzy"), "statuspage")) as outside:
        await told(outside)
        said = str(problems(outside)) + caplog.text
    assert "xyzzy" not in said
    assert "FOREIGN" not in said
