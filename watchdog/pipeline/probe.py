"""`watchdog probe`: the direct API tests by hand, on every route, without any budget."""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from watchdog.collect.probes.reproduce import reproductions
from watchdog.collect.probes.tester import ApiTester, Learn, Trial, filler
from watchdog.config.probes import Probes
from watchdog.model.probe import Conclusion, ProbeResult, Reproduction, Route, Size
from watchdog.probing.interpret import conclude
from watchdog.probing.view import ROUTES, Situation


class Probed(Struct, frozen=True):
    """What tests by hand found."""

    conclusion: Conclusion
    commands: tuple[Reproduction, ...]
    """The same requests as curl commands."""


async def probe(  # noqa: PLR0913, PLR0917 - what a test by hand is
    model: str,
    size: Size,
    tokens: int,
    settings: Probes,
    now: float,
    learn: Learn = lambda _secret: None,
) -> Probed:
    """Test a model on every route that is configured.

    Args:
        model: as Inspect names it, `provider/model`.
        size: what is sent; a large one only where the small one passes, after it.
        tokens: input tokens of the large request.
        settings: how routes and keys are found; the budget is not applied.
        now: seconds since the epoch.
        learn: is told the keys that are used.
    """
    tester = ApiTester(settings, learn)
    results: list[ProbeResult] = []
    try:
        results += await _send(tester, [Trial(model, route) for route in ROUTES], now)
        routes = [result.route for result in results if result.passed]
        if size == "large":
            large = [_large(model, route, tokens) for route in routes]
            results += await _send(tester, large, now)
    finally:
        await tester.aclose()
    conclusion = conclude(model, results, Situation(failing=False), now)
    commands = reproductions(model, settings, tokens if size == "large" else 0)
    return Probed(conclusion, commands)


async def _send(tester: ApiTester, trials: Sequence[Trial], now: float) -> list[ProbeResult]:
    return await asyncio.gather(*(tester.test(trial, now) for trial in trials))


def _large(model: str, route: Route, tokens: int) -> Trial:
    return Trial(model, route, "large", filler(tokens), tokens)
