"""The whole report for people, as `watchdog check -v` prints it."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from watchdog.model.attempts import next_attempt
from watchdog.model.causes import cause_words
from watchdog.model.instants import clock_of
from watchdog.model.report import (
    EvalSetReport,
    EvidenceItem,
    IncidentReport,
    Report,
    RunningSample,
    TaskReport,
)
from watchdog.model.texts import clean
from watchdog.model.verdict import SEVERITY, STUCK_VERDICTS, Cause, Verdict
from watchdog.model.words import VERDICT_WORDS, at_work, count, duration, strip, tally
from watchdog.surfaces.terminal.actions import steps_lines
from watchdog.surfaces.terminal.console import STYLES, Line, print_lines, verdict_text

MAX_SAMPLES = 20
MAX_EVIDENCE = 5
MAX_WAITING = 5
MAX_PROBLEMS = 20
MAX_INCIDENTS = 20
MAX_NAMES = 50


def print_report(report: Report, console: Console) -> None:
    """Print `report`."""
    print_lines(lines(report), console)


def lines(report: Report) -> Iterator[Line]:
    """The whole report; the first line is the verdict."""
    verdict = VERDICT_WORDS[report.verdict].upper()
    yield 0, Text(verdict, STYLES[report.verdict]).append(_because(report.cause))
    scans = f", {count(report.not_watched, 'scan')} not watched" if report.not_watched else ""
    number = count(len(report.eval_sets), "eval set")
    yield 0, Text(f"{number}{scans}, {clock_of(report.now)}", "dim")
    for eval_set in sorted(report.eval_sets, key=lambda e: -SEVERITY.index(e.verdict)):
        yield 0, Text()
        yield from _eval_set(eval_set, report.now)
    yield from _incidents(report)
    yield from _problems(report)


def _because(cause: Cause | None) -> str:
    return f": {cause_words(cause)}" if cause is not None else ""


def _eval_set(eval_set: EvalSetReport, now: str | None) -> Iterator[Line]:
    head = Text(clean(eval_set.eval_set_id, 120), "bold").append("  ")
    yield 0, head.append_text(verdict_text(eval_set.verdict, eval_set.cause))
    if eval_set.summary:
        yield 2, Text(clean(eval_set.summary, 1000))
    if eval_set.stuck_since:
        yield 2, _stuck(eval_set)
    yield from _evidence(eval_set.evidence, 2)
    for task in eval_set.tasks:
        yield from _task(task, eval_set.cause, now)
    yield from steps_lines(eval_set)


def _stuck(eval_set: EvalSetReport) -> Text:
    label = "Stuck since " if eval_set.verdict in STUCK_VERDICTS else "Since "
    text = Text(label).append(clock_of(eval_set.stuck_since))
    text.append(f" ({duration(eval_set.stuck_seconds)})", "bold")
    if eval_set.estimated_stuck_seconds:
        text.append(f"; retries x waits: {duration(eval_set.estimated_stuck_seconds)}", "dim")
    return text


def _task(task: TaskReport, eval_set_cause: Cause | None, now: str | None) -> Iterator[Line]:
    """A cause that is the eval set's too is not said again."""
    cause = None if task.cause == eval_set_cause else task.cause
    head = Text("Task ").append(clean(task.task, 100), "bold")
    head.append(f" on {clean(task.model, 100)}: " if task.model else ": ")
    yield 2, head.append_text(verdict_text(task.verdict, cause))
    yield 4, Text(tally(task.samples) + _retries(task.http_retries))
    yield from _evidence(task.evidence, 4)
    stuck = [sample for sample in task.running if sample.verdict in STUCK_VERDICTS]
    for sample in stuck[:MAX_SAMPLES]:
        yield from _sample(sample, now)
    if len(stuck) > MAX_SAMPLES:
        yield 4, Text(f"and {count(len(stuck) - MAX_SAMPLES, 'more stuck sample')}", "dim")
    waiting = [sample for sample in task.running if sample.verdict is Verdict.WAITING]
    for sample in waiting[:MAX_WAITING]:
        yield 4, _waiting(sample)
    if len(waiting) > MAX_WAITING:
        yield 4, Text(f"and {count(len(waiting) - MAX_WAITING, 'more waiting sample')}", "dim")
    # a task that is unknown as a whole said why above
    unknown = [sample for sample in task.running if sample.verdict is Verdict.UNKNOWN]
    if unknown and task.verdict is not Verdict.UNKNOWN:
        yield 4, _unknown(unknown)


def _unknown(samples: list[RunningSample]) -> Text:
    """Samples that count neither as stuck nor as healthy, in one line: which, and why."""
    names = ", ".join(clean(sample.id, 100) for sample in samples[:MAX_SAMPLES])
    more = f" and {len(samples) - MAX_SAMPLES} more" if len(samples) > MAX_SAMPLES else ""
    head = Text(f"{count(len(samples), 'running sample')} can't be judged: ", "bold")
    why = "".join(f" ({item.text})" for item in samples[0].evidence[:1])
    return head.append(clean(f"{names}{more}{why}"), "dim")


def _waiting(sample: RunningSample) -> Text:
    """A sample that waits on purpose, in one line: for what."""
    head = Text(f"Sample {clean(sample.id, 100)}, epoch {sample.epoch}: ", "bold")
    return head.append(clean("; ".join(item.text for item in sample.evidence)), "dim")


def _retries(http_retries: int | None) -> str:
    return f"; {count(http_retries, 'HTTP retry', 'HTTP retries')}" if http_retries else ""


def _sample(sample: RunningSample, now: str | None) -> Iterator[Line]:
    head = Text(f"Sample {clean(sample.id, 100)}, epoch {sample.epoch}: ", "bold")
    head.append(VERDICT_WORDS[sample.verdict], STYLES[sample.verdict])
    head.append(f" for {duration(sample.stuck_seconds)} while {at_work(sample.phase)}")
    yield 4, head.append(f" [{sample.cause}]" if sample.cause else "", "dim")
    if sample.recent:
        yield 6, _calls(sample)
    if sample.pending:
        call = f"{sample.pending.kind} {clean(sample.pending.name, 100)}".strip()
        yield 6, Text(f"pending: {call}, for {duration(sample.pending.seconds)}")
    if sample.wait_seconds is not None:
        yield 6, Text(next_attempt(sample, now))
    yield from _evidence(sample.evidence, 6)


def _calls(sample: RunningSample) -> Text:
    text = Text("calls, newest first: ")
    for word in strip(sample.recent).split(" "):
        text.append(word, {"FAIL": "red", "OK": "green"}.get(word, "")).append(" ")
    if sample.retries:
        text.append(f"({count(sample.retries, 'failed attempt')} so far)", "dim")
    return text


def _evidence(evidence: tuple[EvidenceItem, ...], indent: int) -> Iterator[Line]:
    for item in evidence[:MAX_EVIDENCE]:
        when = f"{clock_of(item.at)}: " if item.at else ""
        yield indent, Text(f"- {when}{clean(item.text)}", "dim")


def _incidents(report: Report) -> Iterator[Line]:
    """What an incident tells beyond its eval sets: who belongs together, who isn't affected."""
    notable = [i for i in report.incidents if len(i.eval_sets) > 1 or i.peers]
    if notable:
        yield 0, Text()
        yield 0, Text("Incidents", "bold")
    for incident in notable[:MAX_INCIDENTS]:
        yield 2, _incident(incident)
        if incident.peers:
            yield 4, Text(clean(incident.peers), "dim")
        for page in incident.outside:
            yield 4, Text(f"{clean(page.provider)} says: {clean(page.title)} {clean(page.url)}")
    if len(notable) > MAX_INCIDENTS:
        yield 2, Text(f"and {count(len(notable) - MAX_INCIDENTS, 'more incident')}", "dim")


def _incident(incident: IncidentReport) -> Text:
    names = [clean(name, 120) for name in incident.eval_sets]
    listing = ", ".join(names[:MAX_NAMES])
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    subject = clean(incident.subject, 200)
    about = "" if names == [subject] else f" in {listing}{more}"
    text = Text(f"{incident.scope.replace('_', ' ')} {subject}", "bold")
    return text.append(f": {cause_words(incident.cause)}{about}")


def _problems(report: Report) -> Iterator[Line]:
    if report.problems:
        yield 0, Text()
        yield 0, Text("Could not be read", "bold magenta")
    for problem in report.problems[:MAX_PROBLEMS]:
        yield 2, Text(f"{clean(problem.where, 200)}: {clean(problem.text)}")
    if len(report.problems) > MAX_PROBLEMS:
        yield 2, Text(f"and {count(len(report.problems) - MAX_PROBLEMS, 'more problem')}", "dim")
