"""Runs direct API tests while incidents ask for them, within their budget, several at once.

A round tests the small request on both routes; where one passes, a request of the failing one's
size follows there. What was found is kept in a `Book`; what it means is `probing.interpret`'s.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace

from watchdog.collect.probes.dialects import Message
from watchdog.collect.probes.tester import ApiTester, Trial, filler, not_tested
from watchdog.config.probes import Probes
from watchdog.model.probe import ProbeResult, Route, Subject
from watchdog.probing import plan
from watchdog.probing.plan import Book, Limits
from watchdog.probing.view import ROUTES

log = structlog.get_logger(__name__)

Clock = Callable[[], float]


class RequestSize(Struct, frozen=True):
    """What is known of a failing request."""

    tokens: int = 0
    """Estimated input tokens; 0 where `why` tells the reason for knowing nothing."""
    why: str = ""
    messages: Sequence[Message] | None = None
    """Its own texts; they are sent only where the settings ask for it."""


SizeOf = Callable[[Subject], Awaitable[RequestSize]]


class Prober:
    """Direct API tests as the service runs them. Used from one event loop."""

    def __init__(  # noqa: PLR0913
        self,
        settings: Probes,
        tester: ApiTester,
        measure: SizeOf,
        clock: Clock,
        *,
        on_result: Callable[[ProbeResult], None] = lambda _result: None,
        on_round: Callable[[], Awaitable[None]] | None = None,
        page_waits: float = 90.0,
    ) -> None:
        self._settings = settings
        self._limits = limits(settings)
        self._tester = tester
        self._measure = measure
        self._clock = clock
        self._on_result = on_result
        self._page_waits = page_waits
        self.on_round = on_round
        """Called when a model's round is done: its results can be shown."""
        self._book = Book()
        self._rounds: dict[str, asyncio.Task[None]] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    @property
    def results(self) -> Mapping[str, tuple[ProbeResult, ...]]:
        """What was found, by model, oldest first."""
        return self._book.results

    @property
    def testing(self) -> frozenset[str]:
        """Models whose first round is under way, and not for longer than a page may wait."""
        return frozenset(model for model in self._rounds if self._is_first(model))

    def _is_first(self, model: str) -> bool:
        rounds = self._book.rounds.get(model, plan.Rounds())
        started_at = rounds.last_at if rounds.last_at is not None else self._clock()
        return rounds.count <= 1 and self._clock() - started_at < self._page_waits

    def take(self, subjects: Mapping[str, Subject]) -> bool:
        """What the open incidents ask for now, by model: begin what is due, cancel the rest.

        Returns:
            Whether something was noted at once: models that can't be tested need no round.
        """
        now = self._clock()
        results_before = self._book.results
        self._book = plan.asked(self._book, subjects.keys(), now)
        for model in self._rounds.keys() - subjects.keys():
            self._rounds[model].cancel()
        for model in plan.due(self._book, self._limits, subjects.keys(), now):
            if model not in self._rounds and len(self._rounds) < self._settings.concurrency:
                self._begin(model, subjects[model], now)
        return self._book.results != results_before

    def go_by(self, settings: Probes, tester: ApiTester, page_waits: float) -> None:
        """From the next request on other settings count; what is under way is not broken off."""
        former, self._tester = self._tester, tester
        self._settings, self._limits = settings, limits(settings)
        self._page_waits = page_waits
        retiring = asyncio.create_task(_retired(former, tuple(self._rounds.values())))
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)

    async def aclose(self) -> None:
        """Cancel what is under way, and release connections."""
        for task in self._rounds.values():
            task.cancel()
        under_way = (*self._rounds.values(), *self._retiring)
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._tester.aclose()

    def _begin(self, model: str, subject: Subject, now: float) -> None:
        self._book = plan.begun(self._book, model, now)
        obstacles = {route: self._obstacle(model, route) for route in ROUTES}
        if None not in obstacles.values() and model not in self._book.results:
            return  # tests are not set up for it: that was said once, at the start
        for route, why in obstacles.items():
            if why is not None:
                self._note(not_tested(Trial(model, route), why, now))
        routes = [route for route, why in obstacles.items() if why is None]
        if routes:
            self._rounds[model] = asyncio.create_task(self._run(model, subject, routes))

    def _obstacle(self, model: str, route: Route) -> str | None:
        if not self._settings.enabled:
            return "switched off: probes.enabled"
        return self._tester.unavailable(model, route)

    async def _run(self, model: str, subject: Subject, routes: Sequence[Route]) -> None:
        try:
            await self._round(model, subject, routes)
        except asyncio.CancelledError:
            return
        except Exception as error:
            log.exception("probe_failed", model=model, error=type(error).__name__)
        finally:
            self._rounds.pop(model, None)
        if self.on_round is not None:
            await self.on_round()

    async def _round(self, model: str, subject: Subject, routes: Sequence[Route]) -> None:
        small = await asyncio.gather(*(self._test(Trial(model, route)) for route in routes))
        passing_routes = [result.route for result in small if result.passed]
        now = self._clock()
        large_routes = [
            r for r in passing_routes if not plan.passed_lately(self._book, model, r, "large", now)
        ]
        if not large_routes:
            return
        request_size = await self._measure(subject)
        await asyncio.gather(*(self._large(model, route, request_size) for route in large_routes))

    async def _large(self, model: str, route: Route, request_size: RequestSize) -> None:
        trial = Trial(model, route, "large", tokens=request_size.tokens)
        if request_size.why:
            self._note(not_tested(trial, request_size.why, self._clock()))
            return
        messages = request_size.messages if self._settings.replay else None
        if messages is None:
            messages = await asyncio.to_thread(filler, request_size.tokens)
        await self._test(replace(trial, messages=messages))

    async def _test(self, trial: Trial) -> ProbeResult:
        now = self._clock()
        why = plan.unaffordable(self._book, self._limits, trial.model, trial.tokens, now)
        if why is not None:
            result = not_tested(trial, why, now)
        else:
            self._book = plan.paid(self._book, trial.model, trial.tokens, now)
            result = await self._tester.test(trial, now)
        self._note(result)
        return result

    def _note(self, result: ProbeResult) -> None:
        self._book = plan.tested(self._book, result)
        self._on_result(result)
        log.info(
            "probe",
            model=result.model,
            route=result.route,
            size=result.size,
            outcome=result.outcome,
            status=result.status,
            seconds=result.seconds,
            detail=result.detail,
        )


async def _retired(tester: ApiTester, rounds: Sequence[asyncio.Task[None]]) -> None:
    """Close a tester once nobody can be using it."""
    await asyncio.gather(*rounds, return_exceptions=True)
    await tester.aclose()


def limits(settings: Probes) -> Limits:
    """What tests may cost, by the settings."""
    return Limits(**{name: getattr(settings, name) for name in Limits.__struct_fields__})
