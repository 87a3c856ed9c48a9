"""Fills the placeholders of actions, such as `<runner-pod>`, with what is known of an eval set.

What isn't known keeps its placeholder: a command that says `<runner-pod>` is better than none.
"""

import shlex
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from watchdog.model import pod_reasons
from watchdog.model.action import Action
from watchdog.model.cluster import Container, Pod
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Cause, Verdict

STORE = "s3://<bucket>/evals/{eval_set_id}"
"""Where an eval set's logs are, where nobody says."""


def fill(actions: Iterable[Action], eval_set: EvalSetJudgment, cause: Cause) -> tuple[Action, ...]:
    """Actions as they are to be typed for this eval set, all values quoted for a shell."""
    values = dict(_values(eval_set, cause))
    return tuple(replace(action, text=_filled(action.text, values)) for action in actions)


def fill_store(action: Action, eval_set_id: str, store: str | None) -> Action:
    """`<store>` of an action as the address of the eval set's logs."""
    template = store or STORE
    if "{eval_set_id}" not in template:
        template = f"{template.rstrip('/')}/{{eval_set_id}}"
    address = template.replace("{eval_set_id}", shlex.quote(eval_set_id))
    return replace(action, text=action.text.replace("<store>", address))


def _filled(text: str, values: dict[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, shlex.quote(value)) if value else text
    return text


def _values(eval_set: EvalSetJudgment, cause: Cause) -> Iterator[tuple[str, str]]:
    yield "{eval_set_id}", eval_set.state.eval_set_id
    sample = stuck_sample(eval_set, cause)
    if sample is not None:
        yield "<sample-uuid>", sample.state.uuid or ""
        yield "<model>", model_of(sample)
    yield from _cluster(eval_set.state, sample, cause)


def model_of(sample: SampleJudgment) -> str:
    """The model whose call fails or hangs; empty where neither does."""
    hung = (call.name for call in reversed(sample.state.open_calls) if call.kind == "model")
    return sample.model or next(hung, "")


def stuck_sample(eval_set: EvalSetJudgment, cause: Cause) -> SampleJudgment | None:
    """The sample that is stuck for this cause the longest."""
    stuck = [
        sample
        for task in eval_set.tasks
        for sample in task.samples
        if sample.verdict is Verdict.STUCK and sample.cause is cause
    ]
    return min(stuck, key=lambda s: (s.since is None, s.since or 0.0), default=None)


def _cluster(
    state: EvalSetState, sample: SampleJudgment | None, cause: Cause
) -> Iterator[tuple[str, str]]:
    if state.cluster is None:
        return
    view = state.cluster.view
    yield "<runner-namespace>", view.runner_namespace
    yield "<runner-pod>", _newest(view.runners)
    own = [pod for pod in view.sandboxes if sample is not None and _is_of(pod, sample)]
    sandboxes = own or list(view.sandboxes)
    yield "<sandbox-namespace>", sandboxes[0].namespace if sandboxes else ""
    yield "<sandbox-pod>", _newest(sandboxes)
    troubled = [pod for pod in (*own, *view.runners, *view.sandboxes) if _shows(pod, cause)]
    if troubled:
        yield "<namespace>", troubled[0].namespace
        yield "<pod>", troubled[0].name
        yield "<node>", troubled[0].node
        return
    yield "<namespace>", view.runner_namespace


def _newest(pods: Iterable[Pod]) -> str:
    live = sorted(pods, key=lambda pod: (pod.is_live, pod.created_at or 0.0))
    return live[-1].name if live else ""


def _is_of(pod: Pod, sample: SampleJudgment) -> bool:
    return pod.sample_id == sample.key.id


def _shows(pod: Pod, cause: Cause) -> bool:
    """Whether this pod is the one in the trouble that the cause names."""
    if cause is Cause.UNSCHEDULABLE:
        return bool(pod.unschedulable)
    if cause is Cause.EVICTED:
        return bool(pod.eviction)
    if cause is Cause.NODE_NOT_READY:
        return not pod.ready and bool(pod.node)
    return any(_container_shows(container, cause) for container in pod.containers)


def _container_shows(container: Container, cause: Cause) -> bool:
    if cause is Cause.IMAGE_PULL:
        return container.waiting in pod_reasons.IMAGE_PULL
    if cause is Cause.CRASH_LOOP:
        return container.waiting in pod_reasons.CRASH_LOOP
    if cause is Cause.CONTAINER_START:
        return bool(container.waiting) and container.waiting not in pod_reasons.IMAGE_PULL
    ends = (container.terminated, container.last_terminated)
    return cause is Cause.OOM_KILLED and any(
        end is not None and end.reason == pod_reasons.OOM_KILLED for end in ends
    )
