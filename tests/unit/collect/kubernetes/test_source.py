"""The cluster as a source, over a cache of a test's own: who comes, who leaves, what is said."""

from types import SimpleNamespace

from msgspec.structs import replace

from tests.builders.clocks import slow_reads
from tests.builders.cluster_entries import box, job, pod
from tests.builders.cluster_sources import Cache, running, source_over, write
from tests.builders.logs import LOG, finished_log, running_store
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.kubernetes.errors import ApiError
from watchdog.collect.kubernetes.objects import Meta
from watchdog.collect.kubernetes.runner_logs import RunnerLogs
from watchdog.collect.kubernetes.source import ClusterSource, newest
from watchdog.collect.kubernetes.watched_eval_set import WatchedEvalSet, in_turn
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.work.account import PollLimits
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import Container, Pod
from watchdog.model.facts import (
    ClusterRead,
    EvalSetUnreadable,
    ManifestRead,
    RunnerLogRead,
    TaskRead,
)


async def poll(source, now=1000.0):
    facts = []
    result = await source.poll(now, facts.append)
    return facts, result


async def test_an_eval_set_is_joined_with_its_logs(tmp_path):
    cache = Cache()
    write(tmp_path / "abc", running_store())
    cache.show(**running())
    source = source_over(cache, tmp_path)
    facts, result = await poll(source)
    assert {type(fact) for fact in facts} >= {ClusterRead, ManifestRead}
    assert {fact.eval_set_id for fact in facts} == {"abc"}
    assert (result.complete, result.watched, result.silent) == (True, {"abc"}, ())
    await source.aclose()
    assert cache.closed


async def test_one_that_left_is_looked_at_a_last_time_and_then_no_more(tmp_path):
    cache = Cache()
    write(tmp_path / "abc", running_store())
    cache.show(**running())
    source = source_over(cache, tmp_path)
    await poll(source)
    cache.show()
    facts, result = await poll(source, 2000.0)
    assert facts
    assert result.watched == {"abc"}
    assert (await poll(source, 3000.0))[1].watched == frozenset()


def fleet(tmp_path, cache, names):
    parts = [running(name) for name in names]
    for name in names:
        write(tmp_path / name, running_store())
    cache.show(**{kind: [one for part in parts for one in part[kind]] for kind in parts[0]})


async def test_a_poll_that_ends_too_soon_comes_to_all_eval_sets_in_turn(tmp_path, monkeypatch):
    """Four of twelve in each poll, whatever CPU they took: nobody waits for ever."""
    cache = Cache()
    names = [f"e{number}" for number in range(12)]
    fleet(tmp_path, cache, names)
    limits = PollLimits(seconds=0.0)
    source = source_over(cache, tmp_path, concurrency=1, poll_limits=limits)
    monkeypatch.setattr("watchdog.collect.inspect.task_reads.LEAST_SECONDS", 4.0)
    module = SimpleNamespace(monotonic=slow_reads(monkeypatch))
    monkeypatch.setattr("watchdog.collect.kubernetes.source.time", module)
    turns = []
    for number in range(12):
        facts, result = await poll(source, 1000.0 + 30 * number)
        turns.append({fact.eval_set_id for fact in facts if isinstance(fact, TaskRead)})
        assert (len(turns[-1]), result.late) == (4, 8)
    for begin in range(10):
        assert set().union(*turns[begin : begin + 3]) == set(names)


async def test_what_cannot_be_polled_any_more_is_not_late_for_ever(tmp_path, monkeypatch):
    """What an earlier poll said of it is old: that it can't be read is told, and that alone."""
    cache = Cache()
    fleet(tmp_path, cache, ["e0", "e1"])
    source = source_over(cache, tmp_path, concurrency=1, poll_limits=PollLimits(seconds=0.0))
    monkeypatch.setattr("watchdog.collect.inspect.task_reads.LEAST_SECONDS", 1.0)
    module = SimpleNamespace(monotonic=slow_reads(monkeypatch))
    monkeypatch.setattr("watchdog.collect.kubernetes.source.time", module)
    _, first = await poll(source, 1000.0)
    assert first.late == 1

    async def broken(*_):
        raise RuntimeError("broken")

    (late,) = [one for one in source._sets.values() if one.late_since is not None]
    monkeypatch.setattr(late.logs, "poll", broken)
    _, second = await poll(source, 1030.0)
    assert (second.late, second.unfinished) == (0, False)
    assert any("broken" in problem.text for problem in second.problems)


def watched(late_since: float | None, spent: float, *, suspicious: bool = False) -> WatchedEvalSet:
    logs = SimpleNamespace(late_since=late_since, spent=spent, is_urgent=lambda _now: suspicious)
    return WatchedEvalSet(logs)


async def test_of_eval_sets_that_wait_every_other_one_is_of_those_that_look_suspicious():
    eval_sets = {
        "light": watched(None, 0.1),
        "waits": watched(970.0, 0.0),
        "waits_longest": watched(940.0, 2.0),
        "odd": watched(None, 0.5, suspicious=True),
        "odd_and_waits": watched(940.0, 0.5, suspicious=True),
    }
    order = await in_turn(eval_sets, 1000.0)
    assert order == ["odd_and_waits", "waits_longest", "odd", "waits", "light"]


async def test_of_eval_sets_that_a_poll_came_to_the_lightest_are_read_first():
    eval_sets = {
        "heavy": watched(None, 3.0),
        "light": watched(None, 0.1, suspicious=True),
        "none": WatchedEvalSet(None),
    }
    assert await in_turn(eval_sets, 1000.0) == ["none", "light", "heavy"]


SYSTEM = Meta("", "kube-system", "cluster-1")


async def test_one_that_only_a_listing_misses_leaves_after_three_looks_and_two_minutes(tmp_path):
    """The watch had broken off, and what answered may not have been the cluster."""
    cache = Cache()
    write(tmp_path / "abc", running_store())
    cache.show(**running(), namespaces=[SYSTEM])
    source = source_over(cache, tmp_path)
    await poll(source)
    missed = frozenset(entry.record.uid for entry in running()["jobs"])
    cache.show(namespaces=[SYSTEM], missed=missed)
    for now in (2000.0, 2060.0, 2119.0):
        facts, result = await poll(source, now)
        assert not any(isinstance(fact, ClusterRead) for fact in facts)
        assert result.watched == {"abc"}
    facts, _ = await poll(source, 2120.0)
    assert any(isinstance(fact, ClusterRead) for fact in facts)
    assert (await poll(source, 2150.0))[1].watched == frozenset()


async def test_one_that_a_listing_misses_in_an_empty_cluster_stays(tmp_path):
    cache = Cache()
    write(tmp_path / "abc", running_store())
    cache.show(**running())
    source = source_over(cache, tmp_path)
    await poll(source)
    cache.show(missed=frozenset(entry.record.uid for entry in running()["jobs"]))
    for minute in range(60):
        assert (await poll(source, 2000.0 + 60 * minute))[1].watched == {"abc"}
    cache.show(**running())
    facts, _ = await poll(source, 9000.0)
    assert any(isinstance(fact, ClusterRead) for fact in facts)


async def test_another_cluster_under_the_same_address_ends_nothing(tmp_path):
    cache = Cache()
    write(tmp_path / "abc", running_store())
    cache.show(**running(), namespaces=[SYSTEM])
    source = source_over(cache, tmp_path)
    await poll(source)
    cache.show(**running("other"), namespaces=[replace(SYSTEM, uid="cluster-2")])
    for minute in range(5):
        facts, result = await poll(source, 2000.0 + 60 * minute)
        assert not any(isinstance(fact, ClusterRead) for fact in facts)
        assert (result.complete, result.watched) == (False, None)
        assert "another cluster answers" in result.problems[0].text
    cache.show(**running(), namespaces=[SYSTEM])
    assert (await poll(source, 3000.0))[1].watched == {"abc"}


async def test_what_is_left_of_a_finished_one_is_its_namespace_and_it_leaves(tmp_path):
    cache = Cache()
    write(tmp_path / "abc", {LOG: finished_log()})
    left = replace(job("", "inspect-abc", job_id="abc").meta, namespace="")
    cache.show(namespaces=[left])
    source = source_over(cache, tmp_path)
    await poll(source)
    await poll(source, 2000.0)
    assert "abc" not in source._sets


async def test_errors_keep_everyone_and_are_said(tmp_path):
    cache = Cache()
    write(tmp_path / "abc", running_store())
    cache.show(**running())
    source = source_over(cache, tmp_path)
    await poll(source)
    cache.show()
    away = ApiError("unavailable", 0, "no route to the API server")
    cache.now = replace(cache.now, errors=(away,), failures=("unavailable",))
    _, result = await poll(source, 2000.0)
    assert result.watched == {"abc"}
    assert (result.complete, result.failures) == (False, ("unavailable",))
    assert result.silent == (("kubernetes", "no route to the API server"),)
    assert [problem.where for problem in result.problems] == ["kubernetes"]


async def test_a_forbidden_kind_makes_it_unready_but_not_silent(tmp_path):
    cache = Cache()
    cache.show(**running())
    forbidden = ApiError("forbidden", 403, "add the rule …")
    cache.now = replace(cache.now, errors=(forbidden,))
    _, result = await poll(source_over(cache, tmp_path))
    assert result.complete
    assert ("kubernetes", "add the rule …") in result.silent


async def test_before_the_first_listing_nothing_is_known(tmp_path):
    cache = Cache()
    cache.now = replace(cache.now, listed=False)
    facts, result = await poll(source_over(cache, tmp_path))
    assert (facts, result.complete, result.watched) == ([], False, None)


async def test_a_store_that_does_not_answer_is_said(tmp_path):
    cache = Cache()
    cache.show(**running())
    _, result = await poll(source_over(cache, tmp_path))
    assert [part for part, _ in result.silent] == ["store"]
    assert ("store", "not_found") in result.part_failures


async def test_only_the_ones_asked_for_are_looked_at_even_when_they_left_the_cluster(tmp_path):
    cache = Cache()
    write(tmp_path / "gone", running_store())
    cache.show(**running())
    source = source_over(cache, tmp_path, only=frozenset({"gone"}))
    facts, result = await poll(source)
    assert {fact.eval_set_id for fact in facts} == {"gone"}
    assert result.watched == {"gone"}


async def test_a_log_that_can_not_be_read_is_a_problem_of_its_own(tmp_path):
    def forbidden(*_):
        raise ApiError("forbidden", 403, "add the rule pods/log")

    cache = Cache()
    write(tmp_path / "abc", running_store())
    running_pod = pod("inspect-abc", "run-1", job_id="abc")
    running_pod = replace(running_pod, record=replace(running_pod.record, phase="Running"))
    cache.show(pods=[running_pod, box("inspect-abc-s", "box-0")])
    facts, result = await poll(source_over(cache, tmp_path, forbidden))
    assert any(isinstance(fact, ManifestRead) for fact in facts)
    assert not any(isinstance(fact, RunnerLogRead) for fact in facts)
    assert [problem.where for problem in result.problems] == ["log of pod inspect-abc/run-1"]


def test_only_the_newest_runners_have_their_logs_read():
    pods = tuple(Pod("ns", f"p{n}", f"u{n}", created_at=float(n)) for n in (3, 1, 2))
    assert [each.name for each in newest(pods)] == ["p2", "p3"]


def at_work(name="abc", restarts=0):
    entry = pod(f"inspect-{name}", "run-1", job_id=name)
    container = Container("inspect-eval-set", restarts=restarts)
    return replace(entry, record=replace(entry.record, phase="Running", containers=(container,)))


async def test_in_a_poll_that_lasts_too_long_buffers_go_first_and_logs_wait_which_is_said(tmp_path):
    cache = Cache()
    write(tmp_path / "abc", running_store())
    cache.show(pods=[at_work()])
    source = source_over(cache, tmp_path, logs_until=0.0)
    facts, result = await poll(source)
    assert any(isinstance(fact, ManifestRead) for fact in facts)
    assert not any(isinstance(fact, RunnerLogRead) for fact in facts)
    assert [problem.text for problem in result.problems] == [
        "logs of 1 runners are read later: buffers go first"
    ]


async def test_a_pause_that_the_api_server_asks_for_is_said(tmp_path):
    def too_many(*_):
        raise ApiError("too_many_requests", 429, "the server is busy", 50.0)

    cache = Cache()
    write(tmp_path / "abc", running_store())
    cache.show(pods=[at_work()])
    _, result = await poll(source_over(cache, tmp_path, too_many))
    texts = [problem.text for problem in result.problems]
    assert texts == [
        "too_many_requests: the server is busy",
        "no runner's log is read for 50 s: the API server asks for a pause (429)",
    ]


class Woken(LogsSource):
    """Notes what hastens it."""

    def __init__(self, *args):
        super().__init__(*args)
        self.woken = []

    def wake(self, task=None):
        self.woken.append(task)
        super().wake(task)


async def test_a_runner_that_restarts_or_tells_something_hastens_the_reads(tmp_path):
    cache, logs = Cache(), {}
    line = b"2026-11-23T08:00:01.000000000Z Task: mini, Steps: 1/9 11%, HTTP retries: 7\n"
    text = [b""]

    def open_logs(name):
        options = LogsOptions(listing_interval=0.001, sqlite=False, eval_set_id=name)
        logs[name] = Woken(DirectoryStore(tmp_path / name), options)
        return logs[name]

    write(tmp_path / "abc", running_store())
    runner_logs = RunnerLogs(lambda *_: text[0], "inspect-eval-set", 10_000)
    source = ClusterSource(cache, Kubernetes(), open_logs, runner_logs)
    cache.show(pods=[at_work()])
    await poll(source)
    await poll(source, 1030.0)
    assert logs["abc"].woken == []
    cache.show(pods=[at_work(restarts=1)])
    await poll(source, 1060.0)
    assert logs["abc"].woken == [None]
    text[0] = line
    await poll(source, 1090.0)
    assert logs["abc"].woken == [None, "mini"]


async def test_where_logs_are_not_read_none_is_asked_for(tmp_path):
    cache = Cache()
    write(tmp_path / "abc", running_store())
    cache.show(pods=[at_work()])

    async def asked(settings):
        requests = []
        runner_logs = RunnerLogs(lambda *a: requests.append(a) or b"", "inspect-eval-set", 100)
        await poll(ClusterSource(cache, settings, lambda _: None, runner_logs))
        return len(requests)

    assert await asked(Kubernetes()) == 1
    assert await asked(Kubernetes(logs=False)) == 0


async def two(tmp_path):
    cache = Cache()
    for name in ("bad", "good"):
        write(tmp_path / name, running_store())
    both = [running("bad"), running("good")]
    cache.show(**{key: [item for one in both for item in one[key]] for key in both[0]})
    return source_over(cache, tmp_path)


def faults(result):
    return {p.where: p.text for p in result.problems if "a fault of the watchdog" in p.text}


async def test_a_fault_over_one_eval_set_costs_the_others_nothing(tmp_path):
    source, facts = await two(tmp_path), []

    def take(fact):
        if isinstance(fact, ClusterRead) and fact.eval_set_id == "bad":
            raise KeyError("nobody thought of this")
        facts.append(fact)

    result = await source.poll(1000.0, take)
    kinds = {name: {type(f) for f in facts if f.eval_set_id == name} for name in ("bad", "good")}
    assert kinds["good"] >= {ClusterRead, ManifestRead}
    assert kinds["bad"] == {EvalSetUnreadable}
    assert result.watched == {"bad", "good"}
    assert "KeyError" in faults(result)["bad"]
    assert result.failures == ("fault",)
    again, result = await poll(source, 1030.0)
    assert {fact.eval_set_id for fact in again if isinstance(fact, ClusterRead)} == {"bad", "good"}
    assert not faults(result)
    assert not result.failures


async def test_a_fault_over_a_runners_log_leaves_what_the_store_tells(tmp_path, monkeypatch):
    source = await two(tmp_path)
    asked = []

    async def read(name, *_, **__):
        asked.append(name)
        if name == "bad":
            raise IndexError("nobody thought of this")

    monkeypatch.setattr(source._runner_logs, "is_due", lambda *_, **__: True)
    monkeypatch.setattr(source._runner_logs, "poll", read)
    facts, result = await poll(source)
    assert sorted(asked) == ["bad", "good"]
    assert {f.eval_set_id for f in facts if isinstance(f, ManifestRead)} == {"bad", "good"}
    assert not [fact for fact in facts if isinstance(fact, EvalSetUnreadable)]
    assert faults(result).keys() == {"bad"}
