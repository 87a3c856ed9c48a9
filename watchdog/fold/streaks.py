"""Runs of failed attempts, each in the span that fails: agents side by side have their own.

What a span leaves behind when it ends is its parent's trouble, and goes on with the next span in
it: a solver that opens one for each of its calls fails as much as one that doesn't.
"""

from collections import Counter
from collections.abc import Iterable

from msgspec.structs import replace

from watchdog.fold.backoff import scheduled_wait
from watchdog.fold.spans import Spans
from watchdog.model.facts import Row
from watchdog.model.instants import latest
from watchdog.model.state import INDEPENDENT_SECONDS, Streak
from watchdog.model.texts import first_line
from watchdog.model.verdict import Cause

STREAKS_MAX = 16
"""Streaks kept of a sample; the shortest go first."""


class Streaks:
    """A sample's streaks while a batch of rows is folded."""

    def __init__(self, streaks: Iterable[Streak], spans: Spans) -> None:
        self._spans = spans
        self._of: dict[str, Streak] = {streak.span: streak for streak in streaks}

    def __bool__(self) -> bool:
        return bool(self._of)

    def of(self, span_id: str | None) -> Streak | None:
        """The streak that a span belongs to; None where its last attempt succeeded."""
        return self._of.get(self._owner(span_id)) if self._of else None

    def end(self, span_id: str | None) -> Streak | None:
        """A success in a span ends the streak that it belongs to, which is given."""
        return self._of.pop(self._owner(span_id), None) if self._of else None

    def fail(self, row: Row, cause: Cause, error: str, *, presumed: bool) -> None:
        """One more failed attempt in a span."""
        place = self._spans.place(row.span_id)
        streak = self._of.pop(self._owner(row.span_id), None)
        self._of[place] = replace(
            _longer(streak, row, cause, error),
            span=place,
            presumed=(streak.presumed if streak else 0) + presumed,
        )

    def close(self, span_id: str, parent: str) -> None:
        """A span ended while its attempts failed."""
        streak = self._of.pop(span_id, None)
        if streak is None:
            return
        other = self._of.get(parent)
        if other is None or other.count < streak.count:
            self._of[parent] = replace(streak, span=parent)

    def done(self) -> tuple[Streak, ...]:
        """All of them, the longest first."""
        if len(self._of) < 2:
            return tuple(self._of.values())
        longest = sorted(self._of.values(), key=lambda streak: (-streak.count, streak.row))
        return tuple(longest[:STREAKS_MAX])

    def _owner(self, span_id: str | None) -> str:
        """The span, of this one and those around it, that has a streak; else where it stands."""
        around = self._spans.around(span_id)
        return next((one for one in around if one in self._of), self._spans.place(span_id))


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
