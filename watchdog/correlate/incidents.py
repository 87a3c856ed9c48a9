"""Symptoms that belong together, as incidents."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from watchdog.correlate.correlation_keys import CorrelationKey, correlation_keys, groups
from watchdog.correlate.degraded import degraded, degraded_actions
from watchdog.correlate.scope import Unharmed, peers_of, scope_of, summary_of
from watchdog.correlate.symptom import FindSymptoms, Symptom, in_order, symptoms_anew
from watchdog.correlate.testing import Histories, conclusions_of, subjects_of
from watchdog.diagnose.partial import before_history, half_read_models
from watchdog.diagnose.placeholders import fill, runner_stands
from watchdog.diagnose.words import actions_for
from watchdog.model.action import Action
from watchdog.model.causes import main_cause
from watchdog.model.digest import kinds_of
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.probe import Conclusion
from watchdog.model.providers import provider_of
from watchdog.model.status_page import StatusPageIncident
from watchdog.model.verdict import Cause, Incident, Severity, Verdict, worst
from watchdog.probing.steps import steps

ACTIONS_MAX = 6


class Findings(Struct, frozen=True):
    """What the world outside the evaluations says."""

    tests: Histories = {}
    """Direct API tests by model, oldest first."""
    outside: tuple[StatusPageIncident, ...] = ()
    """What status pages say."""


class Notes(Struct, frozen=True):
    """What the service knows of eval sets beyond their judgment, by id."""

    degraded: Mapping[str, float] = {}
    """Those that have been degraded for long, and since when, in seconds since the epoch."""
    restricted_to: Mapping[str, tuple[str, ...]] = {}
    """The channels that alone may hear of one, by name."""


_NO_NOTES = Notes()
_NONE = Findings()


def correlate(
    eval_sets: Iterable[EvalSetJudgment],
    now: float,
    findings: Findings = _NONE,
    notes: Notes = _NO_NOTES,
    find: FindSymptoms = symptoms_anew,
) -> tuple[Incident, ...]:
    """The incidents of all eval sets, oldest first."""
    judgments = tuple(eval_sets)
    all_symptoms = [*in_order(find(judgments)), *degraded(judgments, notes.degraded)]
    key_sets = correlation_keys(
        all_symptoms, judgments, _first_conclusions(all_symptoms, findings, now)
    )
    around = _Around(
        Unharmed(judgments if all_symptoms else ()),
        half_read_models(one.state for one in judgments) if all_symptoms else frozenset(),
        findings,
    )
    incidents = [
        replace(
            _incident(sorted(group, key=lambda symptom: symptom.age), common, around, now),
            restricted_to=restricted_to,
        )
        for restricted_to, places in _by_restriction(all_symptoms, notes).items()
        for group, common in groups(
            [all_symptoms[p] for p in places], [key_sets[p] for p in places]
        )
    ]
    return tuple(sorted(incidents, key=lambda i: (i.since is None, i.since or 0.0, i.id)))


class _Around(Struct, frozen=True):
    """What bears on all incidents."""

    unharmed: Unharmed
    half_read: frozenset[str]
    """Models of which older events are still being read."""
    findings: Findings


def _is_half_read(group: Sequence[Symptom], models: frozenset[str]) -> bool:
    """Whether events that aren't read yet may tell more of it."""
    return any(s.eval_set.state.half_read or s.models & models for s in group)


def _by_restriction(
    all_symptoms: Sequence[Symptom], notes: Notes
) -> dict[tuple[str, ...], list[int]]:
    """Places of the symptoms by who may hear of them: what one may not, is not joined for it."""
    places: dict[tuple[str, ...], list[int]] = {}
    for place, symptom in enumerate(all_symptoms):
        places.setdefault(notes.restricted_to.get(symptom.eval_set_id, ()), []).append(place)
    return places


def _first_conclusions(
    all_symptoms: Sequence[Symptom], findings: Findings, now: float
) -> Mapping[str, Conclusion]:
    """What the tests of each model mean, whatever it is joined with."""
    conclusions = conclusions_of(all_symptoms, subjects_of(all_symptoms), findings.tests, now)
    return {conclusion.model: conclusion for conclusion in conclusions}


def incident_id(eval_set_id: str, cause: Cause, *, degraded: bool = False) -> str:
    """Stable over restarts and over what else happens: a hash of eval set and cause."""
    parts = [eval_set_id, cause.value, *(["degraded"] if degraded else [])]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def troubled_models(eval_sets: Iterable[EvalSetJudgment]) -> frozenset[str]:
    """Models on which most running samples fail more than usual: their trouble isn't over."""
    totals, troubled = Counter[str](), Counter[str]()
    for eval_set in eval_sets:
        for task in eval_set.tasks:
            for (model, verdict, by_rule), number in kinds_of(task.samples):
                name = model or task.model
                totals[name] += number
                if verdict in {Verdict.DEGRADED, Verdict.STUCK} and not by_rule:
                    troubled[name] += number
    return frozenset(model for model, count in totals.items() if 2 * troubled[model] > count)


def _incident(
    group: Sequence[Symptom],
    common: frozenset[CorrelationKey],
    around: _Around,
    now: float,
) -> Incident:
    """One incident of symptoms that belong together, the oldest first."""
    oldest, findings = group[0], around.findings
    reading = _is_half_read(group, around.half_read)
    cause = main_cause(symptom.cause for symptom in group) or oldest.cause
    mutes = [symptom.muted for symptom in group]
    until, reason = min(filter(None, mutes)) if all(mutes) else (None, "")
    scope, subject = scope_of(group, common)
    subjects = subjects_of(group)
    conclusions = conclusions_of(group, subjects, findings.tests, now)
    return Incident(
        id=incident_id(oldest.eval_set_id, oldest.cause, degraded=oldest.is_degraded),
        scope=scope,
        subject=subject,
        cause=cause,
        since=oldest.since,
        eval_sets=tuple(dict.fromkeys(symptom.eval_set_id for symptom in group)),
        summary=summary_of(group, scope, subject, cause, now, reading) + _instead_of_page(group),
        actions=_actions(group, cause, conclusions, reading=reading),
        models=_joint_models(group, common),
        muted_until=until,
        muted_reason=reason,
        severity=_severity(group),
        verdict=Verdict.DEGRADED
        if oldest.is_degraded
        else worst([symptom.eval_set.verdict for symptom in group]),
        runner_died=all(symptom.runner_died for symptom in group),
        in_cluster=all(symptom.eval_set.state.cluster is not None for symptom in group),
        reading=reading,
        stuck_samples=sum(symptom.samples_count for symptom in group if not symptom.is_degraded),
        peers="" if oldest.is_degraded else peers_of(group, around.unharmed),
        subjects=subjects,
        conclusions=conclusions,
        outside=_outside(group, findings),
    )


def _severity(group: Sequence[Symptom]) -> Severity:
    """A page, unless people want a warning in place of it for all of it."""
    excepted = all(symptom.no_page is not None for symptom in group)
    return "page" if _is_serious(group) and not excepted else "warning"


def _is_serious(group: Sequence[Symptom]) -> bool:
    """Whether nothing of an eval set goes on, or several suffer the same."""
    severities = [symptom.caution.severity for symptom in group if symptom.caution is not None]
    if "page" in severities:
        return True
    if group[0].is_degraded or len(severities) == len(group):
        return False
    joint = len({symptom.eval_set_id for symptom in group}) > 1
    return joint or any(symptom.eval_set.verdict is Verdict.STUCK for symptom in group)


def _instead_of_page(group: Sequence[Symptom]) -> str:
    """That it would be a page, and who wanted none; empty where neither is so."""
    wish = group[0].no_page
    changed = _is_serious(group) and _severity(group) == "warning"
    return f"; {wish.text}" if changed and wish is not None else ""


def _joint_models(group: Sequence[Symptom], common: frozenset[CorrelationKey]) -> tuple[str, ...]:
    """Models on which it is everybody's trouble."""
    shared = {model for symptom in group for model in symptom.shared_models}
    if len(group) > 1:
        shared |= {key.name for key in common if key.kind in {"model", "degraded", "errors"}}
    return tuple(sorted(shared))


def _actions(
    group: Sequence[Symptom], cause: Cause, conclusions: Sequence[Conclusion], *, reading: bool
) -> tuple[Action, ...]:
    """What the tests ask for, then what the cause does, filled in for the oldest eval set.

    Not for one whose runner stands, where another has none of that trouble.
    """
    oldest = group[0]
    if oldest.is_degraded:
        return fill(degraded_actions(group), oldest.eval_set, cause)
    # one whose runner stands needs more than the others
    about = next((s.eval_set for s in group if not runner_stands(s.eval_set)), oldest.eval_set)
    about = about if len(group) > 1 else oldest.eval_set
    test_steps = [step for conclusion in conclusions[:1] for step in steps(conclusion)]
    first = fill(test_steps, about, cause)
    usual = actions_for(cause, about)
    usual = before_history(usual) if reading else usual
    rest = (action for action in usual if not first or action.kind != "test")
    return tuple(dict.fromkeys((*first, *rest)))[:ACTIONS_MAX]


def _outside(group: Sequence[Symptom], findings: Findings) -> tuple[StatusPageIncident, ...]:
    providers = {provider_of(model) for symptom in group for model in symptom.models}
    return tuple(incident for incident in findings.outside if incident.provider in providers)
