"""Fewer requests at once where the store complains, and more again when it doesn't."""

import asyncio

from watchdog.collect.stores.throttle import Throttle, wait_before


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_complaints_halve_it_once_for_what_was_under_way_and_answers_let_it_grow():
    throttle = Throttle(16, Clock())
    throttle.slow_down(0.0)
    assert throttle.limit == 8
    throttle.slow_down(0.5)  # begun before the last halving
    assert throttle.limit == 8
    assert not throttle.is_slowed
    for began in range(10, 20):
        throttle.slow_down(float(began))
    assert (throttle.limit, throttle.is_slowed) == (1, True)
    for _ in range(200):
        throttle.answered()
    assert throttle.limit == 16


async def test_no_more_are_under_way_than_there_are_places_and_all_get_their_turn_in_order():
    throttle = Throttle(2)
    under_way, most, order = 0, 0, []

    async def ask(number: int) -> None:
        nonlocal under_way, most
        async with throttle.place():
            under_way += 1
            most = max(most, under_way)
            order.append(number)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*map(ask, range(20)))
    assert most == 2
    assert order == list(range(20))


async def test_who_waits_and_is_cancelled_takes_no_place_with_it():
    throttle = Throttle(1)
    entered = asyncio.Event()
    leave = asyncio.Event()

    async def hold() -> None:
        async with throttle.place():
            entered.set()
            await leave.wait()

    async def pass_through() -> None:
        async with throttle.place():
            pass

    holder = asyncio.create_task(hold())
    await entered.wait()
    waiting = [asyncio.create_task(pass_through()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    leave.set()
    await asyncio.sleep(0)
    waiting[1].cancel()  # perhaps with its place already given to it
    await asyncio.gather(holder, *waiting, return_exceptions=True)
    async with asyncio.timeout(5), throttle.place():
        pass


def test_waits_grow_and_are_spread():
    assert [wait_before(n, 1.0) for n in (1, 2, 3)] == [0.2, 0.4, 0.8]
    assert wait_before(30, 1.0) == 5.0
    assert wait_before(1, 0.0) == 0.1
