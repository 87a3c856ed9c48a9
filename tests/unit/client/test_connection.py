"""Questions to a service: what is asked, how often, and what is said where there is no answer."""

import gzip
import itertools

import httpx
import pytest

from tests.doubles.raw_http import RawServer, answer
from watchdog.client import connection
from watchdog.client.connection import Connection, is_loopback
from watchdog.client.errors import NoAnswerError, NotFoundError
from watchdog.errors import UsageError
from watchdog.surfaces.web.answers import Refusal

JSON = "Content-Type: application/json"
GOOD = answer("200 OK", b'{"error": "fine"}', JSON, 'ETag: "1"')
HTML = answer("200 OK", b"<html>hello</html>", "Content-Type: text/html")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(connection, "WAITS", (0.0, 0.0))


async def ask(*answers, token=None, path="/x", query=()):
    async with RawServer(*answers) as server:
        asked = Connection(server.url, token)
        try:
            return await asked.get(path, Refusal, query), server.taken
        except UsageError as error:
            return error, server.taken
        finally:
            await asked.aclose()


async def test_an_answer_is_a_record():
    record, taken = await ask(GOOD, query=[("q", "a b"), ("q", "ä&")])
    assert record == Refusal("fine")
    assert taken[0].line == "GET /x?q=a+b&q=%C3%A4%26 HTTP/1.1"
    assert "authorization" not in taken[0].head.lower()


async def test_the_token_is_shown():
    _, taken = await ask(GOOD, token="abc")  # noqa: S106 - of this test
    assert "Authorization: Bearer abc" in taken[0].head


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (answer("404 Not Found", b'{"error": "no x"}', JSON), NotFoundError, "no x"),
        (answer("401 Unauthorized", b"who?"), UsageError, "WATCHDOG_TOKEN"),
        (answer("403 Forbidden", b'{"error": "not you"}', JSON), UsageError, "not you"),
        (answer("302 Found", b"", "Location: https://login"), UsageError, "a login perhaps"),
        (answer("400 Bad", b'{"error": "no filter"}', JSON), UsageError, "no filter"),
        (answer("404 Not Found", b"nginx"), UsageError, "not as a watchdog does (status 404"),
        (HTML, UsageError, "not as a watchdog does (status 200, text/html)"),
        (answer("200 OK", b'{"x": 1}', JSON), UsageError, "of another version"),
        (answer("200 OK", b"[" * 100_000, JSON), UsageError, "of another version"),
        (answer("421 No", b'{"error": "not our name"}', JSON), UsageError, "not our name"),
    ],
)
async def test_what_is_no_answer_is_said_and_not_asked_again(said, kind, told):
    error, taken = await ask(said)
    assert type(error) is kind
    assert told in str(error)
    assert len(str(error).splitlines()) == 1
    assert len(taken) == 1


async def test_what_may_be_over_in_a_moment_is_asked_again():
    busy = answer("503 Unavailable", b'{"error": "the first poll is running"}', JSON)
    record, taken = await ask(busy, busy, GOOD)
    assert (record, len(taken)) == (Refusal("fine"), 3)
    error, taken = await ask(busy)
    assert isinstance(error, NoAnswerError)
    assert "the first poll is running" in str(error)
    assert len(taken) == 3


async def test_nobody_there(unused_tcp_port):
    asked = Connection(f"http://127.0.0.1:{unused_tcp_port}", None)
    with pytest.raises(NoAnswerError, match="can't be reached: connection refused"):
        await asked.get("/x", Refusal)
    await asked.aclose()


async def test_one_that_never_answers_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(connection, "WHOLE_SECONDS", 0.2)
    monkeypatch.setattr(connection, "WAITS", ())
    error, _ = await ask(None)
    assert isinstance(error, NoAnswerError)
    assert "in time" in str(error)


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_without_end_is_left(monkeypatch, packed):
    monkeypatch.setattr(connection, "ANSWER_MAX", 100_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    if packed:
        head += b"Content-Encoding: gzip\r\n"
        parts = [gzip.compress(bytes(1_000_000))]
    else:
        parts = itertools.repeat(bytes(10_000))
    error, _ = await ask(itertools.chain([head + b"\r\n"], parts))
    assert "more than 100,000 bytes" in str(error)


async def test_what_the_client_has_is_not_sent_again():
    async with RawServer(GOOD, answer("304 Not Modified", b"")) as server:
        asked = Connection(server.url, None)
        assert await asked.get("/x", Refusal) == await asked.get("/x", Refusal)
        assert 'if-none-match: "1"' in server.taken[1].head.lower()
        await asked.aclose()


@pytest.mark.parametrize("server", ["", "watchdog", "ftp://x", "http://", "s3://a/b"])
def test_what_is_no_address_is_refused(server):
    with pytest.raises(UsageError, match="no http"):
        Connection(server, None)


def test_its_name_holds_no_password():
    assert Connection("https://ann:secret@host/wd/?x#y", None).name == "https://host/wd"


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:9464", True),
        ("http://[::1]:9464", True),
        ("http://localhost", True),
        ("http://10.0.0.1", False),
        ("https://watchdog.example.org", False),
    ],
)
def test_this_machine(url, is_here):
    assert is_loopback(httpx.URL(url)) is is_here
