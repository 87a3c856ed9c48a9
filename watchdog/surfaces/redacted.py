"""A snapshot without secrets, eval set by eval set: only what changed is searched again."""

from msgspec.structs import replace

from watchdog.model.report import EvalSetFigures, Snapshot
from watchdog.part_cache import PartCache
from watchdog.redaction import KNOWN, Secrets, without_secrets

UNSHOWN = frozenset({"subjects"})
"""What never leaves: direct API tests need models' names as they are."""


class RedactedSnapshots:
    """Snapshots without secrets. An eval set that stayed the same object stays so in them."""

    def __init__(self, known: Secrets = KNOWN) -> None:
        self._known = known
        self._figures: PartCache[EvalSetFigures, EvalSetFigures] = PartCache(without_secrets)

    def of(self, snapshot: Snapshot) -> Snapshot:
        """The same without known secrets and what looks like one."""
        # read first: what is learned meanwhile makes all anew the next time
        generation = self._known.generation
        figures = self._figures.all_of(snapshot.figures, generation)
        cleaned = {
            id(before.report): after.report
            for before, after in zip(snapshot.figures, figures, strict=True)
        }
        eval_sets = tuple(
            cleaned.get(id(report)) or without_secrets(report)
            for report in snapshot.report.eval_sets
        )
        bare = replace(snapshot, figures=(), report=replace(snapshot.report, eval_sets=()))
        rest = without_secrets(bare, keep=UNSHOWN)
        return replace(
            rest, figures=tuple(figures), report=replace(rest.report, eval_sets=eval_sets)
        )
