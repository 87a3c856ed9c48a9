"""What makes two troubles one: a tie is a name, and troubles that share one belong together."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from watchdog.correlate.symptom import Symptom
from watchdog.model.causes import OUTAGE_CAUSES
from watchdog.model.cluster import Pod
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.probe import Conclusion, Meaning
from watchdog.model.providers import provider_of
from watchdog.model.verdict import Cause

CorrelationKey = tuple[str, str]
"""Kind and name: `("model", "openai/gpt-4o")`."""

MIDDLEMAN = "middleman"
CLUSTER_LEAST = 3

_APART = frozenset(
    {
        Meaning.CONTENT,
        Meaning.TOKEN_LIMIT,
        Meaning.LARGE_REFUSED,
        Meaning.LARGE_FAILS,
        Meaning.LARGE_TIMES_OUT,
        Meaning.REFUSED,
        Meaning.MODEL_GONE,
        Meaning.NO_ACCESS,
    }
)
"""What the direct tests say of one model alone: no outage of its provider."""

_IMAGE = re.compile(r'image "([\w.:-]+\.[\w.:-]+)/')


def correlation_keys(
    every: Sequence[Symptom],
    eval_sets: Sequence[EvalSetJudgment],
    conclusions: Mapping[str, Conclusion],
) -> list[frozenset[CorrelationKey]]:
    """The ties of each trouble."""
    succeeded = last_successes(eval_sets)
    found = [frozenset(_correlation_keys(symptom, succeeded, conclusions)) for symptom in every]
    sets = Counter(correlation_key for names in found for correlation_key in names)
    few = {
        correlation_key
        for correlation_key, count in sets.items()
        if correlation_key[0] == "cluster" and count < _least(correlation_key)
    }
    return [names - few for names in found]


def _least(correlation_key: CorrelationKey) -> int:
    """How many eval sets make it the cluster's: a wrong tag or too large a request is one's own."""
    return 2 if correlation_key[1].startswith("node ") else CLUSTER_LEAST


def _correlation_keys(
    symptom: Symptom, succeeded: Mapping[str, float], conclusions: Mapping[str, Conclusion]
) -> Iterator[CorrelationKey]:
    if symptom.is_degraded:
        # apart from what is stuck: some of their calls succeed
        yield from (("degraded", model) for model in symptom.models)
        return
    for model in symptom.shared_models:
        yield "model", model
        conclusion = conclusions.get(model)
        if symptom.cause in OUTAGE_CAUSES and not (conclusion and conclusion.meaning in _APART):
            yield "provider", provider_of(model)
            if is_middleman_s(conclusion):
                yield "provider", MIDDLEMAN
    if symptom.cause is Cause.HUNG_MODEL_CALL:
        since = symptom.since or 0.0
        yield from (("model", m) for m in symptom.models if succeeded.get(m, 0.0) < since)
    yield from _cluster(symptom)


def is_middleman_s(conclusion: Conclusion | None) -> bool:
    """Whether the direct tests say that Middleman is to blame for small requests too."""
    if conclusion is None or conclusion.meaning is not Meaning.MIDDLEMAN:
        return False
    small = (each for each in conclusion.results if each.size == "small")
    return any(each.route == "middleman" and each.tested and not each.passed for each in small)


def _cluster(symptom: Symptom) -> Iterator[CorrelationKey]:
    """What pods of several eval sets suffer together: no room, a node that goes, a registry."""
    if symptom.cause is Cause.UNSCHEDULABLE:
        yield "cluster", "no node has room"
    if symptom.cause in {Cause.EVICTED, Cause.RUNNER_GONE}:
        yield from (("cluster", f"node {pod.node}") for pod in _pods(symptom) if _left(pod))
    if symptom.cause is Cause.IMAGE_PULL:
        yield from (("cluster", f"registry {host}") for host in _registries(_pods(symptom)))


def _pods(symptom: Symptom) -> tuple[Pod, ...]:
    cluster = symptom.eval_set.state.cluster
    return (*cluster.view.runners, *cluster.view.sandboxes) if cluster else ()


def _left(pod: Pod) -> bool:
    """Whether its node let it go."""
    return bool(pod.node and pod.eviction)


def _registries(pods: Iterable[Pod]) -> set[str]:
    waiting = (c.waiting_message for pod in pods for c in pod.containers if c.waiting)
    return {found[1] for text in waiting if (found := _IMAGE.search(text))}


def last_successes(eval_sets: Iterable[EvalSetJudgment]) -> dict[str, float]:
    """When a call on each model last succeeded, of all samples that are remembered."""
    found: dict[str, float] = {}
    for eval_set in eval_sets:
        for task in eval_set.state.tasks.values():
            outcomes = (o for s in task.samples.values() for o in s.recent)
            for outcome in (*task.retired, *outcomes):
                if outcome.ok and outcome.at is not None:
                    found[outcome.model] = max(found.get(outcome.model, 0.0), outcome.at)
    return found


def groups(
    every: Sequence[Symptom], keys_of_each: Sequence[frozenset[CorrelationKey]]
) -> list[tuple[list[Symptom], frozenset[CorrelationKey]]]:
    """Troubles that share a tie, directly or over another one, with the ties that several share."""
    found: list[tuple[set[CorrelationKey], list[int]]] = []
    for place, names in enumerate(keys_of_each):
        joined, members, apart = set(names), [place], []
        for others, places in found:
            if joined & others:
                joined |= others
                members = [*places, *members]
            else:
                apart.append((others, places))
        found = [*apart, (joined, members)]
    return [([every[p] for p in places], _common(places, keys_of_each)) for _, places in found]


def _common(
    places: Sequence[int], keys_of_each: Sequence[frozenset[CorrelationKey]]
) -> frozenset[CorrelationKey]:
    counts = Counter(correlation_key for place in places for correlation_key in keys_of_each[place])
    least = min(2, len(places))
    return frozenset(correlation_key for correlation_key, count in counts.items() if count >= least)
