"""What there is to know of each cause besides how it is found: one record, in its place by depth.

A cause is added here and in `Cause`; how it is found stands in its family (`watchdog/diagnose/`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from watchdog.model.verdict import Cause

Concern = Literal["provider", "request", "call", "cluster", "runner", "sample"]
"""Whose failure it is: the provider's or the way there, one request's, a call's that never returns,
the cluster's, the runner's, or the evaluation's own."""


class CauseInfo(Struct, frozen=True):
    """A cause in words for people, and whose failure it is."""

    cause: Cause
    words: str
    concern: Concern


CAUSES: tuple[CauseInfo, ...] = (
    CauseInfo(Cause.LOG_WRITE_FAILED, "runner can't write its log", "runner"),
    CauseInfo(Cause.POD_REJECTED, "pod is refused by the API server", "cluster"),
    CauseInfo(Cause.CONTAINER_START, "container can't be created or started", "cluster"),
    CauseInfo(Cause.NODE_NOT_READY, "node doesn't answer", "cluster"),
    CauseInfo(Cause.OOM_KILLED, "container ran out of memory", "cluster"),
    CauseInfo(Cause.EVICTED, "pod was evicted", "cluster"),
    CauseInfo(Cause.IMAGE_PULL, "container image can't be pulled", "cluster"),
    CauseInfo(Cause.UNSCHEDULABLE, "pod can't be scheduled", "cluster"),
    CauseInfo(Cause.CRASH_LOOP, "container crashes again and again", "cluster"),
    CauseInfo(Cause.PROVIDER_QUOTA, "provider's quota or credit is used up", "provider"),
    CauseInfo(Cause.API_SERVER_ERROR, "model API answers with server errors (5xx)", "provider"),
    CauseInfo(Cause.RATE_LIMITED, "model API limits the rate (429)", "provider"),
    CauseInfo(Cause.CONTEXT_LENGTH, "request longer than the context window", "request"),
    CauseInfo(Cause.BAD_REQUEST, "model API refuses the request (4xx)", "request"),
    CauseInfo(Cause.AUTH, "model API refuses the credentials (401, 403)", "request"),
    CauseInfo(Cause.CLIENT_TIMEOUT, "client gives up waiting for answers", "provider"),
    CauseInfo(Cause.CONNECTION, "no connection to the model API", "provider"),
    CauseInfo(Cause.RUNNER_GONE, "runner is gone", "runner"),
    CauseInfo(Cause.HUNG_STARTUP, "runner never gets going", "runner"),
    CauseInfo(Cause.RUNNER_FROZEN, "runner is frozen", "runner"),
    CauseInfo(Cause.HUNG_MODEL_CALL, "a model call never returns", "call"),
    CauseInfo(Cause.HUNG_TOOL_CALL, "a tool call never returns", "sample"),
    CauseInfo(Cause.HUNG_SETUP, "sandbox set-up never ends", "sample"),
    CauseInfo(Cause.HUNG_SCORING, "scoring never ends", "sample"),
    CauseInfo(Cause.SANDBOX_ERROR, "sandboxes fail", "sample"),
    CauseInfo(Cause.SAMPLE_ERROR, "samples end in errors of their own", "sample"),
    CauseInfo(Cause.NO_PROGRESS, "calls succeed, nothing is achieved", "sample"),
    CauseInfo(Cause.ORPHANED_SANDBOX, "sandboxes outlive their eval set", "cluster"),
    CauseInfo(Cause.HUNG_TEARDOWN, "it has ended and isn't taken down", "runner"),
    CauseInfo(Cause.DELETION_STUCK, "deletion never ends", "cluster"),
    CauseInfo(Cause.OVERDUE_WAIT, "waits on purpose for too long", "sample"),
    CauseInfo(Cause.SANDBOX_RESTARTED, "sandbox was restarted", "cluster"),
    # failed calls whose errors tell no cause are part of an outage too
    CauseInfo(Cause.UNEXPLAINED, "no known cause fits", "provider"),
)
"""All of them, the deepest first: what explains a standstill better than those after it."""

INFO_OF: dict[Cause, CauseInfo] = {info.cause: info for info in CAUSES}

DEPTH: dict[Cause, int] = {info.cause: place for place, info in enumerate(CAUSES)}
"""Its place by depth, 0 for the deepest."""

RUNNER_DEATHS = frozenset(
    {
        Cause.RUNNER_GONE,
        Cause.OOM_KILLED,
        Cause.EVICTED,
        Cause.NODE_NOT_READY,
        Cause.CRASH_LOOP,
    }
)
"""What ends a runner, where a whole eval set has it: why it died may be forgotten, not that."""

RUNNER_STOPS = frozenset({Cause.RUNNER_FROZEN, Cause.RUNNER_GONE})
"""After these nothing of an eval set goes on by itself, whatever else its samples wait for."""

OUTAGE_CAUSES = frozenset(info.cause for info in CAUSES if info.concern == "provider")
"""What an outage of a provider shows itself as; the other causes are about single models."""

HUNG_CALLS = frozenset({Cause.HUNG_MODEL_CALL, Cause.HUNG_TOOL_CALL})
"""A call that never returns."""

API_CAUSES = OUTAGE_CAUSES | {info.cause for info in CAUSES if info.concern == "request"}
"""Failing model calls: in one outage one sample sees mostly 500s and another mostly time-outs."""

CLUSTER_CAUSES = frozenset(info.cause for info in CAUSES if info.concern == "cluster") | {
    Cause.RUNNER_GONE
}
"""What the cluster says of runner and sandboxes: true of a sample that waits on purpose too."""

ERROR_CAUSES = frozenset({Cause.SANDBOX_ERROR, Cause.SAMPLE_ERROR})
"""Samples that err: told at once as a warning, and no calls that fail."""

TESTABLE_CAUSES = API_CAUSES | {info.cause for info in CAUSES if info.concern == "call"}
"""Causes of which a direct API test may tell more."""


def cause_words(cause: Cause | None) -> str:
    """What a cause means, for people; empty for none."""
    return INFO_OF[cause].words if cause is not None else ""


def main_cause(causes: Iterable[Cause | None]) -> Cause | None:
    """The one cause that is given for several: the most frequent, among equals the deepest.

    Args:
        causes: one for each thing that has it; what has none doesn't count.
    """
    return main_of_counts(Counter(cause for cause in causes if cause is not None))


def main_of_counts(counts: Mapping[Cause, int]) -> Cause | None:
    """`main_cause` where it is known how many things have each cause; None for no causes."""
    return max(counts, key=lambda cause: (counts[cause], -DEPTH[cause]), default=None)
