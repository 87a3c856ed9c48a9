"""Work in slices: the loop turns between them, and who used least goes first."""

import asyncio

from watchdog.collect.work.account import ONE_LOOK, Account, PollLimits
from watchdog.collect.work.pace import Pace, Queue
from watchdog.model.facts import RowsRead, SampleKey


def spent(seconds):
    account = Account()
    account.spend(seconds)
    return account


def test_of_those_that_wait_the_lightest_comes_next():
    order = []

    async def work(queue, name, account):
        async with queue.turn(account):
            order.append(name)

    async def main():
        queue = Queue()
        async with queue.turn(Account()):
            waiting = [(9, "giant"), (1, "light"), (4, "middle")]
            tasks = [asyncio.create_task(work(queue, n, spent(s))) for s, n in waiting]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert queue.idle

    asyncio.run(main())
    assert order == ["light", "middle", "giant"]


def test_who_is_cancelled_passes_its_turn_on():
    async def main():
        queue = Queue()
        async with queue.turn(Account()):
            first = asyncio.create_task(queue._take(Account()))
            second = asyncio.create_task(queue._take(spent(1)))
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait_for(second, 5)

    asyncio.run(main())


def test_a_turn_of_the_loop_has_room_for_one_slice(monkeypatch):
    """Each of ten workers uses a slice up: none shares a turn with another."""
    clock = [0.0]
    monkeypatch.setattr("watchdog.collect.work.pace.time.perf_counter", lambda: clock[0])
    turns, worked = [0], []

    async def count():
        while len(worked) < 10:
            turns[0] += 1
            await asyncio.sleep(0)

    async def work(pace):
        await pace.breathe(Account())
        clock[0] += 1.0
        worked.append(turns[0])

    async def main():
        pace = Pace()
        await asyncio.gather(count(), *(work(pace) for _ in range(10)))

    asyncio.run(main())
    assert len(set(worked)) == 10


def test_a_share_that_is_used_up_is_told_by_what():
    limits = PollLimits(cpu_seconds=2, size=3 * 1024 * 1024, rows=10)
    account = Account(limits)
    assert account.used_up is None
    account.spend(cpu_seconds=2)
    assert account.used_up == "a poll gives it 2 s of CPU"
    account.begin()
    account.spend(size=3 * 1024 * 1024)
    assert account.used_up == "a poll reads 3 MiB of it"
    account.begin()
    emit = account.metered(lambda _fact: None)
    emit(RowsRead("set", "log", SampleKey("1", 1), (None,) * 10))
    assert account.used_up == "a poll reads 10 rows of it"


def test_time_ends_a_poll_for_those_only_that_used_much():
    account = Account(PollLimits(seconds=0))
    assert account.used_up is None
    account.spend(cpu_seconds=1.5)
    assert account.used_up == "a poll ends after 0 s"


def test_samples_are_counted_over_all_logs():
    account = Account(PollLimits(samples=100))
    assert account.too_many("a", 60) is None
    text = account.too_many("b", 50)
    assert text is not None
    assert text.startswith("50 samples beside 60 in the eval set's other logs, more than the 100")
    assert account.too_many("b", 40) is None
    account.forget({"b"})
    assert account.too_many("c", 60) is None


def test_one_look_takes_what_its_rows_are_worth():
    account = Account(ONE_LOOK)
    account.spend(cpu_seconds=9, rows=5_000_000)
    assert account.used_up is None
    account.begin()
    account.spend(cpu_seconds=9, rows=500)
    assert account.used_up == "9 s of CPU gave no more than 500 rows"
