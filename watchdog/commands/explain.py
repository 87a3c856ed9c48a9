"""`watchdog explain`: the evidence, its weight, the bound, and what would change the verdict."""

from collections.abc import Sequence

from msgspec import Struct

from watchdog.config.settings import Settings
from watchdog.diagnose.baselines import SHARES
from watchdog.diagnose.judge import judge
from watchdog.errors import UsageError
from watchdog.model.explained import Explained, ExplainedSample, Knob
from watchdog.model.instants import timestamp
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.learned import Learned
from watchdog.model.texts import clean
from watchdog.notify.ledger.experience import peek
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.source_state import all_states
from watchdog.pipeline.targets import Seen, look
from watchdog.surfaces.explained import explained_sample, explained_task

MAX_SAMPLES = 20
_NAMES_SHOWN = 20


class Experience(Struct, frozen=True):
    """What was learned, and where."""

    learned: Learned
    origin: str


async def explain(
    target: str, sample: str | None, settings: Settings, now: float | None, present: float
) -> tuple[Explained, ...]:
    """Every eval set of a target; all but one sample are left out where one is named.

    Args:
        target: as for `check`.
        sample: a sample's uuid, or `id`, `id/epoch` or `task/id/epoch`.
        settings: the knob, and how things are reached.
        now: the instant to judge as of; None for a bundle's own, else the present.
        present: the present, seconds since the epoch.

    Raises:
        UsageError: there is no such target or sample.
    """
    seen = await look([target], settings, now, present)
    explained = [each for one in seen for each in _explained(one, sample, settings)]
    if sample is not None:
        explained = [each for each in explained if each.samples]
    if not explained:
        raise UsageError(_nothing(target, sample, seen))
    return tuple(explained)


def experience(settings: Settings, seen: Seen) -> Experience:
    """The running service's, where its state is at hand; else what the target itself teaches."""
    kept = peek(settings.state_url, settings.watch, seen.instant)
    if kept is not None and kept.warning is None:
        return Experience(kept.learned, "kept by the service")
    learner = Learner(limits=settings.thresholds)
    learner.take(all_states(seen.watched), seen.instant)
    unusable = f"; the service's state can't be used: {kept.warning}" if kept else ""
    return Experience(learner.learned, f"of this target alone{unusable}")


def _explained(seen: Seen, sample: str | None, settings: Settings) -> list[Explained]:
    known = experience(settings, seen)
    judged = judge(
        all_states(seen.watched),
        seen.instant,
        settings.thresholds,
        float("inf"),
        learned=known.learned,
        overrides=settings.allowances,
        explaining=True,
    )
    return [_one(each, sample, settings, seen.instant, known) for each in judged]


def _one(
    eval_set: EvalSetJudgment,
    sample: str | None,
    settings: Settings,
    now: float,
    known: Experience,
) -> Explained:
    limits = settings.thresholds
    every = [explained_sample(task, each) for task in eval_set.tasks for each in task.samples]
    chosen = [each for each in every if sample is None or sample in names(each)]
    chosen.sort(key=lambda each: -each.suspicion)
    return Explained(
        eval_set_id=eval_set.state.eval_set_id,
        now=timestamp(now),
        verdict=eval_set.verdict,
        cause=eval_set.cause,
        summary=eval_set.summary,
        knob=Knob(
            limits.false_pages_per_week,
            limits.false_warnings_per_week,
            {str(family): share for family, share in SHARES.items()},
        ),
        learned_weeks=known.learned.weeks,
        learned_from=known.origin,
        tasks=() if sample else tuple(map(explained_task, eval_set.tasks)),
        samples=tuple(chosen[:MAX_SAMPLES]),
        left_out=max(0, len(chosen) - MAX_SAMPLES),
    )


def names(sample: ExplainedSample) -> frozenset[str | None]:
    """What a person may call it."""
    short = f"{sample.id}/{sample.epoch}"
    return frozenset({sample.id, short, f"{sample.task}/{short}", sample.uuid})


def _nothing(target: str, sample: str | None, seen: Sequence[Seen]) -> str:
    states = [state for each in seen for state in all_states(each.watched)]
    if not states:
        return f"explain: {target}: there is no eval set in it"
    known = [
        clean(f"{key.id}/{key.epoch}", 100)
        for state in states
        for task in state.tasks.values()
        for key in task.samples
    ]
    if not known:
        return f"explain: {target}: no sample of it is running"
    more = f" and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
    shown = ", ".join(known[:_NAMES_SHOWN])
    return f"explain: no running sample {sample!r}; there are {shown}{more}"
