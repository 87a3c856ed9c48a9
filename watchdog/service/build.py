"""Builds the service from its settings."""

from collections.abc import Callable
from functools import partial

import structlog

from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.probes.tester import ApiTester
from watchdog.collect.source import Source
from watchdog.collect.status_pages.reader import StatusPages
from watchdog.collect.targets import open_target
from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.masking import Key
from watchdog.model.learned import WEEK, Learned
from watchdog.model.probe import ProbeResult
from watchdog.model.report import Snapshot
from watchdog.notify.audience import audience
from watchdog.notify.channels.shadow import delivering_channels, shadow_of
from watchdog.notify.decide import Intervals
from watchdog.notify.deliver import Deliverer
from watchdog.notify.discretion import Discreet, as_it_is, with_stand_ins
from watchdog.notify.heartbeat.receivers import receivers
from watchdog.notify.ledger import experience
from watchdog.notify.ledger.checkpoints import CheckpointStore, open_checkpoints
from watchdog.notify.ledger.database import LedgerError, OpenedLedger, open_ledger
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.term import Term
from watchdog.notify.ledger.worker import LedgerWorker
from watchdog.pipeline.degraded import DegradedRuns
from watchdog.pipeline.doctor.checks import examine
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.outlooks import Outlooks
from watchdog.pipeline.retry_history import RetryHistory
from watchdog.pipeline.source_state import SourceState
from watchdog.pipeline.targets import (
    ALONE,
    cluster_source,
    feeds,
    logs_options,
    poll_limits,
    wants_cluster,
)
from watchdog.redaction import Secrets
from watchdog.service.app import App, Parts
from watchdog.service.canary import CanaryRounds
from watchdog.service.checkpoint_records import version
from watchdog.service.checkpoints import Checkpoints
from watchdog.service.doctor import Doctor
from watchdog.service.guarded import guarded_sources
from watchdog.service.heartbeat import Heartbeat
from watchdog.service.homes import homes
from watchdog.service.inside import InsideSources
from watchdog.service.kept import KeptExperience, KeptMutes, KeptNames
from watchdog.service.kept_calls import KeptCalls
from watchdog.service.kept_costs import KeptCosts
from watchdog.service.page_bundles import page_bundler
from watchdog.service.prober import Prober
from watchdog.service.request_size import RequestSizer
from watchdog.service.stand_ins import StandIns
from watchdog.service.status_pages import StatusPageRounds
from watchdog.service.unopened import UnopenedSource
from watchdog.service.weekly import WeekBook, WeeklyRounds
from watchdog.surfaces.metrics import Exposition, SelfMetrics
from watchdog.surfaces.web.access import Access
from watchdog.surfaces.web.hosts import hosts
from watchdog.surfaces.web.routes import Site

Clock = Callable[[], float]
OnSnapshot = Callable[[Snapshot], None]

log = structlog.get_logger(__name__)


def build(  # noqa: PLR0913, PLR0917 - what a test puts in its place
    settings: Settings,
    sources: list[Source],
    clock: Clock,
    on_snapshot: OnSnapshot = lambda _snapshot: None,
    secrets: Secrets | None = None,
    outlooks: Outlooks | None = None,
    *,
    alone: bool = True,
    term: Term | None = None,
) -> App:
    """The service without its web server.

    Who isn't `alone` in its role writes no checkpoints; what a leader writes is written in its
    `term`, or not at all.
    """
    secrets = secrets if secrets is not None else Secrets()
    around = outlooks or Outlooks()
    parts = _parts(settings, sources, clock, secrets, around, alone=alone, term=term)
    return App(settings, parts, clock, on_snapshot)


def _parts(  # noqa: PLR0913 - what a test puts in its place
    settings: Settings,
    sources: list[Source],
    clock: Clock,
    secrets: Secrets,
    outlooks: Outlooks,
    *,
    alone: bool,
    term: Term | None,
) -> Parts:
    opened = _ledger(settings, clock())
    ledger = opened.ledger
    (opened.database or ledger).term = term
    standby = None if opened.database is None else ledger
    worker = LedgerWorker(opened.database or ledger, standby, clock)
    kept = settings.retention
    calls = KeptCalls(ledger, worker, clock())
    learned = _experience(ledger, clock())
    learner = Learner(learned, settings.thresholds, kept.learned / WEEK, calls.watch)
    metrics = SelfMetrics()
    guarded = guarded_sources(sources)
    its_homes = homes(settings, [source.name for source in guarded])
    names = KeptNames(ledger, worker, its_homes, clock, max(kept.names, kept.incidents))
    stand_ins = StandIns(settings, ledger)
    deliverer = Deliverer(
        ledger,
        delivering_channels(settings),
        clock,
        on_notification=metrics.notification,
        intervals=intervals(settings),
        audience=audience(settings.notify),
        ledger_worker=worker,
        discreet=discretion(settings, stand_ins.key),
        kept_seconds=kept.incidents,
        shadow=shadow_of(settings),
    )
    states = tuple(
        SourceState(
            source,
            label=source.name,
            names=names.names,
            learned_until=lambda: learner.learned_until,
            learned_before=learner.learned_until,
        )
        for source in guarded
    )
    checkpoints = _checkpoints(settings, clock(), metrics)
    if checkpoints is not None:
        checkpoints.term = term
    retries = RetryHistory()
    return Parts(
        sources=states,
        retries=retries,
        learner=learner,
        calls=calls,
        degraded_runs=DegradedRuns(settings.notify.degraded_after),
        prober=_prober(
            settings,
            RequestSizer(guarded, names.names.owner),
            clock,
            stand_ins.counting(metrics.probe),
            secrets,
        ),
        status_pages=StatusPageRounds(StatusPages(feeds(settings)), clock),
        deliverer=deliverer,
        mutes=KeptMutes(worker, clock),
        names=names,
        experience=KeptExperience(learner, worker, clock, loaded=standby is None),
        checkpoints=Checkpoints(checkpoints, states, clock, metrics, writes=alone, retries=retries),
        metrics=metrics,
        stand_ins=stand_ins,
        outlooks=outlooks,
        heartbeat=_heartbeat(settings, clock, metrics),
        doctor=Doctor(examine, metrics.examined),
        canary=CanaryRounds(settings, worker, clock, metrics),
        costs=KeptCosts(worker, settings.notify.time_zone),
        weekly=WeeklyRounds(settings, worker, clock, stand_ins.key),
    )


def _heartbeat(settings: Settings, clock: Clock, metrics: SelfMetrics) -> Heartbeat:
    try:
        heard_by = receivers(settings)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return Heartbeat(heard_by, settings.heartbeat.interval, clock, metrics.heartbeat)


def _ledger(settings: Settings, now: float) -> OpenedLedger:
    try:
        opened_ledger = open_ledger(settings.state_url, now, settings.watch)
    except LedgerError as error:
        raise UsageError(f"state: {error}") from error
    for warning in opened_ledger.warnings:
        log.warning("ledger", detail=warning)
    return opened_ledger


def _checkpoints(settings: Settings, now: float, metrics: SelfMetrics) -> CheckpointStore | None:
    kept = settings.retention.checkpoints
    opened = open_checkpoints(settings.state_url, now, settings.watch, version(), kept)
    if opened.warning:
        metrics.checkpoint_failed()
        log.warning("checkpoints", detail=opened.warning)
    return opened.store


def _experience(ledger: Ledger, now: float) -> Learned:
    record = experience.load(ledger, now)
    if record.warning is not None:
        log.warning("experience", detail=record.warning)
    return record.learned


def _prober(
    settings: Settings,
    sizer: RequestSizer,
    clock: Clock,
    on_result: Callable[[ProbeResult], None],
    secrets: Secrets,
) -> Prober:
    return Prober(
        settings.probes,
        ApiTester(settings.probes, secrets.learn),
        sizer,
        clock,
        on_result=on_result,
        page_waits=settings.notify.wait_for_tests,
    )


def discretion(settings: Settings, key: Key) -> Discreet:
    """How secret models are named to people."""
    return as_it_is if settings.notify.name_secret_models else with_stand_ins(key)


def intervals(settings: Settings) -> Intervals:
    """When people are told of what stays."""
    notify = settings.notify
    return Intervals(
        group_interval=notify.update_interval,
        repeat_interval=notify.remind_after,
        reopen=notify.reopen_within,
        flapping=notify.flapping,
        for_=notify.hold,
        vanished=settings.kubernetes.vanished_kept,
    )


def open_sources(
    settings: Settings, clock: Clock, outlooks: Outlooks | None = None
) -> list[Source]:
    """What is watched; what can't be opened yet is tried again later.

    Raises:
        UsageError: nothing of it can be opened.
    """
    share = poll_limits(settings)
    with_cluster = wants_cluster(settings)
    is_alone = len(settings.logs) == 1 and not with_cluster
    names = {target: ALONE if is_alone else target for target in settings.logs}
    options = logs_options(settings, share, outlooks)
    targets = [UnopenedSource(n, partial(_open, t, n, settings, options)) for t, n in names.items()]
    errors = [error for target in targets if (error := target.open()) is not None]
    if with_cluster:
        return [*targets, cluster_source(settings, clock, poll_limits=share, outlooks=outlooks)]
    if errors and len(errors) == len(targets):
        raise UsageError(f"logs: {errors[0]}") from errors[0]
    return list(targets)


def _open(target: str, name: str, settings: Settings, options: LogsOptions) -> Source:
    return open_target(target, settings.s3, options, name=name)[0]


def site_of(app: App, settings: Settings, clock: Clock, secrets: Secrets, access: Access) -> Site:
    """Page, API and metrics of a service."""
    return Site(
        read=lambda: app.snapshot,
        health=app.health,
        exposition=Exposition(lambda: app.snapshot, app.metrics, app.stand_ins.masked),
        clock=clock,
        refresh=max(1, round(settings.interval)),
        hosts=hosts(settings.address[0], settings.external_url, settings.web.hosts),
        bundle=page_bundler(lambda: app.settings, clock, secrets),
        access=access,
        key=app.stand_ins.key,
        inside=InsideSources(app.sources),
        links=lambda: app.settings.links,
        desk=app.desk,
        weeks=WeekBook(app.ledger_worker, lambda: app.settings, clock),
    )
