"""Work without progress: calls come back, for hours, and nothing is achieved.

The same again and again (one call or a round of up to four, with the same answers), answers that say
nothing, calls of tools that all fail. How long is too long is weighed as calls are: against how
often such runs here last so long and end by themselves. What waits in every round most likely polls
for something, and may take far longer. Nothing is stuck by it: `degraded`, and a warning.
"""

from collections.abc import Iterator

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
)
from watchdog.model.verdict import Cause, Evidence
from watchdog.model.words import duration

_LEAST = (20, 10, 8, 8)
"""So many rounds, by period, are the least; so many bad answers or failed calls, as one round."""
_ASIDE = 1800.0
"""Seconds; where others of the sample went on for so long since, what repeated itself is over."""
_SAID = {"empty": "empty", "refused": "refused", "cut_off": "cut off"}


def no_progress(context: SampleContext) -> Finding | None:
    """What repeats itself the most beyond its time, of all agents of the sample."""
    threads = context.sample.repetition.threads
    newest = max((thread.until for thread in threads), default=0.0)
    findings = [
        finding
        for thread in threads
        if newest - thread.until <= _ASIDE
        for finding in _of_thread(context, thread)
    ]
    return max(findings, key=lambda finding: finding.suspicion, default=None)


def _of_thread(context: SampleContext, thread: Thread) -> Iterator[Finding]:
    if thread.answers.count:
        yield _answers(context, thread.answers)
    if thread.failing.count and thread.failing.others <= thread.failing.count:
        yield _failing(context, thread.failing)
    yield from (_cycle(context, cycle) for cycle in cycles(thread))


def _answers(context: SampleContext, run: Run) -> Finding:
    """The model says nothing that could be gone by."""
    what = " or ".join(_SAID.get(kind, kind) for kind in run.kinds)
    text = f"{run.count} answers in a row that are {what}"
    label = f"{what} answers"
    return _weighed(context, "loop", NOTHING_SAID, run, (run.count, _LEAST[0]), text, label)


def _failing(context: SampleContext, run: Run) -> Finding:
    """No tool works."""
    tools = ", ".join(run.kinds)
    text = f"{run.count} tool calls in a row that all failed ({tools})"
    label = f"failing calls of {tools}"
    return _weighed(context, "loop", FAILING, run, (run.count, _LEAST[0]), text, label)


def _cycle(context: SampleContext, cycle: Cycle) -> Finding:
    """The same again and again, alone or in turn."""
    least = _LEAST[len(cycle.steps) - 1]
    family: RunFamily = "poll" if cycle.waits else "loop"
    text, label = _words(cycle)
    text = f"{text} {cycle.count} times"
    return _weighed(context, family, cycle.name, cycle.run, (cycle.count, least), text, label)


def _words(cycle: Cycle) -> tuple[str, str]:
    names = list(dict.fromkeys(step.name for step in cycle.steps if step.kind == "call"))
    if len(cycle.steps) == 1 and names:
        return f"the same {names[0]} call with the same answer", f"the same {names[0]} call"
    if cycle.name == ANSWER and len(cycle.steps) == 1:
        return "the same answer to the same message", "the same answer"
    tools = f" ({', '.join(names)})" if names else ""
    label = f"the same {len(cycle.steps)} steps in turn{tools}"
    return f"{label}, with the same answers,", label


def _weighed(  # noqa: PLR0913, PLR0917 - all that a run is judged by
    context: SampleContext,
    family: RunFamily,
    name: str,
    run: Run,
    counts: tuple[int, int],
    text: str,
    label: str,
) -> Finding:
    """A run over how long such runs last here that end by themselves."""
    count, least = counts
    in_words = f"{text} over {duration(run.seconds)}"
    if family == "poll":
        in_words += "; each round waits, as what polls for something does"
    loud = replace(context.allowance, expected_silence=None)  # this is no silence
    deadline = deadline_for(context.judging.baselines, loud, family, name)
    evidence = (Evidence("no_progress", in_words, run.since),)
    finding = overdue(run.until, run.since, deadline, in_words, evidence)
    weighing = finding.weighing and replace(finding.weighing, subject=text, enough=count >= least)
    suspicion = weighing.suspicion if weighing else 0.0
    return replace(finding, suspicion=suspicion, weighing=weighing, label=label)


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
            advice.END_LOCALLY,
        ),
        no_progress,
        degrades="Calls succeed and nothing is achieved",
    ),
)
