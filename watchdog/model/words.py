"""Verdicts, durations, counts and outcomes as people say them."""

from collections.abc import Iterable
from itertools import groupby

from watchdog.model.outcomes import Outcome, Outcomes
from watchdog.model.report import SampleCounts
from watchdog.model.texts import clean
from watchdog.model.verdict import Phase, Verdict

VERDICT_WORDS: dict[Verdict, str] = {
    Verdict.FINISHED: "finished",
    Verdict.STARTING: "starting",
    Verdict.WAITING: "waiting on purpose",
    Verdict.PROGRESSING: "progressing",
    Verdict.DEGRADED: "degraded",
    Verdict.PARTIALLY_STUCK: "partially stuck",
    Verdict.STUCK: "stuck",
    Verdict.UNKNOWN: "unknown",
}


_STRIP = 16
"""Words of a strip of outcomes."""


_UNITS = ((86_400, "d", 2), (3600, "h", 2), (60, "min", 2), (1, "s", 0))
"""Seconds of a unit, its name, and from how many of it on it is used."""


def duration(seconds: float) -> str:
    """A duration in seconds in words: `50 s`, `35 min`, `2 h 14 min`, `3 d 4 h`."""
    whole = max(0, round(seconds))
    place = next(i for i, (size, _, least) in enumerate(_UNITS) if whole >= least * size)
    size, unit, _ = _UNITS[place]
    count, rest = divmod(whole, size)
    if unit in {"min", "s"}:
        return f"{count} {unit}"
    smaller, name, _ = _UNITS[place + 1]
    return f"{count} {unit} {rest // smaller} {name}" if rest >= smaller else f"{count} {unit}"


def brief_duration(seconds: float) -> str:
    """As `duration`, finer for what is short: `1.2 s` below ten seconds, `95 s` to ten minutes."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds <= 600 else duration(seconds)


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 sample`, `5,710 retries`."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


_WEEKS_A_YEAR = 52.18
_NEVER_YEARS = 1000


def frequency(expected_per_week: float) -> str:
    """How often something happens: `3.2 times a week`, `once in 5 weeks`, `once in 4 years`."""
    if expected_per_week >= 1:
        return (
            f"{expected_per_week:.2g} times a week"
            if expected_per_week < 99.5
            else f"{expected_per_week:,.0f} times a week"
        )
    weeks = 1 / expected_per_week if expected_per_week > 0 else float("inf")
    if weeks < _WEEKS_A_YEAR:
        return f"once in {weeks:.2g} weeks"
    years = weeks / _WEEKS_A_YEAR
    number = f"{years:,.0f}" if years >= 10 else f"{years:.2g}"
    return f"once in {number} years" if years < _NEVER_YEARS else "practically never"


def at_work(phase: Phase) -> str:
    """What a sample in this phase is doing: `stuck for 2 h while …`."""
    return {"setup": "being set up", "teardown": "being taken down"}.get(phase, phase)


def outcomes(recent: Iterable[Outcome]) -> str:
    """Model attempts as a strip, the newest first, of those kept oldest first: `FAIL FAIL OK`."""
    return " ".join("OK" if ok else "FAIL" for ok in reversed(Outcomes.of(recent).oks))


def strip(recent: str, length: int = _STRIP) -> str:
    """The newest outcomes of a FAIL/OK strip; longer runs are counted: `FAIL x45 OK OK`."""
    words: list[str] = []
    for outcome, run in groupby(clean(recent, 1000).split()):
        times = len(list(run))
        words += [outcome, f"x{times}"] if times > 3 else [outcome] * times
    return " ".join(words[:length]) + (" …" if len(words) > length else "")


def tally(counts: SampleCounts) -> str:
    """`25 samples: 3 completed, 10 running (1 stuck), 12 queued`."""
    states = {
        "completed": counts.completed,
        "errored": counts.errored,
        "cancelled": counts.cancelled,
        "running": counts.running,
        "queued": counts.queued,
    }
    parts = [f"{samples:,} {state}" for state, samples in states.items() if samples]
    text = f"{count(counts.total, 'sample')}: {', '.join(parts) or 'none begun'}"
    return text.replace(" running", f" running ({counts.stuck:,} stuck)") if counts.stuck else text
