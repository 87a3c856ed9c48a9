"""A bundle goes with its client."""

import asyncio
import io

import httpx
import pytest

from tests.builders.snapshots import realistic
from tests.security.inputs_http import ask as raw
from tests.security.inputs_http import status
from tests.security.served import served, site
from watchdog.surfaces.web.handout import Archive, BundleError, while_connected

PATH = "/evidence?eval_set_id=" + realistic().report.eval_sets[0].eval_set_id


class Writing:
    """A bundle that is being written until it is let go on."""

    def __init__(self):
        self.began, self.go_on, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.file = io.BytesIO(b"bundle" * 100_000)

    async def __call__(self, _eval_set_id, _report):
        self.began.set()
        try:
            await self.go_on.wait()
            return Archive("a.tar.gz", len(self.file.getvalue()), self.file)
        finally:
            self.ended.set()


async def test_it_is_handed_out_one_at_a_time_and_closed():
    writing = Writing()
    transport = httpx.ASGITransport(site(bundle=writing).app())
    async with (
        asyncio.timeout(30),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        first = asyncio.create_task(client.get(PATH))
        await writing.began.wait()
        assert (await client.get(PATH)).status_code == 429
        assert (await client.head(PATH)).status_code == 200
        writing.go_on.set()
        answer = await first
    assert answer.content == b"bundle" * 100_000
    assert answer.headers["content-disposition"] == 'attachment; filename="a.tar.gz"'
    assert writing.file.closed


async def test_who_goes_away_ends_it():
    writing = Writing()
    async with served(site(bundle=writing).app()) as it, asyncio.timeout(30):
        _, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await writing.began.wait()
        writer.transport.abort()
        await writing.ended.wait()
        writing.go_on.set()
        request = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert status(await raw("127.0.0.1", it.port, request.encode())) == 200


async def test_the_end_of_the_service_ends_it():
    writing = Writing()
    async with asyncio.timeout(30):
        async with served(site(bundle=writing).app()) as it:
            _, writer = await asyncio.open_connection("127.0.0.1", it.port)
            writer.write(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            await writing.began.wait()
        assert writing.ended.is_set()
        writer.transport.abort()


async def test_what_failed_is_said():
    async def fail(_eval_set_id, _report):
        raise BundleError("no room")

    transport = httpx.ASGITransport(site(bundle=fail).app())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get(PATH)
    assert (answer.status_code, answer.text) == (503, "no room")


async def test_a_failure_of_the_work_is_not_swallowed():
    async def receive():
        await asyncio.Event().wait()

    async def fail():
        raise RuntimeError("flaw")

    with pytest.raises(RuntimeError, match="flaw"):
        await while_connected(receive, fail())
