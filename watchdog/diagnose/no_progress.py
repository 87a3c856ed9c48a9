"""Work without progress: calls come back, for hours, and nothing is achieved.

The same again and again (a call, or a round of up to four, with the same answers), answers that
say nothing, tool calls that all fail. How long is too long is weighed as calls are: against how
often such runs here last as long and end by themselves. What waits in every round most likely
polls for something, and may take far longer. Nothing is stuck by it: `degraded`, and a warning.
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from watchdog.diagnose.context import CauseSpec, Finding, SampleContext
from watchdog.diagnose.deadlines import deadline_for, overdue
from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.learned import RunFamily
from watchdog.model.repetition import (
    ANSWER,
    FAILING,
    NOTHING_SAID,
    Cycle,
    Run,
    Thread,
    cycles,
    is_drawn,
)
from watchdog.model.verdict import Cause, Evidence
from watchdog.model.weighing import TOLD
from watchdog.model.words import duration

_LEAST_ROUNDS = (20, 10, 8, 8)
"""By how many steps a round has."""
_LEAST_BAD = 20
_ASIDE = 1800.0
"""Seconds; where others of the sample went on for so long since, a run is over."""
_SEEN = 5
"""Fewer than so many of anything aren't worth a thought."""
_BOUNDED = 4 * 3600.0
"""Seconds; a run that the sample's own limit ends within so long is not worth a message."""
_WAITS = ", with a wait in each round as if it polled,"
_DRAWN = ", each asked anew,"
_SAID = {"empty": "empty", "refused": "refused", "cut_off": "cut-off"}


class _Suspect(Struct, frozen=True):
    """A run that may be work without progress.

    Attributes:
        thread: whose it is.
        run: how long it has lasted.
        family: what it is weighed by, with `name`: whether it waits in every round.
        name: what it is learned together with.
        count: how often it came round.
        least: and how often it must have, for anything to be said.
        text: what was seen, for people.
        label: the same in a few words.
    """

    thread: Thread
    run: Run
    family: RunFamily
    name: str
    count: int
    least: int
    text: str
    label: str


def no_progress(context: SampleContext) -> Finding | None:
    """What repeats itself beyond its time, or comes closest to that, of all the sample's agents."""
    threads = context.sample.repetition.threads
    newest = max((thread.until for thread in threads), default=0.0)
    findings = [
        _weighed(context, suspect)
        for thread in threads
        for suspect in _suspects(thread)
        if newest - thread.until <= _ASIDE
    ]
    sure = next((finding for finding in findings if finding.suspicion >= 1), None)
    return sure or max(findings, key=lambda finding: finding.suspicion, default=None)


def _suspects(thread: Thread) -> Iterator[_Suspect]:
    if thread.answers.count >= _SEEN:
        yield _answers(thread, thread.answers)
    if thread.failing.count >= max(_SEEN, thread.failing.others):
        yield _failing(thread, thread.failing)
    yield from (_cycle(thread, cycle) for cycle in cycles(thread) if cycle.count >= _SEEN)


def _answers(thread: Thread, run: Run) -> _Suspect:
    """The model says nothing that could be gone by."""
    label = f"{' or '.join(_SAID.get(kind, kind) for kind in run.kinds)} answers"
    text = f"{run.count} {label} in a row"
    drawn = is_drawn(thread, run)
    text += _DRAWN if drawn else ""
    family: RunFamily = "poll" if drawn else "loop"
    return _Suspect(thread, run, family, NOTHING_SAID, run.count, _LEAST_BAD, text, label)


def _failing(thread: Thread, run: Run) -> _Suspect:
    """No tool works."""
    tools = ", ".join(run.kinds)
    text = f"{run.count} tool calls in a row that all failed ({tools})"
    label = f"failing {tools} calls"
    return _Suspect(thread, run, "loop", FAILING, run.count, _LEAST_BAD, text, label)


def _cycle(thread: Thread, cycle: Cycle) -> _Suspect:
    """The same again and again, alone or in turn."""
    least = _LEAST_ROUNDS[len(cycle.steps) - 1]
    text, label = _words(cycle)
    text = f"{text} {cycle.count} times"
    text += _WAITS if cycle.waits else ""
    family: RunFamily = "poll" if cycle.is_patient else "loop"
    return _Suspect(thread, cycle.run, family, cycle.name, cycle.count, least, text, label)


def _words(cycle: Cycle) -> tuple[str, str]:
    """What goes round, with what came of it, and in a few words."""
    tools = ", ".join(cycle.tools)
    if len(cycle.steps) > 1:
        label = f"the same {len(cycle.steps)} turns in rotation" + (f" ({tools})" if tools else "")
        return f"{label}, with the same answers,", label
    if cycle.name == ANSWER:
        return "the same answer to the same message", "the same answer"
    if len(cycle.tools) > 1:
        return f"the same calls ({tools}) with the same answers", f"the same {tools} calls"
    return f"the same {tools} call with the same answer", f"the same {tools} call"


def _weighed(context: SampleContext, suspect: _Suspect) -> Finding:
    """A run over how long such runs last here that end by themselves."""
    run = suspect.run
    text = f"{suspect.text} over {duration(run.seconds)}"
    outspoken = replace(context.allowance, expected_silence=None)  # this is no silence
    deadline = deadline_for(context.judging.baselines, outspoken, suspect.family, suspect.name)
    finding = overdue(run.until, run.since, deadline, suspect.text.rstrip(","), ())
    reservations = tuple(_too_early(context, suspect))
    weighing = finding.weighing and replace(
        finding.weighing,
        enough=not reservations,
        change=(*finding.weighing.change, *reservations),
        since=None,  # it lasts from answer to answer, not while nothing comes
    )
    suspicion = weighing.suspicion if weighing is not None else 0.0
    evidence = (Evidence("no_progress", text, run.since),) if suspicion >= TOLD else ()
    return Finding(suspicion, run.since, evidence, weighing, label=suspect.label)


def _too_early(context: SampleContext, suspect: _Suspect) -> Iterator[str]:
    """Why nothing is said yet, however long it has lasted.

    Each answer, and what it is answered by, is a message; the limit of messages ends the sample.
    """
    if suspect.count < suspect.least:
        yield f"at least {suspect.least} of them, to say anything"
    limit = context.task.spec.message_limit if context.task.spec else None
    if limit is None or limit <= 0:
        return
    pace = 2 * suspect.run.count / max(suspect.run.seconds, 1.0)
    left = max(0, limit - suspect.thread.messages) / pace
    if suspect.run.seconds + left <= _BOUNDED:
        yield f"its limit of {limit} messages ends it by itself, in about {duration(left)}"


SPECS: tuple[CauseSpec, ...] = (
    CauseSpec(
        Cause.NO_PROGRESS,
        "gets answers and achieves nothing",
        (
            advice.TRANSCRIPT,
            advice.EXPLAIN,
            Action(
                "mend",
                "For the next run set limits that end such a sample by itself (message_limit, "
                "token_limit, time_limit) in the task or the eval's configuration",
            ),
            advice.STOP_SAMPLE,
            advice.END_SAMPLE_LOCALLY,
        ),
        no_progress,
        degrades="Calls succeed and nothing is achieved",
    ),
)
