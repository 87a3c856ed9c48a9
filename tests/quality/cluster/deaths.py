"""What takes pods away: evictions, preemption, nodes that don't answer, Jobs that fail for good."""

from __future__ import annotations

import math

from msgspec.structs import replace

from tests.quality.cluster.life import TTL, Life, Then, ended, running_box
from tests.quality.fleets import HOUR, MINUTE
from tests.quality.world import Sample
from watchdog.model.cluster import Node, Pod

AWAY = "NodeStatusUnknown"


def moment(life: Life, at: float) -> float:
    """A moment while it is at work."""
    return at + life.random.uniform(30, 0.6 * life.cluster.life)


def at_work(life: Life, then: Then) -> None:
    """Plan it for a moment at which the first run is at work."""
    life.after_log.append(lambda at: life.plan(moment(life, at), then))


def preempted(life: Life, seconds: float) -> None:
    """Kueue suspends the Job: its pod goes, and another comes once there is capacity."""

    def begin(at: float) -> None:
        life.happened = True
        life.cut(at)
        release, random = life.release, life.random
        if release.job is not None:
            release.job = replace(
                release.job,
                suspended=True,
                suspended_since=at,
                active=0,
                started_at=None,
                queue="research",
            )
        _leave(life, at, random.uniform(1, 120), exit_code=random.choice((0, 143)))
        if random.random() < 0.7:
            release.boxes = {}
        life.plan(at + max(seconds, 3 * MINUTE), life.admit)

    at_work(life, begin)


def runner_replaced(life: Life) -> None:
    """The runner's pod is evicted, or dies, and the Job makes another."""

    def begin(at: float) -> None:
        life.happened = True
        life.cut(at)
        release, random = life.release, life.random
        way = random.choice(("api", "pressure", "autoscaler", "crash", "unseen"))
        (pod,) = [p for p in release.runners.values() if p.is_live]
        back_off = random.uniform(8, 40)
        if way == "api":
            release.runners[pod.name] = replace(
                pod, disrupted="EvictionByEvictionAPI", disrupted_at=at
            )
            _leave(life, at, random.uniform(5, 120), exit_code=random.choice((0, 143)))
            back_off = random.uniform(0.5, 5)
        elif way == "pressure":
            release.runners[pod.name] = replace(ended(pod, at, 137), reason="Evicted")
            release.tell(f"Pod/{pod.name}", "Evicted", at, "low on memory", warning=True)
        elif way == "autoscaler":
            release.runners.pop(pod.name)
            release.tell(f"Pod/{pod.name}", "ScaleDown", at, "deleting pod for node scale down")
        elif way == "crash":
            code = random.choice((1, 137))
            reason = "OOMKilled" if code == 137 and random.random() < 0.5 else ""
            release.runners[pod.name] = ended(pod, at, code, reason)
        else:
            release.runners.pop(pod.name)
        if release.job is not None:
            release.job = replace(release.job, active=0, failed=release.job.failed + 1)
        if random.random() < 0.5:
            release.boxes = {}
        life.plan(at + back_off, life.start_pod)

    at_work(life, begin)


def _leave(life: Life, at: float, seconds: float, exit_code: int) -> None:
    """The runner's pod is Terminating, and gone after a grace period."""
    release = life.release
    names = [name for name, pod in release.runners.items() if pod.is_live]
    for name in names:
        release.runners[name] = replace(release.runners[name], deleting_at=at)

    def end(then: float) -> None:
        for name in names:
            if name in release.runners:
                release.runners[name] = replace(
                    ended(release.runners[name], then, exit_code), deleting_at=at
                )

    def go(_: float) -> None:
        for name in names:
            release.runners.pop(name, None)

    life.plan(at + 0.5 * seconds, end, always=True)
    life.plan(at + seconds, go, always=True)


def box_evicted(life: Life) -> None:
    """A sandbox is evicted while a call in it is pending: that sample never goes on."""
    state: dict[str, Sample] = {}

    def aim(at: float) -> None:
        """A sample whose next call into its sandbox is the last."""
        running = list(life.run.running.values()) if life.run is not None else []
        if not running:
            life.plan(at + 10 * MINUTE, aim)
            return
        state["sample"] = life.random.choice(running)
        state["sample"].trouble = (at, math.inf, "tool", "")
        life.plan(at + 30, watch)

    def watch(at: float) -> None:
        sample = state["sample"]
        if sample.onset is None and life.run and sample.key in life.run.running:
            life.plan(at + 30, watch)
        elif sample.onset is not None:
            _evict_box(life, sample, max(sample.onset + 8, at - 20))

    at_work(life, aim)


def _evict_box(life: Life, sample: Sample, at: float) -> None:
    life.happened = True
    release, random = life.release, life.random
    pod = release.boxes.get(life.box_of.get(sample.key.id, ""))
    if pod is None:
        return
    way = random.choice(("status", "event", "autoscaler", "unseen"))
    if way == "event":
        release.tell(f"Pod/{pod.name}", "Evicted", at, "Evicted pod", warning=False)
    elif way == "autoscaler":
        release.tell(f"Pod/{pod.name}", "ScaleDown", at, "deleting pod for node scale down")
    gone_for = random.uniform(0.2, 2)
    if way == "status":
        gone_for = random.uniform(60, 150)
        release.boxes[pod.name] = replace(
            pod, deleting_at=at, disrupted="EvictionByEvictionAPI", disrupted_at=at
        )
    life.plan(at + gone_for, lambda then: _again(life, pod, then))
    standstill = life.stands(at, 20 * MINUTE, sample=sample.key.id)
    _until_ended(life, standstill_end=lambda then: setattr(standstill, "until", then), sample=sample)


def _until_ended(life: Life, standstill_end: Then, sample: Sample) -> None:
    """It stands until somebody ends the sample."""
    if sample.onset is not None:
        life.plan(sample.onset + sample.killed_after, standstill_end, always=True)


def _again(life: Life, pod: Pod, at: float) -> None:
    """Its StatefulSet makes a pod of the same name, which starts."""
    release = life.release
    if pod.name not in release.boxes:
        return
    fresh = replace(
        pod,
        uid=release.uid("box"),
        created_at=at,
        phase="Pending",
        ready=False,
        containers=(),
        deleting_at=None,
        disrupted="",
        disrupted_at=None,
    )
    release.boxes[pod.name] = fresh

    def start(then: float) -> None:
        if release.boxes.get(pod.name) is fresh:
            release.boxes[pod.name] = running_box(fresh, then)

    life.plan(at + life.random.uniform(5, 60), start)


def box_replaced(life: Life) -> None:
    """A sandbox goes while no call in it is pending: Inspect sees to it."""

    def begin(at: float) -> None:
        run = life.run
        free = [s for s in run.running.values() if not in_box(s, at)] if run else []
        if not free:
            life.plan(at + 45, begin)
            return
        sample = life.random.choice(free)
        pod = life.release.boxes.get(life.box_of.get(sample.key.id, ""))
        if pod is not None:
            life.happened = True
            reason = life.random.choice(("Evicted", "ScaleDown", ""))
            if reason:
                life.release.tell(f"Pod/{pod.name}", reason, at, "")
            _again(life, pod, at)

    at_work(life, begin)


def in_box(sample: Sample, at: float) -> bool:
    """Whether a call into its sandbox is pending, or is about to be."""
    row = sample.next_row
    return row is None or row[1].kind != "model" or row[1].pending or row[0] < at + 30


def node_blip(life: Life) -> None:
    """The runner's node doesn't answer for a short while."""
    at_work(life, lambda at: _node_away(life, at, life.random.uniform(40, 240)))


def node_lost(life: Life) -> None:
    """The runner's node doesn't answer for long, and comes back with all that ran on it."""

    def begin(at: float) -> None:
        seconds = life.random.uniform(15 * MINUTE, 2 * HOUR)
        _node_away(life, at, seconds)
        life.stands(at, 12 * MINUTE, until=at + seconds)

    at_work(life, begin)


def _node_away(life: Life, at: float, seconds: float) -> None:
    life.happened = True
    release = life.release
    release.node = Node(f"{life.name}-node", ready=False, since=at, reason=AWAY)
    life.freeze(at, seconds)
    for name, pod in release.runners.items():
        release.tell(f"Pod/{name}", "NodeNotReady", at, "Node is not ready", warning=True)
        release.runners[name] = replace(pod, ready=False, unready_since=at)

    def back(_: float) -> None:
        release.node = None
        for name, pod in release.runners.items():
            release.runners[name] = replace(pod, ready=True, unready_since=None)

    life.plan(at + seconds, back)


def failed(life: Life) -> None:
    """Its Job fails for good; TTL and janitor take what is left."""
    at_work(life, lambda at: _die(life, at))


def resumed(life: Life) -> None:
    """The same, and after a while somebody resumes it under its id."""

    def begin(at: float) -> None:
        _die(life, at)
        later = math.exp(life.random.uniform(math.log(30 * MINUTE), math.log(20 * HOUR)))
        life.plan(at + later, again, always=True)

    def again(at: float) -> None:
        life.cut(at)
        life.moves(at)
        release = life.release
        release.take_job(at)
        release.boxes = {}
        life.is_over, life.is_at_work = False, True
        life.install(at)

    at_work(life, begin)


def _die(life: Life, at: float) -> None:
    life.happened = True
    life.cut(at)
    life.is_at_work = False
    release, random = life.release, life.random
    code, reason, why = random.choice(
        (
            (1, "", "BackoffLimitExceeded"),
            (137, "OOMKilled", "BackoffLimitExceeded"),
            (137, "", "BackoffLimitExceeded"),
            (78, "", "PodFailurePolicy"),
        )
    )
    release.runners = {n: ended(p, at, code, reason) for n, p in release.runners.items()}
    failed_at = at + random.uniform(0.5, 10)
    if release.job is not None:
        job = replace(release.job, active=0, failed=release.job.failed + 1)
        release.job = replace(
            job, finished="Failed", finished_reason=why, completed_at=failed_at
        )
    life.stands(at, 15 * MINUTE)
    life.plan(at + TTL, life.take_job)
    life.plan(at + TTL + random.uniform(0, HOUR), life.uninstall)
