"""The service's event loop: name look-ups that can't hold it up, threads that can't hold its end.

A resolver that is slow holds a thread for as long as it likes. Each name is asked for once at a
time, in threads of its own; and where the answer takes long, the last good one is used, as
resolvers do among themselves (RFC 8767): a page must not wait for DNS.
"""

import asyncio
import errno
import resource
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from watchdog.threads import DefaultExecutor, Pool

LOOKUP_SECONDS = 30.0
LOOKUP_THREADS = 16
PATIENCE_SECONDS = 2.0
"""So long an answer is waited for where an older one is at hand."""
STALE_SECONDS = 86_400.0
"""So old the older one may be."""
NAMES_MAX = 256
DESCRIPTORS_WANTED = 65_536
_SHORT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

log = structlog.get_logger(__name__)

Key = tuple[Any, ...]
Addresses = list[tuple[Any, ...]]
Resolve = Callable[..., Addresses]


class NameLookups:
    """`getaddrinfo`, one at a time for each name, with the last good answer in reserve."""

    def __init__(self, resolve: Resolve | None = None, patience: float = PATIENCE_SECONDS) -> None:
        self._resolve = resolve
        self._patience = patience
        self._pool = Pool("names", LOOKUP_THREADS, LOOKUP_SECONDS)
        self._under_way: dict[Key, asyncio.Task[Addresses]] = {}
        self._answers: dict[Key, tuple[float, Addresses]] = {}

    async def look_up(self, *key: Any) -> Addresses:  # noqa: ANN401 - getaddrinfo's arguments
        """The addresses of a name.

        Raises:
            OSError: there is no such name, or nobody answers and nobody has.
        """
        task = self._task(key)
        stale = self._stale(key)
        if stale is None:
            return await asyncio.shield(task)
        await asyncio.wait({task}, timeout=self._patience)
        if not task.done() or task.cancelled() or _passes(task.exception()):
            log.warning("name_lookup_slow", host=str(key[0]), effect="the last answer is used")
            return stale
        return task.result()

    def _task(self, key: Key) -> asyncio.Task[Addresses]:
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._ask(key))
            task.add_done_callback(lambda ended: self._forget(key, ended))
        return task

    async def _ask(self, key: Key) -> Addresses:
        addresses = await self._pool.run(self._resolve or socket.getaddrinfo, *key)
        self._answers.pop(key, None)
        self._answers[key] = time.monotonic(), addresses
        if len(self._answers) > NAMES_MAX:
            del self._answers[next(iter(self._answers))]
        return addresses

    def _forget(self, key: Key, task: asyncio.Task[Addresses]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # nobody may be waiting any more

    def _stale(self, key: Key) -> Addresses | None:
        at, addresses = self._answers.get(key, (0.0, []))
        return addresses if addresses and time.monotonic() - at < STALE_SECONDS else None


def _passes(error: BaseException | None) -> bool:
    """Whether nobody could say; that a name does not exist is an answer."""
    if isinstance(error, socket.gaierror):
        return error.errno in {socket.EAI_AGAIN, socket.EAI_SYSTEM}
    return isinstance(error, OSError)


class ServiceLoop(asyncio.SelectorEventLoop):
    """asyncio's loop, with look-ups and threads as the service needs them."""

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        super().__init__(selector)
        self._names = NameLookups()
        self.set_default_executor(DefaultExecutor())
        self.set_exception_handler(handle)

    async def getaddrinfo(  # noqa: PLR0913
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,
        flags: int = 0,
    ) -> Addresses:
        """As `socket.getaddrinfo`."""
        return await self._names.look_up(host, port, family, type, proto, flags)


def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody caught. That no client can be let in is one short event, not a page."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in _SHORT:
        log.error("out_of_descriptors", what=str(context.get("message", "")), error=str(error))
        return
    if isinstance(error, ValueError) and "_start_serving" in str(context.get("message")):
        return  # asyncio's next try to let clients in, on a socket that is closed by now
    loop.default_exception_handler(context)


def allow_descriptors() -> None:
    """As many open files as the system lets us have: its soft limit is made for `select`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS_WANTED if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_WANTED)
    if wanted > soft != resource.RLIM_INFINITY:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
