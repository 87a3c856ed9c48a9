"""`watchdog replay`: a series of bundles of one eval set, judged in order."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from watchdog.collect.bundle import is_bundle
from watchdog.config.settings import Settings
from watchdog.diagnose.judge import judge
from watchdog.diagnose.simple_rules import SIMPLE_RULES, stuck_by
from watchdog.errors import UsageError
from watchdog.model.facts import SampleKey
from watchdog.model.instants import timestamp
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment
from watchdog.model.replayed import Fall, Replayed, ReplayedSample, Step
from watchdog.model.state import EvalSetState
from watchdog.model.texts import clean
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.source_state import all_states
from watchdog.pipeline.targets import Seen, look

OURS = "watchdog"


class _Judged(Struct, frozen=True):
    at: float
    eval_set: EvalSetJudgment


async def replay(targets: Sequence[str], settings: Settings, present: float) -> Replayed:
    """Judge bundles in the order in which they were captured, each as the service would then.

    Args:
        targets: bundles, or directories that hold bundles.
        settings: the knob.
        present: the present, for a bundle that doesn't say when it was captured.

    Raises:
        UsageError: there is no bundle, or they are of several eval sets.
    """
    looked = [await look([bundle], settings, None, present) for bundle in _bundles(targets)]
    series = sorted((seen for one in looked for seen in one), key=lambda seen: seen.instant)
    learner = Learner(limits=settings.thresholds)
    judged = [_judged(seen, learner, settings) for seen in series]
    _same(each.eval_set.state.eval_set_id for each in judged)
    steps = tuple(_step(each) for each in judged)
    return Replayed(judged[0].eval_set.state.eval_set_id, steps, tuple(_falls(judged)))


def _bundles(targets: Sequence[str]) -> Iterator[str]:
    for target in targets:
        path = Path(target)
        if not path.is_dir():
            raise UsageError(f"replay: {target}: there is no such directory")
        inner = [path] if is_bundle(path) else sorted(p for p in path.iterdir() if is_bundle(p))
        if not inner:
            raise UsageError(f"replay: {target}: neither a bundle nor a directory of bundles")
        yield from map(str, inner)


def _judged(seen: Seen, learner: Learner, settings: Settings) -> _Judged:
    states = all_states(seen.watched)
    learner.take(states, seen.instant)
    judged = judge(
        states,
        seen.instant,
        settings.thresholds,
        float("inf"),
        learned=learner.learned,
        overrides=settings.allowances,
    )
    _same(each.state.eval_set_id for each in judged)
    return _Judged(seen.instant, judged[0])


def _same(ids: Iterable[str]) -> None:
    found = sorted(set(ids))
    if len(found) != 1:
        some = ", ".join(clean(each, 120) for each in found[:5]) or "none"
        raise UsageError(f"replay: bundles of one eval set are needed, found {some}")


def _step(judged: _Judged) -> Step:
    eval_set = judged.eval_set
    every = [(task, sample) for task in eval_set.tasks for sample in task.samples]
    stuck = [(task, sample) for task in eval_set.tasks for sample in task.stuck()]
    return Step(
        at=timestamp(judged.at),
        verdict=eval_set.verdict,
        cause=eval_set.cause,
        summary=eval_set.summary,
        suspicion=max((sample.suspicion for _, sample in every), default=0.0),
        stuck=tuple(_replayed(task, sample) for task, sample in stuck),
        rules={
            name: tuple(sorted(_named(eval_set.state, stuck_by(rule, eval_set.state, judged.at))))
            for name, rule in SIMPLE_RULES.items()
        },
    )


def _replayed(task: TaskJudgment, sample: SampleJudgment) -> ReplayedSample:
    why = "; ".join(item.text for item in sample.evidence[:3])
    return ReplayedSample(_name(task.name, sample.key), sample.cause, timestamp(sample.since), why)


def _named(state: EvalSetState, places: Iterable[tuple[str, SampleKey]]) -> Iterator[str]:
    for log, key in places:
        task = state.tasks[log]
        yield _name(task.spec.task if task.spec else log, key)


def _name(task: str, key: SampleKey) -> str:
    return f"{task}/{key.id}/{key.epoch}"


def _falls(series: Sequence[_Judged]) -> Iterator[Fall]:
    """The first time that anybody called each sample stuck."""
    since = _since(series)
    told: set[tuple[str, str]] = set()
    for judged in series:
        for who, sample in _calls(judged):
            if (who, sample) in told:
                continue
            told.add((who, sample))
            began = since.get(sample)
            delay = max(0.0, judged.at - began) if began is not None else None
            yield Fall(sample, who, timestamp(judged.at), timestamp(began), delay)


def _since(series: Sequence[_Judged]) -> dict[str, float]:
    """Since when each sample is stuck, by the last verdict on it."""
    return {
        _name(task.name, sample.key): sample.since
        for judged in series
        for task in judged.eval_set.tasks
        for sample in task.stuck()
        if sample.since is not None
    }


def _calls(judged: _Judged) -> Iterator[tuple[str, str]]:
    for task in judged.eval_set.tasks:
        for sample in task.stuck():
            yield OURS, _name(task.name, sample.key)
    state = judged.eval_set.state
    for name, rule in SIMPLE_RULES.items():
        for sample_name in sorted(_named(state, stuck_by(rule, state, judged.at))):
            yield name, sample_name
