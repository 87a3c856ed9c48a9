"""From what is remembered to a finished snapshot: judge, correlate, report. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from watchdog.correlate import correlate, troubled_models
from watchdog.correlate.incidents import Findings, Notes
from watchdog.correlate.symptom import FindSymptoms, symptoms_anew
from watchdog.diagnose.judge import judge
from watchdog.diagnose.orphans import Orphans, find_orphans
from watchdog.diagnose.placeholders import fill_store
from watchdog.model.action import Action
from watchdog.model.allowances import Override
from watchdog.model.causes import RUNNER_STOPS
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.learned import Learned
from watchdog.model.probe import Conclusion, Meaning, ProbeResult
from watchdog.model.report import EvalSetFigures, Snapshot, SourceReport
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.told import told
from watchdog.model.verdict import Evidence, Incident, Problem
from watchdog.pipeline.snapshot import figures_of, snapshot, with_sources
from watchdog.probing.view import view

_BY_HAND = "`watchdog probe "
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
    can_test: bool = True,
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
        can_test: whether any direct API test is set up.
    """
    orphans = find_orphans(states, now, limits)
    judgments = judge(states, now, limits, max_age, orphans, learned=learned, overrides=overrides)
    surroundings = Surroundings(
        problems=tuple(problems),
        overrides=overrides,
        findings=findings,
        store=store,
        notes=notes,
        not_watched=not_watched,
        sources=sources,
        can_test=can_test,
    )
    return concluded(judgments, orphans, surroundings, now, max_age)


class Surroundings(Struct, frozen=True):
    """What a snapshot is made of beside judgments."""

    problems: tuple[Problem, ...] = ()
    """What could not be read."""
    overrides: tuple[Override, ...] = ()
    """What people said of eval sets, tasks and models."""
    findings: Findings = _UNTESTED
    """Direct API tests, and status pages."""
    store: str | None = None
    """Address of the logs, `{eval_set_id}` in it, for commands."""
    notes: Notes = _NO_NOTES
    """What the service knows of eval sets beyond their judgment."""
    not_watched: int = 0
    """How many jobs are left out on purpose."""
    sources: tuple[SourceReport, ...] = ()
    """How each source answers."""
    can_test: bool = True
    """Whether any direct API test is set up: else nobody is told to make one by hand."""


def concluded(  # noqa: PLR0913, PLR0917 - judgments, and what they are told with
    judgments: Sequence[EvalSetJudgment],
    orphans: Orphans,
    around: Surroundings,
    now: float,
    max_age: float,
    figures: Callable[[EvalSetJudgment, float], EvalSetFigures] = figures_of,
    find: FindSymptoms = symptoms_anew,
) -> Snapshot:
    """What follows from judgments: incidents, and all that surfaces show."""
    problems, findings = around.problems, around.findings
    all_problems = (*problems, orphans.problem) if orphans.problem else tuple(problems)
    incidents = correlate(judgments, now, findings, around.notes, find)
    names = {judgment.state.eval_set_id: judgment.state.own_name for judgment in judgments}
    incidents = tuple(_told_here(incident, names, around) for incident in incidents)
    own = _by_eval_set(incidents)
    eval_sets = tuple(
        _with_conclusions(j, own.get(j.state.eval_set_id, ()), around) for j in judgments
    )
    evaluation = snapshot(
        eval_sets,
        incidents,
        all_problems,
        now,
        troubled_models(judgments),
        around.not_watched,
        tuple(figures(eval_set, now) for eval_set in eval_sets),
    )
    evaluation = with_sources(evaluation, around.sources, max_age)
    return replace(
        evaluation, tests=_newest(findings), acknowledged=_acknowledged(around.overrides, now)
    )


def _acknowledged(overrides: Iterable[Override], now: float) -> tuple[str, ...]:
    """Of which eval sets nothing is to be told, by pattern."""
    muted = (o for o in overrides if o.for_all_tasks and o.allowance.muted(now) is not None)
    return tuple(override.eval_set for override in muted)


def _newest(findings: Findings) -> tuple[ProbeResult, ...]:
    """The newest result of each model, route and size, of those that were tested."""
    newest = (view(history).shown for history in findings.tests.values())
    return tuple(result for results in newest for result in results if result.tested)


def _told_here(incident: Incident, names: Mapping[str, str], around: Surroundings) -> Incident:
    first = names[incident.eval_sets[0]]
    return replace(incident, actions=_usable(incident.actions, first, around))


def _by_eval_set(incidents: Iterable[Incident]) -> dict[str, list[Incident]]:
    """The incidents of each eval set, by its id."""
    own: dict[str, list[Incident]] = {}
    for incident in incidents:
        for name in incident.eval_sets:
            own.setdefault(name, []).append(incident)
    return own


def _with_conclusions(
    eval_set: EvalSetJudgment, own: Sequence[Incident], around: Surroundings
) -> EvalSetJudgment:
    """An eval set that says what the direct tests of its incidents mean."""
    name = eval_set.state.eval_set_id
    conclusions = [c for i in own for c in i.conclusions if c.meaning is not Meaning.NOT_TESTED]
    own_name = eval_set.state.own_name
    tested = {i.cause: i.actions for i in own if i.conclusions and i.eval_sets[0] == name}
    if eval_set.steps and eval_set.steps[0][0] in RUNNER_STOPS:
        tested = {}  # what is to be done about others is not what it needs
    by_cause = tuple((c, tested.get(c) or _usable(a, own_name, around)) for c, a in eval_set.steps)
    actions = by_cause[0][1] if by_cause else _usable(eval_set.actions, own_name, around)
    if not conclusions:
        return replace(eval_set, actions=actions, steps=by_cause) if actions else eval_set
    first = actions if by_cause else next(iter(tested.values()), actions)
    return replace(
        eval_set,
        actions=first,
        steps=by_cause,
        summary=told("{} {}", eval_set.summary, conclusions[0].sentence),
        evidence=(*eval_set.evidence, *(_evidence(conclusion) for conclusion in conclusions)),
    )


def _usable(actions: Iterable[Action], name: str, around: Surroundings) -> tuple[Action, ...]:
    """With where the logs are; without tests by hand where none is set up."""
    some = (a for a in actions if around.can_test or _BY_HAND not in a.text)
    return tuple(fill_store(action, name, around.store) for action in some)


def _evidence(conclusion: Conclusion) -> Evidence:
    text = f"direct API tests of {conclusion.model}: {conclusion.sentence}"
    return Evidence("probe", f"{text} (confidence {conclusion.confidence})", conclusion.at)
