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
    is_drawn,
)

LEAST_TAUGHT = 600.0
"""Seconds; shorter runs teach nothing."""
_NONE = Run()
_WRAP = 1 << 64
_OWN = frozenset({"agent", "solver", "tool"})
"""Types of spans whose events are a thread of their own."""


def span_begun(repetition: Repetition, row: Row) -> Repetition:
    """After the beginning of a span."""
    if row.span is None or len(repetition.spans) >= SPANS_MAX:
        return repetition
    outer = _key(repetition, row.parent_id)
    span = OpenSpan(row.span, row.name, row.span if row.type in _OWN else outer, outer)
    return replace(repetition, spans=(*repetition.spans, span))


def span_ended(repetition: Repetition, row: Row) -> Repetition:
    """After its end: what went on within it is over."""
    return Repetition(
        tuple(thread for thread in repetition.threads if thread.span != row.span),
        tuple(span for span in repetition.spans if span.id != row.span),
    )


def asked(repetition: Repetition, row: Row, lessons: Lessons) -> Repetition:
    """After a model is asked: all that its last answer called has ended."""
    thread = _thread(repetition, _key(repetition, row.span_id), _who(row))
    if thread.turn is None:
        return repetition
    return _with(repetition, _turned(thread, lessons))


def answered(repetition: Repetition, row: Row, lessons: Lessons) -> Repetition:
    """After a model's answer, the first time that it is told."""
    span = _key(repetition, row.span_id)
    thread = _turned(_thread(repetition, span, _who(row)), lessons)
    seconds = _seconds(row)
    since = row.at or thread.until
    end = max(thread.until, row.completed_at or since + seconds)
    step = Step(row.digest or 0, (), since, thread.thought)
    drawn = row.messages <= thread.messages and not row.echoes
    thread = replace(
        thread,
        open_answer=(row.event_id, seconds),
        calling=row.answer is None,
        messages=row.messages,
        sampled=thread.sampled + 1 if drawn else 0,
        thought=thread.thought + seconds,
    )
    if row.answer is None:
        thread = replace(thread, answers=_answers_ended(thread, end, lessons))
    else:
        thread = _stepped(_heard(thread, row, since, end, lessons), step, end, lessons)
    return _with(_thought_beside(repetition, thread, seconds), thread)


def told_again(repetition: Repetition, row: Row) -> Repetition:
    """After an answer is told once more, now with its end."""
    span = _key(repetition, row.span_id)
    thread = _thread(repetition, span, _who(row))
    if thread.open_answer is None or thread.open_answer[0] != row.event_id:
        return repetition
    more = _seconds(row) - thread.open_answer[1]
    thread = replace(thread, open_answer=None, thought=thread.thought + more)
    return _with(_thought_beside(repetition, thread, more), thread)


def called(repetition: Repetition, row: Row, lessons: Lessons) -> Repetition:
    """After the end of a tool's call."""
    thread = _caller(repetition, _key(repetition, row.span_id, row.name))
    since = row.at or thread.until
    end = max(thread.until, row.completed_at or since)
    if row.error is None:
        failing = _ended(thread.failing, call_name("loop", FAILING), end, lessons)
        thread = replace(thread, failing=failing)
    else:
        thread = replace(thread, failing=_longer(thread, thread.failing, since, end, row.name))
    turn = thread.turn
    if turn is None:
        turn = Step(row.digest or 0, (row.name,), since, thread.thought)
    else:
        tools = turn.tools if row.name in turn.tools else (*turn.tools, row.name)[:TOOLS_MAX]
        turn = turn._replace(digest=(turn.digest + (row.digest or 0)) % _WRAP, tools=tools)
    return _with(repetition, replace(thread, turn=turn, until=end))


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
    threads = (t for t in repetition.threads if t.span == span)
    known = next((thread for thread in threads if thread.who == who), None)
    return known or Thread(span, who, thought=_thought_in(repetition, span))


def _caller(repetition: Repetition, span: str) -> Thread:
    """Whose answer a tool's call comes from: the newest of its span that calls any."""
    threads = [thread for thread in repetition.threads if thread.span == span]
    calling = next((thread for thread in reversed(threads) if thread.calling), None)
    return calling or _thread(repetition, span, "")


def _with(repetition: Repetition, thread: Thread) -> Repetition:
    key = thread.span, thread.who
    others = [other for other in repetition.threads if (other.span, other.who) != key]
    return Repetition((*others, thread)[-THREADS_MAX:], repetition.spans)


def _thought_in(repetition: Repetition, span: str) -> float:
    return next((t.thought for t in repetition.threads if t.span == span), 0.0)


def _thought_beside(repetition: Repetition, thread: Thread, seconds: float) -> Repetition:
    """After so many seconds in a model's call: none of its span waited meanwhile."""
    beside = [t for t in repetition.threads if t.span == thread.span and t.who != thread.who]
    if not beside:
        return repetition
    threads = (
        replace(other, thought=other.thought + seconds)
        if any(other is t for t in beside)
        else other
        for other in repetition.threads
    )
    return Repetition(tuple(threads), repetition.spans)


def _turned(thread: Thread, lessons: Lessons) -> Thread:
    """What its newest answer called is a step."""
    if thread.turn is None:
        return thread
    return replace(_stepped(thread, thread.turn, thread.until, lessons), turn=None)


def _seconds(row: Row) -> float:
    """How long a model took, the wait for its connection included where that is known."""
    if row.completed_at is not None and row.at is not None:
        return max(0.0, row.completed_at - row.at)
    return row.took or 0.0


def _heard(thread: Thread, row: Row, since: float, end: float, lessons: Lessons) -> Thread:
    """Whether an answer says anything."""
    if row.answer == "plain":
        failing = thread.failing
        failing = replace(failing, others=failing.others + 1) if failing.count else failing
        answers = _answers_ended(thread, end, lessons)
        return replace(thread, answers=answers, failing=failing)
    return replace(thread, answers=_longer(thread, thread.answers, since, end, row.answer or ""))


def _longer(thread: Thread, run: Run, since: float, end: float, kind: str) -> Run:
    if not run.count:
        return Run(1, since, end, thread.thought, (kind,))
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


def _stepped(thread: Thread, step: Step, end: float, lessons: Lessons) -> Thread:
    """One step further, round or out of the rounds."""
    runs = tuple(
        _round(thread, run, period, step, end)
        for period, run in zip(PERIODS, thread.cycles, strict=True)
    )
    if not any(run.count for run in runs):
        _learn(thread, end, lessons)
    return replace(thread, cycles=runs, steps=(*thread.steps, step)[-PERIODS[-1] :], until=end)


def _round(thread: Thread, run: Run, period: int, step: Step, end: float) -> Run:
    before = thread.steps[-period] if len(thread.steps) >= period else None
    if before is None or before.digest != step.digest:
        return _NONE
    if not run.count:
        return Run(1, before.since, end, before.thought)
    return Run(run.count + 1, run.since, end, run.thought)


def _learn(thread: Thread, at: float, lessons: Lessons) -> None:
    """The longest of what went round has ended by itself."""
    longest = max(cycles(thread), key=lambda cycle: cycle.run.seconds, default=None)
    if longest is not None and longest.run.seconds >= LEAST_TAUGHT:
        family: RunFamily = "poll" if longest.waits or longest.drawn else "loop"
        lessons.took(call_name(family, longest.name), longest.run.seconds, at)
