"""The whole service over a recording, over a real socket, in a thread of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.acceptance.recorded_site import bundled_site
from tests.security.served import served

Site = Callable[[str, Path], contextlib.AbstractAsyncContextManager[Any]]


class Recorded:
    """Where it is served."""

    url = ""


@contextlib.contextmanager
def recorded(name: str, folder: Path, site: Site = bundled_site) -> Iterator[Recorded]:
    """Serve a recording's last instant, with the runner's log, until the end.

    `site` may be `recorded_site`, over a directory of logs without one.
    """
    made, ready, stop = Recorded(), threading.Event(), threading.Event()

    async def serve() -> None:
        async with site(name, folder) as web, served(web.application) as server:
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
