"""The verdict of one running sample."""

import math
from collections.abc import Sequence

from msgspec.structs import replace

from watchdog.diagnose.context import CauseSpec, Finding, SampleContext
from watchdog.diagnose.failing import group_of
from watchdog.diagnose.failing_sandbox import with_failing_sandbox
from watchdog.diagnose.partial import held_back, needs_history
from watchdog.diagnose.retries import next_attempt_at, next_wait
from watchdog.diagnose.waiting import waits
from watchdog.model.causes import CLUSTER_CAUSES, main_cause
from watchdog.model.judgment import SampleJudgment, Waiting
from watchdog.model.outcomes import Outcome
from watchdog.model.state import SampleState
from watchdog.model.verdict import Cause, Evidence, Phase, Verdict
from watchdog.model.weighing import TOLD, Rise

_WINDOW = 20
_WINDOW_SECONDS = 3600.0
_STREAK_DEGRADED = 3
_CALM = frozenset({Verdict.STARTING, Verdict.PROGRESSING})
_DEVIATIONS = 4.0
"""So many standard deviations above the usual share (binomial) is no chance any more."""


def judge_sample(context: SampleContext, rules: tuple[CauseSpec, ...]) -> SampleJudgment:
    """The first rule in order whose suspicion reaches 1 gives the cause."""
    sample = context.sample
    base = SampleJudgment(
        state=sample,
        verdict=Verdict.UNKNOWN,
        phase=phase_of(sample),
        wait=next_wait(sample),
        next_at=next_attempt_at(sample),
    )
    if sample.lost:
        text = "its newest events can't be read"
        return replace(base, evidence=(Evidence("unreadable", text),))
    waitings = tuple(waits(context))
    late = next((w for w in waitings if w.overdue(context.now)), None)
    excuse = next((w for w in waitings if w.excuses(context.now)), None)
    base = replace(base, waiting=late or excuse, overdue=late is not None)
    if excuse:
        return _on_purpose(context, rules, base, excuse)
    return with_failing_sandbox(context, _told_late(context, rules, base))


def _on_purpose(
    context: SampleContext, rules: tuple[CauseSpec, ...], base: SampleJudgment, excuse: Waiting
) -> SampleJudgment:
    """It waits, unless the cluster says that what it waits with is broken."""
    evidence = [excuse.evidence]
    if base.waiting is not None and base.waiting is not excuse:
        evidence.append(base.waiting.evidence)
    if not context.eval_set.suspended:
        deepest = tuple(spec for spec in rules if spec.cause in CLUSTER_CAUSES)
        judgment = _by_rules(context, deepest, base)
        if judgment.verdict is Verdict.STUCK:
            return replace(judgment, evidence=(*judgment.evidence, *evidence))
    return replace(base, verdict=Verdict.WAITING, evidence=tuple(evidence))


def _told_late(
    context: SampleContext, rules: tuple[CauseSpec, ...], base: SampleJudgment
) -> SampleJudgment:
    """Nothing excuses it; what should have ended it long ago is said all the same."""
    judgment = _by_rules(context, rules, base)
    if base.waiting is None:
        return judgment
    return replace(judgment, evidence=(*judgment.evidence, base.waiting.evidence))


def _by_rules(
    context: SampleContext, rules: tuple[CauseSpec, ...], base: SampleJudgment
) -> SampleJudgment:
    by_all = [(spec, f) for spec in rules if spec.detect and (f := spec.detect(context))]
    by_spec = [
        (s, f) for s, f in by_all if s.degrades or not needs_history(context.sample, s.cause)
    ]
    is_held_back = any(f.suspicion >= 1 for s, f in by_all if (s, f) not in by_spec)
    findings = [(spec.cause, f) for spec, f in by_spec]
    base = replace(
        base,
        weighings=tuple((cause, f.weighing) for cause, f in findings if f.weighing is not None),
        model=context.sample.streak.model if context.sample.streak else "",
    )
    stopping = [(spec.cause, f) for spec, f in by_spec if not spec.degrades]
    stuck = next(((cause, f) for cause, f in stopping if f.suspicion >= 1), None)
    suspicion = max((f.suspicion for _, f in stopping), default=0.0)
    fixed, rising = grown([finding for _, finding in stopping])
    base = replace(base, suspicion=suspicion, fixed=fixed, rising=rising)
    all_evidence = tuple(e for _, f in findings if _tells(f) for e in f.evidence)
    degrading = next(((s.cause, f) for s, f in by_spec if s.degrades and f.suspicion >= 1), None)
    if stuck is None and degrading is not None:
        near = tuple(e for _, f in findings if f.suspicion >= TOLD for e in f.evidence)
        return _degraded_by(base, *degrading, near)
    if stuck is None:
        verdict = _moving_verdict(context, base)
        cause = _degraded_cause(context.sample) if verdict is Verdict.DEGRADED else None
        evidence = all_evidence if verdict is Verdict.DEGRADED or suspicion >= TOLD else ()
        evidence += _informational(context.sample)
        if context.allowance.waiting_in_silence is not None and verdict in _CALM:
            verdict = Verdict.WAITING
            evidence = (Evidence("told", context.allowance.waiting_in_silence), *evidence)
        if is_held_back and verdict is not Verdict.WAITING:
            verdict, cause, evidence = Verdict.UNKNOWN, None, (*evidence, held_back())
        if context.sample.holed and verdict in _CALM:
            verdict = Verdict.UNKNOWN
            evidence = (*evidence, Evidence("unreadable", "rows of it can't be read"))
        return replace(base, verdict=verdict, cause=cause, evidence=evidence)
    cause, finding = stuck
    other_evidence = tuple(e for e in all_evidence if e not in finding.evidence)
    return replace(
        base,
        verdict=Verdict.STUCK,
        cause=cause,
        since=finding.since,
        shared=finding.shared,
        evidence=(*finding.evidence, *other_evidence, *_informational(context.sample)),
    )


def grown(findings: Sequence[Finding]) -> tuple[float, tuple[Rise, ...]]:
    """The suspicion of those that time alone doesn't change, and how that of the others grows."""
    rises = [(f, f.weighing.rise if f.weighing is not None else None) for f in findings]
    fixed = max((finding.suspicion for finding, rise in rises if rise is None), default=0.0)
    return fixed, tuple(rise for _, rise in rises if rise is not None)


def _tells(finding: Finding) -> bool:
    """Whether its evidence is worth reading beside another's: a short silence says nothing."""
    is_silence = any(evidence.kind == "silence" for evidence in finding.evidence)
    return finding.suspicion >= TOLD or not is_silence


def _degraded_by(
    base: SampleJudgment,
    cause: Cause,
    finding: Finding,
    near: tuple[Evidence, ...],
) -> SampleJudgment:
    """Calls come back, and a rule says that nothing comes of them."""
    other_evidence = tuple(e for e in near if e not in finding.evidence)
    return replace(
        base,
        verdict=Verdict.DEGRADED,
        cause=cause,
        degraded_since=finding.since,
        degraded_by=finding.label,
        evidence=(*finding.evidence, *other_evidence, *_informational(base.state)),
    )


def phase_of(sample: SampleState) -> Phase:
    """What a running sample is at."""
    if sample.ending_since is not None and not sample.open_calls:
        return "teardown"
    if sample.setup_since is not None:
        return "setup"
    return "scoring" if sample.scorer_spans else "solving"


def _moving_verdict(context: SampleContext, base: SampleJudgment) -> Verdict:
    """The verdict of a sample that is not stuck."""
    sample = context.sample
    if _warrants_warning(context, base) or _failing_much(context):
        return Verdict.DEGRADED
    has_begun = sample.ok_total > 0 or sample.recent.any_ok
    return Verdict.PROGRESSING if has_begun or sample.scorer_spans else Verdict.STARTING


def _failing_much(context: SampleContext) -> bool:
    """Far more attempts fail than usual, for longer than what is common enough to be no news."""
    window = _window(context.sample)
    failures = [outcome for outcome in window if not outcome.ok]
    if len(failures) < max(_STREAK_DEGRADED, context.judging.limits.degraded_share * len(window)):
        return False
    usual = context.judging.baselines.usual_failing(failures[-1].model)
    expected = len(window) * usual
    if len(failures) - expected < _DEVIATIONS * math.sqrt(expected * (1 - usual)):
        return False
    instants = [outcome.at for outcome in failures if outcome.at is not None]
    seconds = max(instants) - min(instants) if instants else 0.0
    group = group_of(_degraded_cause(context.sample) or Cause.UNEXPLAINED)
    expected_per_week = context.judging.baselines.trouble("partial", group, seconds)
    return (
        expected_per_week + context.judging.baselines.trouble("own", group, seconds)
        <= context.judging.baselines.warnings
    )


def _warrants_warning(context: SampleContext, base: SampleJudgment) -> bool:
    """A streak of failures that is rare enough for a warning."""
    streak = context.sample.streak
    if streak is None or streak.count < _STREAK_DEGRADED:
        return False
    weighing = dict(base.weighings).get(streak.cause)
    return weighing is None or weighing.expected_per_week <= context.judging.baselines.warnings


def _window(sample: SampleState) -> list[Outcome]:
    """The last outcomes within an hour of the newest."""
    last = sample.recent[-_WINDOW:]
    newest = max((o.at for o in last if o.at is not None), default=None)
    if newest is None:
        return list(last)
    return [o for o in last if o.at is None or newest - o.at <= _WINDOW_SECONDS]


def _degraded_cause(sample: SampleState) -> Cause | None:
    return main_cause(outcome.cause for outcome in _window(sample))


def _informational(sample: SampleState) -> tuple[Evidence, ...]:
    if not sample.restarts:
        return ()
    text = f"its sandbox was restarted {sample.restarts} times; Inspect retries by itself"
    return (Evidence("sandbox_restarted", text, sample.restarted_at),)
