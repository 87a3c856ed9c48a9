"""Fills the placeholders of actions, such as `<runner-pod>`, with what is known of an eval set.

What isn't known keeps its placeholder: a command that says `<runner-pod>` is better than none. So
does what can't be typed: a name with a backtick in it, one that begins with a dash and would be
taken for an option, or one that no command should be as long as.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from watchdog.diagnose.applicable import IN_RUNNER, PROCESS, Surroundings, applies, process_id
from watchdog.diagnose.pod_names import pod_names
from watchdog.model.action import Action
from watchdog.model.causes import HUNG_CALLS
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment
from watchdog.model.shell import typed
from watchdog.model.verdict import STUCK_VERDICTS, Cause, Verdict

STORE = "s3://<bucket>/evals/{eval_set_id}"
"""Where an eval set's logs are, where nobody says."""
_PLACEHOLDER = re.compile(r"<[a-z-]+>|\{eval_set_id\}")


def fill(actions: Iterable[Action], eval_set: EvalSetJudgment, cause: Cause) -> tuple[Action, ...]:
    """The actions that apply, as they are to be typed for this eval set."""
    task, sample = _stuck(eval_set, cause)
    all_stuck = eval_set.verdict is Verdict.STUCK
    around = Surroundings(eval_set.state, cause, task, sample, all_stuck)
    values = {place: value for place, value in _values(around) if value or place == IN_RUNNER}
    filled = (
        replace(action, text=_filled(action.text, values))
        for action in actions
        if applies(action, around)
    )
    return tuple(action for action in filled if not _is_pointless(action))


def _is_pointless(action: Action) -> bool:
    """Whether it looks at one pod or node, and which isn't known: it may be gone."""
    return action.kind == "look" and any(f" {place}`" in action.text for place in _ONE)


_ONE = ("<pod>", "<node>")


def fill_store(action: Action, eval_set_id: str, store: str | None) -> Action:
    """`<store>` of an action as the address of the eval set's logs."""
    template = store or STORE
    if "{eval_set_id}" not in template:
        template = f"{template.rstrip('/')}/{{eval_set_id}}"
    name = typed(eval_set_id) or "<eval-set-id>"
    address = template.replace("{eval_set_id}", name)
    return replace(action, text=action.text.replace("<store>", address))


def _filled(text: str, values: dict[str, str]) -> str:
    """Filled in one go: what was filled in is never looked at again."""
    text = _dashed(text, values)
    return _PLACEHOLDER.sub(lambda place: values.get(place[0], place[0]), text)


def _dashed(text: str, values: dict[str, str]) -> str:
    """Ids that look like options are told from them by `--`, which comes after the options."""
    if "<sample-id>" not in text or not values.get("--"):
        return text
    return re.sub(r"( <task-id> <sample-id> <epoch>)((?: --[a-z-]+ \w+)*)", r"\2 --\1", text)


def _values(around: Surroundings) -> Iterator[tuple[str, str]]:
    """Each placeholder's value, as it is typed; empty where there is none."""
    state = around.state
    yield "{eval_set_id}", typed(state.eval_set_id) or "<eval-set-id>"
    address = state.address if state.cluster is None else ""
    yield "<target>", typed(address or state.eval_set_id)
    yield "<evidence-of>", _evidence_of(typed(state.eval_set_id), typed(address))
    if state.logs_at and state.cluster is None:
        yield "<store>", typed(state.logs_at)
        yield "<log>", typed(f"{state.logs_at}/{around.task.state.log}") if around.task else ""
    yield PROCESS, process_id(around)
    if around.task is not None and around.sample is not None:
        yield from _of_sample(around.task, around.sample)
    elif around.task is not None:
        yield "<model>", typed(around.task.model)
    yield from pod_names(around)


def _evidence_of(eval_set_id: str, address: str) -> str:
    """What `watchdog evidence` takes: an id in the cluster, or one with where its logs are."""
    if not eval_set_id:
        return ""
    return f"{eval_set_id} --logs {address}" if address else eval_set_id


def _of_sample(task: TaskJudgment, sample: SampleJudgment) -> Iterator[tuple[str, str]]:
    task_id = task.state.spec.task_id if task.state.spec else ""
    sample_id = sample.key.id
    yield "<sample-uuid>", typed(sample.state.uuid or "")
    yield "<model>", typed(model_of(sample))
    yield "<task-id>", typed(task_id, behind_dashes=True)
    yield "<sample-id>", typed(sample_id, behind_dashes=True)
    yield "<epoch>", str(sample.key.epoch)
    yield "--", "--" if task_id.startswith("-") or sample_id.startswith("-") else ""


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


def _stuck(
    eval_set: EvalSetJudgment, cause: Cause
) -> tuple[TaskJudgment | None, SampleJudgment | None]:
    """The sample that is stuck for this cause the longest, and its task; else a stuck task."""
    pairs = [
        (task, sample)
        for task in eval_set.tasks
        for sample in task.samples
        if sample.cause is cause and _since(sample) is not None
    ]
    if pairs:
        return min(pairs, key=lambda pair: _since(pair[1]) or 0.0)
    stuck = (task for task in eval_set.tasks if task.verdict in STUCK_VERDICTS)
    return next(stuck, None), None
