"""What a batch of rows teaches: how long calls took that came back, and trouble that passed."""

from collections.abc import Mapping

from watchdog.model.durations_of_calls import CallDurations
from watchdog.model.facts import Row
from watchdog.model.histogram import Histogram, add
from watchdog.model.learned import CallName
from watchdog.model.state import NAMES_MAX, PassedStreak, Streak
from watchdog.model.successes import MODELS_MAX, Successes, succeeded

Durations = CallDurations | dict[CallName, Histogram]

LEAST_GAP = 60.0
"""Seconds; shorter pauses between two calls teach nothing about a standstill."""
CLOCKS_APART = 3600.0
"""Seconds by which the clock of who began a log may be ahead of its rows'."""


class Lessons:
    """Collected while rows are folded. What ended before `since` was learned before a restart.

    What is said to have begun before its log did (`begun_at`) is no experience: one eval set's
    impossible calls would make the whole fleet patient.
    """

    def __init__(self, since: float | None, begun_at: float | None = None) -> None:
        self._since = since
        self._earliest = None if begun_at is None else begun_at - CLOCKS_APART
        self.passed: list[PassedStreak] = []
        self._calls: dict[CallName, list[float]] = {}
        self._successes: dict[str, list[float]] = {}

    def took(self, name: CallName, seconds: float, ended_at: float) -> None:
        """A call, or a pause, took so long and ended well."""
        if self._is_possible(ended_at - seconds) and self._is_new(ended_at):
            self._calls.setdefault(name, []).append(seconds)

    def succeeded(self, model: str, at: float) -> None:
        """A call on a model ended well; that is also evidence, whenever it was."""
        self._successes.setdefault(model, []).append(at)

    def passes(self, streak: PassedStreak) -> None:
        """A run of failures ended by itself."""
        if self._is_possible(streak.first_at) and self._is_new(streak.ended_at):
            self.passed.append(streak)

    def _is_possible(self, began: float) -> bool:
        return self._earliest is None or began >= self._earliest

    def _is_new(self, ended_at: float) -> bool:
        return self._since is None or ended_at > self._since

    def streak_passes(self, streak: Streak | None, success: Row) -> None:
        """A success, perhaps after a streak of failures on the same model."""
        if streak is None or streak.first_at is None or streak.last_at is None:
            return
        if streak.model != success.name:
            return
        ended_at = max(streak.last_at, success.completed_at or success.at or 0.0)
        self.passes(
            PassedStreak(
                streak.model,
                streak.first_at,
                streak.last_at,
                ended_at,
                streak.count,
                streak.independent,
                streak.cause,
            )
        )

    def added_to(self, before: Durations) -> Durations:
        """The durations known and these; names beyond `NAMES_MAX` are left out."""
        if not self._calls:
            return before
        durations = dict(before.items())
        for name, seconds in self._calls.items():
            if name in durations or len(durations) < NAMES_MAX:
                durations[name] = add(durations.get(name, Histogram()), seconds)
        return durations

    def successes_with(self, before: Mapping[str, Successes]) -> dict[str, Successes]:
        """The successes known and these; models beyond `MODELS_MAX` are left out."""
        successes = dict(before)
        for model, instants in self._successes.items():
            if model in successes or len(successes) < MODELS_MAX:
                successes[model] = succeeded(successes.get(model, Successes()), instants)
        return successes

    def __bool__(self) -> bool:
        return bool(self._calls or self.passed or self._successes)
