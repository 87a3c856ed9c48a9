"""The whole service over a recording, over a real socket, in a thread of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.acceptance.recorded_site import bundled_site
from tests.security.served import served


class Recorded:
    """Where it is served."""

    url = ""


@contextlib.contextmanager
def recorded(name: str, folder: Path) -> Iterator[Recorded]:
    """Serve a recording's last instant, with the runner's log, until the end."""
    made, ready, stop = Recorded(), threading.Event(), threading.Event()

    async def serve() -> None:
        async with bundled_site(name, folder) as web, served(web.application) as server:
            made.url = server.url
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        if not ready.wait(60):
            raise TimeoutError("the service did not start")
        yield made
    finally:
        stop.set()
        thread.join(30)
