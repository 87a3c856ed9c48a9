"""One look at targets, judged by day one's priors and what they teach by themselves.

`watchdog check` is no more than this: it needs no cluster and no state of its own, and writes
nothing.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from watchdog.collect.probes.routes import is_set_up
from watchdog.config.settings import Settings
from watchdog.correlate.incidents import Findings
from watchdog.model.report import Report, Snapshot
from watchdog.model.verdict import Verdict, worst
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.learner import learned_from
from watchdog.pipeline.source_state import all_not_watched, all_problems, all_states
from watchdog.pipeline.targets import TargetStates, read_targets, store_of

_UNTESTED = Findings()


async def check(
    targets: Sequence[str],
    settings: Settings,
    as_of: float | None,
    now: float,
    *,
    all_eval_sets: bool = False,
) -> Report:
    """The report on `targets`.

    Args:
        targets: bundles, Inspect log directories, `s3://` prefixes, ids of eval sets in the
            configured cluster.
        settings: thresholds, how S3 and the cluster are reached.
        as_of: the instant to judge as of; None for when each bundle was captured, else `now`.
        now: seconds since the epoch.
        all_eval_sets: those of the configured cluster too, all of them.

    Raises:
        UsageError: a target isn't there, or is none.
    """
    by_instant = await read_targets(targets, settings, as_of, now, all_eval_sets=all_eval_sets)
    return judge_all(settings, by_instant).report


def judge_all(settings: Settings, by_instant: Sequence[TargetStates]) -> Snapshot:
    """What is to be said of all targets together; its instant is the last of theirs."""
    return _merged([judge_once(settings, target_states) for target_states in by_instant])


def judge_once(
    settings: Settings, target_states: TargetStates, findings: Findings = _UNTESTED
) -> Snapshot:
    """What is to be said of targets as of their instant, with what direct tests found."""
    states, limits = all_states(target_states.sources), settings.thresholds
    return evaluate(
        states,
        all_problems(target_states.sources),
        target_states.as_of,
        limits,
        float("inf"),
        learned=learned_from(states, target_states.as_of, limits),
        overrides=settings.allowances,
        findings=findings,
        store=store_of(settings),
        can_test=is_set_up(settings.probes),
        not_watched=all_not_watched(target_states.sources),
    )


def _merged(snapshots: Sequence[Snapshot]) -> Snapshot:
    """The snapshots of several instants as one."""
    last = snapshots[-1]
    if len(snapshots) == 1:
        return last
    return replace(
        last,
        report=_merged_reports([snapshot.report for snapshot in snapshots]),
        figures=tuple(figures for snapshot in snapshots for figures in snapshot.figures),
    )


def _merged_reports(reports: Sequence[Report]) -> Report:
    """The reports of several instants as one; its `now` is the last."""
    eval_sets = tuple(eval_set for report in reports for eval_set in report.eval_sets)
    verdict = worst([eval_set.verdict for eval_set in eval_sets], Verdict.UNKNOWN)
    causes = (report.cause for report in reversed(reports) if report.verdict is verdict)
    return replace(
        reports[-1],
        verdict=verdict,
        cause=next(causes, None),
        eval_sets=eval_sets,
        incidents=tuple(incident for report in reports for incident in report.incidents),
        problems=tuple(problem for report in reports for problem in report.problems),
        not_watched=sum(report.not_watched for report in reports),
    )
