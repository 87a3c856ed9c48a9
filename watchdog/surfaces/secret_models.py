"""Stand-ins for secret models where nobody in particular looks: metrics, messages."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

from msgspec.structs import replace

from watchdog.masking import Key, Mask, stand_in
from watchdog.model.access import is_secret
from watchdog.model.probe import ProbeResult
from watchdog.model.report import EvalSetFigures, EvalSetReport, Report, Snapshot
from watchdog.part_cache import PartCache

REMEMBERED = 5_000
"""Secret models that are known as such after their eval sets are gone."""


class SecretModels:
    """Which models are secret: those that no eval set names that everybody may see.

    A model's tests outlive its eval set, so what was secret is remembered.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        self._names: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._figures: PartCache[EvalSetFigures, EvalSetFigures] = PartCache(self._without_names)

    def take(self, report: Report) -> None:
        """Learn from a report of everything."""
        public: set[str] = set()
        secret: dict[str, None] = {}
        for eval_set in report.eval_sets:
            if is_secret(eval_set.model_groups):
                secret.update(dict.fromkeys(eval_set.models))
            else:
                public.update(eval_set.models)
        with self._lock:
            for name in secret:
                self._names[name] = None
                self._names.move_to_end(name)
            for name in public:
                self._names.pop(name, None)
            while len(self._names) > REMEMBERED:
                self._names.popitem(last=False)

    def label(self, model: str) -> str:
        """A model's name, or its stand-in."""
        return stand_in(model, self._key) if model in self._names else model

    def masked(self, snapshot: Snapshot) -> Snapshot:
        """A snapshot whose figures and tests name no secret model, for the metrics."""
        self.take(snapshot.report)
        return replace(
            snapshot,
            figures=tuple(self._figures.all_of(snapshot.figures)),
            tests=tuple(self.test(test) for test in snapshot.tests),
        )

    def test(self, result: ProbeResult) -> ProbeResult:
        """A direct API test without the name of a secret model, or of its provider."""
        name = self.label(result.model)
        return result if name == result.model else replace(result, model=name, provider="secret")

    def _without_names(self, figures: EvalSetFigures) -> EvalSetFigures:
        if not is_secret(figures.report.model_groups):
            return figures
        mask = Mask(self._key, _names(figures.report))
        return replace(figures, tasks=mask.record(figures.tasks))


def _names(eval_set: EvalSetReport) -> Iterable[str]:
    return (*eval_set.models, *(task.model for task in eval_set.tasks))
