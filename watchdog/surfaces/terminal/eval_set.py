"""One eval set in brief: what, since when, why, what to do; samples that are alike are folded."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from rich.text import Text

from watchdog.model.attempts import next_attempt
from watchdog.model.causes import cause_words
from watchdog.model.instants import clock_of, from_timestamp
from watchdog.model.report import (
    EvalSetReport,
    IncidentReport,
    ProblemReport,
    RunningSample,
    TaskReport,
)
from watchdog.model.texts import clean
from watchdog.model.verdict import SEVERITY, STUCK_VERDICTS, Verdict
from watchdog.model.words import VERDICT_WORDS, at_work, count, duration, strip, tally
from watchdog.surfaces.fleet.records import EvalSetDetail
from watchdog.surfaces.terminal.actions import steps_lines
from watchdog.surfaces.terminal.console import STYLES, Line, verdict_text

TASKS = 5
"""Tasks that are told of, the worst first."""
KINDS = 5
"""Kinds of samples of one task."""
NAMES = 8
"""Samples that are named of one kind."""
EVIDENCE = 3
PROBLEMS = 3
_TOLD = (Verdict.STUCK, Verdict.PARTIALLY_STUCK, Verdict.UNKNOWN, Verdict.DEGRADED, Verdict.WAITING)
"""Samples of these verdicts are told of; the others do what they should."""

Kind = tuple[str, ...]


def detail_lines(detail: EvalSetDetail) -> Iterator[Line]:
    """One eval set as the API tells it."""
    yield from eval_set_lines(detail.eval_set, detail.incidents, detail.now)
    yield from problem_lines(detail.problems)
    yield 0, Text(f"as of {clock_of(detail.now)}", "dim")


def eval_set_lines(
    report: EvalSetReport, incidents: Sequence[IncidentReport] = (), now: str | None = None
) -> Iterator[Line]:
    """All that is to be read before something is done.

    Args:
        report: the eval set.
        incidents: the open ones that it is in.
        now: when that was; None where the reader knows.
    """
    head = Text(clean(report.eval_set_id, 300), "bold").append("  ")
    yield 0, head.append_text(verdict_text(report.verdict, report.cause))
    if report.summary:
        yield 2, Text(clean(report.summary, 1000))
    yield from _times(report, now)
    yield from _evidence(report)
    tasks = sorted(report.tasks, key=lambda task: -SEVERITY.index(task.verdict))
    for task in tasks[:TASKS]:
        yield from _task(task, report, now)
    if len(tasks) > TASKS:
        yield 2, _other_tasks(tasks[TASKS:])
    yield from _incidents(report, incidents)
    yield from steps_lines(report, incidents)


def problem_lines(problems: Sequence[ProblemReport]) -> Iterator[Line]:
    """What could not be read, the first of it."""
    if problems:
        yield 0, Text()
        yield 0, Text("Could not be read", "bold magenta")
    for problem in problems[:PROBLEMS]:
        yield 2, Text(f"{clean(problem.where, 200)}: {clean(problem.text, 300)}")
    if len(problems) > PROBLEMS:
        yield 2, Text(f"and {len(problems) - PROBLEMS:,} more (-v)", "dim")


def _times(report: EvalSetReport, now: str | None) -> Iterator[Line]:
    if report.stuck_since:
        label = "Stuck since " if report.verdict in STUCK_VERDICTS else "Since "
        text = Text(f"{label}{clock_of(report.stuck_since)}")
        text.append(f" ({duration(report.stuck_seconds)})", "bold")
        if report.estimated_stuck_seconds:
            text.append(f"; retries x waits: {duration(report.estimated_stuck_seconds)}", "dim")
        yield 2, text
    parts = [
        _ago("started", report.started_at, now),
        _ago("last success", report.last_progress_at, now),
    ]
    owner = " ".join(
        filter(None, (report.submitter or report.email, report.team and f"({report.team})"))
    )
    parts.append(f"owner {clean(owner, 200)}" if owner else "")
    text = Text("; ".join(filter(None, parts)), "dim")
    if text:
        yield 2, text


def _ago(what: str, stamp: str | None, now: str | None) -> str:
    instant, present = from_timestamp(stamp), from_timestamp(now)
    if instant is None or present is None:
        return ""
    return f"{what} {duration(present - instant)} ago"


def _evidence(of: EvalSetReport | TaskReport, indent: int = 2) -> Iterator[Line]:
    for item in islice(of.evidence, EVIDENCE):
        when = f"{clock_of(item.at)}: " if item.at else ""
        yield indent, Text(f"- {when}{clean(item.text, 300)}", "dim")


def _task(task: TaskReport, report: EvalSetReport, now: str | None) -> Iterator[Line]:
    cause = None if task.cause == report.cause else task.cause
    head = Text("Task ").append(clean(task.task, 100), "bold")
    head.append(f" on {clean(task.model, 100)}: " if task.model else ": ")
    yield 2, head.append_text(verdict_text(task.verdict, cause))
    retries = (
        f"; {count(task.http_retries, 'HTTP retry', 'HTTP retries')}" if task.http_retries else ""
    )
    yield 4, Text(tally(task.samples) + retries)
    yield from _evidence(task, 4)
    kinds = _kinds(task.running)
    for alike in kinds[:KINDS]:
        yield from _alike(alike, now)
    more = sum(len(alike) for alike in kinds[KINDS:])
    if more:
        yield 4, Text(f"and {count(more, 'sample')} of other kinds (-v)", "dim")


def _kinds(samples: Iterable[RunningSample]) -> list[list[RunningSample]]:
    """Those that are told of, alike ones together: the worst first, then the longest stuck."""
    kinds: dict[Kind, list[RunningSample]] = {}
    told = (sample for sample in samples if sample.verdict in _TOLD)
    for sample in sorted(
        told, key=lambda sample: (_TOLD.index(sample.verdict), -sample.stuck_seconds)
    ):
        kinds.setdefault(_kind(sample), []).append(sample)
    return list(kinds.values())


def _kind(sample: RunningSample) -> Kind:
    pending = sample.pending
    call = (pending.kind, pending.name) if pending is not None else ()
    return (sample.verdict, sample.cause or "", sample.phase, *call)


def _alike(alike: Sequence[RunningSample], now: str | None) -> Iterator[Line]:
    """Samples of one kind: how many, for how long, which; and what the first of them shows."""
    first = alike[0]
    text = Text(f"{_named(alike)}: ", "bold")
    text.append(VERDICT_WORDS[first.verdict], STYLES[first.verdict])
    if first.stuck_since:
        text.append(f" for {_lasted(alike)} while {at_work(first.phase)}")
    yield 4, text.append(f" [{first.cause}]" if first.cause else "", "dim")
    if len(alike) > 1:
        names = ", ".join(_name(sample) for sample in alike[:NAMES])
        more = f" and {len(alike) - NAMES} more" if len(alike) > NAMES else ""
        yield 6, Text(names + more)
    if first.recent:
        yield 6, _calls(first, len(alike))
    if first.pending is not None:
        call = f"{first.pending.kind} {clean(first.pending.name, 100)}".strip()
        yield 6, Text(f"pending: {call}, for {duration(first.pending.seconds)}")
    if first.wait_seconds is not None:
        yield 6, Text(next_attempt(first, now))
    for item in first.evidence[:1]:
        when = f"{clock_of(item.at)}: " if item.at else ""
        yield 6, Text(f"- {when}{clean(item.text, 300)}", "dim")


def _named(alike: Sequence[RunningSample]) -> str:
    if len(alike) > 1:
        return count(len(alike), "sample")
    return f"Sample {clean(alike[0].id, 100)}, epoch {alike[0].epoch}"


def _name(sample: RunningSample) -> str:
    name = clean(sample.id, 100)
    return name if sample.epoch == 1 else f"{name} (epoch {sample.epoch})"


def _lasted(alike: Sequence[RunningSample]) -> str:
    longest, shortest = alike[0].stuck_seconds, alike[-1].stuck_seconds
    if duration(longest) == duration(shortest):
        return duration(longest)
    return f"{duration(shortest)} to {duration(longest)}"


def _calls(sample: RunningSample, number: int) -> Text:
    text = Text("calls of the first, newest first: " if number > 1 else "calls, newest first: ")
    for word in strip(sample.recent).split(" "):
        text.append(word, {"FAIL": "red", "OK": "green"}.get(word, "")).append(" ")
    if sample.retries:
        text.append(f"({count(sample.retries, 'failed attempt')} so far)", "dim")
    return text


def _other_tasks(tasks: Sequence[TaskReport]) -> Text:
    by_verdict: dict[Verdict, int] = {}
    for task in tasks:
        by_verdict[task.verdict] = by_verdict.get(task.verdict, 0) + 1
    parts = ", ".join(f"{times:,} {VERDICT_WORDS[one]}" for one, times in by_verdict.items())
    return Text(f"and {count(len(tasks), 'more task')}: {parts}", "dim")


def _incidents(report: EvalSetReport, incidents: Sequence[IncidentReport]) -> Iterator[Line]:
    """Its incidents, and what each tells beyond this eval set: who else, and who isn't affected."""
    for incident in incidents:
        others = len(set(incident.eval_sets) - {report.eval_set_id})
        parts = [f"{cause_words(incident.cause)} ({incident.severity})"]
        parts += [f"{count(others, 'other eval set')} in the same incident"] if others else []
        parts += [clean(incident.peers)] if incident.peers else []
        parts += [f"muted until {clock_of(incident.muted_until)}"] if incident.muted_until else []
        parts += [f"{clean(page.provider)} says: {clean(page.title)}" for page in incident.outside]
        yield 2, Text(f"Incident {clean(incident.id, 200)}: {'; '.join(parts)}", "dim")
