"""What is looked at of each eval set when the fleet is gone through: made once while it stays."""

from collections.abc import Iterable

from msgspec import Struct

from watchdog.model.causes import cause_words
from watchdog.model.instants import from_timestamp
from watchdog.model.report import EvalSetFigures, EvalSetReport, SampleCounts, TaskReport
from watchdog.model.texts import clean
from watchdog.model.verdict import SEVERITY, Verdict
from watchdog.pipeline.retry_history import retries_of
from watchdog.surfaces.fleet.filters import LENGTH_MAX, Filters

Order = tuple[int, float, str]
"""The worst first: by verdict, the longest stuck, by id."""
_TEXT_MAX = 4000
"""Characters of an eval set that are searched: it may have thousands of tasks."""
_RANK = {verdict: len(SEVERITY) - place for place, verdict in enumerate(SEVERITY)}
_NEVER = float("inf")


class Entry(Struct, frozen=True, eq=False):
    """One eval set, ready to be compared."""

    figures: EvalSetFigures
    order: Order
    samples: SampleCounts
    retries: int
    models: frozenset[str]
    """By all names that they go by, in small letters."""
    owners: frozenset[str]
    """Who started it, by name and address, and its team, in small letters."""
    text: str
    """All that `q` searches, in small letters."""

    @property
    def verdict(self) -> Verdict:
        """Of the eval set."""
        return self.figures.report.verdict

    def fits(self, filters: Filters) -> bool:
        """Whether the filters let it through, whatever they say of verdicts."""
        report = self.figures.report
        return (
            (not filters.cause or report.cause in filters.cause)
            and (not filters.model or _any_of(filters.model, self.models))
            and (not filters.owner or _any_of(filters.owner, self.owners))
            and all(word.casefold() in self.text for word in filters.q)
        )


def entry_of(figures: EvalSetFigures) -> Entry:
    """An eval set as the fleet has it."""
    report = figures.report
    owners = (report.submitter, report.email, report.email.partition("@")[0], report.team)
    return Entry(
        figures=figures,
        order=_order(report),
        samples=_samples(report.tasks),
        retries=retries_of(figures),
        models=frozenset(_folded(form for name in report.models for form in _forms(name))),
        owners=frozenset(_folded(owners)),
        text=_text(report),
    )


def owner_of(report: EvalSetReport) -> str:
    """Who started it, as people are called; empty where that is not known."""
    return report.submitter or report.email


def _order(report: EvalSetReport) -> Order:
    since = from_timestamp(report.stuck_since)
    return _RANK[report.verdict], _NEVER if since is None else since, report.eval_set_id


def _samples(tasks: Iterable[TaskReport]) -> SampleCounts:
    fields = SampleCounts.__struct_fields__
    sums = dict.fromkeys(fields, 0)
    for task in tasks:
        for name in fields:
            sums[name] += getattr(task.samples, name)
    return SampleCounts(**sums)


def _forms(model: str) -> Iterable[str]:
    """`openai/azure/gpt-x`, `azure/gpt-x`, `gpt-x`."""
    parts = model.split("/")[:8]
    return ("/".join(parts[place:]) for place in range(len(parts))) if len(parts) > 1 else (model,)


def _text(report: EvalSetReport) -> str:
    parts = dict.fromkeys(
        (
            report.eval_set_id,
            report.name,
            report.inspect_id,
            report.submitter,
            report.email,
            report.team,
            cause_words(report.cause),
            report.cause or "",
            *report.models,
            *(task.task for task in report.tasks),
        )
    )
    return "\n".join(_folded(parts))[:_TEXT_MAX]


def _folded(names: Iterable[str]) -> Iterable[str]:
    return (clean(name, LENGTH_MAX).casefold() for name in names if name)


def _any_of(wanted: Iterable[str], names: frozenset[str]) -> bool:
    return any(value.casefold() in names for value in wanted)
