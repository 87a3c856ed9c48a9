"""Rounds of direct API tests, as the service runs them: order, budget, cancelling, results."""

import asyncio

import pytest

from tests.doubles.providers import Hang, Hold, Providers, Status, large
from tests.doubles.providers.settings import settings
from watchdog.collect.probes.tester import ApiTester
from watchdog.model.probe import Meaning, Subject
from watchdog.probing.interpret import conclude
from watchdog.probing.view import Situation
from watchdog.service.prober import Prober, RequestSize

MODEL = "openai/gpt-4o"
SUBJECT = Subject(MODEL, "set", "log.eval", "1", 1)


@pytest.fixture
async def world():
    async with Providers() as made:
        yield made


class ProberRig:
    """A prober with a clock of its own, and what it told."""

    def __init__(self, world, measured=RequestSize(20_000), **more):  # noqa: B008 - frozen
        given = settings(world, **more)
        self.now = 1_000.0
        self.noted = []
        self.measured = []
        self.rounds = asyncio.Queue()
        self.answer = measured
        self.prober = Prober(
            given,
            ApiTester(given),
            self.measure,
            lambda: self.now,
            on_result=self.noted.append,
            on_round=self.round,
        )

    async def measure(self, subject):
        self.measured.append(subject)
        return self.answer

    async def round(self):
        self.rounds.put_nowait(None)

    def take(self, *models):
        return self.prober.take({m: Subject(m, "set", "log.eval", "1", 1) for m in models})

    async def one_round(self, *models):
        self.take(*(models or (MODEL,)))
        await asyncio.wait_for(self.rounds.get(), 30)

    def meaning(self, model=MODEL):
        situation = Situation(last_failed_at=self.now + 60)
        return conclude(model, self.prober.results.get(model, ()), situation, self.now).meaning

    def seen(self):
        return [(r.route, r.size, r.outcome.value) for r in self.noted]


@pytest.fixture
async def build_rig(world):
    made = []

    def rig(*given, **more):
        made.append(ProberRig(world, *given, **more))
        return made[-1]

    yield rig
    for each in made:
        await each.prober.aclose()


async def test_small_ones_first_then_one_of_the_failing_request_s_size(build_rig):
    rig = build_rig()
    assert rig.prober.testing == frozenset()
    rig.take(MODEL)
    assert rig.prober.testing == {MODEL}
    await rig.rounds.get()
    assert rig.prober.testing == frozenset()
    assert sorted(rig.seen()[:2]) == [("direct", "small", "ok"), ("middleman", "small", "ok")]
    assert sorted(rig.seen()[2:]) == [("direct", "large", "ok"), ("middleman", "large", "ok")]
    assert rig.measured == [SUBJECT]
    assert rig.meaning() is Meaning.CONTENT


async def test_no_large_request_where_the_small_one_fails(world, build_rig):
    world.middleman.fault(Status(502))
    rig = build_rig()
    await rig.one_round()
    assert ("middleman", "large", "ok") not in rig.seen()
    assert ("direct", "large", "ok") in rig.seen()
    assert rig.meaning() is Meaning.MIDDLEMAN


async def test_a_large_request_that_passed_is_not_paid_again_within_the_hour(build_rig):
    rig = build_rig()
    await rig.one_round()
    rig.now += 120
    rig.noted.clear()
    await rig.one_round()
    assert sorted(rig.seen()) == [("direct", "small", "ok"), ("middleman", "small", "ok")]


async def test_nothing_is_sent_before_it_is_due_again(world, build_rig):
    rig = build_rig()
    await rig.one_round()
    sent = len(world.openai.requests)
    rig.now += 119
    rig.take(MODEL)
    assert rig.prober.testing == frozenset()
    assert len(world.openai.requests) == sent


async def test_with_the_budget_at_its_limit_no_request_goes_out_and_the_reason_is_told(
    world, build_rig
):
    rig = build_rig(requests_per_hour=0)
    await rig.one_round()
    assert not world.openai.requests
    assert not world.middleman.requests
    (one, other) = rig.prober.results[MODEL]
    assert one.detail == other.detail == "the budget of 0 requests an hour is spent"
    assert rig.meaning() is Meaning.NOT_TESTED


async def test_a_request_larger_than_the_budget_is_not_sent(world, build_rig):
    rig = build_rig(RequestSize(600_000))
    await rig.one_round()
    large_ones = [r for r in rig.noted if r.size == "large"]
    assert {r.detail for r in large_ones} == {
        "the budget of 500,000 tokens an hour for this model is spent"
    }
    assert {r.tokens for r in large_ones} == {600_000}
    assert max(request.tokens for request in world.openai.requests) < 100
    assert rig.meaning() is Meaning.SMALL_PASSES


async def test_switched_off_nothing_is_sent_and_nothing_said(world, build_rig):
    rig = build_rig(enabled=False)
    assert not rig.take(MODEL)
    assert rig.noted == []
    assert not world.openai.requests
    assert rig.prober.testing == frozenset()


async def test_of_a_model_without_any_route_nothing_is_said(build_rig):
    rig = build_rig()
    assert not rig.take("mockllm/model")
    assert rig.noted == []
    assert rig.prober.testing == frozenset()


async def test_a_size_that_can_not_be_read_is_said(build_rig):
    rig = build_rig(RequestSize(why="its segment is missing"))
    await rig.one_round()
    assert {r.detail for r in rig.noted if r.size == "large"} == {"its segment is missing"}


WORDS = RequestSize(30, messages=(("user", "the very words"),))


async def test_the_request_itself_is_sent_where_the_settings_ask_for_it(world, build_rig):
    rig = build_rig(WORDS, replay=True)
    await rig.one_round()
    assert world.openai.requests[-1].body["messages"] == [
        {"role": "user", "content": "the very words"}
    ]


async def test_else_its_words_stay_here(world, build_rig):
    rig = build_rig(WORDS)
    await rig.one_round()
    assert len(world.openai.requests) == 4
    assert not [r for r in world.openai.requests if "the very words" in str(r.body)]


async def test_from_the_next_request_on_other_settings_count(world, build_rig):
    rig = build_rig(WORDS)
    await rig.one_round()
    given = settings(world, enabled=False)
    rig.prober.go_by(given, ApiTester(given), 90.0)
    sent = len(world.openai.requests)
    rig.now += 7200
    rig.take(MODEL)
    assert {r.detail for r in rig.noted[-2:]} == {"switched off: probes.enabled"}
    assert len(world.openai.requests) == sent


async def test_what_nobody_asks_for_any_more_is_cancelled(world, build_rig):
    world.openai.fault(Hang())
    rig = build_rig()
    rig.take(MODEL)
    while len(world.openai.requests) < 2:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0)
    rig.take()
    await rig.prober.aclose()
    assert rig.noted == []


async def test_several_models_at_once_within_the_limit(world, build_rig):
    hold = Hold()
    world.openai.fault(hold)
    world.anthropic.fault(hold)
    rig = build_rig(concurrency=2)
    models = ("openai/gpt-4o", "openai/o3", "anthropic/claude-sonnet-4-20250514")
    rig.take(*models)
    assert rig.prober.testing == set(models[:2])
    hold.release()
    await rig.rounds.get()
    rig.take(*models)
    assert models[2] in rig.prober.testing
    await rig.rounds.get()
    await rig.rounds.get()
    assert set(rig.prober.results) == set(models)


async def test_only_large_requests_fail(world, build_rig):
    world.openai.fault(Status(500), when=large(10_000))
    rig = build_rig()
    await rig.one_round()
    assert rig.meaning() is Meaning.LARGE_FAILS
