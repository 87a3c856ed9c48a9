"""`watchdog replay`: a series of bundles of one eval set, judged in order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from watchdog.collect.bundle import is_bundle
from watchdog.config.settings import Settings
from watchdog.diagnose.judge import judge
from watchdog.diagnose.simple_rules import SIMPLE_RULES, Rule, stuck_by
from watchdog.errors import UsageError
from watchdog.model.facts import SampleKey
from watchdog.model.instants import timestamp
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment
from watchdog.model.replayed import Fall, Replayed, ReplayedSample, Step
from watchdog.model.state import EvalSetState
from watchdog.model.texts import clean
from watchdog.model.told import said
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.source_state import all_states
from watchdog.pipeline.stand_ins import mask_of
from watchdog.pipeline.targets import TargetStates, read_targets

OURS = "watchdog"


def _to_nobody(_how_far: str) -> None:
    pass


class _Instant(Struct, frozen=True):
    """An eval set as it was judged at one instant."""

    at: float
    eval_set: EvalSetJudgment


async def replay(
    targets: Sequence[str], settings: Settings, now: float, say: Callable[[str], None] = _to_nobody
) -> Replayed:
    """Judge bundles in the order in which they were captured, each as the service would then.

    Args:
        targets: bundles, or directories that hold bundles.
        settings: the knob.
        now: seconds since the epoch, for a bundle that doesn't say when it was captured.
        say: told how far it is.

    Raises:
        UsageError: there is no bundle, or they are of several eval sets.
    """
    states: list[TargetStates] = []
    paths = list(_bundles(targets))
    for number, path in enumerate(paths, 1):
        say(f"reading bundle {number} of {len(paths)}")
        states += await read_targets([path], settings, None, now)
    learner = Learner(limits=settings.thresholds)
    series: list[_Instant] = []
    for number, bundle in enumerate(sorted(states, key=lambda bundle: bundle.as_of), 1):
        say(f"judging bundle {number} of {len(paths)}")
        series.append(_judge(bundle, learner, settings))
    eval_set_id = _only(instant.eval_set.state.eval_set_id for instant in series)
    mask = mask_of((instant.eval_set.state for instant in series), settings)
    return mask.record(Replayed(eval_set_id, tuple(map(_step, series)), tuple(_falls(series))))


def _bundles(targets: Sequence[str]) -> Iterator[str]:
    for target in targets:
        path = Path(target)
        if not path.is_dir():
            raise UsageError(f"replay: {target}: there is no such directory")
        bundles = [path] if is_bundle(path) else sorted(filter(is_bundle, path.iterdir()))
        if not bundles:
            raise UsageError(f"replay: {target}: neither a bundle nor a directory of bundles")
        yield from map(str, bundles)


def _judge(bundle: TargetStates, learner: Learner, settings: Settings) -> _Instant:
    states = all_states(bundle.sources)
    learner.take(states, bundle.as_of)
    judgments = judge(
        states,
        bundle.as_of,
        settings.thresholds,
        float("inf"),
        learned=learner.learned,
        overrides=settings.allowances,
    )
    _only(judgment.state.eval_set_id for judgment in judgments)
    return _Instant(bundle.as_of, judgments[0])


def _only(eval_set_ids: Iterable[str]) -> str:
    """The one eval set that all are of."""
    names = sorted(set(eval_set_ids))
    if len(names) != 1:
        some = ", ".join(clean(name, 120) for name in names[:5]) or "none"
        raise UsageError(f"replay: bundles of one eval set are needed, found {some}")
    return names[0]


def _step(instant: _Instant) -> Step:
    eval_set = instant.eval_set
    suspicions = (sample.suspicion for task in eval_set.tasks for sample in task.samples)
    return Step(
        at=timestamp(instant.at),
        verdict=eval_set.verdict,
        cause=eval_set.cause,
        summary=said(eval_set.summary, instant.at),
        suspicion=max(suspicions, default=0.0),
        stuck=tuple(_replayed(task, sample, instant.at) for task, sample in _stuck(instant)),
        rules={name: _by_rule(rule, instant) for name, rule in SIMPLE_RULES.items()},
    )


def _stuck(instant: _Instant) -> Iterator[tuple[TaskJudgment, SampleJudgment]]:
    for task in instant.eval_set.tasks:
        for sample in task.stuck():
            yield task, sample


def _by_rule(rule: Rule, instant: _Instant) -> tuple[str, ...]:
    """The samples that a simple rule calls stuck, by name."""
    state = instant.eval_set.state
    return tuple(sorted(_names(state, stuck_by(rule, state, instant.at))))


def _replayed(task: TaskJudgment, sample: SampleJudgment, now: float) -> ReplayedSample:
    why = "; ".join(item.said(now) for item in sample.evidence[:3])
    return ReplayedSample(_name(task.name, sample.key), sample.cause, timestamp(sample.since), why)


def _names(state: EvalSetState, places: Iterable[tuple[str, SampleKey]]) -> Iterator[str]:
    for log, key in places:
        task = state.tasks[log]
        yield _name(task.spec.task if task.spec else log, key)


def _name(task: str, key: SampleKey) -> str:
    return f"{task}/{key.id}/{key.epoch}"


def _falls(series: Sequence[_Instant]) -> Iterator[Fall]:
    """The first time that anybody called each sample stuck."""
    since_of = _stuck_since(series)
    first_calls: set[tuple[str, str]] = set()
    for instant in series:
        for detector, sample in _calls(instant):
            if (detector, sample) in first_calls:
                continue
            first_calls.add((detector, sample))
            stuck_since = since_of.get(sample)
            delay = max(0.0, instant.at - stuck_since) if stuck_since is not None else None
            yield Fall(sample, detector, timestamp(instant.at), timestamp(stuck_since), delay)


def _stuck_since(series: Sequence[_Instant]) -> dict[str, float]:
    """Since when each sample is stuck, by the last verdict on it."""
    return {
        _name(task.name, sample.key): sample.since
        for instant in series
        for task, sample in _stuck(instant)
        if sample.since is not None
    }


def _calls(instant: _Instant) -> Iterator[tuple[str, str]]:
    """Who calls which sample stuck: we do, and the simple rules."""
    for task, sample in _stuck(instant):
        yield OURS, _name(task.name, sample.key)
    for name, rule in SIMPLE_RULES.items():
        for sample_name in _by_rule(rule, instant):
            yield name, sample_name
