"""Knows what the placeholders of actions, such as `<runner-pod>`, stand for in an eval set.

An action keeps its template and its values apart until it is told (`model/command.py`), so that no
value can pass for a part of a template.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from watchdog.diagnose.applicable import (
    IN_RUNNER,
    PROCESS,
    Surroundings,
    applies,
    names_sample,
    process_id,
)
from watchdog.diagnose.pod_names import pod_names
from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.causes import HUNG_CALLS, RUNNER_STOPS
from watchdog.model.command import PLACEHOLDER
from watchdog.model.facts import Connections
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment
from watchdog.model.verdict import STUCK_VERDICTS, Cause, Verdict

STORE = "s3://<bucket>/evals/{eval_set_id}"
"""Where an eval set's logs are, where nobody says."""
_EXEC = "kubectl exec -n <runner-namespace> <runner-pod> -c <runner-container> -- "
_EVIDENCE_OF = "<evidence-of>"
"""What `watchdog evidence` takes: an id in the cluster, or one with where its logs are."""
_STORE = "<store>"


def fill(actions: Iterable[Action], eval_set: EvalSetJudgment, cause: Cause) -> tuple[Action, ...]:
    """The actions that apply, with the values that they have in this eval set.

    Where its runner is gone or does nothing, another cause's steps are no more than those before
    which nothing has to be done about that.
    """
    around = _surroundings(eval_set, cause)
    values, parts = dict(_values(around)), _parts(around)
    first = (advice.RUNNER_FIRST,) if around.runner_stands else ()
    some = _with_others((a for a in (*first, *actions) if applies(a, around)), around.more)
    filled = (_filled(action, values, parts) for action in some)
    return tuple(action for action in filled if not _is_pointless(action))


def _with_others(actions: Iterable[Action], more: int) -> Iterator[Action]:
    """The first step that names one sample says how many others there are like it."""
    is_said = not more
    for action in actions:
        if is_said or not names_sample(action.text):
            yield action
            continue
        is_said = True
        words = advice.MORE_LIKE_IT.format(f"{more:,}")
        yield replace(action, text=f"{action.text}; {words}")


def _filled(action: Action, values: dict[str, str], parts: dict[str, str]) -> Action:
    """With the values that its text asks for; those that it has already stay."""
    text = action.text
    for place, part in parts.items():
        text = text.replace(place, part)
    known = {**values, **dict(action.values)}
    places = dict.fromkeys(PLACEHOLDER.findall(text))
    return replace(action, text=text, values=tuple((p, known[p]) for p in places if known.get(p)))


def _is_pointless(action: Action) -> bool:
    """Whether it looks at one pod or node, and which isn't known: it may be gone."""
    return action.kind == "look" and any(f" {place}`" in action.told for place in _ONE)


_ONE = ("<pod>", "<node>")


def fill_store(action: Action, name: str, store: str | None) -> Action:
    """`<store>` of an action as the address of the eval set's logs, where it has none yet.

    `name` is the eval set's in its store.
    """
    if _STORE not in action.text or any(place == _STORE for place, _ in action.values):
        return action
    template = store or STORE
    if "{eval_set_id}" not in template:
        template = f"{template.rstrip('/')}/{{eval_set_id}}"
    if template == STORE:
        values = dict(action.values) | {"{eval_set_id}": name}
        text = action.text.replace(_STORE, template)
        return replace(action, text=text, values=tuple(values.items()))
    address = template.replace("{eval_set_id}", name)
    return replace(action, values=(*action.values, (_STORE, address)))


def _parts(around: Surroundings) -> dict[str, str]:
    """Templates within templates."""
    is_in_cluster = not around.local
    by_address = bool(around.state.address) and around.state.cluster is None
    return {
        IN_RUNNER: _EXEC if is_in_cluster else "",
        _EVIDENCE_OF: "{eval_set_id} --logs <target>" if by_address else "{eval_set_id}",
    }


def _values(around: Surroundings) -> Iterator[tuple[str, str]]:
    """What each placeholder stands for, as it is; empty where nothing is known."""
    state = around.state
    yield "{eval_set_id}", state.own_name
    address = state.address if state.cluster is None else ""
    yield "<target>", address or state.own_name
    if state.logs_at and state.cluster is None:
        yield _STORE, state.logs_at
        yield "<log>", f"{state.logs_at}/{around.task.state.log}" if around.task else ""
    yield PROCESS, process_id(around)
    yield "<fewer-connections>", str(_fewer_connections(around))
    if around.task is not None and around.sample is not None:
        yield from _of_sample(around.task, around.sample)
    elif around.task is not None:
        yield "<model>", around.task.model
    yield from pod_names(around)


def _fewer_connections(around: Surroundings) -> int:
    """Half of the connections with which its model's pool began, by its log; else by default."""
    spec = around.task.state.spec if around.task is not None else None
    return max(1, (spec.connections if spec is not None else Connections()).start // 2)


def _of_sample(task: TaskJudgment, sample: SampleJudgment) -> Iterator[tuple[str, str]]:
    yield "<sample-uuid>", sample.state.uuid or ""
    yield "<model>", model_of(sample)
    yield "<task-id>", task.state.spec.task_id if task.state.spec else ""
    yield "<sample-id>", sample.key.id
    yield "<epoch>", str(sample.key.epoch)


def model_of(sample: SampleJudgment) -> str:
    """The model whose call fails or hangs; empty where neither does."""
    call = sample.open_call
    if call is not None and call.kind == "model" and sample.cause in HUNG_CALLS:
        return call.name
    hung = (call.name for call in reversed(sample.state.open_calls) if call.kind == "model")
    return sample.model or next(hung, "")


def _since(sample: SampleJudgment) -> float | None:
    """Since when it is stuck, or degraded by a rule; None where it is neither."""
    return sample.since if sample.verdict is Verdict.STUCK else sample.degraded_since


def _surroundings(eval_set: EvalSetJudgment, cause: Cause) -> Surroundings:
    """With the sample that is stuck for this cause the longest, and its task; else a stuck task."""
    causes = RUNNER_STOPS | {cause}
    pairs = [
        (task, sample)
        for task in eval_set.tasks
        for sample in task.samples
        if sample.cause in causes and _since(sample) is not None
    ]
    own = [pair for pair in pairs if pair[1].cause is cause]
    stuck = [task for task in eval_set.tasks if task.verdict in STUCK_VERDICTS]
    task, sample = min(own, key=lambda pair: _since(pair[1]) or 0.0, default=(None, None))
    stops = {sample.cause for _, sample in pairs} | {task.cause for task in stuck}
    is_of_runner = cause in RUNNER_STOPS or cause is Cause.LOG_WRITE_FAILED
    return Surroundings(
        state=eval_set.state,
        cause=cause,
        task=task or next(iter(stuck), None),
        sample=sample,
        all_stuck=eval_set.verdict is Verdict.STUCK,
        more=max(0, len(own) - 1),
        runner_stands=not is_of_runner and not RUNNER_STOPS.isdisjoint(stops),
    )


def runner_stands(eval_set: EvalSetJudgment) -> bool:
    """Whether something of it is stuck because its runner is gone or does nothing any more."""
    stuck = [task for task in eval_set.tasks if task.verdict in STUCK_VERDICTS]
    return any(
        task.cause in RUNNER_STOPS or any(one.cause in RUNNER_STOPS for one in task.stuck())
        for task in stuck
    )
