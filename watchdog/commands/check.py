"""One look at some targets: needs no cluster and no state of its own, and writes nothing."""

from collections.abc import Sequence

from msgspec.structs import replace

from watchdog.config.settings import Settings
from watchdog.model.report import Report, Snapshot
from watchdog.model.verdict import Verdict, worst
from watchdog.pipeline.once import judged
from watchdog.pipeline.targets import look


async def check(
    targets: Sequence[str],
    settings: Settings,
    now: float | None,
    present: float,
    *,
    everything: bool = False,
) -> Report:
    """The report on `targets`.

    Args:
        targets: bundles, Inspect log directories, `s3://` prefixes, ids of eval sets in the
            configured cluster.
        settings: thresholds, how S3 and the cluster are reached.
        now: the instant to judge as of; None for each bundle's own, else the present.
        present: the present, seconds since the epoch.
        everything: all eval sets of the cluster.

    Raises:
        UsageError: a target isn't there, or is none.
    """
    looked = await look(targets, settings, now, present, everything=everything)
    return merge([judged(settings, seen) for seen in looked])


def merge(snapshots: Sequence[Snapshot]) -> Report:
    """The reports of several instants as one; its `now` is the last."""
    reports = [snapshot.report for snapshot in snapshots]
    if len(reports) == 1:
        return reports[0]
    eval_sets = tuple(each for report in reports for each in report.eval_sets)
    verdict = worst([each.verdict for each in eval_sets], Verdict.UNKNOWN)
    return replace(
        reports[-1],
        verdict=verdict,
        cause=next((r.cause for r in reversed(reports) if r.verdict is verdict), None),
        eval_sets=eval_sets,
        incidents=tuple(each for report in reports for each in report.incidents),
        problems=tuple(each for report in reports for each in report.problems),
    )
