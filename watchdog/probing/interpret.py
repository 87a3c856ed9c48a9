"""What direct API tests mean: the guide's table, and the cases that it leaves out. Pure.

Source of the table: the guide, "Direct API Testing", "Interpretation". Each rule answers for one
part of it; the first that answers counts.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from watchdog.model.instants import clock
from watchdog.model.probe import Conclusion, Confidence, Meaning, ProbeOutcome, ProbeResult
from watchdog.model.words import duration
from watchdog.probing.view import CREDENTIALS, NETWORK, Situation, View, outcomes, view
from watchdog.probing.words import results_words

BACK_GRACE = 120.0
"""Seconds; an attempt that began this long after a test passed, and failed, says it isn't back."""


class Read(Struct, frozen=True):
    """What one rule read from the results."""

    meaning: Meaning
    confidence: Confidence
    tail: str
    """Closes the sentence: `Middleman`."""


Rule = Callable[[View, Situation, float], Read | None]


def conclude(
    model: str, history: Sequence[ProbeResult], situation: Situation, now: float
) -> Conclusion:
    """What the tests of one model mean.

    Args:
        model: as Inspect names it.
        history: its results, oldest first, those that were not tested included.
        situation: what the samples do meanwhile.
        now: seconds since the epoch.
    """
    tests = view(history)
    read = next(read for rule in RULES if (read := rule(tests, situation, now)) is not None)
    words = results_words(tests.shown)
    tested = [result.at for result in tests.shown if result.tested]
    back = read.meaning is Meaning.BACK
    return Conclusion(
        model=model,
        meaning=read.meaning,
        confidence=read.confidence,
        sentence=f"{words[:1].upper()}{words[1:]}: {read.tail}." if words else f"{read.tail}.",
        at=max(tested, default=None),
        results=tests.shown,
        next_attempt_at=situation.next_attempt_at if back else None,
    )


def _not_tested(tests: View, _situation: Situation, _now: float) -> Read | None:
    if tests.ways("small") or tests.ways("large"):
        return None
    tail = "not tested, so whose fault it is can't be told"
    return Read(Meaning.NOT_TESTED, "low", tail)


def _flaky(tests: View, _situation: Situation, _now: float) -> Read | None:
    same = tests.flaky()
    if not same:
        return None
    passed = sum(result.passed for result in same)
    name = "Middleman" if same[0].route == "middleman" else "the provider"
    tail = f"flaky: {passed} of the last {len(same)} {same[0].size} tests through {name} pass"
    return Read(Meaning.FLAKY, "medium", tail)


def _one_way(tests: View, situation: Situation, _now: float) -> Read | None:
    """One route was tested, and fails: what that alone proves."""
    ways = tests.ways("small")
    if len(ways) != 1 or ways[0].passed:
        return None
    only = ways[0]
    read = _the_caller(only, situation)
    if read is not None:
        return read
    if only.route == "direct":
        return Read(Meaning.PROVIDER, "medium", "the provider's API")
    tail = "Middleman or the provider behind it: only one way was tested"
    return Read(Meaning.PROVIDER_OR_MIDDLEMAN, "low", tail)


def _middleman_fails(tests: View, situation: Situation, _now: float) -> Read | None:
    middleman, direct = tests.at("middleman", "small"), tests.at("direct", "small")
    if middleman is None or direct is None or middleman.passed or not direct.passed:
        return None
    if middleman.outcome in CREDENTIALS | {ProbeOutcome.RATE_LIMITED, ProbeOutcome.QUOTA}:
        return _the_caller(middleman, situation)
    if middleman.outcome is ProbeOutcome.NOT_FOUND:
        return Read(Meaning.MIDDLEMAN, "high", "Middleman doesn't pass this model on")
    return Read(Meaning.MIDDLEMAN, "high", "Middleman")


def _both_fail(tests: View, situation: Situation, _now: float) -> Read | None:
    ways = tests.ways("small")
    if len(ways) != 2 or any(result.passed for result in ways):
        return None
    middleman, direct = ways
    if outcomes(ways) <= NETWORK:
        tail = "neither can be reached from here: the network, name resolution or TLS"
        return Read(Meaning.UNREACHABLE, "medium", tail)
    if direct.outcome in CREDENTIALS | NETWORK | {ProbeOutcome.QUOTA}:
        # our key is refused, or there is no way out but Middleman: nothing about the provider
        tail = "Middleman or the provider behind it: the direct way is closed from here"
        read = _the_caller(middleman, situation)
        return read or Read(Meaning.PROVIDER_OR_MIDDLEMAN, "low", tail)
    read = _the_caller(direct, situation) if direct.outcome is middleman.outcome else None
    return read or Read(Meaning.PROVIDER, "high", "the provider's API")


def _the_caller(result: ProbeResult, situation: Situation) -> Read | None:
    """Failures that are about who asks and for what, not about who answers."""
    if result.outcome in NETWORK:
        where = "Middleman" if result.route == "middleman" else "the provider"
        tail = f"{where} can't be reached from here: the network, name resolution or TLS"
        return Read(Meaning.UNREACHABLE, "medium", tail)
    if result.outcome not in _CALLERS:
        return None
    meaning, sure, tail = _CALLERS[result.outcome]
    whose = "token for Middleman" if result.route == "middleman" else "key for the provider"
    if result.outcome in CREDENTIALS and not situation.auth:
        # samples fail for another reason: this is about the key that tests are made with
        whose, sure = f"watchdog's own {whose}", "low"
    return Read(meaning, sure, tail.format(whose=whose) + _until(result))


_CALLERS: dict[ProbeOutcome, tuple[Meaning, Confidence, str]] = {
    ProbeOutcome.UNAUTHENTICATED: (
        Meaning.TOKEN_EXPIRED,
        "high",
        "the {whose} has expired or is not valid",
    ),
    ProbeOutcome.FORBIDDEN: (
        Meaning.NO_ACCESS,
        "high",
        "the {whose} is valid and has no access to the model",
    ),
    ProbeOutcome.NOT_FOUND: (
        Meaning.MODEL_GONE,
        "high",
        "the model is gone, or has another name there",
    ),
    ProbeOutcome.RATE_LIMITED: (Meaning.RATE_LIMIT, "high", "the rate limit"),
    ProbeOutcome.QUOTA: (
        Meaning.QUOTA,
        "medium",
        "the quota or credit is used up: it resets at a known time, or somebody pays",
    ),
    ProbeOutcome.REFUSED: (
        Meaning.REFUSED,
        "medium",
        "the API refuses even a small request for its form: look at what it says",
    ),
    ProbeOutcome.TOO_LONG: (Meaning.REFUSED, "medium", "even a small request is called too long"),
}


def _until(result: ProbeResult) -> str:
    return f", which ends at {clock(result.again_at)}" if result.again_at is not None else ""


def _too_long(tests: View, _situation: Situation, _now: float) -> Read | None:
    large = tests.ways("large")
    if ProbeOutcome.TOO_LONG in outcomes(large):
        return Read(Meaning.TOKEN_LIMIT, "high", "the request is longer than the model takes")
    refused = [result for result in large if result.outcome is ProbeOutcome.REFUSED]
    if any(result.status in (400, 413) for result in refused):
        return Read(Meaning.TOKEN_LIMIT, "medium", "a token limit, by the guide's rule for a 400")
    if refused:
        return Read(Meaning.LARGE_REFUSED, "medium", "large requests are refused, small ones not")
    return None


def _large_fails(tests: View, _situation: Situation, _now: float) -> Read | None:
    large = tests.ways("large")
    failing = [result for result in large if not result.passed]
    if not failing:
        return None
    kinds = outcomes(failing)
    sure: Confidence = "high" if len(failing) == 2 else "medium"
    if kinds & {ProbeOutcome.QUOTA, ProbeOutcome.RATE_LIMITED}:
        return _large_limited(failing, sure)
    if len(large) == 2 and [result.route for result in failing] == ["middleman"]:
        return Read(Meaning.MIDDLEMAN, "high", "Middleman, with large requests")
    if ProbeOutcome.SERVER_ERROR in kinds:
        tail = "the provider's bug with large contexts; a 5xx is no token limit"
        return Read(Meaning.LARGE_FAILS, sure, tail)
    if ProbeOutcome.TIMEOUT in kinds:
        tail = f"large requests take longer than {duration(failing[0].seconds or 0)}"
        return Read(Meaning.LARGE_TIMES_OUT, sure, tail)
    return Read(Meaning.LARGE_FAILS, "low", "large requests fail on their way, small ones don't")


def _large_limited(failing: Sequence[ProbeResult], sure: Confidence) -> Read:
    if any(result.outcome is ProbeOutcome.QUOTA for result in failing):
        return Read(Meaning.QUOTA, sure, "the credit doesn't suffice for large requests")
    limit = next(result for result in failing if result.outcome is ProbeOutcome.RATE_LIMITED)
    return Read(Meaning.RATE_LIMIT, sure, f"the limit of tokens in time{_until(limit)}")


def _back(tests: View, situation: Situation, now: float) -> Read | None:
    """The API works, and nobody has tried since."""
    since = tests.passing_since
    if since is None or not situation.waiting or not (situation.shared or tests.failed_before):
        return None
    failed_at = situation.last_failed_at
    if failed_at is not None and failed_at > since + BACK_GRACE:
        return None
    sure: Confidence = "high" if tests.ways("large") else "medium"
    waiting = f"{situation.waiting:,} sample{'s wait' if situation.waiting > 1 else ' waits'}"
    tail = f"the API is back; {waiting} in back-off and can't know yet{_due(situation, now)}"
    return Read(Meaning.BACK, sure, tail)


def _due(situation: Situation, now: float) -> str:
    due = situation.next_attempt_at
    if due is None:
        return ""
    if due <= now:
        return ", the next attempt is due now"
    return f", the next attempt is due at {clock(due)} (in {duration(due - now)})"


def _works(tests: View, situation: Situation, _now: float) -> Read | None:
    if situation.failing or any(not result.passed for result in tests.shown if result.tested):
        return None
    sure: Confidence = "high" if tests.ways("large") else "medium"
    return Read(Meaning.WORKS, sure, "the API works")


def _all_pass(tests: View, situation: Situation, _now: float) -> Read | None:
    if not tests.ways("large"):
        return None
    if situation.hanging and situation.last_failed_at is None:
        tail = "the API answers; the call that never returned is lost: its connection, or Inspect"
        return Read(Meaning.CONTENT, "medium", tail)
    passing, failed_at = tests.passing_since, situation.last_failed_at
    failed_since = passing is not None and failed_at is not None and failed_at > passing
    tail = "this request's content, or a bug in Inspect"
    return Read(Meaning.CONTENT, "high" if failed_since else "medium", tail)


def _small_passes(_seen: View, _situation: Situation, _now: float) -> Read | None:
    tail = "a small request works; the failing request's size or content, or a bug in Inspect"
    return Read(Meaning.SMALL_PASSES, "low", tail)


RULES: tuple[Rule, ...] = (
    _not_tested,
    _flaky,
    _one_way,
    _both_fail,
    _middleman_fails,
    _too_long,
    _large_fails,
    _back,
    _works,
    _all_pass,
    _small_passes,
)
