"""The only wiring: sources, state, ledger, channels and web, driven by APScheduler's jobs.

Each source has a job of its own: a slow or failing one delays only itself, and none overlaps
itself. After every poll everything remembered is judged anew and the surfaces get the snapshot.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from msgspec.structs import replace

from watchdog.collect.probes.routes import provider_of
from watchdog.collect.source import Source
from watchdog.collect.status_pages.reader import StatusPages
from watchdog.config.settings import Settings
from watchdog.correlate.incidents import Findings, Notes
from watchdog.model.learned import WEEK, Learned
from watchdog.model.report import Snapshot
from watchdog.model.state import EvalSetState
from watchdog.model.status_page import StatusPageIncident
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.experience import save
from watchdog.notify.ledger.mutes import Mute, mutes
from watchdog.pipeline.degraded import DegradedRuns
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.source_state import SourceState, all_problems, all_states
from watchdog.pipeline.targets import store_of
from watchdog.service.prober import Prober
from watchdog.surfaces.metrics import SelfMetrics
from watchdog.surfaces.web.health import Health

Clock = Callable[[], float]
OnSnapshot = Callable[[Snapshot], None]
Work = Callable[..., Awaitable[None]]

_TURN_SECONDS = 1.0
_FLUSH_SECONDS = 1.0
_PRUNE_SECONDS = 3600.0
_CHECK_SECONDS = 3600.0
_SAVE_SECONDS = 60.0
_CLOSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class App:
    """The service. `tick()` is one turn of everything, for tests and tools; `run()` goes on."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that it wires
        self,
        settings: Settings,
        sources: Sequence[Source],
        deliverer: Deliverer,
        metrics: SelfMetrics,
        clock: Clock,
        on_snapshot: OnSnapshot = lambda _snapshot: None,
        learned: Learned | None = None,
        prober: Prober | None = None,
        outside: StatusPages | None = None,
    ) -> None:
        self.settings = settings
        self.deliverer = deliverer
        self.metrics = metrics
        self.clock = clock
        self.snapshot: Snapshot | None = None
        self.learner = Learner(learned, settings.thresholds)
        self._watched = [SourceState(each, learned_until=self._learned_until) for each in sources]
        self._on_snapshot = on_snapshot
        self._turned_at = clock()
        self._slowest_poll = 0.0
        self._told: dict[str, str] = {}
        self._stopping = False
        self._saved = self.learner.learned
        self._mutes: tuple[Mute, ...] = ()
        self._degraded_runs = DegradedRuns(settings.notify.degraded_after)
        self._prober = prober
        if prober is not None:
            prober.on_round = self._tell_anew
        self._outside = outside
        self._outside_said: tuple[StatusPageIncident, ...] = ()
        self._looking: asyncio.Task[None] | None = None

    @property
    def listed(self) -> bool:
        """Every source was listed once in full."""
        return all(each.listed_once for each in self._watched)

    def health(self) -> Health:
        """What `/healthz` and `/readyz` tell."""
        return Health(
            loop_turned_at=self._turned_at,
            first_complete_poll=self.listed and self.snapshot is not None,
            failing_sources=tuple(silent for each in self._watched for silent in _silent(each)),
            failing_channels=self.deliverer.failing,
            held=self.deliverer.held,
            tells=self.deliverer.tells,
        )

    async def tick(self) -> Snapshot:
        """Poll every source once, evaluate, deliver."""
        await asyncio.gather(*(self.poll(each) for each in self._watched))
        await self.deliverer.flush()
        return self.snapshot or self.evaluate()

    async def poll(self, watched: SourceState) -> None:
        """One source's job: read, judge, write down what is to be told."""
        began = time.monotonic()
        result = await watched.poll(self.clock())
        seconds = time.monotonic() - began
        self._slowest_poll = max(seconds, self._slowest_poll * 0.9)
        self.metrics.stage_took("collect", seconds)
        for reason in result.failures:
            self.metrics.source_error(watched.source.name, reason)
        for part, reason in result.part_failures:
            self.metrics.source_error(part, reason)
        began = time.monotonic()
        await self._read_mutes()
        snapshot = self.evaluate()
        self.metrics.stage_took("evaluate", time.monotonic() - began)
        if self.listed and result.complete:
            self.metrics.poll_complete(snapshot.at)
        await self._tell_all(snapshot)
        self._look_outside(snapshot)

    async def _tell_anew(self) -> None:
        """Tests or status pages said something: nobody waits for the next poll to hear of it."""
        await self._tell_all(self.evaluate())

    async def _tell_all(self, snapshot: Snapshot) -> None:
        await self.deliverer.handle(snapshot, self.listed)
        self.metrics.channels_failing(self.deliverer.channels, self.deliverer.refusing)

    async def _read_mutes(self) -> None:
        """What was muted by hand; while the ledger can't be read, what was muted before."""
        now = self.clock()
        found = await self.deliverer.ledger_worker.read(lambda ledger: mutes(ledger, now))
        self._mutes = self._mutes if found is None else found

    def evaluate(self) -> Snapshot:
        """Judge everything remembered; the surfaces see it once every source was listed."""
        states, now = all_states(self._watched), self.clock()
        if self.listed:
            self.learner.take(states, now)
            self.metrics.learned(self.learner.learned.weeks * WEEK)
        snapshot = self._judge(states, now)
        if self.listed:
            snapshot = self._test(snapshot, states, now)
            self.snapshot = snapshot
            self._degraded_runs.take(snapshot.report.eval_sets, now)
            self._tell(snapshot)
            self._on_snapshot(snapshot)
        return snapshot

    def _judge(self, states: Sequence[EvalSetState], now: float) -> Snapshot:
        limits = self.settings.thresholds
        max_age = limits.stale_intervals * (self.settings.interval + self._slowest_poll)
        return evaluate(
            states,
            all_problems(self._watched),
            now,
            limits,
            max_age,
            learned=self.learner.learned,
            overrides=(*self.settings.allowances, *(each.override for each in self._mutes)),
            findings=Findings(
                self._prober.results if self._prober else {},
                self._outside_said,
            ),
            store=store_of(self.settings),
            notes=Notes(self._degraded_runs.since(now), self.deliverer.restrictions(states)),
        )

    def _test(self, snapshot: Snapshot, states: Sequence[EvalSetState], now: float) -> Snapshot:
        """Begin the direct API tests that its incidents ask for; which of them are under way."""
        if self._prober is None:
            return snapshot
        asked = {s.model: s for each in reversed(snapshot.subjects.values()) for s in each}
        if self._prober.take(asked):
            snapshot = self._judge(states, now)
        testing = self._prober.testing
        ids = (i for i, each in snapshot.subjects.items() if testing & {s.model for s in each})
        return replace(snapshot, testing=frozenset(ids))

    def _look_outside(self, snapshot: Snapshot) -> None:
        """Ask the status pages of the providers in trouble, beside everything else."""
        models = (s.model for each in snapshot.subjects.values() for s in each)
        providers = {provider_of(model) for model in models}
        under_way = self._looking is not None and not self._looking.done()
        if self._outside is None or not self.listed or under_way:
            return
        if providers or self._outside_said:
            self._looking = asyncio.create_task(self._ask_outside(self._outside, providers))

    async def _ask_outside(self, outside: StatusPages, providers: set[str]) -> None:
        said = await outside.about(providers, self.clock())
        if said != self._outside_said:
            self._outside_said = said
            await self._tell_anew()

    async def save(self) -> None:
        """Keep what was learned, for the next start."""
        learned = self.learner.learned
        if learned is not self._saved:
            await self.deliverer.ledger_worker.write(
                lambda ledger: save(ledger, learned, self.clock())
            )
            self._saved = learned

    def _learned_until(self) -> float | None:
        return self.learner.learned.until

    def turn(self) -> None:
        """The loop lives."""
        self._turned_at = self.clock()

    def schedule(self, scheduler: AsyncIOScheduler) -> None:
        """One job for each source, and the service's own."""
        for index, watched in enumerate(self._watched):
            name = f"poll-{index}"
            _every(scheduler, self._job(self.poll), self.settings.interval, name, watched)
        _every(scheduler, self._job(self.deliverer.flush), _FLUSH_SECONDS, "flush")
        _every(scheduler, self._job(self.deliverer.prune), _PRUNE_SECONDS, "prune")
        _every(scheduler, self._job(self.deliverer.check), _CHECK_SECONDS, "check-channels")
        _every(scheduler, self._job(self.save), _SAVE_SECONDS, "save")
        _every(scheduler, self.turn, _TURN_SECONDS, "turn")

    def _job(self, work: Work) -> Work:
        """`work` as a job that ends without a word when the service stops in the middle of it."""

        async def job(*arguments: Any) -> None:  # noqa: ANN401 - whatever the work takes
            try:
                await work(*arguments)
            except asyncio.CancelledError:
                if not self._stopping:
                    raise

        return job

    async def run(self, stop: asyncio.Event) -> None:
        """Turn until `stop` is set."""
        await self.deliverer.start()
        scheduler = AsyncIOScheduler()
        self.schedule(scheduler)
        scheduler.start()
        await stop.wait()
        self._stopping = True
        scheduler.shutdown(wait=False)

    async def aclose(self) -> None:
        """Release everything, each part within bounded time."""
        if self._looking is not None:
            self._looking.cancel()
        helpers = [each for each in (self._prober, self._outside) if each is not None]
        parts = [
            *(each.aclose() for each in helpers),
            self._save_and_close(),
            *(each.source.aclose() for each in self._watched),
        ]
        for part in parts:
            try:
                await asyncio.wait_for(part, _CLOSE_SECONDS)
            except TimeoutError:
                log.warning("close_timed_out")

    async def _save_and_close(self) -> None:
        await self.save()
        await self.deliverer.aclose()

    def _tell(self, snapshot: Snapshot) -> None:
        """A log line whenever the verdict of an eval set changes."""
        now_told = {}
        for eval_set in snapshot.report.eval_sets:
            now_told[eval_set.eval_set_id] = eval_set.verdict.value
            if self._told.get(eval_set.eval_set_id) != eval_set.verdict.value:
                log.info(
                    "verdict",
                    eval_set_id=eval_set.eval_set_id,
                    verdict=eval_set.verdict.value,
                    cause=eval_set.cause.value if eval_set.cause else None,
                    summary=eval_set.summary,
                )
        self._told = now_told


def _silent(watched: SourceState) -> tuple[tuple[str, str], ...]:
    """What doesn't answer of a source: it itself, or parts behind it."""
    itself = () if watched.answered else ((watched.source.name, _why(watched)),)
    return (*itself, *watched.silent)


def _why(watched: SourceState) -> str:
    if watched.polled_at is None:
        return "not polled yet"
    return watched.problems[0].text if watched.problems else "no answer"


def _every(
    scheduler: AsyncIOScheduler,
    job: Callable[..., object],
    seconds: float,
    name: str,
    *arguments: object,
) -> None:
    """Run `job` at once and then at this rhythm; it never overlaps itself and never piles up."""
    scheduler.add_job(
        job,
        "interval",
        seconds=seconds,
        id=name,
        args=arguments,
        next_run_time=datetime.now(UTC),  # noqa: TID251 - APScheduler's own clock
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
