"""Slow, idle, large and odd clients: a probe is answered meanwhile."""

import asyncio
import re

import pytest

from tests.security import inputs_http
from tests.security.served import large, served, site
from watchdog.surfaces.web import protocol, server
from watchdog.surfaces.web.connections import to_close


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    """What ends by itself does so soon."""
    monkeypatch.setattr(protocol, "REQUEST_SECONDS", 1.0)
    monkeypatch.setattr(protocol, "STALLED_SECONDS", 1.0)
    monkeypatch.setattr(server, "GRACE_SECONDS", 0.2)


@pytest.mark.parametrize(
    "attack", [inputs_http.half_sent, inputs_http.slow_bodies, inputs_http.slow_readers]
)
async def test_a_probe_is_answered_while_others_hold_every_place(attack):
    async with served(connections=16) as it:
        seen = await attack("127.0.0.1", it.port)
    assert seen["probes"] == [True] * 5


async def test_two_thousand_idle_connections():
    async with served() as it:
        seen = await inputs_http.idle("127.0.0.1", it.port, 2000)
        assert len(it._server.server_state.connections) <= 512
    assert seen["probes"] == [True] * 5


async def test_headers_that_trickle_have_one_time_out_together():
    async with served() as it:
        seen = await inputs_http.trickling("127.0.0.1", it.port)
    assert seen == {"statuses": {408}, "probes": [True]}


async def test_large_headers_are_refused():
    async with served() as it:
        seen = await inputs_http.large_headers("127.0.0.1", it.port)
    assert seen["statuses"] <= {431, 0}  # 0: the refusal came in the middle of what was sent
    assert seen["probes"] == [True]


async def test_headers_a_little_too_large_are_told_so():
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000
    async with served() as it:
        answer = await inputs_http.ask("127.0.0.1", it.port, request)
    assert inputs_http.status(answer) == 431
    assert answer.endswith(b"headers are larger than 32768 bytes")


async def test_odd_requests_get_fit_answers():
    async with served() as it:
        seen = await inputs_http.odd("127.0.0.1", it.port)
    assert seen == {"requests": len(inputs_http.ODD), "wrong": {}, "probes": [True]}


WHOLE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def test_half_a_request_after_a_whole_one_ends_too():
    async with served() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(WHOLE)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(inputs_http.HALF)
        rest = await reader.read(-1)
        writer.close()
    assert inputs_http.status(head) == 200
    assert rest.count(b"HTTP/1.1 ") == 1
    assert b"HTTP/1.1 408" in rest


async def test_one_after_the_other_is_answered_and_what_is_sent_ahead_is_not():
    async with served() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        for _ in range(3):
            writer.write(WHOLE)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head)[1])
            await reader.readexactly(length)
        writer.close()
        answer = await inputs_http.ask("127.0.0.1", it.port, WHOLE * 500)
    assert answer.count(b"HTTP/1.1 200") == 1


async def test_a_reader_that_stalls_is_cut_off_and_holds_little():
    async with served(site(large).app()) as it, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port, limit=1024)
        writer.write(b"GET /api/v1/report HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.read(1)
        held = it._server.server_state.connections
        (connection,) = held
        assert connection.transport.get_write_buffer_size() <= 3 * protocol.WRITE_BUFFER
        while held:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        writer.transport.abort()


async def test_the_end_of_the_service_waits_for_no_reader(caplog):
    async with served(site(large).app()) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port, limit=1024)
        writer.write(b"GET /api/v1/report HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.read(1)
    assert not [record for record in caplog.records if record.exc_info]
    assert not it._server.server_state.tasks
    writer.transport.abort()


class Held:
    def __init__(self, peer, since, answering=False):
        self.peer, self.since, self.answering = peer, since, answering


def test_who_makes_room_holds_the_most_waits_and_has_waited_the_longest():
    alone = Held("b", 0.0)
    old, young, busy = Held("a", 2.0), Held("a", 3.0), Held("a", 1.0, answering=True)
    assert to_close([alone, young, old, busy]) is old
    assert to_close([alone, busy, Held("a", 5.0, answering=True)]) is busy
