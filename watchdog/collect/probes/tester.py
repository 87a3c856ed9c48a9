"""One direct API test from beginning to end: address, credential, request, result."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from watchdog.collect.probes.client import ProbeClient
from watchdog.collect.probes.credentials import NoCredential, missing, read
from watchdog.collect.probes.dialects import SMALL, Message
from watchdog.collect.probes.routes import NoRoute, address
from watchdog.config.probes import Probes
from watchdog.model.probe import ProbeOutcome, ProbeResult, Route, Size
from watchdog.model.providers import provider_of
from watchdog.redaction import redact

SMALL_TOKENS = 10
"""What the small request is counted as."""
LEAST_TOKENS = 20
"""What a large one has at least."""

_WORDS = ("the", "cat", "sat", "on", "a", "mat", "and", "then", "it", "ran", "out", "of", "its")
_TAIL = "\n\nThe text above is filler. Say hello."

Learn = Callable[[str], None]


class Trial(Struct, frozen=True):
    """What is to be sent where."""

    model: str
    route: Route
    size: Size = "small"
    messages: Sequence[Message] = SMALL
    tokens: int = SMALL_TOKENS
    """Estimated input tokens."""


def filler(tokens: int) -> tuple[Message, ...]:
    """A request of about so many tokens that holds nothing of anybody's.

    Short common words are one token each for the tokenizers of all three providers.
    """
    words = [_WORDS[place % len(_WORDS)] for place in range(max(1, tokens - SMALL_TOKENS))]
    return (("user", " ".join(words) + _TAIL),)


class ApiTester:
    """Sends tests and makes results of what comes back; keeps nothing."""

    def __init__(self, settings: Probes, learn: Learn = lambda _secret: None) -> None:
        self._settings = settings
        self._learn = learn
        self._client = ProbeClient(settings.timeout, settings.max_output_tokens)

    def unavailable(self, model: str, route: Route) -> str | None:
        """Why a route certainly can't be tested: no address, no key. None where it may be."""
        try:
            where = address(model, route, self._settings)
        except NoRoute as error:
            return str(error)
        return missing(where.credential)

    async def test(self, trial: Trial, now: float) -> ProbeResult:
        """Test one route. Never raises for what the outside does."""
        try:
            where = address(trial.model, trial.route, self._settings)
            key = await read(where.credential)
        except (NoRoute, NoCredential) as error:
            return not_tested(trial, str(error), now)
        self._learn(key)
        result, seconds = await self._client.send(where, key, trial.messages, now)
        return ProbeResult(
            route=trial.route,
            size=trial.size,
            provider=provider_of(trial.model),
            model=trial.model,
            outcome=result.outcome,
            at=now,
            seconds=seconds,
            status=result.status,
            detail=redact(result.detail, (key,)),
            tokens=trial.tokens,
            again_at=result.again_at,
        )

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()


def not_tested(trial: Trial, why: str, now: float) -> ProbeResult:
    """The result of a test that did not take place."""
    return ProbeResult(
        route=trial.route,
        size=trial.size,
        provider=provider_of(trial.model),
        model=trial.model,
        outcome=ProbeOutcome.NOT_TESTED,
        at=now,
        detail=why,
        tokens=trial.tokens,
    )
