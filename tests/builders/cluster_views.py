"""Eval sets with what their cluster shows of them."""

from msgspec.structs import replace

from tests.builders.rows import SET, Rows, facts, state
from watchdog.fold import fold
from watchdog.model.cluster import ClusterView, Job, Namespace, Pod
from watchdog.model.facts import ClusterRead
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds

LIMITS = Thresholds()
KNOWN = frozenset({"pods", "jobs", "namespaces", "events"})
OWN = Namespace("inspect-x", is_runner=True)
RUNNER = Pod("inspect-x", "runner-1", "u1", "Running", created_at=0.0)
JOB = Job("inspect-x", "runner", "j1", created_at=0.0, active=1)
SANDBOX = Pod("inspect-x-s", "box-1", "s1", "Running", created_at=0.0, sample_id="1")


def view(at: float, **parts) -> ClusterView:
    base = ClusterView(at, KNOWN, jobs=(JOB,), runners=(RUNNER,), namespaces=(OWN,))
    return replace(base, **parts)


def watched(now: float, samples: dict[str, Rows], *views: ClusterView, **spec) -> EvalSetState:
    folded = state(facts(samples, read_at=now, **spec))
    for each in views:
        folded = fold(folded, ClusterRead(SET, each))
    return folded


def working() -> Rows:
    return Rows().ok(0).ok(500)
