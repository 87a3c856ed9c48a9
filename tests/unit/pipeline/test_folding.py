"""What is large is folded in a thread, in order, and comes to the same."""

import asyncio
from functools import reduce

from watchdog.fold import fold
from watchdog.model.facts import (
    Listing,
    ManifestRead,
    Row,
    RowsLost,
    RowsRead,
    SampleKey,
    SampleSummary,
    TaskRead,
)
from watchdog.model.state import EvalSetState
from watchdog.pipeline.folding import APART, Folding, is_large

KEYS = [SampleKey(str(n), 1) for n in range(APART + 1)]


def facts():
    yield Listing("set", ("a.eval", "b.eval"))
    for log in ("a.eval", "b.eval"):
        yield ManifestRead("set", log, tuple(SampleSummary(key) for key in KEYS))
        for key in KEYS[:50]:
            rows = tuple(Row(n, f"e{n}", "info", float(n)) for n in range(1, 40))
            yield RowsRead("set", log, key, rows)
        yield RowsLost("set", log, KEYS[3], newest=True)
        yield RowsRead("set", log, KEYS[3], (Row(90, "e90", "info", 90.0),))
        yield TaskRead("set", log, 1.0)


def test_it_comes_to_the_same_as_one_fact_after_the_other():
    async def main():
        folding = Folding(EvalSetState)
        for fact in facts():
            folding.take(fact)
        await folding.settle()
        return folding.states["set"]

    assert asyncio.run(main()) == reduce(fold, facts(), EvalSetState("set"))


def test_the_loop_turns_while_a_large_fact_is_folded():
    async def main():
        folding = Folding(EvalSetState)
        folding.take(ManifestRead("set", "a.eval", tuple(SampleSummary(key) for key in KEYS)))
        folding.take(TaskRead("set", "a.eval", 1.0))
        folding.take(TaskRead("other", "a.eval", 2.0))
        before = dict(folding.states)
        await folding.settle()
        return before, folding.states

    before, after = asyncio.run(main())
    assert list(before) == ["other"]
    assert after["set"].tasks["a.eval"].read_at == 1.0
    assert len(after["set"].tasks["a.eval"].samples) == len(KEYS)


def test_long_errors_weigh_as_many_rows():
    short = RowsRead("set", "a.eval", KEYS[0], (Row(1, "e1", "model", error="x"),) * 400)
    long = RowsRead("set", "a.eval", KEYS[0], (Row(1, "e1", "model", error="x" * 4000),) * 400)
    many = RowsRead("set", "a.eval", KEYS[0], (Row(1, "e1", "info"),) * 5000)
    state = EvalSetState("set")
    assert [is_large(state, fact) for fact in (short, long, many)] == [False, True, True]
