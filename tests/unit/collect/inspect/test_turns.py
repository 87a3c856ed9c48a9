"""Who is read in a poll, in which order, and who may not hold the others."""

import asyncio

from watchdog.collect.faults import Faults
from watchdog.collect.inspect import task_reads
from watchdog.collect.inspect.task_log import TaskLog
from watchdog.collect.inspect.task_reads import TaskReads
from watchdog.collect.inspect.turns import RhythmOptions, Turns, in_order, late
from watchdog.collect.place import Place
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.stores.objects import FileMeta
from watchdog.collect.work.account import PollLimits
from watchdog.model.outlook import Outlook
from watchdog.model.verdict import Verdict

NOW, BASE = 100_000.0, 30.0
CALM = Outlook(Verdict.PROGRESSING)


def log_of(tmp_path, eval_set: str, name: str, read_at: float | None = NOW - 1000.0) -> TaskLog:
    log = TaskLog(Place(DirectoryStore(tmp_path), eval_set, eval_set, name, 1000, sqlite=False))
    if read_at is not None:
        log.pulse.note(read_at, read_at - 9000.0)
        log.pulse.interval = 8 * BASE
    return log


def turns(**outlooks: Outlook) -> Turns:
    return Turns(RhythmOptions(BASE, 8 * BASE, lambda _, log: outlooks.get(log, CALM)))


def names(due) -> list[str]:
    return [one.task.place.log for one in due]


def test_what_looks_suspicious_goes_first_then_light_eval_sets_then_what_waits_longest(tmp_path):
    logs = [
        log_of(tmp_path, "heavy", "h"),
        log_of(tmp_path, "light", "young", NOW - 400),
        log_of(tmp_path, "light", "old", NOW - 4000),
        log_of(tmp_path, "light", "never", None),
        log_of(tmp_path, "light", "not_due", NOW - 30),
        log_of(tmp_path, "heavy", "odd", NOW - 30),
    ]
    urgent, others = in_order(
        turns(odd=Outlook(Verdict.STUCK)).due(logs, {"heavy": 3.0, "light": 0.1}, NOW)
    )
    assert names(urgent) == ["odd"]
    assert names(others) == ["never", "old", "young", "h"]


def test_what_a_poll_did_not_come_to_goes_first_in_the_next_however_heavy_its_eval_set(tmp_path):
    logs = [log_of(tmp_path, name, name) for name in ("heavy", "light", "heavier")]
    own, spent = turns(), {"heavy": 3.0, "heavier": 9.0}
    list(own.due(logs, spent, NOW - 2 * BASE))
    for log in logs[:2]:
        log.pulse.due_since = None  # read
    list(own.due(logs[:1], spent, NOW - BASE))
    assert names(in_order(own.due(logs, spent, NOW))[1]) == ["heavier", "heavy", "light"]


def test_unknown_for_want_of_a_read_is_read_in_its_turn_and_stuck_stays_first(tmp_path):
    """What is late turns unknown: it would take its turn from what is stuck."""
    logs = [
        log_of(tmp_path, "s", "calm", None),
        log_of(tmp_path, "s", "unknown", NOW - 400),
        log_of(tmp_path, "s", "stuck_unread", None),
    ]
    own = turns(unknown=Outlook(Verdict.UNKNOWN), stuck_unread=Outlook(Verdict.STUCK))
    urgent, others = in_order(own.due(logs, {}, NOW))
    assert names(urgent) == ["stuck_unread"]
    assert names(others) == ["calm", "unknown"]
    assert own.is_suspicious(logs[1:2], NOW)
    assert not own.is_urgent(logs[:2], NOW)


def test_of_what_was_never_read_goes_first_what_was_written_longest_ago(tmp_path):
    logs = [log_of(tmp_path, f"set-{n}", f"l{n}", None) for n in range(4)]
    for log, written_at in zip(logs, (NOW - 60, NOW - 7200, NOW - 600), strict=False):
        log.listed(FileMeta(log.place.log, 1, written_at))
    assert names(in_order(turns().due(logs, {}, NOW))[1]) == ["l1", "l2", "l0", "l3"]


def test_without_a_rhythm_all_are_read(tmp_path):
    logs = [log_of(tmp_path, "s", "a", NOW - 1), log_of(tmp_path, "s", "b", NOW - 1)]
    urgent, others = in_order(Turns(None).due(logs, {}, NOW))
    assert names([*urgent, *others]) == ["a", "b"]
    assert Turns(None).promise(logs[0], NOW) == 0.0


def test_what_a_poll_did_not_come_to_is_late_from_when_it_was_due(tmp_path):
    logs = [log_of(tmp_path, "s", f"l{n}") for n in range(3)]
    due = in_order(turns().due(logs, {}, NOW - BASE))[1]
    logs[0].pulse.due_since = None  # read
    due = in_order(turns().due(logs[1:], {}, NOW))[1]
    missed = late([one.task for one in due], 3, NOW, 2.0)
    assert (missed.count, missed.total, missed.seconds) == (2, 3, 32.0)
    assert missed.text.startswith("2 of 3 tasks could not be read in time, the one that waits")
    assert late([], 3, NOW, 2.0).count == 0


async def polled(tmp_path, monkeypatch, sets: dict[str, int], slow: str, most: int) -> list[str]:
    """What is read while the reads of one eval set hang; `most` at once."""
    order: list[str] = []
    release = asyncio.Event()
    total = sum(count for name, count in sets.items() if name != slow)

    async def poll(self, now, emit, interval):  # noqa: ARG001
        self.pulse.due_since = None
        if self.place.eval_set_id == slow:
            await release.wait()
        else:
            await asyncio.sleep(0)
            order.append(self.place.log)
            if len(order) == total:
                release.set()
        return self.outcome

    monkeypatch.setattr(TaskLog, "poll", poll)
    tasks = {
        name: {f"{name}-{n}": log_of(tmp_path, name, f"{name}-{n}") for n in range(count)}
        for name, count in sets.items()
    }
    reads = TaskReads(turns(), most, PollLimits(), Faults("store"), lambda _: None)
    async with asyncio.timeout(20):
        await reads.poll(tasks, lambda _: (), NOW, lambda _: None, task_reads.clock())
    assert reads.late.count == 0
    return order


async def test_an_eval_set_whose_reads_hang_does_not_hold_the_others(tmp_path, monkeypatch):
    sets = {"slow": 50, "a": 20, "b": 20}
    order = await polled(tmp_path, monkeypatch, sets, "slow", 8)
    assert len(order) == 40
    # in turn, not one eval set after the other
    assert {name[0] for name in order[:8]} == {"a", "b"}


async def test_a_small_eval_set_is_read_whole_before_it_is_another_s_turn(tmp_path, monkeypatch):
    """A poll that ends early leaves few of them half read, to be judged once more."""
    sets = {"slow": 1, **dict.fromkeys("abcdef", 5)}
    order = await polled(tmp_path, monkeypatch, sets, "slow", 8)
    begun = [name[0] for name in order[:15]]
    assert len(set(begun)) <= 4


class Slow:
    """Reads that take a second each, by a clock of their own, and are over at once."""

    def __init__(self, monkeypatch) -> None:
        self.now = 0.0
        self.read: list[str] = []
        test = self

        async def poll(self, now, emit, interval):  # noqa: ARG001
            self.pulse.due_since, self.pulse.read_at = None, now
            test.now += 1.0
            test.read.append(self.place.log)
            return self.outcome

        monkeypatch.setattr(TaskLog, "poll", poll)
        monkeypatch.setattr(task_reads, "clock", lambda: self.now)

    async def polls(self, reads: TaskReads, tasks, count: int) -> list[list[str]]:
        """What so many polls read, which all begin an interval after each other."""
        parts = []
        for poll in range(count):
            self.read = []
            await reads.poll(tasks, lambda _: (), NOW + poll * BASE, lambda _: None, self.now)
            parts.append(self.read)
        return parts


def many(
    tmp_path, sets: int, tasks: int, read_at: float | None = None
) -> dict[str, dict[str, TaskLog]]:
    """Eval sets whose tasks were never read, or then."""

    def of_set(name: str) -> dict[str, TaskLog]:
        logs = (f"{name}-{number}" for number in range(tasks))
        return {log: log_of(tmp_path, name, log, read_at) for log in logs}

    return {f"s{number}": of_set(f"s{number}") for number in range(sets)}


async def test_nothing_waits_for_ever_in_a_fleet_that_is_too_large(tmp_path, monkeypatch):
    """A poll comes to a twelfth of it: each task has its turn in twelve polls."""
    tasks = many(tmp_path, 30, 4)
    always = Turns(RhythmOptions(BASE, BASE, lambda _, log: CALM))  # noqa: ARG005
    limits = PollLimits(seconds=10.0)
    reads = TaskReads(always, 1, limits, Faults("store"), lambda _: None)
    parts = await Slow(monkeypatch).polls(reads, tasks, 36)
    for begin in (0, 12, 24):
        seen = {log for part in parts[begin : begin + 12] for log in part}
        assert seen == {log for logs in tasks.values() for log in logs}


def half_in_an_outage(tmp_path, read_at: float | None) -> tuple[TaskReads, dict, set[str]]:
    """Ten eval sets of twenty are stuck, the rest were never read, or then; a poll reads twenty."""
    tasks = many(tmp_path, 20, 5, read_at)
    bad = {log for name in list(tasks)[:10] for log in tasks[name]}
    stuck = Outlook(Verdict.STUCK)
    for name in bad:
        tasks[name.split("-")[0]][name].pulse.note(NOW - BASE, NOW - BASE)
    own = turns(**dict.fromkeys(bad, stuck))
    reads = TaskReads(own, 1, PollLimits(seconds=20.0), Faults("store"), lambda _: None)
    return reads, tasks, bad


async def test_an_outage_of_half_the_fleet_leaves_time_to_read_the_other_half(
    tmp_path, monkeypatch
):
    reads, tasks, bad = half_in_an_outage(tmp_path, NOW - 9000.0)
    parts = await Slow(monkeypatch).polls(reads, tasks, 5)
    for part in parts:
        assert set(part[:10]) <= bad
        assert not set(part[10:]) & bad
    assert {log for part in parts for log in part} >= bad


async def test_what_was_never_read_has_three_quarters_of_a_poll(tmp_path, monkeypatch):
    """Of it nothing at all is known."""
    reads, tasks, bad = half_in_an_outage(tmp_path, None)
    parts = await Slow(monkeypatch).polls(reads, tasks, 4)
    for part in parts[:3]:
        assert set(part[:5]) <= bad
        assert not set(part[5:]) & bad
    seen = {log for part in parts for log in part}
    assert seen >= {log for logs in tasks.values() for log in logs} - bad


async def test_half_of_what_is_left_goes_to_what_looks_suspicious_where_others_took_most(
    tmp_path, monkeypatch
):
    """An eval set of a cluster, whose turn comes late in each poll."""
    tasks = many(tmp_path, 1, 20, NOW - 9000.0)
    bad = {f"s0-{n}" for n in range(10)}
    for name in bad:
        tasks["s0"][name].pulse.note(NOW - BASE, NOW - BASE)
    own = turns(**dict.fromkeys(bad, Outlook(Verdict.STUCK)))
    reads = TaskReads(own, 1, PollLimits(seconds=20.0), Faults("store"), lambda _: None)
    slow = Slow(monkeypatch)
    slow.now = 12.0
    await reads.poll(tasks, lambda _: (), NOW, lambda _: None, 0.0, is_part=True)
    assert len(slow.read) == 8
    assert set(slow.read[:4]) <= bad
    assert not set(slow.read[4:]) & bad


async def test_however_long_listing_took_half_of_a_poll_is_left_for_tasks(tmp_path, monkeypatch):
    """A folder that can't be listed in time would blind all others for ever."""
    tasks = many(tmp_path, 1, 20)
    reads = TaskReads(turns(), 1, PollLimits(seconds=20.0), Faults("store"), lambda _: None)
    slow = Slow(monkeypatch)
    slow.now = 35.0
    await reads.poll(tasks, lambda _: (), NOW, lambda _: None, 0.0)
    assert len(slow.read) == 10
    assert reads.late.seconds == 45.0


async def test_suspicious_ones_whose_reads_hang_do_not_hold_the_rest(tmp_path, monkeypatch):
    tasks = many(tmp_path, 40, 1)
    hung = list(tasks)[:20]
    released, read = asyncio.Event(), []

    async def poll(self, now, emit, interval):  # noqa: ARG001
        self.pulse.due_since = None
        if self.place.eval_set_id in hung:
            await released.wait()
        else:
            read.append(self.place.log)
            if len(read) == 20:
                released.set()
        return self.outcome

    monkeypatch.setattr(TaskLog, "poll", poll)
    own = turns(**{log: Outlook(Verdict.STUCK) for name in hung for log in tasks[name]})
    reads = TaskReads(own, 8, PollLimits(), Faults("store"), lambda _: None)
    async with asyncio.timeout(20):
        await reads.poll(tasks, lambda _: (), NOW, lambda _: None, task_reads.clock())
    assert len(read) == 20
    assert reads.late.count == 0


async def test_an_eval_set_has_no_more_readers_for_having_waited_since_several_polls(
    tmp_path, monkeypatch
):
    tasks = many(tmp_path, 2, 40)
    for number, log in enumerate(tasks["s0"].values()):
        log.pulse.due_since = NOW - BASE * (number % 4)
    at_once, most = 0, 0

    async def poll(self, now, emit, interval):  # noqa: ARG001
        nonlocal at_once, most
        self.pulse.due_since = None
        own = self.place.eval_set_id == "s0"
        at_once += own
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= own
        return self.outcome

    monkeypatch.setattr(TaskLog, "poll", poll)
    reads = TaskReads(turns(), 16, PollLimits(), Faults("store"), lambda _: None)
    await reads.poll(tasks, lambda _: (), NOW, lambda _: None, task_reads.clock())
    assert most == 4
    assert reads.late.count == 0


async def test_time_that_the_rest_leaves_goes_to_what_looks_suspicious(tmp_path, monkeypatch):
    tasks = many(tmp_path, 4, 5)
    bad = {log for name in ("s0", "s1", "s2") for log in tasks[name]}
    for name in bad:
        tasks[name.split("-")[0]][name].pulse.note(NOW - BASE, NOW - BASE)
    own = turns(**dict.fromkeys(bad, Outlook(Verdict.STUCK)))
    reads = TaskReads(own, 2, PollLimits(seconds=20.0), Faults("store"), lambda _: None)
    (read,) = await Slow(monkeypatch).polls(reads, tasks, 1)
    assert sorted(read) == sorted(log for logs in tasks.values() for log in logs)
    assert reads.late.count == 0


def test_quiet_tasks_do_not_fall_due_together_from_the_first_reads_on(tmp_path):
    """As in the service: at their first reads nothing was judged yet."""
    known: dict[str, Outlook] = {}
    own = Turns(RhythmOptions(BASE, 8 * BASE, lambda _, log: known.get(log)))
    logs = [log_of(tmp_path, "set", f"log-{n}", None) for n in range(200)]
    counts = []
    for poll in range(40):
        now = NOW + poll * BASE
        due = [one.task for one in own.due(logs, {}, now)]
        for log in due:
            log.pulse.note(now, NOW - 90_000.0)
            own.promise(log, now)
        known |= {log.place.log: CALM for log in due}
        counts.append(len(due))
    assert counts[0] == counts[1] == 200
    assert max(counts[2:]) < 200 / 2
    assert sum(count > 0 for count in counts[2:]) > 38 / 2
