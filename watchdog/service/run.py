"""`watchdog run`: serves until it is told to stop."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import make_url

from watchdog import __version__, log_output, telemetry
from watchdog.collect.probes.tester import ApiTester
from watchdog.config.live import Change
from watchdog.config.origin import Origin
from watchdog.config.secrets import learn_secrets
from watchdog.config.settings import Settings
from watchdog.errors import ConfigError, UsageError
from watchdog.notify.audience import audience
from watchdog.notify.channels.shadow import delivering_channels, shadow_of
from watchdog.notify.deliver import Telling
from watchdog.notify.heartbeat import receivers as heartbeat
from watchdog.notify.ledger.role import RoleLock, RoleLockError, RoleTakenError, role_lock
from watchdog.notify.ledger.term import DeposedError, Term
from watchdog.pipeline.outlooks import Outlooks
from watchdog.redaction import Secrets
from watchdog.service.app import App
from watchdog.service.build import (
    Clock,
    OnSnapshot,
    build,
    discretion,
    intervals,
    open_sources,
    site_of,
)
from watchdog.service.event_loop import allow_descriptors
from watchdog.service.first_words import say_hints
from watchdog.service.leadership.seat import Seat
from watchdog.service.leadership.standby_site import StandbySite
from watchdog.service.presses import Presses
from watchdog.service.reloading import LOOK_SECONDS, Reloading, learn_all, on_hangup, say_refused
from watchdog.service.servers import Servers, Turned
from watchdog.service.slack_buttons import SlackButtons, answering
from watchdog.service.stopping import Stopping, stopping
from watchdog.surfaces.web.access import Access, listening
from watchdog.surfaces.web.routes import Site
from watchdog.surfaces.web.server import ListenError

log = structlog.get_logger(__name__)


LOST = 3
"""Exit status of a replica that leads no more: whoever began it begins it anew, to stand by."""


class _Start(Struct, frozen=True):
    """What `serve` was given."""

    settings: Settings
    clock: Clock
    on_snapshot: OnSnapshot
    on_start: Callable[[str], None]
    stop: asyncio.Event
    loop_held: Callable[[], float]
    origin: Origin | None
    secrets: Secrets


async def serve(  # noqa: PLR0913 - what a test puts in its place
    settings: Settings,
    clock: Clock = time.time,
    on_snapshot: OnSnapshot = lambda _snapshot: None,
    on_start: Callable[[str], None] = lambda _url: None,
    stop: asyncio.Event | None = None,
    *,
    loop_held: Callable[[], float] = lambda: 0.0,
    origin: Origin | None = None,
) -> int:
    """Watch until SIGTERM, SIGINT or `stop`; 0 after a clean end, 3 where it led and lost that.

    `loop_held` tells how long the event loop was held at most since it was last asked. Where there
    is an `origin` with files, what changes in them is taken up.

    Raises:
        UsageError: nothing to watch, a target that is none, an address that is taken, a ledger
            that another service tells from.
    """
    objection = listening.objection(settings.address[0], settings.web)
    if objection is not None:
        raise UsageError(f"listen: {objection}")
    stop = stop or asyncio.Event()
    secrets = Secrets(settings.secrets)
    start = _Start(settings, clock, on_snapshot, on_start, stop, loop_held, origin, secrets)
    with stopping() as signals:
        signals.attach(asyncio.get_running_loop(), stop)
        _prepare(settings, secrets)
        if settings.election.enabled:
            return await _serve_in_turn(start, signals)
        return await _serve_alone(start)


async def _serve_alone(start: _Start) -> int:
    settings, clock = start.settings, start.clock
    role = _role(settings)
    try:
        app = _build(start, alone=role.held)
        access = Access(settings.web, clock)
        site = site_of(app, settings, clock, start.secrets, access)
        server = Servers(site, settings)
        try:
            await _listen(server)
        except UsageError:
            await app.aclose()
            raise
        start.on_start(server.url)
        await _watch(start, app, access, server, site)
    finally:
        role.release()
    return 0


async def _serve_in_turn(start: _Start, signals: Stopping) -> int:
    """One of several replicas: stand by, and watch while it leads."""
    seat = Seat(start.settings, start.clock)
    standby = StandbySite(lambda: seat.leader, lambda: seat.complaint)
    site = Turned(standby)
    server = Servers(site, start.settings)
    await _listen(server)
    log.info("candidate", lease=seat.where, page=server.url, version=__version__)
    start.on_start(server.url)
    try:
        with on_hangup(asyncio.get_running_loop(), _nothing):
            if not await seat.stand_by(start.stop):
                return 0
        await _lead(start, seat, site, server, signals)
    except DeposedError:
        log.info("stopping")
    finally:
        await asyncio.gather(server.stop(), seat.aclose())
    return 0 if seat.loss is None else LOST


async def _lead(
    start: _Start, seat: Seat, site: Turned, server: Servers, signals: Stopping
) -> None:
    def over() -> None:
        start.stop.set()
        signals.end_soon(LOST)

    term = seat.lead(over)
    # what it can't reach holds a thread, not the loop: there the Lease is renewed
    start = replace(start, settings=await asyncio.to_thread(_latest, start))
    app = await asyncio.to_thread(_build, start, term=term)
    app.metrics.measure_lead(lambda: seat.loss is None)
    access = Access(start.settings.web, start.clock)
    own = site_of(app, start.settings, start.clock, start.secrets, access)
    site.show(own)
    await _watch(start, app, access, server, own)


def _latest(start: _Start) -> Settings:
    """What changed while it stood by."""
    if start.origin is None:
        return start.settings
    try:
        settings = start.origin.load()
    except ConfigError as error:
        say_refused(str(error), start.secrets)
        return start.settings
    learn_all(settings, start.secrets)
    return settings


async def _nothing() -> None:
    """What a replica that stands by reads anew: all of it, once it leads."""


def _build(start: _Start, *, alone: bool = True, term: Term | None = None) -> App:
    outlooks = Outlooks()
    app = build(
        start.settings,
        open_sources(start.settings, start.clock, outlooks),
        start.clock,
        start.on_snapshot,
        start.secrets,
        outlooks,
        alone=alone,
        term=term,
    )
    app.metrics.measure_loop(start.loop_held)
    return app


def _prepare(settings: Settings, secrets: Secrets) -> None:
    learn_secrets(settings)
    telemetry.configure(settings.log_format, settings.log_level, secrets=secrets)
    allow_descriptors()
    log_output.in_background()


def _reloading(
    start: _Start, app: App, access: Access, buttons: SlackButtons
) -> AbstractContextManager[None]:
    """While this lasts, what changes in the settings' files is taken up."""
    origin, secrets = start.origin, start.secrets
    if origin is None or not origin.has_files:
        return nullcontext()
    settings = app.settings

    async def apply(change: Change) -> None:
        new = change.settings
        channels = delivering_channels(new) if change.channels else None
        audience_now = audience(new.notify)
        discreet = discretion(new, app.stand_ins.key)
        telling = Telling(intervals(new), audience_now, discreet, channels, shadow_of(new))
        heard_by = heartbeat.receivers(new) if change.heartbeat else None
        access.go_by(new.web)
        await app.go_by(new, ApiTester(new.probes, secrets.learn), telling, heard_by)
        await buttons.go_by(new)

    def objection(new: Settings) -> str | None:
        reason = listening.objection(settings.address[0], new.web)
        return heartbeat.objection(new) if reason is None else f"listen: {reason}"

    reloading = Reloading(origin, settings, apply, objection, secrets, app.metrics, start.clock)
    app.also(LOOK_SECONDS, reloading.look)
    return on_hangup(asyncio.get_running_loop(), reloading.reload)


async def _listen(server: Servers) -> None:
    """Raises: UsageError: an address is taken."""
    try:
        await server.start()
    except ListenError as error:
        raise UsageError(f"listen: {error}") from error


async def _watch(start: _Start, app: App, access: Access, server: Servers, site: Site) -> None:
    """Until it is told to stop; then nothing is left open."""
    log.info("watching", targets=_targets(start.settings), page=server.url, version=__version__)
    say_hints(start.settings)
    start.loop_held()  # nobody waits for what the start takes
    try:
        presses = Presses(site.seen_by, app.desk, lambda: app.settings, start.clock)
        async with answering(presses, app.metrics, start.settings) as buttons:
            with _reloading(start, app, access, buttons):
                await app.run(start.stop)
    finally:
        log.info("stopping")
        log_output.leave_out_cancelled()
        # asked at the same time: what is being answered may need what is being closed
        await asyncio.gather(server.stop(), app.aclose())


def _targets(settings: Settings) -> list[str]:
    return list(settings.logs) or ["cluster"]


def _role(settings: Settings) -> RoleLock:
    """The role of the one service that tells of these targets from this ledger."""
    role = role_lock(settings.state_url, settings.logs)
    try:
        role.acquire()
    except RoleTakenError as error:
        shown = make_url(settings.state_url).render_as_string(hide_password=True)
        raise UsageError(
            f"state: {shown} is in use: {error} runs `watchdog run` on the same targets; stop that "
            "one, or give this one a ledger of its own with --state"
        ) from error
    except RoleLockError as error:
        log.warning("role_not_locked", detail=str(error), effect="a second service isn't refused")
    return role
