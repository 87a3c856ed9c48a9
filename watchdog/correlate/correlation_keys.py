"""Which symptoms belong together: those that share a correlation key, which is a name."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from watchdog.correlate.symptom import Symptom
from watchdog.model.causes import OUTAGE_CAUSES
from watchdog.model.cluster import Pod
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.probe import Conclusion, Meaning
from watchdog.model.providers import provider_of
from watchdog.model.verdict import Cause

KeyKind = Literal[
    "model",
    "provider",
    "middleman",
    "degraded",
    "errors",
    "room",
    "node",
    "registry",
    "store",
]


class CorrelationKey(NamedTuple):
    """What symptoms have in common: what sort of thing, and which."""

    kind: KeyKind
    name: str = ""

    @property
    def of_cluster(self) -> str:
        """The part of the cluster that it is, for people; empty where it is none."""
        return {
            "room": "no node has room",
            "node": f"node {self.name}",
            "registry": f"registry {self.name}",
            "store": f"log store {self.name}",
        }.get(self.kind, "")


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

_BUCKET = re.compile(r"[a-z0-9]{1,10}://[^/\s]{1,200}(?=/)")
_IMAGE = re.compile(r'image "([\w:-]{0,63}(?:\.[\w:-]{0,63}){1,8})/')


def correlation_keys(
    symptoms: Sequence[Symptom],
    eval_sets: Sequence[EvalSetJudgment],
    conclusions: Mapping[str, Conclusion],
) -> list[frozenset[CorrelationKey]]:
    """The correlation keys of each symptom."""
    hangs = any(symptom.cause is Cause.HUNG_MODEL_CALL for symptom in symptoms)
    # all outcomes are gone through for it
    last_ok = last_successes(eval_sets) if hangs else {}
    key_sets = [frozenset(_correlation_keys(symptom, last_ok, conclusions)) for symptom in symptoms]
    counts = Counter(key for keys in key_sets for key in keys)
    few = {key for key, count in counts.items() if key.of_cluster and count < _least(key)}
    return [keys - few for keys in key_sets]


def _least(key: CorrelationKey) -> int:
    """How many eval sets make it the cluster's: a wrong tag or too large a request is one's own."""
    return 2 if key.kind == "node" else CLUSTER_LEAST


def _correlation_keys(
    symptom: Symptom, last_ok: Mapping[str, float], conclusions: Mapping[str, Conclusion]
) -> Iterator[CorrelationKey]:
    if symptom.is_degraded:
        # apart from what is stuck: some of their calls succeed
        models = () if symptom.by_rule else symptom.models
        yield from (CorrelationKey("degraded", model) for model in models)
        return
    if symptom.caution is not None:
        # samples that ended in a provider's errors: a used-up quota is everybody's on the key
        yield from (CorrelationKey("errors", model) for model in symptom.models)
        yield from _cluster(symptom)
        return
    for model in symptom.shared_models:
        yield CorrelationKey("model", model)
        conclusion = conclusions.get(model)
        if symptom.cause in OUTAGE_CAUSES and not (conclusion and conclusion.meaning in _APART):
            yield CorrelationKey("provider", provider_of(model))
            if is_middleman_s(conclusion):
                yield CorrelationKey("middleman")
    if symptom.cause is Cause.HUNG_MODEL_CALL:
        since = symptom.since or 0.0
        hung = (model for model in symptom.models if last_ok.get(model, 0.0) < since)
        yield from (CorrelationKey("model", model) for model in hung)
    yield from _cluster(symptom)


def is_middleman_s(conclusion: Conclusion | None) -> bool:
    """Whether the direct tests say that Middleman is to blame for small requests too."""
    if conclusion is None or conclusion.meaning is not Meaning.MIDDLEMAN:
        return False
    small = (result for result in conclusion.results if result.size == "small")
    return any(
        result.route == "middleman" and result.tested and not result.passed for result in small
    )


def _cluster(symptom: Symptom) -> Iterator[CorrelationKey]:
    """What pods of several eval sets suffer together: no room, a node that goes, a registry."""
    if symptom.cause is Cause.UNSCHEDULABLE:
        yield CorrelationKey("room")
    if symptom.cause in {Cause.EVICTED, Cause.RUNNER_GONE}:
        pods = (pod for pod in _pods(symptom) if pod.node and pod.eviction)
        yield from (CorrelationKey("node", pod.node) for pod in pods)
    if symptom.cause is Cause.LOG_WRITE_FAILED:
        yield from (CorrelationKey("store", bucket) for bucket in _buckets(symptom))
    if symptom.cause is Cause.IMAGE_PULL:
        yield from (CorrelationKey("registry", host) for host in _registries(_pods(symptom)))


def _buckets(symptom: Symptom) -> set[str]:
    failures = symptom.eval_set.state.write_failures.values()
    return {match[0] for item in failures if (match := _BUCKET.match(item.log))}


def _pods(symptom: Symptom) -> tuple[Pod, ...]:
    cluster = symptom.eval_set.state.cluster
    return (*cluster.view.runners, *cluster.view.sandboxes) if cluster else ()


def _registries(pods: Iterable[Pod]) -> set[str]:
    waiting = (c.waiting_message for pod in pods for c in pod.containers if c.waiting)
    return {match[1] for text in waiting if (match := _IMAGE.search(text))}


def last_successes(eval_sets: Iterable[EvalSetJudgment]) -> dict[str, float]:
    """When a call on each model last succeeded, of all samples that are remembered."""
    last_ok: dict[str, float] = {}
    for eval_set in eval_sets:
        for task in eval_set.state.tasks.values():
            for outcomes in (task.retired, *(s.recent for s in task.samples.values())):
                for (model, cause), times in outcomes.by_kind():
                    if cause is None:
                        last_ok[model] = max(last_ok.get(model, 0.0), *times)
    return last_ok


def groups(
    symptoms: Sequence[Symptom], key_sets: Sequence[frozenset[CorrelationKey]]
) -> list[tuple[list[Symptom], frozenset[CorrelationKey]]]:
    """Symptoms that share a correlation key, directly or over another, and the keys in common.

    Args:
        symptoms: all of them.
        key_sets: the correlation keys of each, in the same order.
    """
    members = _joined(key_sets)
    return [([symptoms[p] for p in places], _common(places, key_sets)) for places in members]


def _joined(key_sets: Sequence[frozenset[CorrelationKey]]) -> list[list[int]]:
    """Places that share keys, directly or over others; those whose last member came first, first.

    Each place is looked at once (union-find; Tarjan, Journal of the ACM 22, 1975).
    """
    above = list(range(len(key_sets)))
    first_with: dict[CorrelationKey, int] = {}

    def root(place: int) -> int:
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    for place, keys in enumerate(key_sets):
        for key in keys:
            above[root(first_with.setdefault(key, place))] = root(place)
    members: dict[int, list[int]] = {}
    for place in range(len(key_sets)):
        members.setdefault(root(place), []).append(place)
    return sorted(members.values(), key=lambda places: places[-1])


def _common(
    places: Sequence[int], key_sets: Sequence[frozenset[CorrelationKey]]
) -> frozenset[CorrelationKey]:
    counts = Counter(key for place in places for key in key_sets[place])
    least = min(2, len(places))
    return frozenset(key for key, count in counts.items() if count >= least)
