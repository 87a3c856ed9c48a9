"""The real application over a real socket, in a thread of its own, showing what a test sets."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from msgspec.structs import replace

from tests.builders.snapshots import NOW
from tests.builders.wide_fleets import STORE
from tests.doubles.desk import Desk
from tests.security.served import WELL, served
from watchdog.model.report import Snapshot
from watchdog.surfaces.metrics import Exposition, SelfMetrics
from watchdog.surfaces.web.hosts import hosts
from watchdog.surfaces.web.routes import Site


class Serving:
    """What is served now. Setting `snapshot` is a poll that ended."""

    def __init__(self, refresh: int = 1) -> None:
        self.snapshot: Snapshot | None = None
        self.health = replace(WELL, sources=(STORE,))
        self.now = NOW
        self.url = ""
        self.desk = Desk()
        self.site = Site(
            read=lambda: self.snapshot,
            health=lambda: self.health,
            exposition=Exposition(lambda: self.snapshot, SelfMetrics()),
            clock=lambda: self.now,
            refresh=refresh,
            hosts=hosts("127.0.0.1", None, ()),
            desk=self.desk,
        )


@contextlib.contextmanager
def serving() -> Iterator[Serving]:
    """Serve until the end; `close` of what is yielded ends it before."""
    made = Serving()
    ready, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with served(made.site.app()) as server:
            made.url = server.url
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    made.close = lambda: (stop.set(), thread.join(30))
    try:
        if not ready.wait(30):
            raise TimeoutError("the server did not start")
        yield made
    finally:
        made.close()
