import contextlib
import signal
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from watchdog.surfaces.web.server import ListenError, WebServer


async def hello(_):
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", hello)])


@pytest.fixture
async def server():
    made = WebServer(APP, "127.0.0.1", 0)
    await made.start()
    yield made
    await made.stop()


async def get(url):
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url)


async def test_it_serves_at_the_port_it_names(server):
    assert server.port > 0
    answer = await get(server.url)
    assert answer.text == "hello"
    assert "server" not in answer.headers


async def test_a_port_that_is_taken_is_a_clear_error(server):
    with pytest.raises(ListenError, match=r"can't listen on 127.0.0.1:\d+: Address already in use"):
        await WebServer(APP, "127.0.0.1", server.port).start()


async def test_an_address_of_nobody_is_a_clear_error():
    with pytest.raises(ListenError, match=r"can't listen on 192\.0\.2\.1:0"):
        await WebServer(APP, "192.0.2.1", 0).start()


async def test_many_may_knock_while_the_loop_is_busy(server):
    await get(server.url)
    with contextlib.ExitStack() as opened:
        for _ in range(400):  # nothing is accepted meanwhile: the loop is here
            knocking = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            opened.enter_context(knocking)
    assert (await get(server.url)).text == "hello"


async def test_signals_are_left_alone(server):
    before = signal.getsignal(signal.SIGTERM)
    await get(server.url)
    assert signal.getsignal(signal.SIGTERM) is before is signal.SIG_DFL


async def test_after_the_end_nobody_listens():
    server = WebServer(APP, "127.0.0.1", 0)
    await server.start()
    await get(server.url)
    await server.stop()
    await server.stop()
    with pytest.raises(httpx.ConnectError):
        await get(server.url)


async def test_the_next_version_of_ip():
    server = WebServer(APP, "[::1]", 0)
    try:
        await server.start()
    except ListenError:
        pytest.skip("no IPv6 here")
    assert (await get(server.url)).text == "hello"
    await server.stop()
