"""Runners and sandboxes that get going late, or never."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec.structs import replace

from tests.quality.cluster.life import Life
from tests.quality.fleets import HOUR, MINUTE
from watchdog.model.cluster import Container, Pod, PodEvent

LINES = 10 * MINUTE
"""Between two lines of a runner that installs packages."""
Delete = Callable[[Life, float], None]


def no_start(life: Life, delete: Delete) -> None:
    """It never gets going; somebody takes it down hours later."""
    kinds = (*TROUBLES, "refused", "hangs", "hangs and tells")
    _start(life, life.random.choice(kinds), math.inf)
    life.plan(
        life.began + life.random.uniform(5 * HOUR, 10 * HOUR), lambda at: delete(life, at)
    )


def slow_start(life: Life) -> None:
    """It gets going late, by itself."""
    random = life.random
    seconds = {
        "ImagePullBackOff": random.uniform(20, 220),
        "CreateContainerConfigError": random.uniform(20, 220),
        "unschedulable": random.uniform(60, 12 * MINUTE),
        "FailedMount": random.uniform(60, 12 * MINUTE),
        "creating": random.uniform(60, 45 * MINUTE),
        "refused": random.uniform(60, 12 * MINUTE),
        "hangs": random.uniform(10 * MINUTE, 45 * MINUTE),
        "hangs and tells": random.uniform(20 * MINUTE, 140 * MINUTE),
    }
    kind = random.choice(sorted(seconds))
    _start(life, kind, seconds[kind])


DUE = {
    "ImagePullBackOff": 20 * MINUTE,
    "CreateContainerConfigError": 20 * MINUTE,
    "unschedulable": 30 * MINUTE,
    "FailedMount": 30 * MINUTE,
    "creating": 90 * MINUTE,
    "refused": 30 * MINUTE,
    "hangs": 90 * MINUTE,
    "hangs and tells": 4 * HOUR,
}
"""Seconds after which it must have been told, with a wide margin."""
TROUBLES = tuple(kind for kind in DUE if kind not in {"refused", "hangs", "hangs and tells"})


def _start(life: Life, kind: str, seconds: float) -> None:
    """What is wrong with its start, and for how long."""

    def trouble(life: Life, pod: Pod, at: float) -> float:
        life.happened = True
        life.start_trouble = None
        if math.isinf(seconds):
            life.stands(at, DUE[kind])
        if kind == "refused":
            return _refuse(life, pod, at, seconds)
        if kind in {"hangs", "hangs and tells"}:
            life.install_seconds = seconds
            if kind == "hangs and tells":
                _tell(life, at, at + min(seconds, 30 * HOUR))
            return life.random.uniform(5, 30)
        life.release.runners[pod.name] = in_trouble(life, pod, at, kind)
        return seconds

    life.start_trouble = trouble


def _refuse(life: Life, pod: Pod, at: float, seconds: float) -> float:
    """The API server refuses the pod: none is there, only its Job's events."""
    release = life.release
    release.runners.pop(pod.name)
    if release.job is not None:
        release.job = replace(release.job, active=0)
    about = f"Job/{release.name}"
    text = "Error creating: pods is forbidden: exceeded quota: compute"
    release.repeating[about] = PodEvent(
        pod.namespace, about, "FailedCreate", text, at, first_at=at, warning=True
    )
    if math.isfinite(seconds):
        life.plan(at + seconds, lambda then: _made(life, then))
    return math.inf


def _made(life: Life, at: float) -> None:
    life.release.repeating = {}
    life.start_pod(at)


def _tell(life: Life, at: float, until: float) -> None:
    """Its own log shows that it does something."""
    if at < until:
        life.plan(at + LINES, lambda then: (life.log_line(then), _tell(life, then, until)))


def in_trouble(life: Life, pod: Pod, at: float, kind: str) -> Pod:
    """A pod that doesn't start."""
    container = pod.containers[0] if pod.containers else Container("default")
    if kind in {"ImagePullBackOff", "CreateContainerConfigError"}:
        waiting = replace(container, waiting=kind, waiting_message="it can't be")
        return replace(pod, containers=(waiting,))
    if kind == "unschedulable":
        text = "0/9 nodes are available: 9 Insufficient memory."
        return replace(pod, node="", containers=(), unschedulable=text, scheduling_since=at)
    if kind == "FailedMount":
        about = f"Pod/{pod.name}"
        life.release.repeating[about] = PodEvent(
            pod.namespace, about, kind, "timed out", at + 30, first_at=at + 30, warning=True
        )
    return pod


def no_sandbox(life: Life, delete: Delete) -> None:
    """A sandbox never gets going, so that a sample that is due never begins."""
    kind = life.random.choice(TROUBLES)

    def trouble(life: Life, pod: Pod, at: float) -> Pod:
        life.happened = True
        life.box_trouble = None
        life.stands(at, DUE[kind])
        later = at + life.random.uniform(5 * HOUR, 10 * HOUR)
        life.plan(later, lambda then: delete(life, then), always=True)
        return in_trouble(life, pod, at, kind)

    def begin(_: float) -> None:
        life.box_trouble = trouble

    life.after_log.append(lambda at: life.plan(at + life.random.uniform(0, HOUR), begin))
