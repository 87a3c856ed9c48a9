"""Much work is begun a few pieces at a time, and ends as it would with `asyncio.gather`."""

import asyncio

import pytest

from watchdog.collect.work.gradual import BEGUN, gathered


async def test_the_loop_goes_on_between_the_first_steps_of_many():
    begun = turns = 0
    most = 0

    async def work(number):
        nonlocal begun
        begun += 1
        return number

    async def other():
        nonlocal turns, most
        seen = 0
        while True:
            most, seen = max(most, begun - seen), begun
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    count = 10 * BEGUN
    assert await gathered(work(number) for number in range(count)) == list(range(count))
    beside.cancel()
    assert turns >= 10
    assert most <= BEGUN


async def test_who_waits_no_more_leaves_nothing_behind():
    ended = []

    async def work(number):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    waiting = asyncio.create_task(gathered(work(number) for number in range(3)))
    for _ in range(3):
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0)
    assert sorted(ended) == [0, 1, 2]


async def test_a_fault_is_told_as_it_is():
    async def work(number):
        if number:
            raise ValueError("one")

    with pytest.raises(ValueError, match="one"):
        await gathered(work(number) for number in range(2))
