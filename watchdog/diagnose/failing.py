"""How much a streak of failures proves. The mathematics and its sources: docs/detection.md.

"Stuck" says that attempts fail whatever one waits. Against it stand the ways in which such a streak
comes about and passes: trouble of this sample alone, an outage of the model, and chance. For each
the expected number per week of streaks as bad as this one is known (`Baselines`); their sum over
what is tolerated is the ratio that must fall to 1.

Attempts within one outage are no independent evidence, so it is the time between the first failure
and the last that counts, not their number; and only attempts count, not the silence after them.
"""

from msgspec import Struct

from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.context import SampleContext
from watchdog.diagnose.fleet import Fleet, Peers, failures_of, thinned
from watchdog.diagnose.outages import Outage, outage_of
from watchdog.fold.backoff import scheduled_wait
from watchdog.model.learned import TroubleGroup, TroubleKind
from watchdog.model.state import INDEPENDENT_SECONDS, SampleState, Streak
from watchdog.model.told import Length, Share, Told, told
from watchdog.model.verdict import Cause
from watchdog.model.weighing import Explanation, Weighing

LEAST_FAILURES = 4
LEAST_INDEPENDENT = 3
_SETTLE = 2
"""After so many `INDEPENDENT_SECONDS` a peer's success speaks of the same moment, not of before."""
_AHEAD = 12
_MOST = 0.5
"""The share of others' attempts that fail from which on it is everybody's trouble."""


class Span(Struct, frozen=True):
    """A streak's failures that count against one explanation."""

    since: float
    until: float
    independent: int

    @property
    def seconds(self) -> float:
        """From the first to the last."""
        return max(0.0, self.until - self.since)


class Situation(Struct, frozen=True):
    """A streak and what others on the model experienced during it: all that the weight rests on."""

    model: str
    group: TroubleGroup
    streak: Span
    """All of the streak."""
    alone: Span | None
    """The part in which others were seen to succeed, or nobody else was there; None where every
    failure fell into an outage that is over."""
    outage: float
    """Seconds that everybody's failures span since anybody's last success."""
    peers: Peers
    """Others, while this sample was alone with its trouble."""
    witnessed: bool
    """Others succeeded after the streak began."""
    last_ok: float | None
    """When somebody last succeeded before the streak's last failure."""
    usual: float
    """The chance that one attempt fails in normal times."""
    count: int
    silent: int = 0
    """Failures of anybody, apart from each other, since anybody's last success."""
    candidates: int = 1
    """Running samples on the model: each may be the unlucky one of a partial outage."""
    patience: float = 1.0
    """So many times as long as elsewhere trouble is taken to last before it passes."""
    everybody: Outage | None = None
    """The outage of everybody that it is part of."""

    @property
    def shared(self) -> bool:
        """It is rather the model's trouble than this sample's: nobody succeeds, or few do."""
        if self.everybody is not None or not self.witnessed:
            return True
        return self.peers.failing_share >= _MOST


def group_of(cause: Cause) -> TroubleGroup:
    """Refusals for the rate come and go otherwise than failures."""
    return "refused" if cause is Cause.RATE_LIMITED else "failed"


def situation(context: SampleContext, streak: Streak, cause: Cause) -> Situation | None:
    """What the weight of a streak rests on; None where its times aren't known."""
    if streak.first_at is None or streak.last_at is None:
        return None
    whole = Span(streak.first_at, streak.last_at, _independent(context, streak))
    fleet, sample, model = context.judging.fleet, context.sample, streak.model
    first_ok = fleet.first_ok(
        model, whole.since + _SETTLE * context.judging.baselines.independent_seconds
    )
    alone = _alone(context, streak, whole, first_ok)
    window = alone or whole
    ok, failed = _counts_before(sample, streak)
    return Situation(
        model=model,
        group=group_of(cause),
        streak=whole,
        alone=alone,
        outage=_outage(fleet, model, whole, first_ok),
        peers=fleet.others(sample, model, _settled(context, window), window.until),
        witnessed=first_ok is not None,
        last_ok=fleet.last_ok(model, whole.until),
        usual=context.judging.baselines.usual_failing(model, ok, failed),
        count=streak.count,
        silent=_silent(context, model, whole.until) if first_ok is not None else 0,
        candidates=max(1, fleet.samples(model)),
        patience=context.allowance.patience or 1.0,
        everybody=outage_of(
            fleet, streak, context.now, context.judging.baselines.independent_seconds
        ),
    )


def _silent(context: SampleContext, model: str, until: float) -> int:
    """Failures of anybody, apart from each other, since anybody's last success."""
    last_ok = context.judging.fleet.last_ok(model, until)
    if last_ok is None:
        return 0
    return context.judging.fleet.independent_failures(
        model, last_ok, until, context.judging.baselines.independent_seconds
    )


def _independent(context: SampleContext, streak: Streak) -> int:
    """Failures far enough apart; of a long streak only the last ones are remembered one by one."""
    apart = context.judging.baselines.independent_seconds
    if apart == INDEPENDENT_SECONDS:
        return streak.independent  # the fold counts so
    instants = failures_of(context.sample, streak)
    count = len(thinned(instants, apart))
    return count if len(instants) == streak.count else max(count, streak.independent)


def _settled(context: SampleContext, window: Span) -> float:
    return min(window.since + _SETTLE * context.judging.baselines.independent_seconds, window.until)


def _alone(
    context: SampleContext, streak: Streak, whole: Span, first_ok: float | None
) -> Span | None:
    """The failures that no outage of everybody excuses.

    As long as others fail as well and nobody succeeds, it is everybody's trouble; what counts
    against this sample begins with its first failure after somebody's success.
    """
    until = whole.until if first_ok is None else min(first_ok, whole.until)
    peers = context.judging.fleet.others(context.sample, streak.model, whole.since, until)
    if first_ok is None or not peers.failed:
        return whole
    later = [at for at in failures_of(context.sample, streak) if at >= first_ok]
    if not later:
        return None
    return Span(
        later[0], whole.until, len(thinned(later, context.judging.baselines.independent_seconds))
    )


def _outage(fleet: Fleet, model: str, whole: Span, first_ok: float | None) -> float:
    """How long everybody has failed, this streak included."""
    if first_ok is not None:
        return 0.0
    span = fleet.failing_span(model)
    fleet_seconds = span[1] - span[0] if span is not None else 0.0
    return max(whole.seconds, fleet_seconds)


def _counts_before(sample: SampleState, streak: Streak) -> tuple[int, int]:
    """The sample's remembered outcomes on the model before the streak: successes and failures."""
    outcomes = sample.recent[: max(0, len(sample.recent) - streak.count)]
    on_model = [outcome.ok for outcome in outcomes if outcome.model == streak.model]
    return sum(on_model), len(on_model) - sum(on_model)


def weigh(baselines: Baselines, situation: Situation) -> Weighing:
    """The weight of the evidence that the sample is stuck.

    By itself, and as part of an outage of everybody, whatever proves more: who was stuck before an
    outage began stays so in it, and whom others' last successes excuse falls with the others.
    """
    weighing = _weighed(baselines, situation, _explanations(baselines, situation))
    if situation.everybody is None:
        return weighing
    outage = _in_outage(baselines, situation, situation.everybody)
    together = _weighed(baselines, situation, outage)
    return max(weighing, together, key=lambda weighed: weighed.suspicion)


def _weighed(
    baselines: Baselines, situation: Situation, explanations: tuple[Explanation, ...]
) -> Weighing:
    return Weighing(
        subject=told(
            "{} failed attempts in a row on {} within {}",
            situation.count,
            situation.model,
            Length(situation.streak.seconds),
        ),
        explanations=explanations,
        initial_ratio=_initial_ratio(baselines, situation),
        enough=situation.count >= LEAST_FAILURES
        and situation.streak.independent >= LEAST_INDEPENDENT,
    )


def _initial_ratio(baselines: Baselines, situation: Situation) -> float:
    """The ratio when the streak was one failure long."""
    own = baselines.trouble("own", situation.group, 0.0) / baselines.tolerated("own")
    shared = baselines.trouble("shared", situation.group, 0.0) / baselines.tolerated("shared")
    chance = baselines.streaks(situation.model) * situation.usual / baselines.tolerated("own")
    return own + shared + chance


def _trouble(
    baselines: Baselines, situation: Situation, kind: TroubleKind, seconds: float
) -> float:
    """Troubles per week that last longer, where all last `patience` times as long."""
    return baselines.trouble(kind, situation.group, seconds / situation.patience)


def _explanations(baselines: Baselines, situation: Situation) -> tuple[Explanation, ...]:
    return _own(baselines, situation), _shared(baselines, situation), _chance(baselines, situation)


def _own(baselines: Baselines, situation: Situation) -> Explanation:
    """Trouble of this sample alone, or such trouble and then an outage, whatever is likelier."""
    alone, tolerated = situation.alone, baselines.tolerated("own")
    if alone is None:
        expected_per_week = _trouble(baselines, situation, "own", 0.0)
        return Explanation(
            "own", expected_per_week, tolerated, "others succeed again; it hasn't tried since"
        )
    expected_per_week = _trouble(baselines, situation, "own", alone.seconds)
    last_ok = situation.last_ok
    if last_ok is not None and last_ok > alone.since:
        first = _trouble(baselines, situation, "own", last_ok - alone.since)
        whole = _trouble(baselines, situation, "shared", 0.0)
        rest = _trouble(baselines, situation, "shared", situation.streak.until - last_ok)
        expected_per_week = max(expected_per_week, first * rest / whole)
    text = told("trouble of one sample that lasts {} and passes", Length(alone.seconds))
    return Explanation("own", expected_per_week, tolerated, text)


def _shared(baselines: Baselines, situation: Situation) -> Explanation:
    """An outage: of everybody, or of the share of calls that fail for others at the same time."""
    alone, peers, tolerated = situation.alone, situation.peers, baselines.tolerated("shared")
    if not situation.witnessed:
        expected_per_week = _trouble(baselines, situation, "shared", situation.outage)
        text = _passing_outage(situation.model, situation.outage)
        return Explanation("shared", expected_per_week, tolerated, text)
    if alone is None:
        return Explanation("shared", 0.0, tolerated, "no outage: others succeed")
    share = peers.failing_share
    # no sample is unlucky alone where nobody has succeeded since
    unlucky = chance_any_fails_all(situation.candidates, share, alone.independent)
    chance = unlucky * share**situation.silent
    expected_per_week = _trouble(baselines, situation, "partial", alone.seconds) * chance
    text = told(
        "a partial outage of {} of {}: {} attempts of others failed meanwhile, {} succeeded",
        situation.model,
        Length(alone.seconds),
        peers.failed,
        peers.ok,
    )
    return Explanation("shared", expected_per_week, tolerated, text)


def _in_outage(
    baselines: Baselines, situation: Situation, outage: Outage
) -> tuple[Explanation, ...]:
    """What else an outage of everybody could be: one that passes, and nothing of one sample's.

    Who joins it late is no less part of it, where others show that it isn't that one's own trouble.
    """
    seconds = outage.seconds if outage.is_of_many else situation.streak.seconds
    own = Explanation(
        "own",
        _trouble(baselines, situation, "own", seconds),
        baselines.tolerated("own"),
        told("trouble of single samples that lasts {} and passes", Length(seconds)),
    )
    shared = Explanation(
        "shared",
        _trouble(baselines, situation, "shared", outage.seconds),
        baselines.tolerated("shared"),
        _passing_outage(situation.model, outage.seconds),
    )
    independent = max(situation.streak.independent, outage.independent)
    return own, shared, _by_chance(baselines, situation, independent)


def _passing_outage(model: str, seconds: float) -> Told:
    return told("an outage of {} that lasts {} and passes", model, Length(seconds))


def chance_any_fails_all(candidates: int, share: float, attempts: int) -> float:
    """The chance that one of so many samples fails so often where a share of attempts fails."""
    return min(1.0, max(1, candidates) * share**attempts)


def _chance(baselines: Baselines, situation: Situation) -> Explanation:
    """So many failures in a row at the usual rate."""
    independent = situation.alone.independent if situation.alone is not None else 0
    return _by_chance(baselines, situation, independent)


def _by_chance(baselines: Baselines, situation: Situation, independent: int) -> Explanation:
    expected_per_week = baselines.streaks(situation.model) * situation.usual**independent
    text = told("chance: {} of attempts fail in normal times", Share(situation.usual))
    return Explanation("chance", expected_per_week, baselines.tolerated("own"), text)


def falls_at(
    baselines: Baselines, situation: Situation, call_attempts: int, wait: float | None
) -> float | None:
    """When the verdict falls if the attempts to come fail too; None where not within twelve.

    The next attempt is due `wait` seconds after the last failure, the later ones by Inspect's
    schedule; others are taken to fare as they do.
    """
    at = situation.streak.until
    for more in range(1, _AHEAD + 1):
        at += wait if more == 1 and wait is not None else scheduled_wait(call_attempts + more - 1)
        if weigh(baselines, _later(situation, at, more)).suspicion >= 1:
            return at
    return None


def _later(situation: Situation, at: float, more: int) -> Situation:
    """The situation if `more` attempts, the last of them at `at`, fail as well."""
    elapsed = at - situation.streak.until
    alone = situation.alone or Span(at, at, 0)
    last_ok = (
        situation.last_ok + elapsed
        if situation.last_ok is not None and situation.witnessed
        else situation.last_ok
    )
    return Situation(
        model=situation.model,
        group=situation.group,
        streak=Span(situation.streak.since, at, situation.streak.independent + more),
        alone=Span(alone.since, at, alone.independent + more),
        outage=situation.outage + elapsed if not situation.witnessed else 0.0,
        peers=situation.peers,
        witnessed=situation.witnessed,
        last_ok=last_ok,
        usual=situation.usual,
        count=situation.count + more,
        candidates=situation.candidates,
        silent=situation.silent,
        patience=situation.patience,
        everybody=situation.everybody.longer(elapsed) if situation.everybody else None,
    )
