"""Calls that succeed and change nothing: the same again and again, nothing said, all that fails.

What ends a run is something new in the same thread; its length is then a lesson, as it passed by
itself. What a cache gave is no repetition, nor what a scorer does.
"""

from msgspec.structs import replace

from watchdog.fold.lessons import Lessons
from watchdog.model.facts import Row
from watchdog.model.learned import CallName, RunFamily, call_name
from watchdog.model.repetition import (
    FAILING,
    NOTHING_SAID,
    PERIODS,
    SPANS_MAX,
    THREADS_MAX,
    TOOLS_MAX,
    OpenSpan,
    Repetition,
    Run,
    Step,
    Thread,
    cycles,
    ended_turn,
    is_drawn,
)

LEAST_TAUGHT = 600.0
"""Seconds; shorter runs teach nothing."""
_NONE = Run()
_WRAP = 1 << 64
_TOOL = "tool"
_OWN = frozenset({"agent", "solver", _TOOL})
"""Types of spans whose events are a thread of their own."""


def span_begun(repetition: Repetition, row: Row) -> Repetition:
    """After the beginning of a span."""
    if row.span is None or len(repetition.spans) >= SPANS_MAX:
        return repetition
    outer = _key(repetition, row.parent_id)
    key = row.span if row.type in _OWN else outer
    span = OpenSpan(row.span, row.name, key, outer, row.at if row.type == _TOOL else None)
    return Repetition(repetition.threads, (*repetition.spans, span))


def span_ended(repetition: Repetition, row: Row) -> Repetition:
    """After its end: what went on within it is over."""
    span = next((span for span in repetition.spans if span.id == row.span), None)
    if span is None:
        return repetition
    if span.tool_since is not None and row.at is not None:
        thread = _caller(repetition, span.outer)
        spans = thread.spans + max(0.0, row.at - span.tool_since)
        repetition = _with(repetition, replace(thread, spans=spans))
    return Repetition(
        tuple(thread for thread in repetition.threads if thread.span != row.span),
        tuple(other for other in repetition.spans if other is not span),
    )


def asked(repetition: Repetition, row: Row, lessons: Lessons) -> Repetition:
    """After a model is asked: all that its last answer called has ended."""
    thread = _thread(repetition, _key(repetition, row.span_id), _who(row))
    return repetition if thread.turn is None else _with(repetition, _turned(thread, lessons))


def answered(repetition: Repetition, row: Row, lessons: Lessons) -> Repetition:
    """After a model's answer, the first time that it is told."""
    thread = _turned(_thread(repetition, _key(repetition, row.span_id), _who(row)), lessons)
    since = row.at or thread.until
    end = max(thread.until, row.completed_at or since + (row.took or 0.0))
    is_new = row.messages <= thread.messages and not row.echoes
    thread = replace(
        thread,
        turn=None if row.answer is None else Step(row.digest or row.id, (), since),
        calling=row.answer is None,
        answer=row.event_id,
        idle_from=thread.active or since,
        pause=max(0.0, since - (thread.active or since)),
        calls=0.0,
        spans=0.0,
        messages=row.messages,
        sampled=thread.sampled + 1 if is_new else 0,
        until=end,
    )
    return _with(repetition, _heard(thread, row, since, end, lessons))


def told_again(repetition: Repetition, row: Row) -> Repetition:
    """After an answer is told once more, with its end and when it was asked for.

    That is set back to before the wait for a connection, which is no pause.
    """
    thread = _thread(repetition, _key(repetition, row.span_id), _who(row))
    if thread.answer != row.event_id or row.at is None or row.completed_at is None:
        return repetition
    pause = min(thread.pause, max(0.0, row.at - thread.idle_from))
    until = max(thread.until, row.completed_at)
    return _with(repetition, replace(thread, pause=pause, until=until))


def called(repetition: Repetition, row: Row, lessons: Lessons) -> Repetition:
    """After the end of a tool's call."""
    thread = _caller(repetition, _key(repetition, row.span_id, row.name))
    since = row.at or thread.until
    end = max(thread.until, row.completed_at or since)
    if row.error is None:
        failing = _ended(thread.failing, call_name("loop", FAILING), end, lessons)
    else:
        failing = _longer(thread.failing, since, end, row.name)
    calls = thread.calls + end - min(since, end)
    turn = _longer_turn(thread.turn or Step(0, (), since), row)
    thread = replace(thread, failing=failing, turn=turn, calls=calls, until=end)
    return _with(repetition, thread)


def _longer_turn(turn: Step, row: Row) -> Step:
    """With one more call. What came of one that has no digest is like nothing else."""
    tools = turn.tools if row.name in turn.tools else (*turn.tools, row.name)[:TOOLS_MAX]
    digest = row.digest if row.digest is not None else row.id
    return turn._replace(digest=(turn.digest + digest) % _WRAP, tools=tools)


def _key(repetition: Repetition, span: str | None, tool: str | None = None) -> str:
    """Whose an event is. Some writers put a tool's event into the span that it opens itself."""
    for open_span in reversed(repetition.spans):
        if open_span.id == span:
            is_own = tool is not None and tool == open_span.name
            return open_span.outer if is_own else open_span.key
    return ""


def _who(row: Row) -> str:
    return f"{row.name} {row.role}" if row.role else row.name


def _thread(repetition: Repetition, span: str, who: str) -> Thread:
    threads = [thread for thread in repetition.threads if thread.span == span]
    thread = next((thread for thread in threads if thread.who == who), None)
    return thread or Thread(span, who, active=max((t.active for t in threads), default=0.0))


def _caller(repetition: Repetition, span: str) -> Thread:
    """Whose answer a tool's call comes from: the newest of its span that calls any."""
    threads = (thread for thread in reversed(repetition.threads) if thread.span == span)
    calling = next((thread for thread in threads if thread.calling), None)
    return calling or _thread(repetition, span, "")


def _with(repetition: Repetition, thread: Thread) -> Repetition:
    """With a thread that has done something, which its whole span has."""
    active = max(thread.active, thread.until)
    others = tuple(
        replace(other, active=active) if other.span == thread.span else other
        for other in repetition.threads
        if (other.span, other.who) != (thread.span, thread.who)
    )
    thread = replace(thread, active=active)
    return Repetition((*others, thread)[-THREADS_MAX:], repetition.spans)


def _turned(thread: Thread, lessons: Lessons) -> Thread:
    """Its newest turn is a step."""
    step = ended_turn(thread)
    return thread if step is None else replace(_stepped(thread, step, lessons), turn=None)


def _heard(thread: Thread, row: Row, since: float, end: float, lessons: Lessons) -> Thread:
    """Whether an answer says anything, by words or by calls."""
    if row.answer in (None, "plain"):
        failing = thread.failing
        if failing.count and row.answer is not None:
            failing = replace(failing, others=failing.others + 1)
        answers = _answers_ended(thread, end, lessons) if thread.answers.count else thread.answers
        return replace(thread, answers=answers, failing=failing)
    return replace(thread, answers=_longer(thread.answers, since, end, row.answer))


def _longer(run: Run, since: float, end: float, kind: str) -> Run:
    if not run.count:
        return Run(1, since, end, kinds=(kind,))
    kinds = (*(k for k in run.kinds if k != kind), kind)[-TOOLS_MAX:]
    return replace(run, count=run.count + 1, until=end, kinds=kinds)


def _answers_ended(thread: Thread, at: float, lessons: Lessons) -> Run:
    family: RunFamily = "poll" if is_drawn(thread, thread.answers) else "loop"
    return _ended(thread.answers, call_name(family, NOTHING_SAID), at, lessons)


def _ended(run: Run, name: CallName, at: float, lessons: Lessons) -> Run:
    """Something better came: the run passed by itself."""
    if run.seconds >= LEAST_TAUGHT:
        lessons.took(name, run.seconds, at)
    return _NONE if run.count else run


def _stepped(thread: Thread, step: Step, lessons: Lessons) -> Thread:
    """One step further, round or out of the rounds."""
    runs = tuple(
        _round(thread, run, period, step)
        for period, run in zip(PERIODS, thread.cycles, strict=True)
    )
    if not any(run.count for run in runs):
        _learn(thread, lessons)
    return replace(thread, cycles=runs, steps=(*thread.steps, step)[-PERIODS[-1] :])


def _round(thread: Thread, run: Run, period: int, step: Step) -> Run:
    before = thread.steps[-period] if len(thread.steps) >= period else None
    if before is None or before.digest != step.digest:
        return _NONE
    if not run.count:
        return Run(1, before.since, thread.until, before.rested + step.rested)
    return Run(run.count + 1, run.since, thread.until, run.rests + step.rested)


def _learn(thread: Thread, lessons: Lessons) -> None:
    """The longest of what went round has ended by itself."""
    longest = max(cycles(thread), key=lambda cycle: cycle.run.seconds, default=None)
    if longest is not None and longest.run.seconds >= LEAST_TAUGHT:
        family: RunFamily = "poll" if longest.is_patient else "loop"
        lessons.took(call_name(family, longest.name), longest.run.seconds, thread.until)
