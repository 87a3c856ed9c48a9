"""When attempts on each model ended, kept between polls: only what changed is taken in.

What nobody asks about is only counted; a model's instants are gathered with the first question,
and forgotten where so much has changed since the last one that gathering them anew is cheaper.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from watchdog.diagnose.fleet_parts import Change, Part, changes_of, parts_of
from watchdog.diagnose.model_times import ModelTimes
from watchdog.diagnose.sorted_instants import LOAD
from watchdog.model.state import EvalSetState, TaskState

MODELS_MAX = 32
"""Models that a task may have called until those are looked up that it still tells of."""
AGAIN = 4
"""Where one in so many instants changed, they are gathered anew."""

_Key = tuple[str, str, int]
"""An eval set: its source, its id, and which of several that have both."""
_NO_TASKS: Mapping[str, TaskState] = {}
_NO_TIMES = ModelTimes()


class Arrivals(Protocol):
    """Is told what changes, model by model, as it does."""

    def part(self, model: str, part: Part, sign: int) -> None:
        """All of a log came (1), or went (-1)."""

    def change(self, model: str, change: Change) -> None:
        """What came and went of a log that stays."""


class _Model(Struct):
    """What is kept of a model."""

    version: int = 0
    samples: int = 0
    """Running samples that called it lately."""
    size: int = 0
    """All that contributes to it."""
    times: ModelTimes | None = None
    """As they were when anybody last asked; None where nobody did for long."""
    pending: Change | None = None
    """What changed since."""


class FleetTimes:
    """All eval sets' attempts by model."""

    def __init__(self, arrivals: Arrivals | None = None) -> None:
        self._arrivals = arrivals
        self.updates = 0
        """How often it was brought up to date."""
        self._states: dict[_Key, EvalSetState] = {}
        self._models_of: dict[_Key, dict[str, tuple[str, ...]]] = {}
        """By log, the models that a task tells of, and maybe more."""
        self._models: dict[str, _Model] = {}

    def update(self, eval_sets: Iterable[EvalSetState]) -> None:
        """Take in what changed. What is the same object as before costs no more than a look."""
        self.updates += 1
        before, self._states = self._states, {}
        for state in eval_sets:
            key = (state.source, state.eval_set_id, 0)
            if key in self._states:
                key = (*key[:2], len(self._states))
            self._states[key] = state
            earlier = before.pop(key, None)
            if earlier is not state:
                self._take(key, earlier.tasks if earlier else _NO_TASKS, state.tasks)
        for key, state in before.items():
            self._take(key, state.tasks, _NO_TASKS)
            del self._models_of[key]

    def version(self, model: str) -> int:
        """Another one each time that anything changed that is known of a model; 0 for nothing."""
        record = self._models.get(model)
        return record.version if record is not None else 0

    def samples(self, model: str) -> int:
        """Running samples that called the model lately."""
        record = self._models.get(model)
        return record.samples if record is not None else 0

    def of(self, model: str) -> ModelTimes:
        """What is known of a model, in order."""
        record = self._models.get(model)
        if record is None:
            return _NO_TIMES
        if record.times is not None and record.pending is not None:
            record.times.change(record.pending)
        record.pending = None
        if record.times is None or not record.times.is_complete:
            record.times = self._gathered(model)
        return record.times

    def _gathered(self, model: str) -> ModelTimes:
        times = ModelTimes()
        for key, state in self._states.items():
            models_of = self._models_of[key]
            for log, task in state.tasks.items():
                if model in models_of[log]:
                    for parts in parts_of(task):
                        if model in parts:
                            times.extend(parts[model])
        times.settle()
        return times

    def _take(
        self, key: _Key, before: Mapping[str, TaskState], after: Mapping[str, TaskState]
    ) -> None:
        """What changed in an eval set."""
        models_of = self._models_of.setdefault(key, {})
        changes: dict[str, Change] = {}
        for log, task in after.items():
            earlier = before.get(log)
            if earlier is None:
                models_of[log] = tuple(self._come_or_go(task, 1))
            elif earlier is not task:
                models = {*models_of[log], *_changed(earlier, task, changes)}
                if len(models) > MODELS_MAX:
                    models = {model for parts in parts_of(task) for model in parts}
                models_of[log] = tuple(models)
        for log, task in before.items():
            if log not in after:
                self._come_or_go(task, -1)
                del models_of[log]
        for model, change in changes.items():
            change.reduce()
            if change:
                self._change(model, change)

    def _come_or_go(self, task: TaskState, sign: int) -> set[str]:
        """All of a task came (1) or went (-1); its models."""
        models = set()
        for parts in parts_of(task):
            for model, part in parts.items():
                models.add(model)
                self._part(model, part, sign)
        return models

    def _part(self, model: str, part: Part, sign: int) -> None:
        if self._arrivals is not None:
            self._arrivals.part(model, part, sign)
        record = self._record(model, sign * len(part), sign * part.samples)
        if record.times is not None:
            record.pending = record.pending or Change()
            record.pending.take(part, sign)
            _forget(record)

    def _change(self, model: str, change: Change) -> None:
        if self._arrivals is not None:
            self._arrivals.change(model, change)
        record = self._record(model, change.total, change.samples)
        if record.times is not None:
            record.pending = record.pending or Change()
            record.pending.join(change)
            _forget(record)

    def _record(self, model: str, more: int, samples: int) -> _Model:
        """A model of which so much more is known; one of which nothing is, is forgotten."""
        record = self._models.get(model)
        if record is None:
            record = self._models[model] = _Model()
        record.version = self.updates
        record.size += more
        record.samples += samples
        if not record.size:
            del self._models[model]
        return record


def _changed(before: TaskState, after: TaskState, changes: dict[str, Change]) -> Iterator[str]:
    """Note what changed of a task; the models to which something came."""
    for parts, sign in changes_of(before, after):
        for model, part in parts.items():
            if model not in changes:
                changes[model] = Change()
            changes[model].take(part, sign)
            if sign > 0:
                yield model


def _forget(record: _Model) -> None:
    """Not to bring up to date what nobody asks about, or what is cheaper to gather anew."""
    if record.pending is not None and len(record.pending) > max(LOAD, record.size // AGAIN):
        record.times = record.pending = None
