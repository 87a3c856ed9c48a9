"""Verdicts, durations, counts and outcomes as people say them."""

from collections.abc import Iterable
from itertools import groupby

from watchdog.model.outcomes import Outcome, Outcomes
from watchdog.model.quantities import brief_duration, count, duration, frequency, suspicion_text
from watchdog.model.report import SampleCounts
from watchdog.model.texts import clean
from watchdog.model.verdict import Phase, Verdict

__all__ = [
    "VERDICT_WORDS",
    "at_work",
    "brief_duration",
    "count",
    "duration",
    "frequency",
    "outcomes",
    "strip",
    "suspicion_text",
    "tally",
]

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
