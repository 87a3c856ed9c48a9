"""Errors are not progress: most of the last samples to end erred.

What is counted are ends: those in the log, deaths of samples that begin anew in place (the runner's
log tells of them) and, until the present attempt of a task has got somewhere, those of the attempts
before it. How many errors are usual: `usual_errors.py`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import NamedTuple

from msgspec.structs import replace

from watchdog.diagnose.context import JudgingContext
from watchdog.diagnose.usual_errors import at_least
from watchdog.fold.sample_errors import kind_of
from watchdog.model.causes import DEPTH, main_cause
from watchdog.model.instants import latest
from watchdog.model.judgment import Erring, TaskJudgment
from watchdog.model.state import Ended, TaskState
from watchdog.model.texts import clean
from watchdog.model.verdict import Cause, Evidence, Verdict
from watchdog.model.weighing import Explanation, Weighing
from watchdog.model.words import frequency

LEAST = 5
WINDOW = 20
WINDOW_SECONDS = 6 * 3600.0
"""Ends that are looked at: the last 20, within six hours of the newest."""
ENDED_TOLD = 86_400.0
"""Seconds for which an eval set that ended badly is told of; then it is history."""
_CHANCE = 0.01
"""Where the rest of a run goes well: how likely so many errors may be by chance alone."""
_BY_PERSON = "interrupted by operator"
"""What Inspect makes of `hawk stop --error` (0.3.285, `_eval/task/run.py`)."""
_RETRY_GRACE = 300.0
_TEXT_MAX = 180


class End(NamedTuple):
    """How one sample ended, once."""

    at: float | None
    erred: bool
    cause: Cause | None = None
    kind: str = ""


def erring(judging: JudgingContext, task: TaskState) -> Erring | None:
    """Whether most of a running task's last ends are errors, and more than is usual here."""
    if task.ended_counts.get("errored", 0) + len(task.deaths) + len(task.former) < LEAST / 2:
        return None
    window = _window(_ends(task, judging.now, WINDOW))
    errors = [end for end in window if end.erred]
    if len(window) < LEAST or 2 * len(errors) < len(window):
        return None
    ends = _ends(task, judging.now)
    if not _is_news(ends, window):
        return None
    weighing = _weigh(judging, task, len(errors), len(window))
    if weighing.ratio > 1:
        return None
    text = _sentence(task, ends, window) + _over_attempts(task, judging.now)
    cause = main_cause(end.cause for end in errors) or Cause.SAMPLE_ERROR
    return Erring(cause, _since(ends), text, _evidence(text, window, weighing), weighing)


def ended_badly(judging: JudgingContext, tasks: Iterable[TaskJudgment]) -> Erring | None:
    """Whether a finished eval set has more errored samples than completed ones.

    What people cancelled or ended counts for nothing.
    """
    states = [task.state for task in tasks if task.state.status != "cancelled"]
    ended_at = latest(*(state.completed_at or state.last_ended_at for state in states))
    runs = [(state, _own_ends(state)) for state in states]
    ends = [end for _, own in runs for end in own]
    errors = [end for end in ends if end.erred]
    if 2 * len(errors) <= len(ends) or (ended_at and judging.now - ended_at > ENDED_TOLD):
        return None
    weighings = [
        _weigh(judging, state, errored, len(own))
        for state, own in runs
        if (errored := sum(end.erred for end in own))
    ]
    weighing = min(weighings, key=lambda weighing: weighing.ratio)
    if weighing.ratio > 1:
        return None
    worst, own = max(runs, key=lambda run: sum(end.erred for end in run[1]))
    text = f"{len(errors):,} of {len(ends):,} ended samples erred{_most_frequent(worst, own)}"
    evidence = (Evidence("errors", text, ended_at), _odds(weighing))
    cause = main_cause(end.cause for end in errors) or Cause.SAMPLE_ERROR
    return Erring(cause, ended_at, text, evidence, weighing)


def _own_ends(task: TaskState, last: int | None = None) -> list[End]:
    """Those that the log tells; what people cancelled, or ended as an error, is none."""
    ends = (
        end
        for end in task.ended.values()
        if end.state != "cancelled" and _BY_PERSON not in end.error
    )
    newest = ends if last is None else nlargest(last, ends, key=_ended_at)
    return [End(end.at, end.state == "errored", end.cause, end.error) for end in newest]


def _ended_at(end: Ended) -> float:
    return end.at if end.at is not None else float("-inf")


def _ends(task: TaskState, now: float, last: int | None = None) -> list[End]:
    """All ends that are known, or so many of the log's last ones and the rest; the newest last."""
    ends = _own_ends(task, last)
    deaths = (*task.deaths, *(task.former if _former_counts(task, now) else ()))
    ends += [End(death.at, True, death.cause, death.error) for death in deaths]
    return sorted(ends, key=lambda end: (end.at is not None, end.at or 0.0))


def _former_counts(task: TaskState, now: float) -> bool:
    """Whether the attempts before still tell how it goes.

    Not any more where a sample has completed since, or where some have run for longer than an
    attempt took before.
    """
    begun_at = task.spec.created_at if task.spec else None
    if not task.former or begun_at is None or task.former_begun_at is None:
        return False
    newest = latest(*(death.at for death in task.former))
    completed_at = task.last_completed_at
    if completed_at is not None and newest is not None and completed_at > newest:
        return False
    length = (begun_at - task.former_begun_at) / max(1, task.former_count)
    return not task.samples or now - begun_at <= 2 * length + _RETRY_GRACE


def _window(ends: Sequence[End]) -> list[End]:
    last = list(ends[-WINDOW:])
    newest = latest(*(end.at for end in last))
    if newest is None:
        return last
    return [end for end in last if end.at is None or newest - end.at <= WINDOW_SECONDS]


def _is_news(ends: Sequence[End], window: Sequence[End]) -> bool:
    """Whether they are more than a run of bad luck among samples of which fewer err."""
    errors = sum(end.erred for end in ends)
    before = ends[: len(ends) - len(window)]
    if 2 * errors >= len(ends) or not before:
        return True
    usual = (sum(end.erred for end in before) + 1) / (len(before) + 4)
    return at_least(sum(end.erred for end in window), len(window), usual) <= _CHANCE


def _weigh(judging: JudgingContext, task: TaskState, errored: int, ended: int) -> Weighing:
    baselines = judging.baselines
    name = task.spec.task if task.spec else task.log
    expected = baselines.errors.expected_per_week(name, errored, ended)
    text = f"{errored} of {ended} samples err, as is usual for it"
    tolerated = baselines.error_warnings
    explanation = Explanation("usual", expected, tolerated, text)
    most = baselines.errors.expected_per_week(name, 0, 1)
    return Weighing(f"errors of {name}", (explanation,), most / tolerated)


def _odds(weighing: Weighing) -> Evidence:
    usual = weighing.explanations[0]
    text = (
        f"so many errors of a run come here {frequency(usual.expected_per_week)}, told when rarer "
        f"than {frequency(usual.tolerated)}"
    )
    return Evidence("odds", text)


def _evidence(text: str, window: Sequence[End], weighing: Weighing) -> tuple[Evidence, ...]:
    newest = latest(*(end.at for end in window if end.erred))
    return (Evidence("errors", text, newest), _odds(weighing))


def _since(ends: Sequence[End]) -> float | None:
    """When the first error came of all ends since which at least half are errors."""
    since, errors = None, 0
    for number, end in enumerate(reversed(ends), start=1):
        errors += end.erred
        if end.erred and 2 * errors >= number:
            since = end.at if end.at is not None else since
    return since


def _sentence(task: TaskState, ends: Sequence[End], window: Sequence[End]) -> str:
    errors = sum(end.erred for end in ends)
    text = f"{errors:,} of {len(ends):,} ended samples erred"
    if len(window) < len(ends) and errors < len(ends):
        text += f", {sum(end.erred for end in window)} of the last {len(window)}"
    return text + _most_frequent(task, ends)


def _over_attempts(task: TaskState, now: float) -> str:
    if not _former_counts(task, now):
        return ""
    return f"; this is over its present attempt and the last {task.former_count} before it"


def _most_frequent(task: TaskState, ends: Sequence[End]) -> str:
    """The most frequent error, and how often it was: `; 61 of them: RuntimeError('…')`."""
    kinds = Counter(end.kind for end in ends if end.erred)
    if not kinds:
        return ""
    kind, number = kinds.most_common(1)[0]
    texts = [entry.summary.error or "" for entry in task.errored]
    texts += [death.text for death in (*task.former, *task.deaths)]
    said = next((text for text in reversed(texts) if kind_of(text) == kind), kind)
    said = clean(said, _TEXT_MAX).replace("`", "'")
    whose = "all" if number == sum(kinds.values()) else f"{number:,}"
    return f"; {whose} of them: {said}"


def with_errors(judging: JudgingContext, base: TaskJudgment) -> TaskJudgment:
    """A running task that is degraded by its samples' errors, whatever else goes on."""
    finding = erring(judging, base.state)
    if finding is None:
        return base
    base = replace(
        base,
        erring=finding,
        evidence=(*finding.evidence, *base.evidence),
        weighings=(*base.weighings, (finding.cause, finding.weighing))
        if finding.weighing is not None
        else base.weighings,
    )
    if base.verdict not in _DEGRADABLE:
        return base
    deepest = min(filter(None, (base.cause, finding.cause)), key=DEPTH.__getitem__)
    return replace(base, verdict=Verdict.DEGRADED, cause=deepest)


_DEGRADABLE = frozenset({Verdict.STARTING, Verdict.WAITING, Verdict.PROGRESSING, Verdict.DEGRADED})
