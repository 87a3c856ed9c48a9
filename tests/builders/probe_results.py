"""Makes results of direct API tests."""

from watchdog.model.probe import ProbeOutcome, ProbeResult

MODEL = "openai/gpt-4o"
NOW = 10_000.0

STATUS = {
    ProbeOutcome.OK: 200,
    ProbeOutcome.SERVER_ERROR: 502,
    ProbeOutcome.RATE_LIMITED: 429,
    ProbeOutcome.TOO_LONG: 400,
    ProbeOutcome.REFUSED: 400,
    ProbeOutcome.UNAUTHENTICATED: 401,
    ProbeOutcome.FORBIDDEN: 403,
    ProbeOutcome.NOT_FOUND: 404,
}


def result(route, outcome, size="small", at=NOW, model=MODEL, **fields):
    """A result with what such an outcome usually has."""
    outcome = ProbeOutcome(outcome)
    tested = outcome is not ProbeOutcome.NOT_TESTED
    usual = {"status": STATUS.get(outcome), "seconds": 1.23 if tested else None}
    if size == "large":
        usual["tokens"] = 45_000
    return ProbeResult(route, size, model.split("/")[0], model, outcome, at, **{**usual, **fields})


def middleman(outcome, size="small", at=NOW, **fields):
    return result("middleman", outcome, size, at, **fields)


def direct(outcome, size="small", at=NOW, **fields):
    return result("direct", outcome, size, at, **fields)
