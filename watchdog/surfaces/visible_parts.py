"""A snapshot as somebody may see it, eval set by eval set: what changed is masked, no more."""

from msgspec import Struct
from msgspec.structs import replace

from watchdog.masking import Key, Mask
from watchdog.model.access import Viewer
from watchdog.model.report import EvalSetFigures, EvalSetReport, Snapshot
from watchdog.part_cache import PartCache
from watchdog.surfaces.report_pieces import figures_of
from watchdog.surfaces.visible import hidden_ids, mask_of, view_of


class Seen(Struct, frozen=True, eq=False):
    """A snapshot as somebody may see it, and what takes hidden names out of other texts."""

    snapshot: Snapshot
    mask: Mask


class VisibleParts:
    """One snapshot after the other as one kind of viewer sees it."""

    def __init__(self, viewer: Viewer, key: Key) -> None:
        self._viewer = viewer
        self._key = key
        self._mask = Mask(key, ())
        self._touched: PartCache[EvalSetFigures, bool] = PartCache(
            lambda figures: self._mask.touches(figures.report)
        )
        self._masked: PartCache[EvalSetFigures, EvalSetFigures] = PartCache(self._made)

    def of(self, snapshot: Snapshot) -> Seen:
        """What is shown of a snapshot; it itself where nothing is hidden."""
        seen = self._of_eval_sets(snapshot)
        known = {name for one in seen.snapshot.report.eval_sets for name in one.models}
        models = tuple(one for one in snapshot.calls.models if one.model in known)
        if len(models) == len(snapshot.calls.models):
            return seen
        # of one whose eval sets are gone nobody knows any more who might see it
        calls = replace(snapshot.calls, models=models)
        return replace(seen, snapshot=replace(seen.snapshot, calls=calls))

    def _of_eval_sets(self, snapshot: Snapshot) -> Seen:
        report = snapshot.report
        ids = hidden_ids(report, self._viewer)
        if not ids:
            return Seen(snapshot, Mask(self._key, ()))
        everything = list(figures_of(snapshot))
        shown = [f for f in everything if f.report.eval_set_id not in ids]
        hidden = [f for f in everything if f.report.eval_set_id in ids]
        reports = tuple(figures.report for figures in shown)
        self._mask = mask_of(reports, [figures.report for figures in hidden], self._key)
        figures = self._all_masked(shown)
        masked = tuple(one.report for one in figures)
        view = view_of(report, reports, masked, len(hidden), self._mask)
        return Seen(replace(snapshot, report=view.report, figures=figures), view.mask)

    def _all_masked(self, shown: list[EvalSetFigures]) -> tuple[EvalSetFigures, ...]:
        """Where hidden names stand doesn't depend on the names that are shown."""
        touched = self._touched.all_of(shown, self._mask.hidden)
        some = [one for one, is_touched in zip(shown, touched, strict=True) if is_touched]
        masked = self._masked.all_of(some, (self._mask.hidden, self._mask.spared))
        by_id = {id(before): after for before, after in zip(some, masked, strict=True)}
        return tuple(by_id.get(id(one), one) for one in shown)

    def _made(self, figures: EvalSetFigures) -> EvalSetFigures:
        report: EvalSetReport = self._mask.record(figures.report)
        if report is figures.report:
            return figures
        new = {id(old): task for old, task in zip(figures.report.tasks, report.tasks, strict=True)}
        tasks = tuple(
            replace(task, report=new.get(id(task.report)) or self._mask.record(task.report))
            for task in figures.tasks
        )
        return replace(figures, report=report, tasks=tasks)
