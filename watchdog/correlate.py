"""Diagnoses to incidents: what belongs together is told once, under an id that stays.

One incident for each eval set and cause; where everybody's calls fail on a model, one for all eval
sets that it takes in. Its scope widens and narrows under the id of its oldest member.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from watchdog.diagnose import SPEC_OF
from watchdog.diagnose.words import actions_for, stuck_phrase
from watchdog.model.instants import earliest
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment
from watchdog.model.verdict import STUCK_VERDICTS, Cause, Incident, Scope, Verdict

_Pair = tuple[TaskJudgment, SampleJudgment | None]


class _Trouble(Struct, frozen=True):
    """What one eval set has of one cause."""

    eval_set: EvalSetJudgment
    cause: Cause
    pairs: tuple[_Pair, ...]

    @property
    def since(self) -> float | None:
        """When it began."""
        since = [(task if sample is None else sample).since for task, sample in self.pairs]
        return earliest(*since) if self.pairs else self.eval_set.since

    @property
    def muted(self) -> tuple[float, str] | None:
        """Until when, and why, none of it is to be told; None where some of it is."""
        muted = [self.eval_set.muted or task.muted for task, _ in self.pairs]
        found = [each for each in muted or [self.eval_set.muted] if each is not None]
        return min(found) if found and len(found) == max(1, len(muted)) else None

    @property
    def models(self) -> frozenset[str]:
        """Models on which everybody's calls fail."""
        shared = (sample for _, sample in self.pairs if sample is not None and sample.shared)
        return frozenset(sample.model for sample in shared)


def correlate(eval_sets: Iterable[EvalSetJudgment]) -> tuple[Incident, ...]:
    """The incidents of all eval sets, oldest first."""
    troubles = [
        _Trouble(eval_set, cause, tuple(pairs))
        for eval_set in eval_sets
        for cause, pairs in _by_cause(eval_set).items()
    ]
    incidents = [_incident(sorted(group, key=_age)) for group in _together(troubles)]
    return tuple(sorted(incidents, key=lambda i: (i.since is None, i.since or 0.0, i.id)))


def _age(trouble: _Trouble) -> tuple[bool, float, str, Cause]:
    since, eval_set_id = trouble.since, trouble.eval_set.state.eval_set_id
    return since is None, since or 0.0, eval_set_id, trouble.cause


def _together(troubles: Iterable[_Trouble]) -> list[list[_Trouble]]:
    """Troubles that share a model on which everybody fails, directly or over another one."""
    groups: list[tuple[set[str], list[_Trouble]]] = []
    for trouble in troubles:
        models, members = set(trouble.models), [trouble]
        apart = []
        for other_models, others in groups:
            if models & other_models:
                models |= other_models
                members = [*others, *members]
            else:
                apart.append((other_models, others))
        groups = [*apart, (models, members)]
    return [members for _, members in groups]


def troubled_models(eval_sets: Iterable[EvalSetJudgment]) -> frozenset[str]:
    """Models on which most running samples fail more than usual: their trouble isn't over."""
    every, troubled = Counter[str](), Counter[str]()
    for eval_set in eval_sets:
        for task in eval_set.tasks:
            for sample in task.samples:
                model = sample.model or task.model
                every[model] += 1
                troubled[model] += sample.verdict in {Verdict.DEGRADED, Verdict.STUCK}
    return frozenset(model for model, count in every.items() if 2 * troubled[model] > count)


def incident_id(eval_set_id: str, cause: Cause) -> str:
    """Stable over restarts and over what else happens: a hash of eval set and cause."""
    return hashlib.sha256(f"{eval_set_id}\0{cause.value}".encode()).hexdigest()[:12]


def _by_cause(eval_set: EvalSetJudgment) -> dict[Cause, list[_Pair]]:
    found: dict[Cause, list[_Pair]] = {}
    told = eval_set.verdict in STUCK_VERDICTS or eval_set.cause is Cause.ORPHANED_SANDBOX
    if told and eval_set.cause is not None and not any(_is_stuck(t) for t in eval_set.tasks):
        found[eval_set.cause] = []
    for task in eval_set.tasks:
        if not _is_stuck(task):
            continue
        for sample in task.stuck():
            found.setdefault(sample.cause or Cause.UNEXPLAINED, []).append((task, sample))
        if not task.stuck() and task.cause is not None:
            found.setdefault(task.cause, []).append((task, None))
    return found


def _is_stuck(task: TaskJudgment) -> bool:
    return task.verdict in STUCK_VERDICTS


def _incident(group: Sequence[_Trouble]) -> Incident:
    """One incident of troubles that belong together, the oldest first."""
    oldest = group[0]
    ids = tuple(dict.fromkeys(trouble.eval_set.state.eval_set_id for trouble in group))
    cause = Counter(trouble.cause for trouble in group).most_common(1)[0][0]
    muted = [trouble.muted for trouble in group]
    until, reason = min(filter(None, muted)) if all(muted) else (None, "")
    scope, subject = _joint_scope(group) if len(ids) > 1 else _scope(oldest.eval_set, group)
    return Incident(
        id=incident_id(ids[0], oldest.cause),
        scope=scope,
        subject=subject,
        cause=cause,
        since=oldest.since,
        eval_sets=ids,
        summary=_joint_summary(group, ids, subject, cause) if len(ids) > 1 else _summary(oldest),
        actions=actions_for(cause, ids[0]),
        models=tuple(sorted({model for trouble in group for model in trouble.models})),
        muted_until=until,
        muted_reason=reason,
    )


def _summary(trouble: _Trouble) -> str:
    samples = [(task, sample) for task, sample in trouble.pairs if sample is not None]
    cause = trouble.cause
    what = stuck_phrase(cause, samples) if trouble.pairs else f"it {SPEC_OF[cause].phrase}"
    return f"{trouble.eval_set.state.eval_set_id}: {what}"


def _joint_summary(
    group: Sequence[_Trouble], ids: Sequence[str], subject: str, cause: Cause
) -> str:
    samples = sum(len(trouble.pairs) for trouble in group)
    return (
        f"{subject}: {samples} samples of {len(ids)} eval sets are stuck, and nobody's calls "
        f"succeed; each {SPEC_OF[cause].phrase}"
    )


def _joint_scope(group: Sequence[_Trouble]) -> tuple[Scope, str]:
    """One model, or the provider of several."""
    models = sorted({model for trouble in group for model in trouble.models})
    if len(models) == 1:
        return "model", models[0]
    return "provider", ", ".join(sorted({model.split("/", 1)[0] for model in models}))


def _scope(eval_set: EvalSetJudgment, group: Sequence[_Trouble]) -> tuple[Scope, str]:
    pairs = [pair for trouble in group for pair in trouble.pairs]
    logs = {task.state.log for task, _ in pairs}
    running = [task for task in eval_set.tasks if task.verdict is not Verdict.FINISHED]
    if not pairs or len(logs) > 1 or (len(running) > 1 and eval_set.verdict is Verdict.STUCK):
        return "eval_set", eval_set.state.eval_set_id
    task, sample = pairs[0]
    if len(pairs) > 1 or sample is None:
        return "task", task.name
    return "sample", f"{task.name}/{sample.key.id}/{sample.key.epoch}"
