"""Whatever happens to eval sets in whatever order: what people hear of an incident makes sense."""

import asyncio
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders.snapshots import NOW, eval_set, incident, quiet, snapshot
from tests.doubles.channel import Clock, Recorder
from watchdog.model.verdict import Cause, Verdict
from watchdog.notify.audience import Audience
from watchdog.notify.decide import Intervals
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.database import memory_ledger

NAMES = ("a", "b", "c")
STATES = ("page", "warning", "shared", "well", "done", "unknown", "absent")
STEPS = st.lists(
    st.tuples(
        st.sampled_from([30, 120, 400, 1000, 4000]), st.tuples(*[st.sampled_from(STATES)] * 3)
    ),
    min_size=1,
    max_size=25,
)
BETWEEN = {"edited", "updated", "escalated", "reminded", "reopened"}
INTERVALS = Intervals()


class TimedRecorder(Recorder):
    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.notices_at = []

    async def send(self, notice, thread=None):
        self.notices_at.append((self.clock(), notice))
        return await super().send(notice, thread)


def view(states):
    """Eval sets, with an incident for each that is stuck; those that share a model have one."""
    eval_sets, incidents = [], []
    for name, state in zip(NAMES, states, strict=True):
        if state in {"page", "warning", "shared"}:
            eval_sets.append(eval_set(name))
        elif state in {"well", "done", "unknown"}:
            verdicts = {"well": Verdict.PROGRESSING, "done": Verdict.FINISHED}
            eval_sets.append(quiet(name, verdicts.get(state, Verdict.UNKNOWN)))
        if state in {"page", "warning"}:
            own = {"id": name, "eval_sets": (name,), "cause": Cause.HUNG_TOOL_CALL}
            incidents.append(incident(**own, severity=state))
    shared = tuple(n for n, state in zip(NAMES, states, strict=True) if state == "shared")
    if shared:
        joint = {"id": f"shared-{shared[0]}", "scope": "model", "models": ("acme/m",)}
        incidents.append(incident(**joint, eval_sets=shared))
    return snapshot(*eval_sets, incidents=tuple(incidents))


async def hear(steps):
    clock, channel = Clock(), None
    channel = TimedRecorder(clock)
    deliverer = Deliverer(memory_ledger(), [channel], clock, audience=Audience(storm=99))
    blind = []
    for seconds, states in steps:
        clock.now += seconds
        before = len(channel.notices_at)
        await deliverer.handle(view(states), True)
        await deliverer.flush()
        unknown = {name for name, state in zip(NAMES, states, strict=True) if state == "unknown"}
        new = [notice for _, notice in channel.notices_at[before:]]
        blind += [notice for notice in new if set(notice.incident.eval_sets) <= unknown]
    await deliverer.aclose()
    return channel.notices_at, blind


def by_incident(notices_at):
    kinds_at = {}
    for at, notice in notices_at:
        kinds_at.setdefault(notice.incident.id, []).append((at, notice.kind))
    return kinds_at


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_what_is_heard_of_an_incident_makes_sense(steps):
    notices_at, blind = asyncio.run(hear(steps))
    assert blind == []
    for kinds_at in by_incident(notices_at).values():
        kinds = [kind for _, kind in kinds_at]
        assert kinds[0] == "opened"
        for earlier, later in pairwise(kinds):
            if earlier == "resolved":
                assert later in {"opened", "reopened"}
            else:
                assert later in (BETWEEN - {"reopened"}) | {"resolved"}
        for (before, _), (at, kind) in pairwise(kinds_at):
            assert kind not in {"edited", "updated"} or at - before >= INTERVALS.group_interval


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from([30, 120, 299]), min_size=2, max_size=40))
def test_what_goes_to_and_fro_is_told_ever_more_rarely(gaps):
    """Stuck, well, stuck, well: an opening, an end, and then it must stay away to be over."""
    steps = [
        (gap, ("page" if n % 2 == 0 else "well", "done", "done")) for n, gap in enumerate(gaps)
    ]
    notices_at, _ = asyncio.run(hear(steps))
    kinds = [notice.kind for _, notice in notices_at]
    assert kinds == ["opened", "resolved", "reopened"][: len(kinds)]
    assert NOW + sum(gaps) >= notices_at[-1][0]
