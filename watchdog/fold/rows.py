"""Rows of one sample: outcomes, the streak, open calls, phase.

Everything follows the order of the rows. Rows at or below the last one folded are skipped, so
reading twice changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from watchdog.fold import repetition, sandbox_calls, turns
from watchdog.fold.errors import CANCELLED, classify
from watchdog.fold.lessons import LEAST_GAP, Lessons
from watchdog.fold.outcomes import RecentOutcomes
from watchdog.fold.spans import Spans
from watchdog.fold.streaks import Streaks
from watchdog.model.facts import Row
from watchdog.model.instants import later
from watchdog.model.learned import call_name
from watchdog.model.names import shared_name
from watchdog.model.packed import Packed
from watchdog.model.repetition import PackedRepetition, Repetition
from watchdog.model.spans import ROOT, SCORER_TYPES, SETUP_TYPES, TOOL_TYPES, OpenSpans
from watchdog.model.state import (
    PENDING_MAX,
    CallKind,
    OpenCall,
    SampleState,
    ToolTurn,
    ToolTurns,
)
from watchdog.model.verdict import Cause

HUMAN_AGENT = "human_cli"
HUMAN_SOURCE = "human_agent"
ASK_USER = "ask_user"
"""Inspect's tool with which a model asks a person: pending while that one thinks."""
_AFTER_PERSON = frozenset({"approval", "input"})
"""Rows that are written once a person has decided or answered: the pause before is theirs."""
_SPANS_MAX = 64
_NO_COMMAND = TOOL_TYPES | SCORER_TYPES | SETUP_TYPES
_LEAST_WAIT = 2.5
"""Seconds; Inspect waits longer before it tries again, so calls closer together are side by side.
"""
_UNTOLD = "its end is in no row (Inspect before 0.3.172); the runner's log may tell"
COMMAND = call_name("step", "command")
"""What a solver's own commands in its sandbox are learned under."""
TURNS_MAX = 64
_NO_PROGRESS = frozenset({"logger", "error"})
"""Rows that are no sign of work done: log lines, and the error that a sample ends in."""
_SHORT = 60.0
"""Seconds; a call that took no longer began about when it ended."""


def fold_rows(
    sample: SampleState, rows: Iterable[Row], lessons: Lessons, *, silent_failures: bool = False
) -> SampleState:
    """The sample after `rows`; what they teach goes into `lessons`.

    Args:
        sample: what is remembered of it.
        rows: its rows, in order.
        lessons: takes how long calls took, and trouble that passed.
        silent_failures: whether its Inspect writes no end of a failed attempt; then the next
            attempt in the same span tells that it failed.
    """
    work = _Work(sample, lessons, silent_failures)
    for row in rows:
        if row.id > work.last_row:
            work.take(row)
    return work.done()


class _Work:
    """A private, mutable copy of a sample while a batch of rows is folded."""

    def __init__(self, sample: SampleState, lessons: Lessons, silent_failures: bool) -> None:
        self.sample = sample
        self.silent_failures = silent_failures
        self.spans = Spans(sample.spans)
        self.lessons = lessons
        self.lost = sample.lost
        self.last_row = sample.last_row
        self.last_work_row = sample.last_work_row
        self.count = 0
        self.recent = RecentOutcomes(sample.recent)
        self.ok = 0
        self.fails: Counter[Cause] = Counter(dict(sample.fails))
        self.streaks = Streaks(sample.streaks, self.spans)
        self.first_success_at = sample.first_success_at
        self.last_success_at = sample.last_success_at
        self.last_event_at = sample.last_event_at
        self.last_progress_at = sample.last_progress_at
        self.open = {call.event_id: call for call in sample.open_calls}
        self.answered = sample.answered
        self.turns = self._turns_before = sample.turns.unpacked()
        self.sandbox_failing = sample.sandbox_failing
        self.scorers = list(sample.scorer_spans)
        self.scoring_since = sample.scoring_since
        self.humans = list(sample.human_spans)
        self.human_since = sample.human_since
        self.solving_since = sample.solving_since
        self.ending_since = sample.ending_since
        self.command_at = sample.command_at
        self.command_timeout = sample.command_timeout
        self.repetition = self._repetition_before = sample.repetition.unpacked()
        self.holed = sample.holed

    def take(self, row: Row) -> None:
        self.last_row = row.id
        self.count += 1
        if row.kind != "logger":
            self.last_work_row = row.id
            self.lost = row.unfamiliar
            self.pause(row)
        at = later(row.at, row.completed_at)
        self.spans.heard(row, at)
        self.last_event_at = later(self.last_event_at, at)
        handler = _HANDLERS.get(row.kind)
        if handler is not None:
            handler(self, row)
        elif row.kind not in _NO_PROGRESS and not row.pending:
            self.progress(row)

    def done(self) -> SampleState:
        return replace(
            self.sample,
            last_row=self.last_row,
            last_work_row=self.last_work_row,
            rows=self.sample.rows + self.count,
            recent=self.recent.done(),
            ok_total=self.sample.ok_total + self.ok,
            fails=tuple(self.fails.items()),
            streaks=self.streaks.done(),
            first_success_at=self.first_success_at,
            last_success_at=self.last_success_at,
            last_event_at=self.last_event_at,
            last_progress_at=self.last_progress_at,
            open_calls=tuple(self.open.values()),
            answered=self.answered,
            spans=OpenSpans.of(self.spans.open.values()),
            turns=self._packed_turns(),
            sandbox_failing=self.sandbox_failing,
            scorer_spans=tuple(self.scorers),
            scoring_since=self.scoring_since,
            human_spans=tuple(self.humans),
            human_since=self.human_since,
            solving_since=self.solving_since,
            ending_since=self.ending_since,
            command_at=self.command_at,
            command_timeout=self.command_timeout,
            repetition=self._packed_repetition(),
            lost=self.lost,
            holed=self.holed,
        )

    def _packed_turns(self) -> Packed[ToolTurn]:
        return self.sample.turns if self.turns is self._turns_before else ToolTurns.of(self.turns)

    def _packed_repetition(self) -> PackedRepetition:
        if self.repetition is self._repetition_before:
            return self.sample.repetition
        return PackedRepetition.of(self.repetition)

    def progress(self, row: Row) -> None:
        self.holed = False
        self.last_progress_at = later(self.last_progress_at, later(row.at, row.completed_at))

    def begin(self, row: Row, kind: CallKind) -> None:
        self.ending_since = None
        self.open.pop(row.event_id, None)
        inner = self.spans.inner(row, self.open.values()) if kind == "tool" else None
        self.open[row.event_id] = OpenCall(
            row.event_id,
            kind,
            shared_name(row.name),
            row.at,
            row.id,
            row.timeout,
            row.role,
            row.batch,
            row.span_id,
            inner,
        )
        if len(self.open) > PENDING_MAX:
            del self.open[next(iter(self.open))]

    def end(self, row: Row, kind: CallKind, *, teaches: bool) -> None:
        call = self.open.pop(row.event_id, None) or self.answered
        if call is None or call.event_id != row.event_id or call.since is None or not teaches:
            return
        if row.completed_at is None:
            self.answered = call
        else:
            self.answered = None
            seconds = row.completed_at - call.since
            self.lessons.took(call_name(kind, row.name), seconds, row.completed_at)

    def pause(self, row: Row) -> None:
        """A pause between two calls ended: how long a living runner may take for a step."""
        if self.open or self.streaks or self.last_event_at is None or row.at is None:
            return
        if self.holed:
            return
        if self.human_since is not None or row.kind in _AFTER_PERSON:
            return
        if row.at - self.last_event_at >= LEAST_GAP:
            name = call_name("scoring", "scorer") if self.scorers else call_name("step", "solver")
            self.lessons.took(name, row.at - self.last_event_at, row.at)

    def turns_of(self, row: Row) -> tuple[str, tuple[ToolTurn, ...]]:
        """The span whose answers a row is about, and those that are under way in it."""
        if not self.turns:
            return self.spans.place(row.span_id), ()
        having = {turn.span for turn in self.turns}
        place = self.spans.place(row.span_id)
        span = next((one for one in self.spans.around(row.span_id) if one in having), place)
        return span, tuple(turn for turn in self.turns if turn.span == span)

    def set_turns(self, span: str, of_span: tuple[ToolTurn, ...]) -> None:
        """These are under way in a span now."""
        others = tuple(turn for turn in self.turns if turn.span != span)
        self.turns = (*others, *of_span)[-TURNS_MAX:]

    def calls_in(self, span: str) -> list[OpenCall]:
        """The open calls that a span's answers may have made; all where spans aren't known."""
        calls = self.open.values()
        return [call for call in calls if span in {ROOT, call.span}]

    def forget(self, place: int) -> None:
        """A failure that was presumed was none."""
        cause = self.recent.forget(place)
        if cause is not None:
            self.fails[cause] -= 1
            self.fails = +self.fails

    def outcome(self, row: Row, cause: Cause | None, began: float | None = None) -> None:
        at = row.at if cause is not None else row.completed_at or row.at
        self.recent.append(at, cause, row.name, row.event_id, began)
        if cause is None and at is not None:
            self.lessons.succeeded(row.name, at)


def _model(work: _Work, row: Row) -> None:
    if row.pending:
        if work.silent_failures:
            _presume_failed(work, row)
        if work.turns:
            span, answers = work.turns_of(row)
            work.set_turns(span, turns.calling(answers, work.calls_in(span)))
        if not work.scorers:
            work.repetition = repetition.asked(work.repetition, row, work.lessons)
        work.begin(row, "model")
    elif row.final:
        _model_end(work, row)


def _presume_failed(work: _Work, row: Row) -> None:
    """A call asked for anew in its span, and not answered: the attempt before has failed."""
    for call in list(work.open.values()):
        is_same = (call.kind, call.name, call.role, call.span) == (
            "model",
            row.name,
            row.role,
            row.span_id,
        )
        if not is_same or call.event_id == row.event_id:
            continue
        if call.since is None or row.at is None or row.at - call.since < _LEAST_WAIT:
            continue
        del work.open[call.event_id]
        attempt = replace(row, id=call.row, event_id=call.event_id, at=call.since, pending=False)
        _failure(work, attempt, _UNTOLD, presumed=True)


def _model_end(work: _Work, row: Row) -> None:
    failed = row.error is not None
    began = None if failed else _began(work, row)
    work.end(row, "model", teaches=not failed and not row.cached and not row.batch)
    if row.error is not None and row.error.startswith(CANCELLED):
        return
    if not failed and (work.turns or row.calls):
        span, answers = work.turns_of(row)
        work.set_turns(span, turns.answered(answers, row, work.calls_in(span), span))
    place = work.recent.place_of(row.event_id)
    if work.silent_failures and not failed and place is not None and work.recent.has_failed(place):
        work.forget(place)
        place = None
    if place is not None:
        _told_again(work, row, place)
    elif row.error is not None:
        _failure(work, row, row.error)
    else:
        _success(work, row, began)


def _began(work: _Work, row: Row) -> float | None:
    """When a long call that succeeded was sent for the last time: its own time is set back."""
    call, streak = work.open.get(row.event_id), work.streaks.of(row.span_id)
    at = call.since if call is not None else row.at
    failed_at = streak.last_at if streak is not None else None
    began = later(at, failed_at)
    is_short = row.completed_at is not None and row.completed_at - (began or 0.0) <= _SHORT
    return None if is_short else began


def _told_again(work: _Work, row: Row, place: int) -> None:
    """An answered call is written once without and once with its `completed`."""
    if row.error is not None or row.completed_at is None:
        return
    work.progress(row)
    work.repetition = repetition.told_again(work.repetition, row)
    work.last_success_at = later(work.last_success_at, row.completed_at)
    work.first_success_at = work.first_success_at or row.completed_at
    work.recent.ended_at(place, row.completed_at)


def _success(work: _Work, row: Row, began: float | None) -> None:
    work.human_since = None
    work.progress(row)
    streak = work.streaks.end(row.span_id)
    if row.cached:
        return
    work.lessons.streak_passes(streak, row)
    if not work.scorers:
        work.repetition = repetition.answered(work.repetition, row, work.lessons)
    work.ok += 1
    if row.completed_at is not None:
        work.first_success_at = work.first_success_at or row.completed_at
        work.last_success_at = later(work.last_success_at, row.completed_at)
    work.outcome(row, None, began)


def _failure(work: _Work, row: Row, error: str, *, presumed: bool = False) -> None:
    cause = Cause.UNEXPLAINED if presumed else classify(error, row.error_class)
    work.fails[cause] += 1
    work.outcome(row, cause)
    work.streaks.fail(row, cause, error, presumed=presumed)


def _tool(work: _Work, row: Row) -> None:
    call = work.open.get(row.event_id)
    span, answers = work.turns_of(row)
    if call is None and (row.pending or row.final):
        answers = turns.begun(answers)
        work.set_turns(span, answers)
    if row.pending:
        work.begin(row, "tool")
    elif row.final:
        work.end(row, "tool", teaches=row.error is None and row.name != ASK_USER)
        work.set_turns(span, turns.ended(answers, call, row, work.calls_in(span)))
        work.sandbox_failing = sandbox_calls.after(work.sandbox_failing, row)
        if work.sandbox_failing is None:
            work.progress(row)
        if not work.scorers:
            work.repetition = repetition.called(work.repetition, row, work.lessons)


def _approval(work: _Work, row: Row) -> None:
    """A call that was asked for before it was approved begins only now."""
    work.progress(row)
    span, answers = work.turns_of(row)
    call = turns.unapproved(answers, work.calls_in(span))
    work.set_turns(span, turns.decided(answers, row))
    if call is not None and row.type != turns.PASSES_ON:
        work.open[call.event_id] = replace(call, since=row.at)


def _sandbox(work: _Work, row: Row) -> None:
    if row.pending:
        work.begin(row, "sandbox")
    elif row.final:
        work.end(row, "sandbox", teaches=True)
        work.progress(row)
        _command(work, row)


def _command(work: _Work, row: Row) -> None:
    """What the solver itself had run in the sandbox, outside of any tool."""
    by_tool = any(call.kind == "tool" for call in work.calls_in(ROOT)) and not work.spans.open
    if by_tool or work.scorers or work.spans.types_around(row.span_id) & _NO_COMMAND:
        return
    ended_at = row.completed_at or row.at
    work.command_at = later(work.command_at, ended_at)
    work.command_timeout = later(work.command_timeout, row.timeout)
    if ended_at is not None and row.at is not None and ended_at - row.at >= LEAST_GAP:
        work.lessons.took(COMMAND, ended_at - row.at, ended_at)


def _input(work: _Work, row: Row) -> None:
    if row.pending:
        work.begin(row, "input")
    else:
        work.open.pop(row.event_id, None)
        work.progress(row)


def _span_begin(work: _Work, row: Row) -> None:
    work.progress(row)
    work.spans.begin(row)
    work.ending_since = None
    if row.type in TOOL_TYPES:
        _claim(work, row)
    if row.type in turns.ENDS_TURNS:
        work.set_turns(ROOT, turns.under_way(work.turns_of(row)[1], work.calls_in(ROOT)))
    work.repetition = repetition.span_begun(work.repetition, row)
    if row.type == "solvers":
        work.solving_since = work.solving_since or row.at
    if row.type in SCORER_TYPES:
        work.repetition = Repetition()  # whatever the solver did is over
        work.scoring_since = work.scoring_since if work.scorers else row.at
        work.scorers = [*work.scorers, row.span or ""][-_SPANS_MAX:]
    if row.name == HUMAN_AGENT:
        work.humans = [*work.humans, row.span or ""][-_SPANS_MAX:]
        work.human_since = row.at


def _claim(work: _Work, row: Row) -> None:
    """A span that a tool's call opened after its event was written (Inspect 0.3.90)."""
    for call in work.open.values():
        is_its = call.kind == "tool" and call.name == row.name and call.span == row.parent_id
        if is_its and call.inner is None and call.span is not None:
            work.open[call.event_id] = replace(call, inner=row.span)
            return


def _span_end(work: _Work, row: Row) -> None:
    work.progress(row)
    span = row.span or ""
    _close(work, row, span)
    if span in work.scorers and len(work.scorers) == 1:
        work.ending_since = row.at
    work.repetition = repetition.span_ended(work.repetition, row)
    work.scorers = [other for other in work.scorers if other != span]
    if span in work.humans:
        work.humans = [other for other in work.humans if other != span]
        work.human_since = work.human_since if work.humans else None


def _close(work: _Work, row: Row, span: str) -> None:
    """What was made within a span ends with it."""
    if span not in work.spans.open:
        return
    for call in list(work.open.values()):
        if call.span == span:
            del work.open[call.event_id]
    work.turns = tuple(turn for turn in work.turns if turn.span != span)
    work.streaks.close(span, work.spans.end(row))


def _error(work: _Work, row: Row) -> None:
    if not work.scorers:
        work.ending_since = row.at


def _info(work: _Work, row: Row) -> None:
    work.progress(row)
    if row.type == HUMAN_SOURCE and work.human_since is None:
        work.human_since = row.at


_HANDLERS: dict[str, Callable[[_Work, Row], None]] = {
    "model": _model,
    "tool": _tool,
    "approval": _approval,
    "sandbox": _sandbox,
    "input": _input,
    "span_begin": _span_begin,
    "span_end": _span_end,
    "info": _info,
    "error": _error,
}
