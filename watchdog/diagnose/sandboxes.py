"""Which sandbox pods are a sample's.

By the sample's uuid, which inspect_k8s_sandbox puts on the pods from 0.4.0 on. Else by the label
that Hawk's runner makes of the sample's id, which may stand for several samples: `a/b` and `a b`
are both `a_b`, all epochs of a sample share one, and where a data set has no ids of its own Hawk
labels the place in it, from 0, while Inspect counts from 1.
"""

import re
from collections.abc import Iterable, Iterator

from watchdog.model.cluster import Pod
from watchdog.model.facts import SampleKey
from watchdog.model.state import EvalSetState, PodDeath, SampleState, TaskState

MAIN = "default"
"""The main service of a sandbox, and the container of its pods in which commands run (chart
`agent-env`)."""
DNS_CONTAINER = "coredns"
"""The container beside it, which answers for names."""
_LABEL_MAX = 63


def label(text: str) -> str:
    """A text as Hawk makes a label's value of it (hawk 3.7.2, `core/sanitize.py`).

    Each run of what a label can't hold becomes one `_`; at most 63 characters, and neither end is
    one of `_-.`.
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text)[:_LABEL_MAX].strip("_-.")


def same_label(value: str, text: str) -> bool:
    """Whether a label's value stands for `text` (a task `a/b` may stand there as `b`)."""
    return bool(value) and label(value) in {label(text), label(text.rsplit("/", 1)[-1])}


def belongs(pod: Pod | PodDeath, task: TaskState, sample: SampleState) -> bool:
    """Whether a sandbox's pod is, or may be, a sample's: exact where it names a uuid."""
    if pod.sample_uuid and sample.uuid:
        return pod.sample_uuid == sample.uuid
    return _is_labelled(pod, task, sample.key)


def sandboxes_of(state: EvalSetState, task: TaskState, sample: SampleState) -> tuple[Pod, ...]:
    """The pods that certainly serve a sample: none where they may be another sample's."""
    sandboxes = state.cluster.view.sandboxes if state.cluster else ()
    pods = [pod for pod in sandboxes if belongs(pod, task, sample)]
    exact = tuple(pod for pod in pods if pod.sample_uuid and sample.uuid)
    if exact or not pods:
        return exact
    by_place = sample.key.id.isdecimal() and _counts_from_0(sandboxes, state)
    is_shared = by_place or any(_claims(pods, state, task, sample.key))
    return () if is_shared else tuple(pods)


def unclaimed(state: EvalSetState) -> list[Pod]:
    """Sandboxes of no sample that runs: being set up, or left behind."""
    sandboxes = state.cluster.view.sandboxes if state.cluster else ()
    running = [sample for task in state.tasks.values() for sample in task.samples.values()]
    uuids = {sample.uuid for sample in running}
    labels = {label(sample.key.id) for sample in running}
    return [
        pod
        for pod in sandboxes
        if not (pod.sample_uuid in uuids if pod.sample_uuid else label(pod.sample_id) in labels)
    ]


def _is_labelled(pod: Pod | PodDeath, task: TaskState, key: SampleKey) -> bool:
    name = task.spec.task if task.spec else ""
    of_task = not pod.task_name or same_label(pod.task_name, name)
    return of_task and bool(pod.sample_id) and label(pod.sample_id) == label(key.id)


def _claims(
    pods: Iterable[Pod], state: EvalSetState, task: TaskState, key: SampleKey
) -> Iterator[SampleKey]:
    """Other samples that the same pods may serve, or have served."""
    first = next(iter(pods))
    for other in state.tasks.values():
        for claimant in (*other.samples, *other.ended):
            is_itself = other is task and claimant == key
            if not is_itself and _is_labelled(first, other, claimant):
                yield claimant


def _counts_from_0(sandboxes: Iterable[Pod], state: EvalSetState) -> bool:
    """Whether the labels are places in the data set: one says 0, and no sample is called so."""
    ids = {key.id for task in state.tasks.values() for key in (*task.samples, *task.ended)}
    return "0" not in ids and any(pod.sample_id == "0" for pod in sandboxes)
