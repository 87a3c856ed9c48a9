"""Attacks on a running service: what somebody who reaches its port may do."""

import asyncio
import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.security import inputs_http
from tests.security.running import Service


class Deed(NamedTuple):
    """A way to act against the service until `over`."""

    name: str
    act: Callable[[Service, threading.Event], None]
    imitates: str = ""
    target: str = ""
    """The attack whose files lie there meanwhile."""


@contextmanager
def _connections(service: Service, count: int, begin: bytes) -> Iterator[list[socket.socket]]:
    open_ones: list[socket.socket] = []
    try:
        for _ in range(count):
            with contextlib.suppress(OSError):
                one = socket.create_connection(("127.0.0.1", service.port), 2)
                open_ones.append(one)
                if begin:
                    one.sendall(begin)
        yield open_ones
    finally:
        for one in open_ones:
            one.close()


def half_sent(service: Service, over: threading.Event) -> None:
    """250 requests without an end, a byte a second."""
    with _connections(service, 250, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ") as ones:
        while not over.wait(1):
            for one in ones:
                with contextlib.suppress(OSError):
                    one.sendall(b"a")


def idle(service: Service, over: threading.Event) -> None:
    """2,000 connections that say nothing."""
    with _connections(service, 2000, b""):
        over.wait(60)


def half_bodies(service: Service, over: threading.Event) -> None:
    """250 bodies that never come."""
    head = b"POST /api/v1/report HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n{"
    with _connections(service, 250, head):
        over.wait(60)


def slow_readers(service: Service, over: threading.Event) -> None:
    """100 clients that ask for the report many times on one connection and read nothing."""
    request = b"GET /api/v1/report HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 200
    with _connections(service, 100, request):
        over.wait(60)


def busy(service: Service, over: threading.Event) -> None:
    """16 clients that ask for everything, again and again."""
    paths = ("/", "/metrics", "/api/v1/report", "/api/v1/openapi.json", "/nothing", "/%00", "//")

    def ask() -> None:
        while not over.is_set():
            for path in paths:
                service.get(path, 5)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def large_heads(service: Service, over: threading.Event) -> None:
    """Header lines without end."""
    while not over.wait(0.05):
        with _connections(service, 5, b"GET / HTTP/1.1\r\n" + b"A: " + b"a" * 1_000_000):
            pass


def evidence(service: Service, over: threading.Event) -> None:
    """One bundle of the hostile eval set, then four more that are dropped at once."""
    service.get("/evidence?eval_set_id=set", 30)
    while not over.wait(0.5):
        for _ in range(4):
            with contextlib.suppress(OSError, http.client.HTTPException):
                one = http.client.HTTPConnection("127.0.0.1", service.port, timeout=1)
                one.request("GET", "/evidence?eval_set_id=set")
                time.sleep(0.1)
                one.close()


def _again(
    work: Callable[[str, int], Awaitable[object]],
) -> Callable[[Service, threading.Event], None]:
    """The same over and over; a probe within it that isn't answered shows as a slow `/healthz`."""

    def act(service: Service, over: threading.Event) -> None:
        while not over.wait(0.1):
            with contextlib.suppress(OSError):
                asyncio.run(work("127.0.0.1", service.port))

    return act


DEEDS = (
    Deed("250 half-sent requests", half_sent),
    Deed("2,000 idle connections", idle),
    Deed("250 half-sent bodies", half_bodies),
    Deed("slow readers", slow_readers),
    Deed("16 busy clients", busy),
    Deed("large headers", large_heads),
    Deed("50 headers that trickle", _again(inputs_http.trickling)),
    Deed(f"{len(inputs_http.ODD)} odd requests", _again(inputs_http.odd)),
    Deed("evidence of 16 MiB of the worst text", evidence, target="one error text of 16 MiB"),
    Deed("evidence of zips in zips", evidence, target="zips in zips"),
)
