"""Who of an eval set waits for a person, and who was asked to stop.

Inspect writes nothing while a person decides on a tool's call. Hawk's runner says how many samples
wait (`.hawk/interactions.json`), not which: those whose model called a tool that has not begun, the
longest waiting first. Where nothing counts them, the log's configuration says who approves calls.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from watchdog.diagnose.context import OnPurpose, SamplePlace
from watchdog.diagnose.runner import between_calls_since
from watchdog.fold.rows import ASK_USER
from watchdog.fold.turns import unapproved
from watchdog.model.facts import TaskSpec
from watchdog.model.instants import clock, earliest
from watchdog.model.judgment import Waiting
from watchdog.model.state import EvalSetState, SampleState, TaskState
from watchdog.model.texts import clean
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Evidence
from watchdog.model.words import duration

_NAME_MAX = 80
_COUNTED_WITHIN = 60.0
"""Seconds; a runner counts every few seconds, and its clock may differ from the store's."""

_ASKED, _PARKED, _SILENT = range(3)
"""How sure it is that a sample waits for a person: it called `ask_user`; a call of its model has
not begun; it stands between two calls (a solver's own question leaves no row)."""


class _Candidate(NamedTuple):
    rank: int
    since: float | None
    place: SamplePlace
    what: str
    """What is awaited, for people."""
    by_policy: bool = False
    """Whether the log's configuration says that a person approves it."""


def _order(candidate: _Candidate) -> tuple[int, float, SamplePlace]:
    """The surest first, of those the longest waiting."""
    since = candidate.since if candidate.since is not None else float("inf")
    return candidate.rank, since, candidate.place


def on_purpose(now: float, limits: Thresholds, state: EvalSetState) -> OnPurpose:
    """Which samples of an eval set wait for a person, and which were asked to stop."""
    start, stops = runner_start(state), state.stops
    return OnPurpose(
        awaited={c.place: _awaited(now, limits, c) for c in _awaiting(state, start)},
        stop=_stop(now, limits, stops.all_at, start),
        stops={
            uuid: stop
            for uuid, at in stops.samples.items()
            if (stop := _stop(now, limits, at, start)) is not None
        },
    )


def runner_start(state: EvalSetState) -> float | None:
    """When the present runner began: what was said before is about an earlier one.

    By its newest pod where the cluster shows one; else by the logs: the first log of the newest run
    (a task that waits its turn has its log later than the others of its run).
    """
    pods = state.cluster.view.runners if state.cluster else ()
    pod = max(pods, key=lambda pod: (pod.is_live, pod.created_at or 0.0), default=None)
    if pod is not None and pod.created_at is not None:
        return earliest(*(c.running_since for c in pod.containers)) or pod.created_at
    specs = [task.spec for task in state.tasks.values() if task.spec is not None]
    newest = max(specs, key=lambda spec: spec.created_at or 0.0, default=None)
    if newest is None or newest.run_id is None:
        return newest.created_at if newest is not None else None
    return earliest(*(spec.created_at for spec in specs if spec.run_id == newest.run_id))


_CLOCKS_DIFFER = 300.0
"""Seconds by which another machine's clock may be ahead of this one."""
_NOBODY = frozenset({"", "false", "no", "none", "0"})
"""Values of the label `human` that name nobody."""


def human(state: EvalSetState) -> Waiting | None:
    """That a person does all of it, as the label of its Job says: hours of silence are normal."""
    jobs = state.cluster.view.jobs if state.cluster else ()
    job = next((job for job in jobs if job.human.lower() not in _NOBODY), None)
    if job is None:
        return None
    name = clean(job.human, _NAME_MAX)
    evidence = Evidence("human", f"a person does it: Hawk's label human is {name}", job.created_at)
    return Waiting(evidence, job.created_at, None, "a person works on it")


def _is_newer(at: float | None, start: float | None) -> bool:
    return at is not None and start is not None and at >= start


def _awaiting(state: EvalSetState, start: float | None) -> list[_Candidate]:
    """The samples that wait for a person: as many as the runner counts, the surest first."""
    candidates = sorted(_candidates(state), key=_order)
    counted = state.interactions
    asked = [c for c in candidates if c.rank == _ASKED]
    if counted is None:
        return [*asked, *(c for c in candidates if c.rank == _PARKED and c.by_policy)]
    if not _is_newer(counted.at, start):
        return asked
    others = [c for c in candidates if c.rank != _ASKED and _may_be_counted(c, counted.at)]
    return [*asked, *others[: max(0, counted.count - len(asked))]]


def _may_be_counted(candidate: _Candidate, counted_at: float | None) -> bool:
    """Whether the count can be about it.

    A silence is taken for a question only if it began before the count. A call that has not begun
    may have come later: one answered, the next asked, and the count stays what it was.
    """
    if candidate.rank == _PARKED or candidate.since is None or counted_at is None:
        return candidate.rank == _PARKED
    return candidate.since <= counted_at + _COUNTED_WITHIN


def _candidates(state: EvalSetState) -> Iterator[_Candidate]:
    for task in state.tasks.values():
        if task.status != "started":
            continue
        for sample in task.samples.values():
            candidate = None if sample.lost else _candidate(task, sample)
            if candidate is not None:
                yield candidate


def _candidate(task: TaskState, sample: SampleState) -> _Candidate | None:
    place = (task.log, sample.key)
    question = next((call for call in sample.open_calls if call.name == ASK_USER), None)
    if question is not None and question.kind == "tool":
        return _Candidate(_ASKED, question.since, place, "a person's answer")
    parked = sample.parked
    if parked is not None:
        calls = parked.calls[parked.begun :]
        return _Candidate(
            _PARKED, parked.since, place, _approval_of(calls[0]), needs_person(task.spec, calls)
        )
    call = unapproved(sample.turns.unpacked(), sample.open_calls)
    if call is not None and needs_person(task.spec, (call.name,)):
        return _Candidate(_PARKED, call.since, place, _approval_of(call.name), by_policy=True)
    since = between_calls_since(sample) if sample.streak is None else None
    return _Candidate(_SILENT, since, place, "a person's answer") if since is not None else None


def _approval_of(function: str) -> str:
    return f"a person's approval of a call of {clean(function, _NAME_MAX) or 'a tool'}"


def needs_person(spec: TaskSpec | None, functions: tuple[str, ...]) -> bool:
    """Whether the log's configuration has a person approve a call of one of these tools."""
    return spec is not None and any(_by_person(spec, function) for function in functions)


def _by_person(spec: TaskSpec, function: str) -> bool:
    for policy in spec.approval:
        if any(fnmatchcase(function, pattern) for pattern in policy.tools):
            return policy.by_person
    return False


def _awaited(now: float, limits: Thresholds, candidate: _Candidate) -> Waiting:
    since, bound = candidate.since, limits.approval_wait
    text = f"{candidate.what} is awaited{_for(now, since)}{_beyond(now, since, bound)}"
    if candidate.rank == _PARKED:
        evidence = Evidence("approval", text, since)
        return Waiting(evidence, since, bound, "a person's approval is awaited")
    return Waiting(Evidence("input", text, since), since, bound, "a person's answer is awaited")


def _stop(now: float, limits: Thresholds, at: float | None, start: float | None) -> Waiting | None:
    """A stop that the present runner was asked for: the one before it left its own behind.

    One dated ahead of all clocks would never lapse: it proves nothing.
    """
    if at is None or not _is_newer(at, start) or at > now + _CLOCKS_DIFFER:
        return None
    text = f"a stop was asked for at {clock(at)}" + _beyond(now, at, limits.stop_wait)
    words = "a stop was asked for"
    return Waiting(Evidence("stop", text, at), at, limits.stop_wait, words, lapses=True)


def _for(now: float, since: float | None) -> str:
    return f" since {clock(since)}, for {duration(now - since)}" if since is not None else ""


def _beyond(now: float, since: float | None, bound: float) -> str:
    """What is to be added once it has lasted too long."""
    if since is None or now - since <= bound:
        return ""
    return f": longer than the {duration(bound)} that it may take"
