"""The report of an evidence bundle: what a person sends to whoever can help. Pure.

It answers the guide's escalation checklist: evidence, scope, outside status, timeline. Names and
texts of evaluations are shown as text; contents of requests only where somebody asked for them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from watchdog.evidence.markdown import block, code, link, plain, table
from watchdog.model.attempts import next_attempt
from watchdog.model.causes import cause_words
from watchdog.model.cluster import ClusterView, Pod
from watchdog.model.command import TEXT_MAX
from watchdog.model.instants import clock, clock_of
from watchdog.model.probe import Reproduction
from watchdog.model.report import EvalSetReport, IncidentReport, RunningSample, TaskReport
from watchdog.model.request import RequestShape
from watchdog.model.texts import clean, spans
from watchdog.model.verdict import STUCK_VERDICTS
from watchdog.model.words import VERDICT_WORDS, at_work, count, duration, tally

TIMELINE_MAX = 60
SAMPLES_MAX = 50
PODS_MAX = 100
ROLES_MAX = 20

Texts = tuple[tuple[str, str], ...]


class Request(Struct, frozen=True):
    """A failing request of one sample."""

    sample: str
    shape: RequestShape
    texts: Texts = ()
    """Role and text; only where content was asked for."""


class About(Struct, frozen=True):
    """All that the report tells."""

    report: EvalSetReport
    incidents: tuple[IncidentReport, ...]
    now: str
    requests: tuple[Request, ...] = ()
    unread: tuple[str, ...] = ()
    """Failing requests that could not be read, and why."""
    errors: Mapping[tuple[str, str, int], str] = {}
    """First line of the newest error in each running sample's streak, by log, id and epoch."""
    cluster: ClusterView | None = None
    reproductions: tuple[Reproduction, ...] = ()
    notes: tuple[str, ...] = ()
    """What was left out of the bundle."""
    version: str = ""


def escalation(about: About) -> str:
    """The report as Markdown."""
    parts = [part for section in SECTIONS if (part := "\n\n".join(section(about)))]
    return "\n\n".join(parts) + "\n"


def _head(about: About) -> Iterator[str]:
    eval_set = about.report
    yield f"# {plain(eval_set.eval_set_id, 200)}: {VERDICT_WORDS[eval_set.verdict]}"
    if eval_set.cause is not None:
        yield f"**Cause:** {cause_words(eval_set.cause)} ({code(eval_set.cause)})"
    yield plain(eval_set.summary, 2000)
    if eval_set.actions:
        yield "**What to do**\n\n" + "\n".join(
            f"{n}. {_action(text)}" for n, text in enumerate(eval_set.actions, 1)
        )


def _action(text: str) -> str:
    parts = spans(clean(text, TEXT_MAX))
    return "".join(code(p, TEXT_MAX) if command else _spaced(p) for p, command in parts)


def _spaced(text: str) -> str:
    """`plain`, but the spaces beside a command stay."""
    return f"{' ' * text[:1].isspace()}{plain(text)}{' ' * text[-1:].isspace()}"


def _status(about: About) -> Iterator[str]:
    yield "## Status"
    rows = [
        (
            code(task.task),
            code(task.model),
            VERDICT_WORDS[task.verdict],
            plain(tally(task.samples)),
            "unknown" if task.http_retries is None else f"{task.http_retries:,}",
            clock_of(task.last_progress_at),
        )
        for task in about.report.tasks
    ]
    head = ("task", "model", "verdict", "samples", "HTTP retries", "last progress")
    yield table(head, rows)


def _errors(about: About) -> Iterator[str]:
    """Errors that differ in nothing but numbers and ids are one pattern."""
    counts: Counter[tuple[str, str]] = Counter()
    shown: dict[tuple[str, str], str] = {}
    for cause, text, times in _error_texts(about):
        key = (cause, re.sub(r"[0-9a-fA-F-]{8,}|\d+", "#", text))
        counts[key] += times
        shown.setdefault(key, text)
    if counts:
        yield "## Errors"
        rows = [(f"{n:,}", code(key[0]), code(shown[key])) for key, n in counts.most_common(20)]
        yield table(("times", "cause", "first of them"), rows)


def _error_texts(about: About) -> Iterator[tuple[str, str, int]]:
    for task in about.report.tasks:
        for errored in task.errored:
            yield errored.cause or "none", errored.error, 1
        for sample in task.running:
            error = about.errors.get((task.log, sample.id, sample.epoch))
            if error is not None and any(e.kind == "fail_streak" for e in sample.evidence):
                yield sample.cause or "none", error, sample.fail_streak


def _stuck(eval_set: EvalSetReport) -> list[tuple[TaskReport, RunningSample]]:
    pairs = [(t, s) for t in eval_set.tasks for s in t.running if s.verdict in STUCK_VERDICTS]
    return sorted(pairs, key=lambda pair: -pair[1].stuck_seconds)


def _samples(about: About) -> Iterator[str]:
    stuck = _stuck(about.report)
    if not stuck:
        return
    yield f"## Stuck samples ({len(stuck)})"
    for task, sample in stuck[:SAMPLES_MAX]:
        yield "\n".join(_sample(task, sample, about.now))
    if len(stuck) > SAMPLES_MAX:
        yield f"… and {count(len(stuck) - SAMPLES_MAX, 'more stuck sample')}"


def _sample(task: TaskReport, sample: RunningSample, now: str | None) -> Iterator[str]:
    name = f"{task.task}/{sample.id}/{sample.epoch}"
    since = f"{clock_of(sample.stuck_since)} ({duration(sample.stuck_seconds)})"
    yield f"### {code(name)}"
    yield ""
    yield f"- stuck since {since} while {at_work(sample.phase)}: {cause_words(sample.cause)}"
    yield f"- uuid {code(sample.uuid or 'unknown')}"
    yield f"- {count(sample.retries, 'failed attempt')}, {sample.fail_streak} in a row"
    if sample.pending is not None:
        what = f"{sample.pending.kind} {sample.pending.name}"
        yield f"- pending: {code(what)} for {duration(sample.pending.seconds)}"
    if sample.wait_seconds is not None:
        yield f"- {next_attempt(sample, now)}"
    for item in sample.evidence:
        when = f"{clock_of(item.at)}: " if item.at else ""
        yield f"- {when}{plain(item.text)}"
    if sample.recent:
        yield "\nLast outcomes, newest first:\n\n" + block(sample.recent)


def _request(about: About) -> Iterator[str]:
    if not about.requests and not about.unread:
        return
    yield "## The failing request"
    for request in about.requests:
        yield from _shape(request)
    yield from (f"Not read: {plain(text)}" for text in about.unread)


def _shape(request: Request) -> Iterator[str]:
    shape = request.shape
    roles = Counter(message.role for message in shape.messages)
    largest = max((message.characters for message in shape.messages), default=0)
    others = sorted({part for message in shape.messages for part in message.parts})
    by = "what the provider counted before" if shape.estimated_by == "usage" else "its length"
    counts_by_role = ", ".join(f"{n} {plain(role, 40)}" for role, n in roles.most_common(ROLES_MAX))
    yield f"Of {code(request.sample)}; its content is left out."
    rows = [
        ("model", code(shape.model)),
        ("messages", f"{len(shape.messages)} ({counts_by_role})"),
        ("characters", f"{shape.characters:,}, the largest message {largest:,}"),
        ("estimated input tokens", f"{shape.estimated_tokens:,}, by {by}"),
        ("tools", ", ".join(code(tool, 80) for tool in shape.tools) or "none"),
        ("max_tokens", "not set" if shape.max_tokens is None else f"{shape.max_tokens:,}"),
        ("beside text", ", ".join(plain(part, 40) for part in others) or "nothing"),
    ]
    yield table(("", ""), rows)


def _tests(about: About) -> Iterator[str]:
    conclusions = [c for incident in about.incidents for c in incident.conclusions]
    if not conclusions:
        return
    yield "## Direct API tests"
    for conclusion in conclusions:
        yield f"{plain(conclusion.sentence, 1000)} (confidence {conclusion.confidence})"
        rows = [
            (
                "Middleman" if test.route == "middleman" else "provider direct",
                test.size,
                test.outcome.replace("_", " "),
                "" if test.status is None else str(test.status),
                "" if test.seconds is None else f"{test.seconds:.1f} s",
                clock_of(test.at),
                code(test.detail) if test.detail else "",
            )
            for test in conclusion.tests
        ]
        yield table(("route", "size", "outcome", "status", "took", "at", "said"), rows)


def _scope(about: About) -> Iterator[str]:
    if not about.incidents:
        return
    yield "## Scope"
    for incident in about.incidents:
        names = ", ".join(code(name, 100) for name in incident.eval_sets)
        scope = incident.scope.replace("_", " ")
        yield (
            f"**{scope} {plain(incident.subject, 200)}**: {cause_words(incident.cause)}, "
            f"{count(incident.stuck_samples, 'stuck sample')} in "
            f"{count(len(incident.eval_sets), 'eval set')}: {names}"
        )
        if incident.peers:
            yield f"Unaffected: {plain(incident.peers)}."


def _outside(about: About) -> Iterator[str]:
    pages = {(p.provider, p.title, p.url): p for i in about.incidents for p in i.outside}
    if pages:
        yield "## Outside status"
        yield "\n".join(
            f"- {plain(page.provider, 60)} says: {link(page.title, page.url)}"
            + (f" ({plain(page.status, 60)})" if page.status else "")
            for page in pages.values()
        )


def _timeline(about: About) -> Iterator[str]:
    dated = sorted({(at, text) for at, text in _instants(about) if at is not None})
    if not dated:
        return
    yield "## Timeline"
    lines = [f"- {clock_of(at)}: {text}" for at, text in dated]
    if len(lines) > TIMELINE_MAX:
        half = TIMELINE_MAX // 2
        lines = [*lines[:half], f"- … {len(lines) - 2 * half} more", *lines[-half:]]
    yield "\n".join(lines)


def _instants(about: About) -> Iterator[tuple[str | None, str]]:
    eval_set = about.report
    yield eval_set.started_at, "the eval set started"
    yield eval_set.last_progress_at, "last progress of any sample"
    yield eval_set.stuck_since, "stuck since"
    for item in eval_set.evidence:
        yield item.at, plain(item.text, 300)
    for task, sample in _stuck(eval_set)[:SAMPLES_MAX]:
        name = code(f"{task.task}/{sample.id}/{sample.epoch}", 120)
        yield sample.last_success_at, f"last success of {name}"
        yield sample.stuck_since, f"{name} is stuck since"
    for incident in about.incidents:
        yield incident.since, f"incident: {plain(incident.summary, 300)}"
        for conclusion in incident.conclusions:
            yield conclusion.at, f"tested directly: {plain(conclusion.sentence, 300)}"
            yield conclusion.next_attempt_at, "the next attempt is due"
    yield about.now, "captured"


def _pods(about: About) -> Iterator[str]:
    if about.cluster is None:
        return
    yield "## Pods"
    yield f"As the cluster showed them at {clock(about.cluster.at)}."
    roles = [("runner", pod) for pod in about.cluster.runners]
    roles += [("sandbox", pod) for pod in about.cluster.sandboxes]
    if not roles:
        yield "None."
        return
    head = ("namespace", "pod", "role", "phase", "ready", "restarts", "node", "says")
    yield table(head, [_pod(role, pod) for role, pod in roles[:PODS_MAX]])
    if len(roles) > PODS_MAX:
        yield f"… and {count(len(roles) - PODS_MAX, 'more pod')}"


def _pod(role: str, pod: Pod) -> tuple[str, ...]:
    reasons = [pod.reason, pod.disrupted, pod.unschedulable]
    reasons += [c.waiting for c in pod.containers]
    reasons += [c.terminated.reason for c in pod.containers if c.terminated]
    reasons += [f"before: {c.last_terminated.reason}" for c in pod.containers if c.last_terminated]
    return (
        code(pod.namespace),
        code(pod.name),
        role,
        plain(pod.phase or "unknown"),
        "yes" if pod.ready else "no",
        str(sum(container.restarts for container in pod.containers)),
        code(pod.node) if pod.node else "none",
        plain("; ".join(filter(None, reasons)), 300) or "nothing",
    )


def _reproduce(about: About) -> Iterator[str]:
    if not about.reproductions:
        return
    yield "## Reproduce"
    yield "Put the token or key into the variable that the command names."
    for reproduction in about.reproductions:
        yield f"{plain(reproduction.title)}:\n\n{block(reproduction.command, 'sh')}"


def _content(about: About) -> Iterator[str]:
    requests = [request for request in about.requests if request.texts]
    if requests:
        yield "## Content of the failing request"
    for request in requests:
        yield f"Of {code(request.sample)}:"
        for role, text in request.texts:
            yield f"{plain(role, 40)}:\n\n{block(text)}"


def _left_out(about: About) -> Iterator[str]:
    if about.notes:
        yield "## The bundle"
        yield "\n".join(f"- {plain(note)}" for note in about.notes)
    when = clock_of(about.now)
    yield f"Written by watchdog {plain(about.version)}, {when}. Secrets are redacted."


SECTIONS = (
    _head,
    _status,
    _errors,
    _samples,
    _request,
    _tests,
    _scope,
    _outside,
    _timeline,
    _pods,
    _reproduce,
    _left_out,
    _content,
)
"""In the order in which they are read."""


def incidents_of(
    incidents: Iterable[IncidentReport], eval_set_id: str
) -> tuple[IncidentReport, ...]:
    """Those that an eval set is part of."""
    return tuple(incident for incident in incidents if eval_set_id in incident.eval_sets)
