"""How far an incident reaches, and how that is said."""

from collections import Counter
from collections.abc import Iterable, Sequence

from watchdog.correlate.correlation_keys import MIDDLEMAN, CorrelationKey
from watchdog.correlate.degraded import degraded_summary
from watchdog.correlate.symptom import Symptom
from watchdog.diagnose.rules import SPEC_OF
from watchdog.diagnose.words import stuck_phrase
from watchdog.model.causes import cause_words
from watchdog.model.digest import kinds_of
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.providers import provider_of
from watchdog.model.told import said
from watchdog.model.verdict import Cause, Scope, Verdict
from watchdog.model.words import count

STILL_READING = "older events are still being read, it may have begun earlier"
_GOING_ON = frozenset({Verdict.PROGRESSING, Verdict.DEGRADED})


def scope_of(group: Sequence[Symptom], common: frozenset[CorrelationKey]) -> tuple[Scope, str]:
    """The scope, and the name of what is affected."""
    if len({symptom.eval_set_id for symptom in group}) > 1:
        return _joint(group, common)
    return _single(group)


def _joint(group: Sequence[Symptom], common: frozenset[CorrelationKey]) -> tuple[Scope, str]:
    """Of several eval sets: Middleman, a provider, one of its models, or the cluster."""
    cluster = sorted(part for key in common if (part := key.of_cluster))
    models = sorted({model for symptom in group for model in symptom.models})
    if cluster:
        return "cluster", ", ".join(cluster)
    if CorrelationKey("middleman") in common and len(models) > 1:
        return "provider", MIDDLEMAN
    if len(models) == 1:
        return "model", models[0]
    return "provider", ", ".join(sorted({provider_of(model) for model in models}))


def _single(group: Sequence[Symptom]) -> tuple[Scope, str]:
    """Of one eval set: all of it, a task, a sample."""
    eval_set = group[0].eval_set
    number = sum(symptom.count for symptom in group)
    logs = {task.state.log for symptom in group for task, _ in symptom.members}
    unfinished = [task for task in eval_set.tasks if task.verdict is not Verdict.FINISHED]
    if not number or len(logs) > 1 or (len(unfinished) > 1 and eval_set.verdict is Verdict.STUCK):
        return "eval_set", eval_set.state.eval_set_id
    task, sample = next(pair for symptom in group for pair in symptom.pairs)
    if number > 1 or sample is None:
        return "task", task.name
    return "sample", f"{task.name}/{sample.key.id}/{sample.key.epoch}"


def summary_of(  # noqa: PLR0913, PLR0917 - all that is said
    group: Sequence[Symptom],
    scope: Scope,
    subject: str,
    cause: Cause,
    now: float,
    reading: bool = False,
) -> str:
    """One sentence on the incident; while older events are being read it says so."""
    summary = _summary(group, scope, subject, cause, now, reading)
    return f"{summary}; {STILL_READING}" if reading else summary


def _summary(  # noqa: PLR0913, PLR0917
    group: Sequence[Symptom], scope: Scope, subject: str, cause: Cause, now: float, reading: bool
) -> str:
    sets = len({symptom.eval_set_id for symptom in group})
    if group[0].is_degraded:
        return degraded_summary(group, subject)
    if sets == 1:
        return _single_summary(group[0], now)
    if all(symptom.caution is not None for symptom in group):
        return f"{subject}: samples of {sets} eval sets end in errors; {cause_words(cause)}"
    samples = sum(symptom.samples_count for symptom in group)
    number = f"{count(samples, 'sample')} of " if samples else ""
    stuck = f"{number}{sets} eval sets are stuck"
    phrase = SPEC_OF[cause].phrase
    if cause is Cause.LOG_WRITE_FAILED:
        return f"{subject}: of {count(sets, 'eval set')} each {phrase}"
    if scope == "cluster":
        return f"{subject}: {stuck}; each {phrase}"
    # a success may be among what isn't read
    nobody = "" if reading else ", and nobody's calls succeed"
    return f"{subject}: {stuck}{nobody}; each {phrase}"


def _single_summary(symptom: Symptom, now: float) -> str:
    samples = [(task, sample) for task, sample in symptom.pairs if sample is not None]
    cause = symptom.cause
    if symptom.caution is not None:
        return f"{symptom.eval_set_id}: {said(symptom.caution.text, now)}"
    phrase = stuck_phrase(cause, samples) if symptom.members else f"it {SPEC_OF[cause].phrase}"
    return f"{symptom.eval_set_id}: {phrase}"


class Unharmed:
    """Samples that go on, counted once for all incidents."""

    def __init__(self, eval_sets: Iterable[EvalSetJudgment]) -> None:
        self._by_model: Counter[str] = Counter()
        self._by_eval_set: Counter[str] = Counter()
        for eval_set in eval_sets:
            for task in eval_set.tasks:
                for (model, verdict, _), number in kinds_of(task.samples):
                    if verdict in _GOING_ON:
                        self._by_model[model or task.model] += number
                        self._by_eval_set[eval_set.state.eval_set_id] += number

    def beside(self, models: Iterable[str], ids: Iterable[str]) -> int:
        """Those on these models; where there is none, of these eval sets."""
        of_models = [self._by_model[model] for model in models]
        return sum(of_models) if of_models else sum(self._by_eval_set[name] for name in ids)


def peers_of(group: Sequence[Symptom], all_unharmed: Unharmed) -> str:
    """What goes on unharmed: on the same models, else in the same eval sets; empty for nothing."""
    models = {model for symptom in group for model in symptom.models}
    ids = {symptom.eval_set_id for symptom in group}
    unharmed = all_unharmed.beside(models, ids)
    if not unharmed:
        return ""
    where = "this eval set" if len(ids) == 1 else "these eval sets"
    if models:
        where = "this model" if len(models) == 1 else "these models"
    verb = "progresses" if unharmed == 1 else "progress"
    return f"{count(unharmed, 'other sample')} {'on' if models else 'of'} {where} {verb}"
