"""Answers in pieces: gzip, ETag, HEAD, sharing, flaws, and clients that go away."""

import asyncio
import gc
import gzip
import json
import weakref

import httpx
import pytest
import structlog
from msgspec.structs import replace
from starlette.datastructures import Headers

from tests.builders.snapshots import realistic
from tests.security.served import large, served, site
from watchdog.model.aged import aged
from watchdog.surfaces.deflated import Deflater
from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.web import routes
from watchdog.surfaces.web.etags import Etags, matches
from watchdog.surfaces.web.outgoing import Outgoing
from watchdog.surfaces.web.rendition import Rendition, Renditions
from watchdog.surfaces.web.streamed import takes_gzip
from watchdog.threads import DefaultExecutor

REPORT = "/api/v1/report"
THREAD = DefaultExecutor(1, "test")


async def ask(app, path=REPORT, method="GET", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request(method, path, headers=headers)


@pytest.mark.parametrize("path", [REPORT, "/metrics", f"{REPORT}?eval_set_id=gpqa-nightly"])
async def test_gzip_where_it_is_understood(path):
    app = site().app()
    plain = await ask(app, path, accept_encoding="identity")
    packed = await ask(app, path, accept_encoding="gzip, br")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert plain.headers["content-type"] == packed.headers["content-type"]
    if path != "/metrics":  # some of ours differ by the moment
        assert plain.content == packed.content
        assert plain.headers["etag"] == packed.headers["etag"]


async def test_the_whole_report_is_what_encoding_it_gives():
    whole = realistic()
    now = tuple(aged(one, whole.at).report for one in whole.figures)
    assert (await ask(site().app())).content == encode_report(replace(whole.report, eval_sets=now))


@pytest.mark.parametrize(
    ("value", "is_taken"),
    [
        (None, False),
        ("gzip", True),
        ("GZIP;q=0.5, br", True),
        ("br, *", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("gzip;q=x", False),
        ("", False),
    ],
)
def test_who_takes_gzip(value, is_taken):
    assert takes_gzip(Headers({} if value is None else {"accept-encoding": value})) is is_taken


async def test_who_has_it_reads_it_only_once(monkeypatch):
    app = site().app()
    etag = (await ask(app)).headers["etag"]
    monkeypatch.setattr(routes, "report_pieces", None)
    for told in (etag, f'"other", {etag}', "*"):
        answer = await ask(app, if_none_match=told)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    head = await ask(app, method="HEAD")
    assert (head.status_code, head.headers["etag"]) == (200, etag)
    assert (await ask(app, f"{REPORT}?eval_set_id=nobody", if_none_match=etag)).status_code == 404


async def test_the_next_snapshot_is_another_one():
    current = [realistic()]
    one = site()
    one._read = lambda: current[0]
    app = one.app()
    first = (await ask(app)).headers["etag"]
    current[0] = realistic()
    answer = await ask(app, if_none_match=first)
    assert answer.status_code == 200
    assert answer.headers["etag"] != first


def test_etags_tell_apart_what_is_shown():
    etags, snapshot, view = Etags(), object(), object()
    assert etags.of(snapshot, view) == etags.of(snapshot, view) != etags.of(snapshot, snapshot)
    assert etags.of(object(), view) not in {etags.of(snapshot, view), Etags().of(snapshot, view)}
    assert not matches(Headers({}), etags.of(snapshot, view))


async def read(rendition):
    return [piece async for piece in rendition.pieces()]


async def test_pieces_are_made_once_for_all_who_read():
    made = []

    def pieces():
        for number in range(5):
            made.append(number)
            yield Deflater().piece(b"%d" % number * 300_000)

    rendition = Rendition(pieces(), THREAD)
    first, second = await asyncio.gather(read(rendition), read(rendition))
    assert first == second == await read(rendition)
    assert made == [0, 1, 2, 3, 4]
    assert len(rendition) == sum(len(piece.data) for piece in first)


async def test_who_goes_away_stops_nobody_else():
    def pieces():
        for number in range(20):
            yield Deflater().piece(b"%d" % number * 300_000)

    rendition = Rendition(pieces(), THREAD)
    gone = asyncio.create_task(read(rendition))
    await asyncio.sleep(0)
    gone.cancel()
    assert len(await read(rendition)) == 20


async def test_a_flaw_is_told_to_everybody_and_nothing_is_cut_short_in_silence():
    def pieces():
        yield Deflater().piece(bytes(600_000))
        raise RuntimeError("flaw")

    rendition = Rendition(pieces(), THREAD)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="flaw"):
            await read(rendition)
    assert rendition.failed


async def test_renditions_are_shared_while_they_are_read_and_kept_where_they_are_small():
    kept, snapshot, view = Renditions(THREAD, kept=10_000), object(), object()

    def pieces(size):
        return lambda: iter([Deflater().piece(bytes(range(256)) * size)])

    with (
        kept.reading(snapshot, view, pieces(1)) as one,
        kept.reading(snapshot, view, pieces(1)) as other,
    ):
        assert one is other
        await read(one)
    with kept.reading(snapshot, view, pieces(1)) as again:
        assert again is one
    for number in range(100):
        with kept.reading(snapshot, str(number), pieces(1)) as more:
            await read(more)
    assert 1 < len(kept) < 100
    with kept.reading(object(), view, pieces(1)) as newer:
        assert newer is not one
    assert len(kept) == 1


async def test_what_is_large_goes_with_its_last_reader():
    kept, snapshot = Renditions(THREAD, kept=0), object()
    with kept.reading(snapshot, snapshot, lambda: iter([Deflater().piece(b"x")])) as one:
        await read(one)
        assert len(kept) == 1
    assert not len(kept)


async def test_a_flaw_before_the_first_byte_is_an_answer(monkeypatch):
    def fail(_snapshot):
        raise RuntimeError("hunter2")
        yield

    monkeypatch.setattr(routes, "report_pieces", fail)
    with structlog.testing.capture_logs() as logs:
        answer = await ask(site().app())
    assert (answer.status_code, answer.json()) == (500, {"error": "internal error"})
    assert [line["event"] for line in logs] == ["request_failed"]


async def test_a_flaw_in_the_middle_cuts_the_answer(monkeypatch):
    def fail(_snapshot):
        for number in range(4):
            yield Deflater().piece(b"%d" % number * 400_000)
        raise RuntimeError("hunter2")

    monkeypatch.setattr(routes, "report_pieces", fail)
    async with served() as it, httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.RemoteProtocolError), structlog.testing.capture_logs():
            await client.get(f"{it.url}{REPORT}")
        assert (await client.get(f"{it.url}/healthz")).status_code == 200


async def test_who_goes_away_leaves_nothing():
    one = site(large)
    async with served(one.app()) as it, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(f"GET {REPORT} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await reader.readexactly(1000)
        assert (len(one._outgoing), len(one._wholes)) == (1, 1)
        (_, rendition) = next(iter(one._wholes._of.values()))
        freed = weakref.ref(rendition)
        del rendition
        writer.transport.abort()
        while len(one._outgoing):  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.01)
        one._wholes._kept = 0
        one._wholes._forget()
        gc.collect()
        assert freed() is None
        assert not one._wholes._readers


async def test_a_slow_reader_does_not_hold_the_loop_nor_the_whole_text():
    one = site(large)
    async with served(one.app()) as it, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port, limit=1000)
        writer.write(f"GET {REPORT} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await reader.readexactly(500)
        async with httpx.AsyncClient(trust_env=False) as client:
            whole = await client.get(f"{it.url}{REPORT}", headers={"accept-encoding": "gzip"})
            assert json.loads(whole.content)["schema_version"] == 1
            assert (await client.get(f"{it.url}/healthz")).status_code == 200
        (_, rendition) = next(iter(one._wholes._of.values()))
        assert len(rendition) < len(whole.content) / 5
        writer.transport.abort()


def test_beyond_the_bound_the_first_that_was_begun_is_cut():
    cut = []
    outgoing = Outgoing(100)
    scopes = [{"state": {"abort": lambda n=number: cut.append(n)}} for number in range(3)]
    with (
        outgoing.under_way(bytes(60), scopes[0]),
        outgoing.under_way(bytes(30), scopes[1]),
        outgoing.under_way(bytes(60), scopes[2]),
    ):
        assert (cut, len(outgoing)) == ([0], 2)
    assert not len(outgoing)


async def test_a_body_that_is_cut_ends_its_connection():
    """What is asked for by `abort` happens on the real server."""
    one = site(large)
    one._outgoing._bodies = 0
    async with served(one.app()) as it, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port, limit=1000)
        writer.write(f"GET {REPORT} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await reader.readexactly(500)
        async with httpx.AsyncClient(trust_env=False) as client:
            packed = await client.get(f"{it.url}{REPORT}", headers={"accept-encoding": "gzip"})
        assert packed.status_code == 200
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1_000_000_000)
        writer.transport.abort()


async def test_a_scraper_reads_one_member():
    answer = await ask(site().app(), "/metrics", accept_encoding="gzip")
    assert b"# TYPE eval_watchdog_task_samples gauge" in answer.content
    async with (
        served() as it,
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("GET", f"{it.url}/metrics", headers={"accept-encoding": "gzip"}) as raw,
    ):
        packed = b"".join([chunk async for chunk in raw.aiter_raw()])
    assert b"eval_watchdog_incidents_open" in gzip.decompress(packed)
