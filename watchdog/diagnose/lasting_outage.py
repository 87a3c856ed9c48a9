"""A sample that is stuck in an outage of everybody stays so while the outage goes on.

Each failure of anybody is one more that its verdict rests on. Where nothing of its own changed,
nobody succeeded and the outage still begins with the same failure, all that grows is the evidence:
the failures only get more, and the time that they span longer (`failing.py`). So it isn't judged
again; the numbers in its words are put right when somebody reads them.
"""

from msgspec import Struct

from watchdog.diagnose.context import SampleContext
from watchdog.diagnose.fleet import Fleet
from watchdog.diagnose.outages import MANY
from watchdog.model.judgment import SampleJudgment
from watchdog.model.verdict import Verdict


class LastingOutage(Struct, frozen=True):
    """The outage that a verdict rests on."""

    model: str
    since: float
    """Its first failure."""
    last_ok: float | None
    """When anybody last succeeded."""


def outage_behind(context: SampleContext, judgment: SampleJudgment) -> LastingOutage | None:
    """The outage of everybody in which a sample is stuck; None where it is no part of one."""
    if judgment.verdict is not Verdict.STUCK or not judgment.shared or not judgment.model:
        return None
    return _outage(context.judging.fleet, judgment.model, context.now)


def lasts(fleet: Fleet, outage: LastingOutage, now: float) -> bool:
    """Whether it goes on at `now`, seconds since the epoch, as it was."""
    return _outage(fleet, outage.model, now) == outage


def _outage(fleet: Fleet, model: str, now: float) -> LastingOutage | None:
    since = fleet.failing_since(model, now)
    # the sample itself is one of them
    if since is None or fleet.failing_samples(model, since) - 1 < MANY:
        return None
    return LastingOutage(model, since, fleet.last_ok(model, float("inf")))
