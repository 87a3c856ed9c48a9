"""Bodies under way: slow readers hold old ones, and only so much of them."""

from collections.abc import Iterator, Sized
from contextlib import contextmanager

from msgspec import Struct
from starlette.types import Scope

from watchdog.surfaces.web.faults import abort

BODIES = 128 * 1024 * 1024
"""Bytes of bodies under way; beyond it the one that was begun first is cut off."""


class _Sent(Struct, eq=False):
    body: Sized
    scope: Scope


class Outgoing:
    """What is being sent; a body that several read counts once."""

    def __init__(self, bodies: int = BODIES) -> None:
        self._bodies = bodies
        self._sent: list[_Sent] = []

    def __len__(self) -> int:
        return len(self._sent)

    @contextmanager
    def under_way(self, body: Sized, scope: Scope) -> Iterator[None]:
        """While a body is sent. One whose length grows is measured again with each that begins."""
        sent = _Sent(body, scope)
        self._sent.append(sent)
        while self._held() > self._bodies and self._sent[0] is not sent:
            abort(self._sent.pop(0).scope)
        try:
            yield
        finally:
            if sent in self._sent:
                self._sent.remove(sent)

    def _held(self) -> int:
        return sum({id(one.body): len(one.body) for one in self._sent}.values())
