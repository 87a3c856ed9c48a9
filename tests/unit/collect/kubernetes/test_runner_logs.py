"""Runners' logs are read on, never twice, never without bounds."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from watchdog.collect.kubernetes.errors import ApiError
from watchdog.collect.kubernetes.runner_logs import (
    Cursor,
    RunnerLogs,
    instant_of,
    new_lines,
    sortable,
    whole_lines,
)
from watchdog.collect.limits import LOOK_LOG
from watchdog.model.cluster import Container, Pod
from watchdog.model.facts import RunnerLogRead, RunnerLogSampled, TaskProgressLogged

POD = Pod("ns", "runner", "u1", "Running", containers=(Container("c"),))
START = instant_of("2026-11-23T08:00:00.000000000Z")


def line(seconds: float, retries: int) -> str:
    whole = int(seconds)
    at = f"2026-11-23T08:{whole // 60:02}:{whole % 60:02}.{round(seconds % 1 * 1e9):09}Z"
    return f"{at} Task: mmlu, Steps: 1/9 11%, Samples: 0/9, HTTP retries: {retries}"


class Kubelet:
    """Serves lines as the API does: from a second on, at most so many bytes."""

    def __init__(self):
        self.lines = []
        self.previous = []
        self.asked = []

    def __call__(self, pod, container, since, limit, previous):
        self.asked.append((pod.name, container, since, previous))
        lines = self.previous if previous else self.lines
        kept = [one for one in lines if since is None or instant_of(one.split()[0]) >= int(since)]
        return "".join(f"{one}\n" for one in kept).encode()[:limit]


async def poll(logs: RunnerLogs, now: float = START, pod: Pod = POD) -> list:
    facts = []
    await logs.poll("set", pod, (), now, facts.append)
    return facts


def retries(facts: list) -> list[int]:
    return [fact.http_retries for fact in facts if isinstance(fact, TaskProgressLogged)]


async def test_each_line_is_handed_on_once_even_those_of_the_same_second_or_instant():
    kubelet = Kubelet()
    logs = RunnerLogs(kubelet, "c", 10_000)
    kubelet.lines = [line(1, 1), line(1.5, 2)]
    assert retries(await poll(logs)) == [1, 2]
    kubelet.lines += [line(1.5, 3), line(1.75, 4), line(9, 5)]
    assert retries(await poll(logs)) == [3, 4, 5]
    assert retries(await poll(logs)) == []
    assert kubelet.asked[0][2] is None


async def test_a_log_that_grows_faster_than_it_is_read_is_sampled_and_that_is_said():
    kubelet = Kubelet()
    logs = RunnerLogs(kubelet, "c", 1000)
    kubelet.lines = [line(second, second) for second in range(3000)]
    facts = await poll(logs, START + 3000)
    (gap,) = [fact for fact in facts if isinstance(fact, RunnerLogSampled)]
    assert gap.since < gap.until == START + 2700
    seen = retries(facts)
    assert seen == sorted(set(seen))
    assert seen[0] == 0
    assert 2700 in seen
    assert len(kubelet.asked) == 2


async def test_the_container_before_a_restart_is_read_once():
    kubelet = Kubelet()
    logs = RunnerLogs(kubelet, "c", 10_000)
    kubelet.lines = [line(1, 1)]
    await poll(logs)
    kubelet.previous, kubelet.lines = [line(1, 1), line(2, 2)], [line(5, 3)]
    again = Pod("ns", "runner", "u1", "Running", containers=(Container("c", restarts=1),))
    assert retries(await poll(logs, pod=again)) == [2, 3]
    await poll(logs, pod=again)
    assert [previous for *_, previous in kubelet.asked].count(True) == 1


async def test_a_pod_that_ended_is_read_once_more_and_one_that_has_not_begun_not_at_all():
    kubelet = Kubelet()
    logs = RunnerLogs(kubelet, "c", 10_000)
    assert await poll(logs, pod=Pod("ns", "runner", "u1", "Pending")) == []
    ended = Pod("ns", "runner", "u1", "Failed")
    assert isinstance((await poll(logs, pod=ended))[-1], RunnerLogRead)
    await poll(logs, pod=ended)
    assert len(kubelet.asked) == 1
    logs.forget(())
    await poll(logs, pod=ended)
    assert len(kubelet.asked) == 2


def test_a_line_cut_by_the_limit_is_left_for_the_next_reading():
    assert whole_lines(b"a\nb\nc", 5) == ["a", "b"]
    assert whole_lines(b"a\nb\n", 100) == ["a", "b"]
    assert whole_lines(b"a\nb", 100) == ["a", "b"]


@given(st.lists(st.tuples(st.integers(0, 50), st.text(max_size=3)), max_size=40), st.data())
def test_however_a_log_is_cut_every_line_comes_once(entries, data):
    lines = [
        f"2026-11-23T08:00:{at:02}.{n:09}Z {text.replace(chr(10), ' ')}"
        for n, (at, text) in enumerate(sorted(entries))
    ]
    cursor, seen = Cursor(), []
    cuts = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=5)))
    for cut in [*cuts, len(lines)]:
        seen += new_lines(lines[:cut], cursor)
    assert seen == lines


def test_times_order_whatever_the_digits_of_their_fraction():
    assert sortable("2026-11-23T08:00:00.1Z") < sortable("2026-11-23T08:00:00.12Z")
    assert sortable("2026-11-23T08:00:00Z") < sortable("2026-11-23T08:00:00.1Z")


async def test_another_life_goes_on_where_this_one_stopped():
    kubelet = Kubelet()
    logs = RunnerLogs(kubelet, "c", 10_000)
    kubelet.lines = [line(1, 1), line(1.5, 2), line(1.5, 3)]
    await poll(logs)
    positions = logs.positions([POD.uid, "unknown"])
    assert positions.keys() == {POD.uid}
    assert not any(b"mmlu" in digest for digest in positions[POD.uid].lines)
    again = RunnerLogs(kubelet, "c", 10_000)
    again.resume(positions)
    kubelet.lines += [line(1.5, 4), line(9, 5)]
    assert retries(await poll(again)) == [4, 5]
    assert again.positions([POD.uid])[POD.uid].at > positions[POD.uid].at
    third = RunnerLogs(kubelet, "c", 10_000)
    third.resume(again.positions([POD.uid]))
    assert retries(await poll(third)) == []


async def test_the_previous_container_of_another_life_is_not_read_again():
    kubelet = Kubelet()
    kubelet.lines, kubelet.previous = [line(9, 2)], [line(1, 1)]
    pod = Pod("ns", "runner", "u1", "Running", containers=(Container("c", restarts=1),))
    logs = RunnerLogs(kubelet, "c", 10_000)
    assert retries(await poll(logs, pod=pod)) == [1, 2]
    again = RunnerLogs(kubelet, "c", 10_000)
    again.resume(logs.positions([pod.uid]))
    assert retries(await poll(again, pod=pod)) == []
    assert not kubelet.asked[-1][3]


class Counting(Kubelet):
    """Counts what is asked, and may refuse."""

    error = None

    def __call__(self, *args):
        data = super().__call__(*args)
        if self.error is not None:
            raise self.error
        return data


async def asked(logs: RunnerLogs, kubelet: Counting, since: float, polls: int, **kwargs) -> int:
    """How often a log is asked for in so many polls, 30 s apart."""
    before = len(kubelet.asked)
    for number in range(polls):
        with suppress(ApiError):
            await logs.poll("set", POD, (), since + 30 * number, lambda _: None, **kwargs)
    return len(kubelet.asked) - before


async def test_a_log_that_tells_nothing_new_is_asked_for_less_often_and_news_end_that():
    kubelet = Counting()
    logs = RunnerLogs(kubelet, "c", 10_000)
    kubelet.lines = [line(1, 1)]
    await asked(logs, kubelet, START, 20)
    assert await asked(logs, kubelet, START + 600, 20) == 5
    kubelet.lines.append(line(1190, 2))
    assert await asked(logs, kubelet, START + 1200, 8) >= 5


async def test_an_eval_set_that_looks_suspicious_has_its_log_read_at_each_poll():
    kubelet = Counting()
    logs = RunnerLogs(kubelet, "c", 10_000)
    assert await asked(logs, kubelet, START, 40, urgent=True) == 40


async def test_a_pod_that_ended_is_read_at_once_however_quiet_it_was():
    kubelet = Counting()
    logs = RunnerLogs(kubelet, "c", 10_000)
    await asked(logs, kubelet, START, 41)
    before = len(kubelet.asked)
    await poll(logs, START + 1201, Pod("ns", "runner", "u1", "Failed"))
    assert len(kubelet.asked) == before + 1


async def test_no_log_is_read_while_the_api_server_asks_for_a_pause():
    kubelet = Counting()
    logs = RunnerLogs(kubelet, "c", 10_000)
    kubelet.error = ApiError("too_many_requests", 429, "slow down", 70.0)
    assert await asked(logs, kubelet, START, 3, urgent=True) == 1
    assert logs.paused(START + 30) == 40.0
    other = Pod("ns", "other", "u2", "Running", containers=(Container("c"),))
    assert await poll(logs, START + 60, other) == []
    kubelet.error = None
    assert await asked(logs, kubelet, START + 90, 1) == 1
    assert logs.paused(START + 90) == 0.0


async def test_a_pause_has_an_end_whatever_the_server_asks():
    kubelet = Counting()
    logs = RunnerLogs(kubelet, "c", 10_000)
    kubelet.error = ApiError("too_many_requests", 429, "slow down", 1e9)
    await asked(logs, kubelet, START, 1)
    assert logs.paused(START) == 120.0


async def test_one_that_can_not_be_read_is_asked_for_less_often():
    kubelet = Counting()
    logs = RunnerLogs(kubelet, "c", 10_000)
    kubelet.error = ApiError("timeout", 0, "no answer")
    await asked(logs, kubelet, START, 20)
    assert await asked(logs, kubelet, START + 600, 20) == 5


async def test_the_end_of_a_log_changes_nothing_of_what_polls_read():
    kubelet = Kubelet()
    kubelet.lines = [line(1, 1), line(2, 2)]
    asked = []

    def end(pod, container, limit):
        asked.append((pod.name, container, limit))
        return b"a\nb\n", False

    logs = RunnerLogs(kubelet, "c", 10_000, end)
    found = await logs.end_of(POD)
    assert (found.pod, found.lines, found.whole, found.problem) == ("runner", ("a", "b"), False, "")
    assert asked == [("runner", "c", LOOK_LOG.value)]
    assert retries(await poll(logs)) == [1, 2]


async def test_an_end_that_can_not_be_read_is_said():
    def end(*_):
        raise ApiError("forbidden", 403, "no pods/log")

    assert (
        await RunnerLogs(Kubelet(), "c", 1, end).end_of(POD)
    ).problem == "forbidden: no pods/log"
    assert "not read here" in (await RunnerLogs(Kubelet(), "c", 1).end_of(POD)).problem
