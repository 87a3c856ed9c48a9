"""Rows of one sample: outcomes, the streak, open calls, phase.

Everything follows the order of the rows. Rows at or below the last one folded are skipped, so
reading twice changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from watchdog.fold import turns
from watchdog.fold.backoff import scheduled_wait
from watchdog.fold.errors import CANCELLED, classify
from watchdog.fold.lessons import LEAST_GAP, Lessons
from watchdog.model.facts import Row
from watchdog.model.instants import latest
from watchdog.model.learned import call_name
from watchdog.model.state import (
    INDEPENDENT_SECONDS,
    PENDING_MAX,
    RECENT,
    CallKind,
    OpenCall,
    Outcome,
    PassedStreak,
    SampleState,
    Streak,
)
from watchdog.model.texts import first_line
from watchdog.model.verdict import Cause

SCORER_SPANS = frozenset({"scorers", "scorer"})
HUMAN_AGENT = "human_cli"
HUMAN_SOURCE = "human_agent"
ASK_USER = "ask_user"
"""Inspect's tool with which a model asks a person: pending while that one thinks."""
_AFTER_PERSON = frozenset({"approval", "input"})
"""Rows that are written once a person has decided or answered: the pause before is theirs."""
_SPANS_MAX = 64
_SHORT = 60.0
"""Seconds; a call that took no longer began about when it ended."""


def fold_rows(sample: SampleState, rows: Iterable[Row], lessons: Lessons) -> SampleState:
    """The sample after `rows`; what they teach goes into `lessons`."""
    work = _Work(sample, lessons)
    for row in rows:
        if row.id > work.last_row:
            work.take(row)
    return work.done()


class _Work:
    """A private, mutable copy of a sample while a batch of rows is folded."""

    def __init__(self, sample: SampleState, lessons: Lessons) -> None:
        self.sample = sample
        self.lessons = lessons
        self.last_row = sample.last_row
        self.last_work_row = sample.last_work_row
        self.count = 0
        self.recent = list(sample.recent)
        self.ended_ids = {outcome.event_id for outcome in sample.recent}
        self.ok = 0
        self.fails: Counter[Cause] = Counter(dict(sample.fails))
        self.streak = sample.streak
        self.first_success_at = sample.first_success_at
        self.last_success_at = sample.last_success_at
        self.last_event_at = sample.last_event_at
        self.last_progress_at = sample.last_progress_at
        self.open = {call.event_id: call for call in sample.open_calls}
        self.answered = sample.answered
        self.turns = sample.turns
        self.scorers = list(sample.scorer_spans)
        self.scoring_since = sample.scoring_since
        self.humans = list(sample.human_spans)
        self.human_since = sample.human_since
        self.holed = sample.holed

    def take(self, row: Row) -> None:
        self.last_row = row.id
        self.count += 1
        if row.kind != "logger":
            self.last_work_row = row.id
            self.pause(row)
        self.last_event_at = latest(self.last_event_at, row.at, row.completed_at)
        handler = _HANDLERS.get(row.kind)
        if handler is not None:
            handler(self, row)
        elif row.kind != "logger" and not row.pending:
            self.progress(row)

    def done(self) -> SampleState:
        return replace(
            self.sample,
            last_row=self.last_row,
            last_work_row=self.last_work_row,
            rows=self.sample.rows + self.count,
            recent=tuple(self.recent[-RECENT:]),
            ok_total=self.sample.ok_total + self.ok,
            fails=tuple(self.fails.items()),
            streak=self.streak,
            first_success_at=self.first_success_at,
            last_success_at=self.last_success_at,
            last_event_at=self.last_event_at,
            last_progress_at=self.last_progress_at,
            open_calls=tuple(self.open.values()),
            answered=self.answered,
            turns=self.turns,
            scorer_spans=tuple(self.scorers),
            scoring_since=self.scoring_since,
            human_spans=tuple(self.humans),
            human_since=self.human_since,
            lost=self.sample.lost and self.last_work_row == self.sample.last_work_row,
            holed=self.holed,
        )

    def progress(self, row: Row) -> None:
        self.holed = False
        self.last_progress_at = latest(self.last_progress_at, row.at, row.completed_at)

    def begin(self, row: Row, kind: CallKind) -> None:
        self.open.pop(row.event_id, None)
        self.open[row.event_id] = OpenCall(
            row.event_id, kind, row.name, row.at, row.id, row.timeout, row.role, row.batch
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
        if self.open or self.streak or self.last_event_at is None or row.at is None:
            return
        if self.holed:
            return
        if self.human_since is not None or row.kind in _AFTER_PERSON:
            return
        if row.at - self.last_event_at >= LEAST_GAP:
            name = call_name("scoring", "scorer") if self.scorers else call_name("step", "solver")
            self.lessons.took(name, row.at - self.last_event_at, row.at)

    def passes(self, row: Row) -> None:
        """A success ended a run of failures."""
        streak, self.streak = self.streak, None
        if streak is None or streak.first_at is None or streak.last_at is None:
            return
        if streak.model != row.name:
            return
        at = streak.first_at, streak.last_at, max(streak.last_at, row.completed_at or row.at or 0.0)
        self.lessons.passes(
            PassedStreak(streak.model, *at, streak.count, streak.independent, streak.cause)
        )

    def outcome(self, row: Row, cause: Cause | None, began: float | None = None) -> None:
        self.ended_ids.add(row.event_id)
        at = row.at if cause is not None else row.completed_at or row.at
        self.recent.append(Outcome(cause is None, at, cause, row.name, row.event_id, began))
        if cause is None and at is not None:
            self.lessons.succeeded(row.name, at)
        if len(self.recent) > 4 * RECENT:
            del self.recent[:-RECENT]
            self.ended_ids = {outcome.event_id for outcome in self.recent}


def _model(work: _Work, row: Row) -> None:
    if row.pending:
        work.turns = turns.calling(work.turns, work.open.values())
        work.begin(row, "model")
    elif row.final:
        _model_end(work, row)


def _model_end(work: _Work, row: Row) -> None:
    failed = row.error is not None
    began = None if failed else _began(work, row)
    work.end(row, "model", teaches=not failed and not row.cached and not row.batch)
    if row.error is not None and row.error.startswith(CANCELLED):
        return
    if not failed:
        work.turns = turns.answered(work.turns, row, work.open.values())
    if row.event_id in work.ended_ids:
        _told_again(work, row)
    elif row.error is not None:
        _failure(work, row, row.error)
    else:
        _success(work, row, began)


def _began(work: _Work, row: Row) -> float | None:
    """When a long call that succeeded was sent for the last time: its own time is set back."""
    call, streak = work.open.get(row.event_id), work.streak
    at = call.since if call is not None else row.at
    failed_at = streak.last_at if streak is not None else None
    began = latest(at, failed_at)
    is_short = row.completed_at is not None and row.completed_at - (began or 0.0) <= _SHORT
    return None if is_short else began


def _told_again(work: _Work, row: Row) -> None:
    """An answered call is written once without and once with its `completed`."""
    if row.error is not None or row.completed_at is None:
        return
    work.progress(row)
    work.last_success_at = latest(work.last_success_at, row.completed_at)
    work.first_success_at = work.first_success_at or row.completed_at
    for index in range(len(work.recent) - 1, -1, -1):
        if work.recent[index].event_id == row.event_id:
            work.recent[index] = work.recent[index]._replace(at=row.completed_at)
            return


def _success(work: _Work, row: Row, began: float | None) -> None:
    work.human_since = None
    work.progress(row)
    if row.cached:
        work.streak = None
        return
    work.passes(row)
    work.ok += 1
    if row.completed_at is not None:
        work.first_success_at = work.first_success_at or row.completed_at
        work.last_success_at = latest(work.last_success_at, row.completed_at)
    work.outcome(row, None, began)


def _failure(work: _Work, row: Row, error: str) -> None:
    cause = classify(error, row.error_class)
    work.fails[cause] += 1
    work.outcome(row, cause)
    work.streak = _longer(work.streak, row, cause, error)


def _longer(streak: Streak | None, row: Row, cause: Cause, error: str) -> Streak:
    causes = Counter(dict(streak.causes)) if streak else Counter[Cause]()
    causes[cause] += 1
    independent, independent_at = _independent(streak, row.at)
    return Streak(
        count=streak.count + 1 if streak else 1,
        first_at=streak.first_at if streak and streak.first_at is not None else row.at,
        last_at=latest(streak.last_at if streak else None, row.at),
        causes=tuple(causes.items()),
        model=row.name,
        role=row.role,
        error=first_line(error),
        call_attempts=_attempt_of_call(streak, row),
        row=row.id,
        independent=independent,
        independent_at=independent_at,
    )


def _independent(streak: Streak | None, at: float | None) -> tuple[int, float | None]:
    """How many failures are far enough from each other, and when the last of those began."""
    if streak is None or streak.independent_at is None:
        return (streak.independent if streak else 1), at
    if at is None or at - streak.independent_at < INDEPENDENT_SECONDS:
        return streak.independent, streak.independent_at
    return streak.independent + 1, at


def _attempt_of_call(streak: Streak | None, row: Row) -> int:
    """Which attempt of its call a failure is: one that came far too early began a new call."""
    if streak is None or streak.last_at is None or row.at is None:
        return 1 if streak is None else streak.call_attempts + 1
    early = row.at - streak.last_at < scheduled_wait(streak.call_attempts) / 2
    return 1 if early or row.name != streak.model else streak.call_attempts + 1


def _tool(work: _Work, row: Row) -> None:
    call = work.open.get(row.event_id)
    if call is None and (row.pending or row.final):
        work.turns = turns.begun(work.turns)
    if row.pending:
        work.begin(row, "tool")
    elif row.final:
        work.end(row, "tool", teaches=row.error is None and row.name != ASK_USER)
        work.turns = turns.ended(work.turns, call, row, work.open.values())
        work.progress(row)


def _approval(work: _Work, row: Row) -> None:
    """A call that was asked for before it was approved begins only now."""
    work.progress(row)
    call = turns.unapproved(work.turns, work.open.values())
    work.turns = turns.decided(work.turns, row)
    if call is not None and row.type != turns.PASSES_ON:
        work.open[call.event_id] = replace(call, since=row.at)


def _sandbox(work: _Work, row: Row) -> None:
    if row.pending:
        work.begin(row, "sandbox")
    elif row.final:
        work.end(row, "sandbox", teaches=True)
        work.progress(row)


def _input(work: _Work, row: Row) -> None:
    if row.pending:
        work.begin(row, "input")
    else:
        work.open.pop(row.event_id, None)
        work.progress(row)


def _span_begin(work: _Work, row: Row) -> None:
    work.progress(row)
    if row.type in turns.ENDS_TURNS:
        work.turns = turns.under_way(work.turns, work.open.values())
    if row.type in SCORER_SPANS:
        work.scoring_since = work.scoring_since if work.scorers else row.at
        work.scorers = [*work.scorers, row.span or ""][-_SPANS_MAX:]
    if row.name == HUMAN_AGENT:
        work.humans = [*work.humans, row.span or ""][-_SPANS_MAX:]
        work.human_since = row.at


def _span_end(work: _Work, row: Row) -> None:
    work.progress(row)
    span = row.span or ""
    work.scorers = [other for other in work.scorers if other != span]
    if span in work.humans:
        work.humans = [other for other in work.humans if other != span]
        work.human_since = work.human_since if work.humans else None


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
}
