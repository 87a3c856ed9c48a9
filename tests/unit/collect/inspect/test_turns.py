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


def names(logs) -> list[str]:
    return [log.place.log for log in logs]


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


def test_of_what_was_never_read_goes_first_what_was_written_longest_ago(tmp_path):
    logs = [log_of(tmp_path, f"set-{n}", f"l{n}", None) for n in range(4)]
    for log, written_at in zip(logs, (NOW - 60, NOW - 7200, NOW - 600), strict=False):
        log.listed(FileMeta(log.place.log, 1, written_at))
    assert names(in_order(turns().due(logs, {}, NOW))[1]) == ["l1", "l2", "l0", "l3"]


def test_without_a_rhythm_all_are_read(tmp_path):
    logs = [log_of(tmp_path, "s", "a", NOW - 1), log_of(tmp_path, "s", "b", NOW - 1)]
    urgent, others = in_order(Turns(None).due(logs, {}, NOW))
    assert [*urgent, *names(others)] == ["a", "b"]
    assert Turns(None).promise(logs[0], NOW) == 0.0


def test_what_a_poll_did_not_come_to_is_late_from_when_it_was_due(tmp_path):
    logs = [log_of(tmp_path, "s", f"l{n}") for n in range(3)]
    due = in_order(turns().due(logs, {}, NOW - BASE))[1]
    logs[0].pulse.due_since = None  # read
    due = in_order(turns().due(logs[1:], {}, NOW))[1]
    missed = late(due, 3, NOW, 2.0)
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


def test_quiet_tasks_do_not_fall_due_together_from_the_first_reads_on(tmp_path):
    """As in the service: at their first reads nothing was judged yet."""
    known: dict[str, Outlook] = {}
    own = Turns(RhythmOptions(BASE, 8 * BASE, lambda _, log: known.get(log)))
    logs = [log_of(tmp_path, "set", f"log-{n}", None) for n in range(200)]
    counts = []
    for poll in range(40):
        now = NOW + poll * BASE
        due = [log for part in in_order(own.due(logs, {}, now)) for log in part]
        for log in due:
            log.pulse.note(now, NOW - 90_000.0)
            own.promise(log, now)
        known |= {log.place.log: CALM for log in due}
        counts.append(len(due))
    assert counts[0] == counts[1] == 200
    assert max(counts[2:]) < 200 / 2
    assert sum(count > 0 for count in counts[2:]) > 38 / 2
