"""The service's turn: read a source, learn, judge, ask for tests, publish, notify.

Each source has a job of its own: a slow or failing one delays only itself, and none overlaps
itself. After every poll everything remembered is judged anew and the surfaces get the snapshot.
What the parts are and how they are joined stands in `run.py`.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import structlog
from msgspec import Struct
from msgspec.structs import replace

from watchdog import log_repeats
from watchdog.collect.faults import Faults
from watchdog.collect.probes.routes import is_set_up
from watchdog.collect.probes.tester import ApiTester
from watchdog.collect.source import PollResult
from watchdog.config.settings import Settings
from watchdog.correlate.incidents import Findings, Notes
from watchdog.model.acts import ActKind
from watchdog.model.providers import provider_of
from watchdog.model.report import Snapshot
from watchdog.model.state import EvalSetState
from watchdog.model.texts import first_line
from watchdog.notify.deliver import Deliverer, Telling
from watchdog.notify.heartbeat.decision import Standing
from watchdog.notify.heartbeat.receivers import Receiver
from watchdog.notify.ledger.term import DeposedError
from watchdog.notify.ledger.worker import LedgerWorker
from watchdog.pipeline.degraded import DegradedRuns
from watchdog.pipeline.doctor.finding import Patient
from watchdog.pipeline.evaluate import Surroundings
from watchdog.pipeline.incremental import Evaluator, Question
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.outlooks import Outlooks
from watchdog.pipeline.retry_history import RetryHistory
from watchdog.pipeline.source_state import (
    SourceState,
    all_not_watched,
    all_problems,
    all_reports,
    known_states,
)
from watchdog.pipeline.targets import store_of
from watchdog.redaction import without_secrets
from watchdog.service.canary import CanaryRounds
from watchdog.service.checkpoints import Checkpoints
from watchdog.service.doctor import LOOK_SECONDS as DOCTOR_SECONDS
from watchdog.service.doctor import Doctor
from watchdog.service.first_words import FirstWords
from watchdog.service.heap import Heap, trim
from watchdog.service.heartbeat import LOOK_SECONDS, Heartbeat
from watchdog.service.incidents import IncidentDesk
from watchdog.service.judged_pages import JudgedPages
from watchdog.service.kept import KeptExperience, KeptMutes, KeptNames
from watchdog.service.kept_calls import KeptCalls
from watchdog.service.kept_costs import KeptCosts, Look
from watchdog.service.page_bundles import leftover_seconds, remove_leftovers
from watchdog.service.prober import Prober
from watchdog.service.schedule import Schedule
from watchdog.service.stand_ins import StandIns
from watchdog.service.status_pages import StatusPageRounds
from watchdog.service.stopping import CLOSE_SECONDS
from watchdog.service.verdict_log import VerdictLog
from watchdog.service.weekly import WeeklyRounds
from watchdog.surfaces.metrics import SelfMetrics
from watchdog.surfaces.redacted import RedactedSnapshots
from watchdog.surfaces.web.health import Health
from watchdog.threads import DefaultExecutor

T = TypeVar("T")

Clock = Callable[[], float]
OnSnapshot = Callable[[Snapshot], None]

_TURN_SECONDS = 1.0
_FLUSH_SECONDS = 1.0
_PRUNE_SECONDS = 3600.0
_CHECK_SECONDS = 3600.0
_SAVE_SECONDS = 60.0
_TRIM_SECONDS = 60.0
_CANARY_SECONDS = 60.0
_WEEKLY_SECONDS = 60.0
HISTORY_SHARE = 0.25
"""Of the time is spent on old rows of long histories, once what is new was judged."""

log = structlog.get_logger(__name__)


class Parts(Struct, frozen=True):
    """What the service is made of."""

    sources: tuple[SourceState, ...]
    retries: RetryHistory
    learner: Learner
    calls: KeptCalls
    degraded_runs: DegradedRuns
    prober: Prober
    status_pages: StatusPageRounds
    deliverer: Deliverer
    mutes: KeptMutes
    names: KeptNames
    experience: KeptExperience
    checkpoints: Checkpoints
    metrics: SelfMetrics
    stand_ins: StandIns
    outlooks: Outlooks
    heartbeat: Heartbeat
    doctor: Doctor
    canary: CanaryRounds
    costs: KeptCosts
    weekly: WeeklyRounds


class App:
    """The service. `tick()` is one turn of everything, for tests and tools; `run()` goes on."""

    def __init__(
        self,
        settings: Settings,
        parts: Parts,
        clock: Clock,
        on_snapshot: OnSnapshot = lambda _snapshot: None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_snapshot = on_snapshot
        self._sources = parts.sources
        self.learner = parts.learner
        self._calls = parts.calls
        self._degraded_runs = parts.degraded_runs
        self._prober = parts.prober
        self._status_pages = parts.status_pages
        self._deliverer = parts.deliverer
        self._mutes = parts.mutes
        self._names = parts.names
        self._experience = parts.experience
        self._checkpoints = parts.checkpoints
        self.metrics = parts.metrics
        self.stand_ins = parts.stand_ins
        self._outlooks = parts.outlooks
        self._heartbeat = parts.heartbeat
        self.metrics.heartbeat_interval(self._heartbeat.interval)
        self._doctor = parts.doctor
        self.canary = parts.canary
        self._costs = parts.costs
        self.weekly = parts.weekly
        self.metrics.shadow(settings.notify.quiet_channel is not None)
        self._redacted = RedactedSnapshots()
        self._retries = parts.retries
        self._also: list[tuple[float, Callable[[], Awaitable[None]]]] = []
        self._faults = Faults("judging")
        self._evaluator = Evaluator(settings.interval, self._faults.note)
        self._verdicts = VerdictLog()
        self._first_words = FirstWords()
        self._silent: frozenset[str] = frozenset()
        self._turned_at = time.monotonic()
        self._heap = Heap(time.monotonic())
        self._slowest_poll = 0.0
        self._lags: dict[str, float] = {}
        """By how much the latest task of a source is late, by the source's name."""
        self._judging = DefaultExecutor(1, "judging")
        """One thread: what learns and judges never runs twice at once, even where it was left."""
        self._concluding = asyncio.Lock()
        self._asked = 0
        self._concluded: tuple[int, Snapshot] | None = None
        """The last word, and who had asked for one by when it began."""
        self.snapshot: Snapshot | None = None
        """What the surfaces read; None before the first poll of any source."""
        for rounds in (self._prober, self._status_pages):
            rounds.on_round = self._conclude_and_notify
        self._judged = JudgedPages(self._deliverer.ledger_worker, clock, self.metrics.page_judged)
        self.desk = IncidentDesk(self._deliverer, clock, self._heed)

    @property
    def settings(self) -> Settings:
        """What it goes by now."""
        return self._settings

    async def go_by(
        self,
        settings: Settings,
        tester: ApiTester,
        telling: Telling,
        heard_by: Sequence[Receiver] | None = None,
    ) -> None:
        """From now on other settings count, of those that a running service can take up.

        Args:
            settings: all of them.
            tester: makes direct tests.
            telling: how people are told.
            heard_by: who hears the heartbeat; None where that stays as it was.
        """
        self._settings = settings
        self.learner.limits = settings.thresholds
        self._degraded_runs.after = settings.notify.degraded_after
        self._prober.go_by(settings.probes, tester, settings.notify.wait_for_tests)
        self.canary.go_by(settings)
        self._costs.go_by(settings.notify.time_zone)
        self.weekly.go_by(settings)
        self.metrics.shadow(settings.notify.quiet_channel is not None)
        await self._deliverer.go_by(telling)
        if heard_by is not None:
            await self._heartbeat.go_by(heard_by, settings.heartbeat.interval)
            self.metrics.heartbeat_interval(self._heartbeat.interval)
        if self.snapshot is not None:  # nobody waits for the next poll
            await self._conclude_and_notify()

    @property
    def ledger_worker(self) -> LedgerWorker:
        """The ledger."""
        return self._deliverer.ledger_worker

    @property
    def sources(self) -> tuple[SourceState, ...]:
        """What it watches."""
        return self._sources

    @property
    def listed(self) -> bool:
        """Some source was listed once in full; what others hold waits for them."""
        return any(source.listed_once for source in self._sources)

    @property
    def _max_age(self) -> float:
        """Seconds after which a source that doesn't end its poll counts as silent.

        The first listing of a large store takes its time; none later takes as long as that.
        """
        intervals = self._settings.thresholds.stale_intervals
        return intervals * (self._settings.interval + self._slowest_poll)

    def health(self) -> Health:
        """What `/healthz` and `/readyz` tell."""
        now = self._clock()
        health = Health(
            seconds_since_turn=time.monotonic() - self._turned_at,
            judged_at=self._judged_late(now),
            first_complete_poll=self.snapshot is not None
            and all(source.listed_once for source in self._sources),
            sources=all_reports(self._sources, now, self._max_age),
            failing_sources=tuple(
                part for source in self._sources for part in source.failing_at(now, self._max_age)
            ),
            failing_channels=self._deliverer.failing,
            held=self._deliverer.held,
            tells=self._deliverer.tells,
            shadow=self._settings.notify.quiet_words,
        )
        return without_secrets(health)

    def standing(self) -> Standing:
        """What a heartbeat says that it is well."""
        now = self._clock()
        return Standing(
            sources=all_reports(self._sources, now, self._max_age),
            lags=self._lags,
            is_judged=self.snapshot is not None and self._judged_late(now) is None,
            max_age=self._max_age,
            failing=self._deliverer.failing,
            unproven=self._deliverer.unproven,
            tells=self._deliverer.tells,
            needs_channel=not self._settings.heartbeat.without_channels,
        )

    async def beat(self) -> None:
        """Send a heartbeat where one is due and nothing speaks against it."""
        await self._heartbeat.beat(self.standing, self._deliverer.prove)

    async def examine(self) -> None:
        """Examine what the service takes, where that is due and something was polled."""
        if self.snapshot is not None:
            await self._doctor.examine(self._patient)

    def _patient(self) -> Patient:
        states = self._states()
        specs = (task.spec for state in states for task in state.tasks.values())
        versions = (spec.inspect_version for spec in specs if spec is not None)
        seen = frozenset(version for version in versions if version is not None)
        views = [state.view for state in states if state.view is not None]
        hawks = frozenset(job.hawk_version for view in views for job in view.jobs)
        return Patient(self._settings, self._clock, seen, hawks if views else None)

    def _judged_late(self, now: float) -> float | None:
        """When it was judged last, where that is too long ago; None where it isn't."""
        at = self.snapshot.at if self.snapshot is not None else now
        return at if now - at > self._max_age else None

    async def tick(self) -> Snapshot:
        """Poll every source once, judge, deliver."""
        await asyncio.gather(*(self.poll(source) for source in self._sources))
        await self._deliverer.flush()
        return self.snapshot or await self.judge(self._states(), self._clock())

    async def caught_up(self, source: SourceState) -> None:
        """One source's job: a poll, and while one doesn't come to all that is due, the next."""
        while await self.poll(source):
            pass

    async def poll(self, source: SourceState) -> int:
        """Read a source, judge, tell; how many tasks were due that it did not come to."""
        await self._checkpoints.load()
        result = await self._read(source)
        started_at = time.monotonic()
        await self._mutes.read()
        snapshot = await self.conclude()
        self.metrics.stage_took("evaluate", time.monotonic() - started_at)
        if result.complete:
            self.metrics.poll_complete(snapshot.at)
        self.metrics.sources(snapshot.report.sources)
        await self._notify(snapshot)
        await self._count_costs(snapshot, complete=result.complete)
        if self.listed:
            self._status_pages.take(_providers(snapshot))
        if not result.late:
            await source.read_history(HISTORY_SHARE * self._settings.interval)
        await self._checkpoints.take(source)
        return result.late

    async def _count_costs(self, snapshot: Snapshot, *, complete: bool) -> None:
        """What is lost meanwhile, and that it was watched."""
        await self._costs.load(snapshot.at)
        views = {state.eval_set_id: state.view for state in self._states()}
        look = Look(snapshot, views, complete, self._max_age)
        await self._apart(partial(self._costs.take, look))

    async def _read(self, source: SourceState) -> PollResult:
        """Poll a source, and count how long it took and what failed."""
        started_at = time.monotonic()
        result = await source.poll(self._clock())
        seconds = time.monotonic() - started_at
        self._slowest_poll = max(seconds, self._slowest_poll * 0.9)
        self.metrics.stage_took("collect", seconds)
        self.metrics.late(source.name, result.late, result.lag)
        self._lags[source.name] = result.lag
        failures = Counter((source.name, reason) for reason in result.failures)
        for (part, reason), times in (failures + Counter(result.part_failures)).items():
            self.metrics.source_error(part, reason, times)
        self._note_silence()
        return result

    def _note_silence(self) -> None:
        """One line when a source, or a part of one, falls silent, and one when it answers again."""
        polled = [source for source in self._sources if source.polled_at is not None]
        silent = {name: why for source in polled for name, why in source.failing}
        for name in silent.keys() - self._silent:
            log.warning("source_silent", source=name, reason=silent[name])
        for name in self._silent - silent.keys():
            log.info("source_answers", source=name)
        self._silent = frozenset(silent)

    async def conclude(self) -> Snapshot:
        """Learn, judge, ask for tests, publish, of the sources that were listed.

        One at a time. Whoever waits for that, and had asked before another began, shares its word.
        """
        self._asked += 1
        asked = self._asked
        async with self._concluding:
            if self._concluded is not None and self._concluded[0] >= asked:
                return self._concluded[1]
            covered = self._asked
            snapshot = await self._conclude()
            self._concluded = covered, snapshot
            return snapshot

    async def _conclude(self) -> Snapshot:
        states, now = self._states(), self._clock()
        if self.listed:
            await self._learn(states, now)
        snapshot = await self.judge(states, now)
        await self._apart(partial(self._outlooks.take, snapshot))
        # before a test is counted under a model's name
        self.stand_ins.take(snapshot)
        snapshot = await self._request_tests(snapshot, states, now)
        # from here on it is only shown and told: tests need models' names as they are
        snapshot = await self._apart(partial(self._shown, snapshot))
        self._publish(snapshot)
        return snapshot

    def _shown(self, snapshot: Snapshot) -> Snapshot:
        snapshot = replace(
            snapshot,
            calls=self._calls.figures(snapshot.at),
            status_pages=self._status_pages.providers,
        )
        cleaned = self._redacted.of(snapshot)
        return replace(cleaned, retries=self._retries.take(cleaned.figures, cleaned.at))

    async def judge(self, states: Sequence[EvalSetState], now: float) -> Snapshot:
        """What is to be said of these states at `now`; changes nothing.

        In a thread of its own: what it reads are values, gathered here before it begins.
        """
        settings = self._settings
        around = Surroundings(
            problems=(
                *all_problems(self._sources),
                *self._doctor.problems,
                *self.canary.problems,
            ),
            overrides=(*settings.allowances, *self._mutes.overrides),
            findings=Findings(dict(self._prober.results), self._status_pages.incidents),
            store=store_of(settings),
            notes=Notes(self._degraded_runs.since(now), self._deliverer.restrictions(states)),
            not_watched=all_not_watched(self._sources),
            sources=all_reports(self._sources, now, self._max_age),
            can_test=is_set_up(settings.probes),
        )
        asked = Question(
            states,
            settings.thresholds,
            self._max_age,
            self.learner.learned,
            around,
            is_first=any(source.reads_first for source in self._sources),
        )
        return await self._apart(partial(self._evaluator.evaluate, asked, now))

    async def _apart(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._judging, work)

    def _states(self) -> list[EvalSetState]:
        return known_states(self._sources)

    async def _learn(self, states: Sequence[EvalSetState], now: float) -> None:
        try:
            await self._apart(partial(self.learner.take, states, now))
        except Exception as error:  # noqa: BLE001 - what is learned can wait, verdicts can't
            self._faults.note(error)
        self.metrics.learned(self.learner.watched_seconds)

    async def _request_tests(
        self, snapshot: Snapshot, states: Sequence[EvalSetState], now: float
    ) -> Snapshot:
        """Begin the direct API tests that its incidents ask for; which of them are under way."""
        subjects = {s.model: s for group in reversed(snapshot.subjects.values()) for s in group}
        if self._prober.take(subjects):
            snapshot = await self.judge(states, now)
        testing = self._prober.testing
        ids = (i for i, group in snapshot.subjects.items() if testing & {s.model for s in group})
        return replace(snapshot, testing=frozenset(ids))

    def _publish(self, snapshot: Snapshot) -> None:
        """Let the surfaces see it, and remember what later judgments and the log need of it."""
        self.snapshot = snapshot
        eval_sets = snapshot.report.eval_sets
        self._degraded_runs.take(eval_sets, snapshot.at)
        self._first_words.take(snapshot)
        self._verdicts.take(eval_sets)
        self._on_snapshot(snapshot)

    async def _notify(self, snapshot: Snapshot) -> None:
        await self._names.save(self._sources)
        decisions = await self._deliverer.handle(snapshot, self.listed)
        await self._judged.look(decisions)
        self.metrics.channels_failing(self._deliverer.channels, self._deliverer.refusing)

    async def _conclude_and_notify(self) -> None:
        """Tests or status pages said something: nobody waits for the next poll to hear of it."""
        await self._notify(await self.conclude())

    async def _heed(self, kind: ActKind) -> None:
        """Somebody did something about an incident: messages show it without waiting for a poll."""
        if self.snapshot is None:
            return
        if kind == "silence":
            await self._mutes.read()
            await self._conclude_and_notify()
        else:
            await self._notify(self.snapshot)
        await self._deliverer.flush()

    async def turn(self) -> None:
        """The loop lives."""
        self._turned_at = time.monotonic()
        self._heap.settle(time.monotonic())
        repeats = log_repeats.installed()
        for failure in repeats.over() if repeats is not None else ():
            log.info("failure_over", **failure)

    async def start(self) -> None:
        """Once, before the first turn."""
        await self._deliverer.start()

    def also(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Before `run`: do this too, at this rhythm."""
        self._also.append((seconds, work))

    async def run(self, stop: asyncio.Event) -> None:
        """Turn until `stop` is set."""
        await self.start()
        schedule = Schedule()
        for place, source in enumerate(self._sources):
            schedule.every(self._settings.interval, f"poll-{place}", self.caught_up, source)
        schedule.every(_FLUSH_SECONDS, "flush", self._deliverer.flush)
        schedule.every(_PRUNE_SECONDS, "prune", self.prune)
        schedule.every(_CHECK_SECONDS, "check-channels", self._deliverer.check)
        schedule.every(_SAVE_SECONDS, "save", self.save)
        schedule.every(_CANARY_SECONDS, "canary", self.canary.turn)
        schedule.every(_WEEKLY_SECONDS, "weekly-report", self.weekly.turn)
        schedule.every(_TRIM_SECONDS, "trim", asyncio.to_thread, trim)
        schedule.every(DOCTOR_SECONDS, "doctor", self.examine)
        schedule.every(LOOK_SECONDS, "heartbeat", self.beat)
        schedule.every(_TURN_SECONDS, "turn", self.turn)
        for number, (seconds, work) in enumerate(self._also):
            schedule.every(seconds, f"also-{number}", work)
        await schedule.run(stop)

    async def prune(self) -> None:
        """Forget what was kept long enough (`retention`)."""
        await self._deliverer.prune()
        await self._checkpoints.prune()
        await asyncio.to_thread(remove_leftovers, leftover_seconds(self._settings))

    async def aclose(self) -> None:
        """Release everything side by side, within bounded time."""
        await asyncio.gather(
            _close("tests", self._prober.aclose()),
            _close("status pages", self._status_pages.aclose()),
            _close("channels and ledger", self._save_and_close()),
            _close("checkpoints", self._checkpoints.aclose()),
            _close("heartbeat", self._heartbeat.aclose()),
            _close("incidents", self.desk.aclose()),
            *(_close(source.name, source.aclose()) for source in self._sources),
        )

    async def save(self) -> None:
        """What a restart goes on with."""
        # in this order: what is read anew was not learned before
        await self._checkpoints.save()
        await self._experience.save()
        await self._calls.save()
        await self._costs.save()

    async def _save_and_close(self) -> None:
        self._judging.shutdown(wait=False, cancel_futures=True)
        await self._experience.save()
        await self._calls.save()
        await self._costs.save()
        await self._deliverer.aclose()


async def _close(name: str, part: Awaitable[None]) -> None:
    try:
        await asyncio.wait_for(part, CLOSE_SECONDS)
    except TimeoutError:
        log.warning("close_timed_out", part=name)
    except DeposedError:
        return  # whoever noticed has said so: another one goes on
    except Exception as error:  # noqa: BLE001 - a flaw of one part must not hold the others' end
        reason = first_line(f"{type(error).__name__}: {error}")
        log.error("close_failed", part=name, error=reason)  # noqa: TRY400 - one line


def _providers(snapshot: Snapshot) -> set[str]:
    """The providers whose models the incidents are about."""
    return {provider_of(subject.model) for group in snapshot.subjects.values() for subject in group}
