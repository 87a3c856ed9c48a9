"""A life that goes on from a checkpoint says what the life would have said that was not ended."""

import random
from pathlib import Path

import pytest

from tests.acceptance.playback import captured_at
from tests.builders.lives import become, life
from tests.recordings.unpack import names, unpack
from watchdog.collect.source import Resumed, resume_from
from watchdog.model.thresholds import Thresholds
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.resumption import Cut, Resumption, kept, resumed
from watchdog.pipeline.source_state import SourceState, all_problems, known_states
from watchdog.service.checkpoint_records import decode, encode

LIMITS = Thresholds()


def begun_again(cuts: dict[str, Cut], logs: Path, learned_until: float | None) -> SourceState:
    """Another life, by what is left of the one before on disk."""
    source = life(logs)
    records = {name: decode(encode(cut), name) for name, cut in cuts.items()}
    states = {n: resumed(r.state, source.label, learned_until) for n, r in records.items()}
    source.resumption = Resumption({n: Resumed(r.position, states[n]) for n, r in records.items()})
    resume_from(source.source, source.resumption.recall)
    return source


def report(source: SourceState, now: float, learner: Learner):
    states = known_states([source])
    problems = tuple(all_problems([source]))
    return evaluate(states, problems, now, LIMITS, 1e9, learned=learner.learned).report


def comparable(source: SourceState):
    states = {name: kept(state) for name, state in source.states.items()}
    return {name: resumed(state, "", None) for name, state in states.items()}


@pytest.mark.parametrize("name", names())
async def test_every_later_report_is_that_of_the_life_that_goes_on(name, tmp_path):
    bundles, logs = unpack(name, tmp_path / "recording"), tmp_path / "logs" / name
    bundles = [bundle for bundle in bundles if (bundle / "store").is_dir()]
    if len(bundles) < 2:
        pytest.skip("one instant only")
    logs.mkdir(parents=True)
    end = random.Random(name).randrange(len(bundles) - 1)  # noqa: S311 - no secret
    learner = Learner(limits=LIMITS)
    going_on, restarted, cuts = life(logs), None, {}
    for number, bundle in enumerate(bundles):
        become(bundle, logs)
        now = captured_at(bundle)
        await going_on.poll(now)
        learner.take(known_states([going_on]), now)
        if restarted is not None:
            await restarted.poll(now)
            assert comparable(restarted) == comparable(going_on)
            assert report(restarted, now, learner) == report(going_on, now, learner)
        cuts |= await going_on.cuts()
        if number == end:
            assert cuts.keys() == going_on.states.keys()
            restarted = begun_again(cuts, logs, learner.learned_until)
    for source in (going_on, restarted):
        await source.aclose()
