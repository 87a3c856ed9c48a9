"""`watchdog explain`: reads a target, judges it, and keeps what was weighed."""

from collections.abc import Sequence

from watchdog.config.settings import Settings
from watchdog.diagnose.judge import judge
from watchdog.errors import UsageError
from watchdog.model.explained import Explained
from watchdog.model.state import EvalSetState
from watchdog.model.texts import clean
from watchdog.notify.ledger.experience import peek
from watchdog.pipeline.explained import Experience, explained_eval_set
from watchdog.pipeline.learner import learned_from
from watchdog.pipeline.source_state import all_states
from watchdog.pipeline.stand_ins import mask_of
from watchdog.pipeline.targets import TargetStates, read_targets

_NAMES_SHOWN = 20


async def explain(
    target: str, sample: str | None, settings: Settings, as_of: float | None, now: float
) -> tuple[Explained, ...]:
    """Every eval set of a target; all but one sample are left out where one is named.

    Args:
        target: as for `check`.
        sample: a sample's uuid, or `id`, `id/epoch` or `task/id/epoch`.
        settings: the knob, and how things are reached.
        as_of: the instant to explain as of; None for when a bundle was captured, else `now`.
        now: seconds since the epoch.

    Raises:
        UsageError: there is no such target or sample.
    """
    by_instant = await read_targets([target], settings, as_of, now)
    explained = [
        eval_set
        for target_states in by_instant
        for eval_set in _explained(target_states, sample, settings)
    ]
    if sample is not None:
        explained = [eval_set for eval_set in explained if eval_set.samples]
    if not explained:
        raise UsageError(_nothing(target, sample, by_instant))
    return tuple(explained)


def _explained(
    target_states: TargetStates, sample: str | None, settings: Settings
) -> list[Explained]:
    states, limits = all_states(target_states.sources), settings.thresholds
    experience = _experience(states, target_states.as_of, settings)
    judgments = judge(
        states,
        target_states.as_of,
        limits,
        float("inf"),
        learned=experience.learned,
        overrides=settings.allowances,
        explaining=True,
    )
    mask = mask_of(states, settings)
    return [
        mask.record(explained_eval_set(judgment, sample, limits, target_states.as_of, experience))
        for judgment in judgments
    ]


def _experience(states: Sequence[EvalSetState], as_of: float, settings: Settings) -> Experience:
    """The running service's, where its state is at hand; else what the target itself teaches."""
    state = peek(settings.state_url, settings.watch, as_of)
    if state is not None and state.warning is None:
        return Experience(state.learned, "kept by the service")
    unusable = f"; the service's state can't be used: {state.warning}" if state else ""
    learned = learned_from(states, as_of, settings.thresholds)
    return Experience(learned, f"of this target alone{unusable}")


def _nothing(target: str, sample: str | None, by_instant: Sequence[TargetStates]) -> str:
    """Why there is nothing to explain."""
    eval_sets = [
        state for target_states in by_instant for state in all_states(target_states.sources)
    ]
    if not eval_sets:
        return f"explain: {target}: there is no eval set in it"
    names = [
        clean(f"{key.id}/{key.epoch}", 100)
        for eval_set in eval_sets
        for task in eval_set.tasks.values()
        for key in task.samples
    ]
    if not names:
        return f"explain: {target}: no sample of it is running"
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    listing = ", ".join(names[:_NAMES_SHOWN])
    return f"explain: no running sample {sample!r}; there are {listing}{more}"
