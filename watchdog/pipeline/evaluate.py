"""From what is remembered to a finished snapshot: judge, correlate, report. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from watchdog.correlate import correlate, troubled_models
from watchdog.correlate.incidents import Findings, Notes
from watchdog.diagnose.judge import judge
from watchdog.diagnose.orphans import find_orphans
from watchdog.diagnose.placeholders import fill_store
from watchdog.model.allowances import Override
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.learned import Learned
from watchdog.model.probe import Conclusion, Meaning, ProbeResult
from watchdog.model.report import Snapshot, SourceReport
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Evidence, Incident, Problem
from watchdog.pipeline.snapshot import snapshot, with_sources
from watchdog.probing.view import view

_NOTHING = Learned()
_UNTESTED = Findings()
_NO_NOTES = Notes()


def evaluate(  # noqa: PLR0913 - what a snapshot depends on
    states: Sequence[EvalSetState],
    problems: Iterable[Problem],
    now: float,
    limits: Thresholds,
    max_age: float,
    *,
    learned: Learned = _NOTHING,
    overrides: tuple[Override, ...] = (),
    findings: Findings = _UNTESTED,
    store: str | None = None,
    notes: Notes = _NO_NOTES,
    not_watched: int = 0,
    sources: tuple[SourceReport, ...] = (),
) -> Snapshot:
    """Everything that can be said of these eval sets at `now`.

    Args:
        states: what is remembered of them.
        problems: what could not be read.
        now: seconds since the epoch.
        limits: the rules' thresholds.
        max_age: seconds after which what was last read is too old.
        learned: the fleet's experience.
        overrides: what people said of eval sets, tasks and models.
        findings: direct API tests, and status pages.
        store: address of the logs, `{eval_set_id}` in it, for commands.
        notes: what the service knows of eval sets beyond their judgment.
        not_watched: how many jobs are left out on purpose.
        sources: how each source answers.
    """
    orphans = find_orphans(states, now, limits)
    judgments = judge(states, now, limits, max_age, orphans, learned=learned, overrides=overrides)
    all_problems = (*problems, orphans.problem) if orphans.problem else tuple(problems)
    incidents = correlate(judgments, now, findings, notes)
    names = {judgment.state.eval_set_id: judgment.state.own_name for judgment in judgments}
    incidents = tuple(_with_store(incident, names, store) for incident in incidents)
    eval_sets = tuple(_with_conclusions(judgment, incidents, store) for judgment in judgments)
    evaluation = snapshot(
        eval_sets, incidents, all_problems, now, troubled_models(judgments), not_watched
    )
    evaluation = with_sources(evaluation, sources, max_age)
    return replace(evaluation, tests=_newest(findings), acknowledged=_acknowledged(overrides, now))


def _acknowledged(overrides: Iterable[Override], now: float) -> tuple[str, ...]:
    """Of which eval sets nothing is to be told, by pattern."""
    muted = (o for o in overrides if o.for_all_tasks and o.allowance.muted(now) is not None)
    return tuple(override.eval_set for override in muted)


def _newest(findings: Findings) -> tuple[ProbeResult, ...]:
    """The newest result of each model, route and size, of those that were tested."""
    newest = (view(history).shown for history in findings.tests.values())
    return tuple(result for results in newest for result in results if result.tested)


def _with_store(incident: Incident, names: Mapping[str, str], store: str | None) -> Incident:
    first = names[incident.eval_sets[0]]
    return replace(incident, actions=tuple(fill_store(a, first, store) for a in incident.actions))


def _with_conclusions(
    eval_set: EvalSetJudgment, incidents: Sequence[Incident], store: str | None
) -> EvalSetJudgment:
    """An eval set that says what the direct tests of its incidents mean."""
    name = eval_set.state.eval_set_id
    own = [incident for incident in incidents if name in incident.eval_sets]
    conclusions = [c for i in own for c in i.conclusions if c.meaning is not Meaning.NOT_TESTED]
    own_name = eval_set.state.own_name
    actions = tuple(fill_store(action, own_name, store) for action in eval_set.actions)
    if not conclusions:
        return replace(eval_set, actions=actions)
    first = next((i.actions for i in own if i.conclusions and i.eval_sets[0] == name), actions)
    return replace(
        eval_set,
        actions=first,
        summary=f"{eval_set.summary} {conclusions[0].sentence}",
        evidence=(*eval_set.evidence, *(_evidence(conclusion) for conclusion in conclusions)),
    )


def _evidence(conclusion: Conclusion) -> Evidence:
    text = f"direct API tests of {conclusion.model}: {conclusion.sentence}"
    return Evidence("probe", f"{text} (confidence {conclusion.confidence})", conclusion.at)
