"""Test results in words. Pure."""

from collections.abc import Iterable

from watchdog.model.instants import clock
from watchdog.model.probe import ProbeOutcome, ProbeResult
from watchdog.model.words import brief_duration

_ROUTES = {"middleman": "Middleman", "direct": "provider direct"}

_SAID = {
    ProbeOutcome.RATE_LIMITED: "limits the rate",
    ProbeOutcome.QUOTA: "says that the quota is used up",
    ProbeOutcome.TOO_LONG: "says that it is too long",
    ProbeOutcome.REFUSED: "refuses the request",
    ProbeOutcome.UNAUTHENTICATED: "refuses the credentials",
    ProbeOutcome.FORBIDDEN: "denies access",
    ProbeOutcome.NOT_FOUND: "doesn't know the model",
    ProbeOutcome.TIMEOUT: "gives no answer",
    ProbeOutcome.DNS: "has a name that can't be resolved",
    ProbeOutcome.TLS: "gets no trusted TLS connection",
    ProbeOutcome.CONNECTION: "gets no connection",
    ProbeOutcome.GARBAGE: "answers with something else",
    ProbeOutcome.REDIRECTED: "redirects elsewhere",
    ProbeOutcome.SERVER_ERROR: "fails",
    ProbeOutcome.OK: "works",
}


def result_words(result: ProbeResult) -> str:
    """`Middleman fails (502)`, `provider direct works (200, 1.2 s)`, `… not tested (no key)`."""
    name = _ROUTES[result.route]
    if not result.tested:
        return f"{name} not tested ({result.detail or 'no reason known'})"
    return f"{name} {_SAID[result.outcome]} ({_figures(result)})"


def _figures(result: ProbeResult) -> str:
    slow = result.passed or result.outcome is ProbeOutcome.TIMEOUT
    parts = [str(result.status)] if result.status is not None else []
    if result.seconds is not None and (slow or not parts):
        parts.append(brief_duration(result.seconds))
    if result.again_at is not None:
        parts.append(f"again at {clock(result.again_at)}")
    return ", ".join(parts) or result.outcome.value


def results_words(results: Iterable[ProbeResult]) -> str:
    """All of them, small ones first; what belongs to the large size says so."""
    ordered = list(results)
    small = [result_words(result) for result in ordered if result.size == "small"]
    large = [result for result in ordered if result.size == "large"]
    parts = [", ".join(small)] if small else []
    if large:
        parts.append(f"{size_words(large)}: {', '.join(result_words(result) for result in large)}")
    return "; ".join(parts)


def size_words(large: Iterable[ProbeResult]) -> str:
    """`as large as the failing request (about 45,000 tokens)`."""
    tokens = max((result.tokens for result in large), default=0)
    about = f" (about {tokens:,} tokens)" if tokens else ""
    return f"as large as the failing request{about}"
