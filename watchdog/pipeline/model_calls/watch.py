"""Counts the calls of each model from poll to poll, by what the learner's fleet finds new. Pure.

Nothing is gone through again for it: the fleet tells what came and what went (`fleet_times`), the
learner what more is known of durations. Counted is what samples remember, their last 50 outcomes:
of one that ends more between two polls the rest is not counted, neither well nor failed. An answer
whose end is told a poll later than itself counts twice.
"""

from collections.abc import Mapping

from watchdog.diagnose.fleet_parts import Change, Part
from watchdog.model.histogram import Histogram
from watchdog.model.learned import CallName
from watchdog.model.model_calls import FleetCalls
from watchdog.pipeline.model_calls.minutes import KEPT, MINUTE, Minutes, minute_of
from watchdog.pipeline.model_calls.one_model import OneModel

MODELS_MAX = 64
"""Models that are kept. One of which nothing was heard for a day is forgotten."""
NAME_MAX = 256
"""Characters; what has a longer name is left out."""
DAY = KEPT * MINUTE
LATE = 600.0
"""Seconds before the last poll: what a log that comes later tells of a time before is left out, as
it may have been there before."""
_CALLS = "model:"


class ModelWatch:
    """What is known of all models. Not for several threads."""

    def __init__(
        self,
        models: Mapping[str, OneModel] | None = None,
        watched: Minutes | None = None,
        until: float | None = None,
    ) -> None:
        """With what an earlier life kept, and until when that counted."""
        self.models = dict(models or {})
        self.watched = watched or Minutes("B")
        self.until = until
        """What ended before this instant (seconds since the epoch) is counted."""
        self._counted_until = until
        """The same, of what an index that was begun anew tells once more."""
        self._taken_at: float | None = None
        self._now = 0.0
        self._left_out: set[str] = set()

    def begin(self, now: float) -> None:
        """A poll's news follow; `now` in seconds since the epoch."""
        self._now = now
        if self._counted_until is None:
            self._counted_until = now - DAY

    def begin_anew(self) -> None:
        """The index was thrown away: what it tells next, it told before."""
        self._counted_until = self.until
        self._taken_at = None
        for model in self.models.values():
            model.samples = model.failing = 0

    def part(self, model: str, part: Part, sign: int) -> None:
        """All of a log came (1), or went (-1)."""
        known = self._known(model) if sign > 0 else self.models.get(model)
        if known is None:
            return
        known.samples += sign * part.samples
        known.failing += sign * len(part.failing)
        if sign > 0:
            since = self._since()
            for at in part.ok:
                self._ended(known, at, 1, since, well=True)
            for at in part.failed:
                self._ended(known, at, 1, since, well=False)

    def change(self, model: str, change: Change) -> None:
        """What came and went of a log; what went was forgotten, not undone."""
        known = self._known(model)
        if known is None:
            return
        known.samples += change.samples
        known.failing += sum(change.failing.values())
        since = self._counted_until or 0.0
        for at, count in change.ok.items():
            self._ended(known, at, count, since, well=True)
        for at, count in change.failed.items():
            self._ended(known, at, count, since, well=False)

    def took(self, name: CallName, durations: Histogram, begun_at: float | None) -> None:
        """Calls that were answered took so long: since the last poll, or since `begun_at`."""
        if not name.startswith(_CALLS) or not durations.total:
            return
        at = self._now if begun_at is None else min(begun_at, self._now)
        known = self._known(name.removeprefix(_CALLS))
        if known is not None and at > self._now - DAY:
            known.lasted(durations, at)

    def end(self) -> None:
        """The poll's news are taken: it was watched since the one before."""
        now, newest = self._now, minute_of(self._now)
        begun_at = now if self._taken_at is None else max(self._taken_at, now - DAY)
        for minute in range(minute_of(begun_at), newest + 1):
            if not self.watched.total(minute, 1):
                self.watched.add(minute)
        self.until = self._taken_at = now
        self._left_out -= self.models.keys()
        for name in [n for n, model in self.models.items() if self._is_over(model)]:
            del self.models[name]

    def figures(self, now: float) -> FleetCalls:
        """What is shown of all models, at `now`."""
        first = self.watched.first(minute_of(now))
        models = (model.figures(name, now, self.watched) for name, model in self.models.items())
        since = None if first is None else first * MINUTE
        return FleetCalls(tuple(models), since, len(self._left_out))

    def _since(self) -> float:
        """From when on outcomes count of a log that came."""
        floor = self._counted_until or 0.0
        return floor if self._taken_at is None else max(floor, self._taken_at - LATE)

    def _ended(self, model: OneModel, at: float, count: int, since: float, *, well: bool) -> None:
        if count > 0 and at > since:
            # a clock that is ahead
            model.ended(min(at, self._now), count, well=well)

    def _known(self, name: str) -> OneModel | None:
        model = self.models.get(name)
        if model is None:
            if len(self.models) >= MODELS_MAX or not 0 < len(name) <= NAME_MAX:
                if len(self._left_out) < MODELS_MAX:
                    self._left_out.add(name[:NAME_MAX])
                return None
            model = self.models[name] = OneModel()
        return model

    def _is_over(self, model: OneModel) -> bool:
        return model.samples <= 0 and model.used_at < self._now - DAY
