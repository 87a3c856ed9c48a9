"""Page and API of the whole service over a recording, without a socket."""

import contextlib
from pathlib import Path

import httpx

from tests.acceptance.playback import Playback
from tests.recordings.unpack import unpack
from watchdog.collect.targets import open_target
from watchdog.config.load import load
from watchdog.pipeline.targets import logs_options
from watchdog.redaction import Secrets
from watchdog.service.build import build, site_of
from watchdog.surfaces.web.access import Access


@contextlib.asynccontextmanager
async def recorded_site(name: str, folder: Path, instant: int = -1, **settings):
    """A client of the service as it is at one instant of a recording, its store in a folder."""
    playback = Playback(name, folder)
    playback.play(instant)
    async with _served(str(playback.logs.parent), playback.clock, folder, settings) as web:
        yield web


@contextlib.asynccontextmanager
async def bundled_site(name: str, folder: Path, instant: int = -1, **settings):
    """The same over the bundle itself, with what the cluster and the runner said."""
    bundle = unpack(name, folder / "recording")[instant]
    now = Playback(name, folder / "again")
    now.play(instant)
    async with _served(str(bundle), now.clock, folder, settings) as web:
        yield web


@contextlib.asynccontextmanager
async def _served(target, clock, folder, settings):
    given = {
        "logs": (target,),
        "listing_interval": 0.001,
        "state": str(folder / "state.sqlite3"),
        "status_feeds": (),
        **settings,
    }
    loaded = load(given)
    source, _ = open_target(target, loaded.s3, logs_options(loaded))
    app = build(loaded, [source], clock)
    try:
        await app.tick()
        await app.tick()
        site = site_of(app, loaded, clock, Secrets(), Access(loaded.web, clock))
        application = site.app()
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as web:
            web.application = application
            yield web
    finally:
        await app.aclose()
