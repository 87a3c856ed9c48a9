"""Stand-ins for secret models where nobody in particular looks: metrics, messages."""

from collections import OrderedDict
from collections.abc import Iterable

from msgspec.structs import replace

from watchdog.masking import Key, Mask, stand_in
from watchdog.model.access import is_secret
from watchdog.model.probe import ProbeResult
from watchdog.model.report import EvalSetFigures, EvalSetReport, Report, Snapshot, secret_models

REMEMBERED = 5_000
"""Secret models that are known as such after their eval sets are gone."""


class SecretModels:
    """Which models are secret: those that no eval set names that everybody may see.

    A model's tests outlive its eval set, so what was secret is remembered.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        self._names: OrderedDict[str, None] = OrderedDict()

    def take(self, report: Report) -> None:
        """Learn from a report of everything."""
        public: set[str] = set()
        for eval_set in report.eval_sets:
            if not is_secret(eval_set.model_groups):
                public.update(eval_set.models)
            for name in secret_models(eval_set):
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
            figures=tuple(self._figures(one) for one in snapshot.figures),
            tests=tuple(self.test(test) for test in snapshot.tests),
        )

    def test(self, result: ProbeResult) -> ProbeResult:
        """A direct API test without the name of a secret model, or of its provider."""
        name = self.label(result.model)
        return result if name == result.model else replace(result, model=name, provider="secret")

    def _figures(self, figures: EvalSetFigures) -> EvalSetFigures:
        if not is_secret(figures.report.model_groups):
            return figures
        mask = Mask(self._key, _names(figures.report))
        return replace(figures, tasks=mask.record(figures.tasks))


def _names(eval_set: EvalSetReport) -> Iterable[str]:
    return (*eval_set.models, *(task.model for task in eval_set.tasks))
