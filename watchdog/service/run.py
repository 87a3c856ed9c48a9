"""`watchdog run`: builds the service from its settings and serves until it is told to stop."""

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from starlette.applications import Starlette

from watchdog import __version__, telemetry
from watchdog.collect.probes.tester import ApiTester
from watchdog.collect.source import Source
from watchdog.collect.status_pages.reader import StatusPages
from watchdog.collect.targets import TargetError, open_target
from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.model.report import Snapshot
from watchdog.notify.audience import audience
from watchdog.notify.channels import build_channels
from watchdog.notify.decide import Intervals
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger import experience
from watchdog.notify.ledger.database import LedgerError, open_ledger
from watchdog.pipeline.targets import cluster_source, feeds, logs_options, wants_cluster
from watchdog.redaction import Secrets
from watchdog.service.app import App
from watchdog.service.prober import Prober
from watchdog.service.request_size import RequestSizer
from watchdog.surfaces.metrics import Exposition, SelfMetrics
from watchdog.surfaces.reduced import reduced
from watchdog.surfaces.web.routes import Bundle, build_app
from watchdog.surfaces.web.server import ListenError, WebServer

Clock = Callable[[], float]
OnSnapshot = Callable[[Snapshot], None]

PAGE_BYTES = 64 * 1024 * 1024
"""Of a store that are read for a bundle from the page; the pod's /tmp holds it for a moment."""

log = structlog.get_logger(__name__)


async def serve(
    settings: Settings,
    clock: Clock = time.time,
    on_snapshot: OnSnapshot = lambda _snapshot: None,
    on_start: Callable[[str], None] = lambda _url: None,
    stop: asyncio.Event | None = None,
) -> int:
    """Watch until SIGTERM, SIGINT or `stop`; 0 after a clean end.

    Raises:
        UsageError: nothing to watch, a target that is none, an address that is taken.
    """
    secrets = Secrets(settings.secrets)
    telemetry.configure(settings.log_format, settings.log_level, secrets=secrets)
    app = build(settings, _sources(settings, clock), clock, on_snapshot, secrets)
    server = WebServer(_site(app, settings, clock, secrets), *settings.address)
    try:
        await server.start()
    except ListenError as error:
        await app.aclose()
        raise UsageError(f"listen: {error}") from error
    log.info(
        "watching", targets=list(settings.logs) or ["cluster"], page=server.url, version=__version__
    )
    on_start(server.url)
    await app.run(_stop_on_signals(stop or asyncio.Event()))
    log.info("stopping")
    await asyncio.gather(server.stop(), app.aclose())
    return 0


def build(
    settings: Settings,
    sources: list[Source],
    clock: Clock,
    on_snapshot: OnSnapshot = lambda _snapshot: None,
    secrets: Secrets | None = None,
) -> App:
    """The service without its web server."""
    try:
        opened = open_ledger(settings.state_url, clock(), settings.watch)
    except LedgerError as error:
        raise UsageError(f"state: {error}") from error
    for warning in opened.warnings:
        log.warning("ledger", detail=warning)
    loaded = experience.load(opened.ledger, clock())
    if loaded.warning is not None:
        log.warning("experience", detail=loaded.warning)
    metrics = SelfMetrics()
    deliverer = Deliverer(
        opened.ledger,
        build_channels(settings),
        clock,
        on_notification=metrics.notification,
        intervals=_intervals(settings),
        audience=audience(settings.notify),
    )
    prober = Prober(
        settings.probes,
        ApiTester(settings.probes, secrets.learn if secrets is not None else _forget),
        RequestSizer(sources, replay=settings.probes.replay),
        clock,
        on_result=metrics.probe,
        page_waits=settings.notify.wait_for_tests,
    )
    return App(
        settings,
        sources,
        deliverer,
        metrics,
        clock,
        on_snapshot,
        loaded.learned,
        prober,
        StatusPages(feeds(settings)),
    )


def _intervals(settings: Settings) -> Intervals:
    notify = settings.notify
    return Intervals(
        group_interval=notify.update_interval,
        repeat_interval=notify.remind_after,
        reopen=notify.reopen_within,
        flapping=notify.flapping,
        for_=notify.hold,
    )


def _sources(settings: Settings, clock: Clock) -> list[Source]:
    options = logs_options(settings)
    try:
        sources = [open_target(target, settings.s3, options)[0] for target in settings.logs]
    except TargetError as error:
        raise UsageError(f"logs: {error}") from error
    if wants_cluster(settings):
        sources.append(cluster_source(settings, clock))
    return sources


def _site(app: App, settings: Settings, clock: Clock, secrets: Secrets) -> Starlette:
    exposition = Exposition(lambda: app.snapshot, app.metrics)
    return build_app(
        lambda: app.snapshot,
        app.health,
        exposition,
        clock,
        refresh=max(1, round(settings.interval)),
        bundle=bundler(app, settings, clock, secrets),
    )


def bundler(app: App, settings: Settings, clock: Clock, secrets: Secrets) -> Bundle:
    """Writes the evidence of an eval set as the page hands it out."""

    async def bundle(eval_set_id: str) -> Path:
        # the cluster's client takes a while to import, and a log directory needs none of it
        from watchdog.evidence.bundle import default_name, evidence  # noqa: PLC0415
        from watchdog.evidence.report import Wanted  # noqa: PLC0415

        snapshot = app.snapshot
        live = reduced(snapshot.report, eval_set_id) if snapshot is not None else None
        wanted = Wanted(store=settings.evidence_store, live=live)
        now = clock()
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="evidence-"))
        path = folder / f"{default_name(eval_set_id, now)}.tar.gz"
        try:
            written = await evidence(eval_set_id, settings, now, path, PAGE_BYTES, wanted, secrets)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return written.path

    return bundle


def _forget(_secret: str) -> None:
    """Nobody keeps what is secret."""


def _stop_on_signals(stop: asyncio.Event) -> asyncio.Event:
    """`stop`, which SIGTERM and SIGINT set too."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
