"""Sentences for the person on call: what is stuck, since when, why, and what to do."""

from collections.abc import Iterable

from watchdog.diagnose.attempts import attempt_words
from watchdog.diagnose.failing_sandbox import of_sandboxes
from watchdog.diagnose.partial import before_history
from watchdog.diagnose.placeholders import fill
from watchdog.diagnose.rules import SPEC_OF
from watchdog.model.action import Action
from watchdog.model.causes import DEPTH, INFO_OF, RUNNER_STOPS, cause_words
from watchdog.model.instants import clock, earliest, latest
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment, Waiting
from watchdog.model.told import Since, Text, told
from watchdog.model.verdict import STUCK_VERDICTS, Cause, EvidenceKind, Verdict

_NAMED = 3
_LABELS = 6
"""So many ways to be degraded are told in one sentence."""


def summary(eval_set: EvalSetJudgment) -> Text:
    """One sentence on an eval set."""
    if eval_set.verdict in STUCK_VERDICTS:
        return told("{}{}", _stuck(eval_set), _no_page(eval_set))
    if eval_set.verdict is Verdict.FINISHED and eval_set.cause in _LEFT_BEHIND:
        return told("It {}: {}.", SPEC_OF[eval_set.cause].phrase, _progress(eval_set))
    if eval_set.verdict is Verdict.UNKNOWN and eval_set.cause is Cause.LOG_WRITE_FAILED:
        return _unwritten(eval_set)
    if eval_set.verdict is Verdict.UNKNOWN:
        return told("It can't be told: {}.", _why_unknown(eval_set))
    if (errors := _errors(eval_set)) is not None:
        is_over = eval_set.verdict is Verdict.FINISHED
        return told("{}. {}{}.", errors, "" if is_over else "So far ", _progress(eval_set))
    why = _purpose(eval_set) if eval_set.verdict is Verdict.WAITING else ""
    why = why or _reason(eval_set)
    late = any(caution.cause is Cause.OVERDUE_WAIT for caution in eval_set.cautions)
    too_long = ", and some of it for longer than it should" if late else ""
    return told("{}{}{}: {}.", _otherwise(eval_set), why, too_long, _progress(eval_set))


def _otherwise(eval_set: EvalSetJudgment) -> str:
    """What is so where nothing is stuck."""
    spec = SPEC_OF.get(eval_set.cause) if eval_set.cause is not None else None
    if eval_set.verdict is not Verdict.DEGRADED or spec is None or not spec.degrades:
        return _OTHERWISE[eval_set.verdict]
    pairs = ((task, sample) for task in eval_set.tasks for sample in task.samples)
    return degraded_words(spec.cause, [pair for pair in pairs if pair[1].cause is spec.cause])


def degraded_words(
    cause: Cause, pairs: Iterable[tuple[TaskJudgment, SampleJudgment | None]]
) -> str:
    """`Calls succeed and nothing is achieved (empty answers: sample 7 of mmlu; …)`."""
    by_label: dict[str, list[tuple[TaskJudgment, SampleJudgment]]] = {}
    for task, sample in pairs:
        if sample is not None and sample.degraded_by:
            by_label.setdefault(sample.degraded_by, []).append((task, sample))
    texts = [f"{label}: {sample_names(group)}{_since(group)}" for label, group in by_label.items()]
    more = [f"{len(texts) - _LABELS} more"] if len(texts) > _LABELS else []
    extent = "; ".join((*texts[:_LABELS], *more))
    return SPEC_OF[cause].degrades + (f" ({extent})" if extent else "")


def _since(group: list[tuple[TaskJudgment, SampleJudgment]]) -> str:
    since = earliest(*(sample.degraded_since for _, sample in group))
    return f", since {clock(since)}" if since is not None else ""


def _errors(eval_set: EvalSetJudgment) -> Text | None:
    """That its samples err, where that is what is to be told; None where it isn't."""
    if eval_set.verdict is Verdict.FINISHED:
        text = next((e.text for e in eval_set.evidence if e.kind == "errors"), None)
        sentence = "Nothing runs any more, and most samples erred: {}"
        return told(sentence, text) if text is not None else None
    if eval_set.verdict is not Verdict.DEGRADED:
        return None
    erring = [task.erring for task in eval_set.tasks if task.erring is not None]
    if erring:
        more = f", and so in {len(erring) - 1} more of its tasks" if len(erring) > 1 else ""
        return told("Most samples end in errors: {}{}", erring[0].text, more)
    by_sandbox = [found for task in eval_set.tasks if (found := of_sandboxes(task)) is not None]
    if not by_sandbox:
        return None
    return told("Calls of tools fail for the sandbox: {}", by_sandbox[0].text)


_UNDONE = {"running": "broken off", "queued": "never begun"}
"""What runs and waits no more where an eval set is over."""
_LEFT_BEHIND = frozenset({Cause.ORPHANED_SANDBOX, Cause.HUNG_TEARDOWN, Cause.DELETION_STUCK})
"""What is wrong with an eval set that has ended."""
_REASONS: tuple[EvidenceKind, ...] = ("deletion", "capacity", "suspended", "startup")
"""Evidence that says why an eval set is what it is, where nothing is stuck."""


def _unwritten(eval_set: EvalSetJudgment) -> Text:
    """That its results are at risk, in the words of its evidence."""
    evidence = (*(e for task in eval_set.tasks for e in task.evidence), *eval_set.evidence)
    text = next((e.text for e in evidence if e.kind == "log_write"), "the runner can't write")
    risk = "Its results are at risk" if eval_set.cautions else "Its store may be old"
    return told("{}: {}.", risk, text)


def _reason(eval_set: EvalSetJudgment) -> Text:
    """Why it waits, or runs no more, in the words of its evidence."""
    evidence = (*eval_set.evidence, *(e for task in eval_set.tasks for e in task.evidence))
    text = next((e.text for e in evidence if e.kind in _REASONS), "")
    return told(" ({})", text) if text else ""


def actions(eval_set: EvalSetJudgment) -> tuple[Action, ...]:
    """What to do next; nothing where nothing is stuck."""
    if eval_set.cautions and eval_set.verdict not in STUCK_VERDICTS:
        return actions_for(eval_set.cautions[0].cause, eval_set)
    if eval_set.cause is None:
        return ()
    needs_action = eval_set.verdict in STUCK_VERDICTS or eval_set.cause is Cause.ORPHANED_SANDBOX
    is_known = eval_set.verdict is Verdict.DEGRADED and SPEC_OF[eval_set.cause].degrades
    if not needs_action and not is_known:
        return ()
    return actions_for(eval_set.cause, eval_set)


def steps(eval_set: EvalSetJudgment) -> tuple[tuple[Cause, tuple[Action, ...]], ...]:
    """What to do for each cause of what is stuck, where there are several.

    That of the runner comes first, as nothing goes on before; then the one that the eval set has.
    """
    if eval_set.verdict not in STUCK_VERDICTS:
        return ()
    stuck = [sample for task in eval_set.tasks for sample in task.stuck()]
    causes = {sample.cause or Cause.UNEXPLAINED for sample in stuck} - {None}
    if len(causes) < 2:
        return ()

    def place(cause: Cause) -> tuple[bool, bool, int]:
        return cause not in RUNNER_STOPS, cause is not eval_set.cause, DEPTH[cause]

    return tuple((cause, actions_for(cause, eval_set)) for cause in sorted(causes, key=place))


def actions_for(cause: Cause, eval_set: EvalSetJudgment) -> tuple[Action, ...]:
    """A cause's actions, filled in for an eval set."""
    actions = fill(SPEC_OF[cause].actions, eval_set, cause)
    return before_history(actions) if eval_set.state.half_read else actions


def stuck_phrase(cause: Cause, samples: list[tuple[TaskJudgment, SampleJudgment]]) -> str:
    """`sample 7 of mmlu gets …`, or `samples 7, 9 and 11 of mmlu: each gets …`."""
    phrase = SPEC_OF[cause].phrase
    if not samples:
        is_of_start = INFO_OF[cause].concern == "cluster" or cause is Cause.HUNG_SETUP
        if is_of_start:
            return f"no sample appears: the next one {phrase}"
        return f"no sample runs, and its log has no end: {cause_words(cause)}"
    if cause is Cause.UNEXPLAINED and all(sample.state.streak for _, sample in samples):
        phrase = "fails at every attempt, and nothing that can be read tells why"
    names = sample_names(samples)
    return f"{names} {phrase}" if len(samples) == 1 else f"{names}: each {phrase}"


def sample_names(samples: list[tuple[TaskJudgment, SampleJudgment]]) -> str:
    """`sample 7 of mmlu`, or `samples 7, 9 and 11 of mmlu; sample 2 of gpqa`."""
    by_task: dict[str, list[str]] = {}
    for task, sample in samples:
        by_task.setdefault(task.name, []).append(_sample_name(sample))
    return "; ".join(_group(name, ids) for name, ids in by_task.items())


def _group(task: str, ids: list[str]) -> str:
    if len(ids) == 1:
        return f"sample {ids[0]} of {task}"
    names = ids if len(ids) <= _NAMED + 1 else [*ids[:_NAMED], f"{len(ids) - _NAMED} more"]
    return f"samples {', '.join(names[:-1])} and {names[-1]} of {task}"


def _sample_name(sample: SampleJudgment) -> str:
    epoch = f" (epoch {sample.key.epoch})" if sample.key.epoch != 1 else ""
    return f"{sample.key.id}{epoch}"


_OTHERWISE = {
    Verdict.FINISHED: "Nothing runs any more",
    Verdict.STARTING: "It began, and it is too early to tell",
    Verdict.WAITING: "It waits on purpose",
    Verdict.PROGRESSING: "Work gets done",
    Verdict.DEGRADED: "Calls fail more often than usual, yet it may pass by itself",
}


def _stuck(eval_set: EvalSetJudgment) -> Text:
    cause = eval_set.cause or Cause.UNEXPLAINED
    stuck = [(task, sample) for task in eval_set.tasks for sample in task.stuck()]
    of_cause = [(task, sample) for task, sample in stuck if sample.cause is cause]
    running = sum(task.counts.running for task in eval_set.tasks)
    span = told(" for {}", Since(eval_set.since)) if eval_set.since is not None else ""
    if not eval_set.tasks:
        return told("Stuck{}: it {}.", span, SPEC_OF[cause].phrase)
    head = f"{len(stuck)} of {running} running samples stuck" if stuck else "Stuck"
    others = len(stuck) - len(of_cause)
    remark = f" ({others} for another cause)" if others else ""
    rest = f"{remark}: {stuck_phrase(cause, of_cause)}{_tried(eval_set)}."
    return told("{}{}{}", head, span, rest)


def _tried(eval_set: EvalSetJudgment) -> str:
    """`; attempt 8 of 11`, where a task that isn't over failed before."""
    tasks = [task for task in eval_set.tasks if task.verdict is not Verdict.FINISHED]
    words = {task.name: attempt_words(eval_set.state, task.state) for task in tasks}
    texts = [
        text if len(eval_set.tasks) == 1 else f"{text} of {name}"
        for name, text in words.items()
        if text
    ]
    return "".join(f"; {text}" for text in texts[:_NAMED])


def _no_page(eval_set: EvalSetJudgment) -> str:
    """That it would be a page, and isn't; parts of an eval set are none anyway."""
    wish = eval_set.is_warned_of
    if wish is None or eval_set.verdict is not Verdict.STUCK:
        return ""
    return f" A{wish.text.removeprefix('a')}."


def _purpose(eval_set: EvalSetJudgment) -> Text:
    """What its samples wait for: ` (a stop was asked for by 2 samples, for 3 min)`."""
    waitings: dict[str, list[Waiting]] = {}
    for task in eval_set.tasks:
        for sample in task.samples:
            if sample.waiting is not None:
                waitings.setdefault(sample.waiting.words, []).append(sample.waiting)
    texts = [told("{}{}", words, _extent(group)) for words, group in waitings.items()][:_NAMED]
    return told(f" ({'; '.join(['{}'] * len(texts))})", *texts) if texts else ""


_BY_SAMPLES: frozenset[EvidenceKind] = frozenset({"approval", "input"})
"""What each sample waits for by itself."""


def _extent(group: list[Waiting]) -> Text:
    since = earliest(*(waiting.since for waiting in group))
    asked = group[0].evidence.kind in _BY_SAMPLES
    count = f" by {len(group)} samples" if len(group) > 1 and asked else ""
    return told("{}, for {}", count, Since(since)) if since is not None else count


def _why_unknown(eval_set: EvalSetJudgment) -> Text:
    if not eval_set.tasks:
        old = "what the cluster said is too old" if eval_set.state.cluster else "not read yet"
        return eval_set.state.unreadable or old
    unknown = [task for task in eval_set.tasks if task.verdict is Verdict.UNKNOWN]
    first = next((e.text for task in unknown for e in task.evidence), "newest events unreadable")
    numbers = len(unknown), len(eval_set.tasks)
    return told("{} of {} tasks could not be judged ({})", *numbers, first)


def _progress(eval_set: EvalSetJudgment) -> Text:
    counts = [task.counts for task in eval_set.tasks]
    words = (
        f"{sum(c.completed for c in counts)} of {sum(c.total for c in counts)} samples completed"
    )
    is_over = eval_set.verdict is Verdict.FINISHED
    for name in ("errored", "cancelled", "running", "queued"):
        number = sum(getattr(c, name) for c in counts)
        label = _UNDONE.get(name, name) if is_over else name
        words += f", {number} {label}" if number else ""
    words += "" if is_over else _tried(eval_set)
    last = latest(*(task.last_progress_at for task in eval_set.tasks))
    return told("{}; last progress {} ago", words, Since(last)) if last is not None else words
