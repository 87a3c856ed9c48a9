"""`watchdog run`: builds the service from its settings and serves until it is told to stop."""

import asyncio
import signal
import time
from collections.abc import Callable

import structlog
from starlette.applications import Starlette

from watchdog import __version__, telemetry
from watchdog.collect.probes.tester import ApiTester
from watchdog.collect.source import Source
from watchdog.collect.status_pages.reader import StatusPages
from watchdog.collect.targets import TargetError, open_target
from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.model.learned import Learned
from watchdog.model.report import Snapshot
from watchdog.notify.audience import audience
from watchdog.notify.channels import build_channels
from watchdog.notify.decide import Intervals
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger import experience
from watchdog.notify.ledger.database import LedgerError, open_ledger
from watchdog.notify.ledger.ledger import Ledger
from watchdog.pipeline.degraded import DegradedRuns
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.source_state import SourceState
from watchdog.pipeline.targets import (
    cluster_source,
    feeds,
    logs_options,
    poll_limits,
    wants_cluster,
)
from watchdog.redaction import Secrets
from watchdog.service.app import App, Parts
from watchdog.service.kept import KeptExperience, KeptMutes
from watchdog.service.page_bundles import page_bundler
from watchdog.service.prober import Prober
from watchdog.service.request_size import RequestSizer
from watchdog.service.status_pages import StatusPageRounds
from watchdog.surfaces.metrics import Exposition, SelfMetrics
from watchdog.surfaces.web.routes import build_app
from watchdog.surfaces.web.server import ListenError, WebServer

Clock = Callable[[], float]
OnSnapshot = Callable[[Snapshot], None]

log = structlog.get_logger(__name__)


async def serve(  # noqa: PLR0913 - what a test puts in its place
    settings: Settings,
    clock: Clock = time.time,
    on_snapshot: OnSnapshot = lambda _snapshot: None,
    on_start: Callable[[str], None] = lambda _url: None,
    stop: asyncio.Event | None = None,
    *,
    loop_held: Callable[[], float] | None = None,
) -> int:
    """Watch until SIGTERM, SIGINT or `stop`; 0 after a clean end.

    `loop_held` tells how long the event loop was held at most since it was last asked.

    Raises:
        UsageError: nothing to watch, a target that is none, an address that is taken.
    """
    secrets = Secrets(settings.secrets)
    telemetry.configure(settings.log_format, settings.log_level, secrets=secrets)
    app = build(settings, _sources(settings, clock), clock, on_snapshot, secrets)
    if loop_held is not None:
        app.metrics.measure_loop(loop_held)
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
    if loop_held is not None:
        loop_held()  # nobody waits for what the start takes
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
    parts = _parts(settings, sources, clock, secrets if secrets is not None else Secrets())
    return App(settings, parts, clock, on_snapshot)


def _parts(settings: Settings, sources: list[Source], clock: Clock, secrets: Secrets) -> Parts:
    ledger = _ledger(settings, clock())
    learner = Learner(_experience(ledger, clock()), settings.thresholds)
    metrics = SelfMetrics()
    deliverer = Deliverer(
        ledger,
        build_channels(settings),
        clock,
        on_notification=metrics.notification,
        intervals=_intervals(settings),
        audience=audience(settings.notify),
    )
    worker = deliverer.ledger_worker
    return Parts(
        sources=tuple(
            SourceState(source, learned_until=lambda: learner.learned_until) for source in sources
        ),
        learner=learner,
        degraded_runs=DegradedRuns(settings.notify.degraded_after),
        prober=_prober(settings, sources, clock, metrics, secrets),
        status_pages=StatusPageRounds(StatusPages(feeds(settings)), clock),
        deliverer=deliverer,
        mutes=KeptMutes(worker, clock),
        experience=KeptExperience(learner, worker, clock),
        metrics=metrics,
    )


def _ledger(settings: Settings, now: float) -> Ledger:
    try:
        opened_ledger = open_ledger(settings.state_url, now, settings.watch)
    except LedgerError as error:
        raise UsageError(f"state: {error}") from error
    for warning in opened_ledger.warnings:
        log.warning("ledger", detail=warning)
    return opened_ledger.ledger


def _experience(ledger: Ledger, now: float) -> Learned:
    record = experience.load(ledger, now)
    if record.warning is not None:
        log.warning("experience", detail=record.warning)
    return record.learned


def _prober(
    settings: Settings,
    sources: list[Source],
    clock: Clock,
    metrics: SelfMetrics,
    secrets: Secrets,
) -> Prober:
    return Prober(
        settings.probes,
        ApiTester(settings.probes, secrets.learn),
        RequestSizer(sources, replay=settings.probes.replay),
        clock,
        on_result=metrics.probe,
        page_waits=settings.notify.wait_for_tests,
    )


def _intervals(settings: Settings) -> Intervals:
    notify = settings.notify
    return Intervals(
        group_interval=notify.update_interval,
        repeat_interval=notify.remind_after,
        reopen=notify.reopen_within,
        flapping=notify.flapping,
        for_=notify.hold,
        vanished=settings.kubernetes.vanished_kept,
    )


def _sources(settings: Settings, clock: Clock) -> list[Source]:
    share = poll_limits(settings)
    options = logs_options(settings, share)
    try:
        sources = [open_target(target, settings.s3, options)[0] for target in settings.logs]
    except TargetError as error:
        raise UsageError(f"logs: {error}") from error
    if wants_cluster(settings):
        sources.append(cluster_source(settings, clock, poll_limits=share))
    return sources


def _site(app: App, settings: Settings, clock: Clock, secrets: Secrets) -> Starlette:
    exposition = Exposition(lambda: app.snapshot, app.metrics)
    return build_app(
        lambda: app.snapshot,
        app.health,
        exposition,
        clock,
        refresh=max(1, round(settings.interval)),
        bundle=page_bundler(lambda: app.snapshot, settings, clock, secrets),
    )


def _stop_on_signals(stop: asyncio.Event) -> asyncio.Event:
    """`stop`, which SIGTERM and SIGINT set too."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
