"""When a model is tested, and what that may cost. Pure: values in, values and reasons out.

Tests run while an incident asks for them and never else: at once, then after `first_interval`,
each interval twice the last, up to `longest_interval`. What an hour may cost is limited for each
model and over all.
"""

from collections.abc import Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.probe import ProbeResult, Route, Size

HOUR = 3600.0
RESULTS_MAX = 24
"""Results kept of one model."""
MODELS_MAX = 200
REST = HOUR
"""Seconds that nobody asks for a model until its intervals begin anew, and its results go."""


class Limits(Struct, frozen=True):
    """What tests may cost; see the settings of the same names."""

    first_interval: float = 120.0
    longest_interval: float = 3600.0
    requests_per_hour: int = 120
    requests_per_hour_per_model: int = 24
    tokens_per_hour: int = 2_000_000
    tokens_per_hour_per_model: int = 500_000


class Spending(Struct, frozen=True):
    """One request that went out."""

    at: float
    model: str
    tokens: int


class Rounds(Struct, frozen=True):
    """The tests of one model so far."""

    count: int = 0
    last_at: float | None = None
    asked_at: float | None = None
    """When an incident last asked for it."""


class Book(Struct, frozen=True):
    """What was tested, and what it cost. A value: each change makes a new one."""

    results: Mapping[str, tuple[ProbeResult, ...]] = {}
    """By model, oldest first."""
    rounds: Mapping[str, Rounds] = {}
    spent: tuple[Spending, ...] = ()


def due(book: Book, limits: Limits, models: Collection[str], now: float) -> tuple[str, ...]:
    """The models, of those asked for, whose next round is due."""
    return tuple(model for model in models if now >= next_round(book, limits, model))


def next_round(book: Book, limits: Limits, model: str) -> float:
    """When a model's next round is due, seconds since the epoch; 0 for at once."""
    rounds = book.rounds.get(model, Rounds())
    if rounds.last_at is None:
        return 0.0
    doubled = limits.first_interval * 2.0 ** min(rounds.count - 1, 30)
    return rounds.last_at + min(limits.longest_interval, doubled)


def unaffordable(book: Book, limits: Limits, model: str, tokens: int, now: float) -> str | None:
    """Why one more request of so many tokens must not go out; None where it may."""
    recent = [payment for payment in book.spent if payment.at > now - HOUR]
    own = [payment for payment in recent if payment.model == model]
    checks = (
        (len(own) + 1, limits.requests_per_hour_per_model, "requests", " for this model"),
        (len(recent) + 1, limits.requests_per_hour, "requests", ""),
        (_tokens(own) + tokens, limits.tokens_per_hour_per_model, "tokens", " for this model"),
        (_tokens(recent) + tokens, limits.tokens_per_hour, "tokens", ""),
    )
    for cost, limit, unit, whose in checks:
        if cost > limit:
            return f"the budget of {limit:,} {unit} an hour{whose} is spent"
    return None


def _tokens(spent: Collection[Spending]) -> int:
    return sum(payment.tokens for payment in spent)


def asked(book: Book, models: Collection[str], now: float) -> Book:
    """Note that incidents ask for these models; forget what nobody asked for in a while."""
    rounds = {
        model: rounds_of
        for model, rounds_of in book.rounds.items()
        if now - (rounds_of.asked_at if rounds_of.asked_at is not None else now) < REST
    }
    for model in list(models)[:MODELS_MAX]:
        rounds[model] = replace(rounds.get(model, Rounds()), asked_at=now)
    results = {model: history for model, history in book.results.items() if model in rounds}
    spent = tuple(payment for payment in book.spent if payment.at > now - HOUR)
    return Book(results, rounds, spent)


def begun(book: Book, model: str, now: float) -> Book:
    """Note that a round begins."""
    before = book.rounds.get(model, Rounds())
    rounds = replace(before, count=before.count + 1, last_at=now)
    return replace(book, rounds={**book.rounds, model: rounds})


def paid(book: Book, model: str, tokens: int, now: float) -> Book:
    """Note that a request goes out."""
    return replace(book, spent=(*book.spent, Spending(now, model, tokens)))


def tested(book: Book, result: ProbeResult) -> Book:
    """Note what came back, or why nothing was sent: of such reasons the last of each cell stays."""
    cell = (result.route, result.size)
    history = book.results.get(result.model, ())
    others = (
        earlier for earlier in history if earlier.tested or (earlier.route, earlier.size) != cell
    )
    results = (*others, result)
    return replace(book, results={**book.results, result.model: results[-RESULTS_MAX:]})


def passed_lately(book: Book, model: str, route: Route, size: Size, now: float) -> bool:
    """Whether the newest test of this kind passed within the hour: it need not be paid again."""
    cell = (route, size)
    same = [r for r in book.results.get(model, ()) if r.tested and (r.route, r.size) == cell]
    return bool(same) and same[-1].passed and same[-1].at > now - HOUR
