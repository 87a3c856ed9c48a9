"""What becomes of a pod: told by an annotation, on the pod's template or put there later.

kwok plays the kubelet and follows stages. These are ours: a pod runs for ever unless its
annotation says otherwise, and it can be told at any time (`ControlPlane.behave`). The fate falls
on the first container; where the whole pod ends, the others end with it.
"""

from __future__ import annotations

from typing import Any

from tests.control_plane.stage_templates import (
    CONDITIONS,
    CONTAINERS,
    ENDED,
    GOES_ON,
    NODE,
    PLACED,
    RESTART,
    RUNS,
    TERMINATED,
    WAITS,
)

FATE = "test.stuck-eval-watchdog/fate"
"""The annotation."""

RUNNING = "running"
COMPLETED = "completed"
FAILED = "failed"
CONFIG_ERROR = "config-error"
"""Exit code 78: a runner that need not be tried again."""
OOM_KILLED = "oom-killed"
"""With restartPolicy Never the pod fails; else its container is restarted in place."""
RESTARTED = "restarted"
"""In place, after it was OOMKilled: the same UID, restartCount 1."""
EVICTED = "evicted"
CRASH_LOOP = "crash-loop"
IMAGE_PULL = "image-pull"
"""From the beginning only: a pod that runs has its image."""
LINGERS = "lingers"
"""It runs, and stops only some seconds after it was deleted: a real runner has two minutes."""
HOLD = "hold"
"""From the beginning only: nothing happens, the test writes the status itself."""
NOT_READY = "not-ready"
"""Of a node: it is not made ready again, whatever the test writes into its status."""

PULL_EVENTS = (
    ("Failed", "Failed to pull image: rpc error: code = NotFound: not found"),
    ("Failed", "Error: ImagePullBackOff"),
)
LOOP_EVENTS = (("BackOff", "Back-off restarting failed container in pod"),)
LINGER_MS = 3000
DELETED = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}
"""Its containers are stopped first, as a kubelet does, which gives it a last phase: a Job that
replaces only what failed (as Hawk's does) waits for that."""
LOW_MEMORY = "The node was low on resource: memory."


def stages() -> list[dict[str, Any]]:
    """Give all stages, as kwok's configuration has them."""
    return [
        _stage("node", "Node", [_fate(NOT_READY, but=True), _unready()], NODE),
        _stopped("pod-stopped", _fate(LINGERS, but=True)),
        _later(_stopped("pod-stopped-late", _fate(LINGERS)), LINGER_MS),
        _head("pod-deleted", "Pod", [DELETED, _phase("Running", but=True)], [{"delete": True}]),
        _pod("running", [_fate(IMAGE_PULL, HOLD, but=True), _phase("Pending")], _running()),
        _pod(
            "completed", [_fate(COMPLETED), _phase("Running")], _ended("Succeeded", 0, "Completed")
        ),
        _pod("failed", [_fate(FAILED), _phase("Running")], _ended("Failed", 1, "Error")),
        _pod(
            "config-error",
            [_fate(CONFIG_ERROR), _phase("Running")],
            _ended("Failed", 78, "Error"),
        ),
        _pod(
            "oom-killed",
            [_fate(OOM_KILLED), _phase("Running"), _policy("Never")],
            _ended("Failed", 137, "OOMKilled"),
        ),
        _pod("restarted", _once_restarted(), _containers(RESTART, GOES_ON, 137, "OOMKilled")),
        _pod("evicted", [_fate(EVICTED), _phase("Running")], _evicted(), ("Evicted", LOW_MEMORY)),
        _pod("image-pull", _once_waiting(IMAGE_PULL, "Pending"), _image_pull(), *PULL_EVENTS),
        _pod("crash-loop", _once_waiting(CRASH_LOOP, "Running"), _crash_loop(), *LOOP_EVENTS),
    ]


def _stopped(name: str, which: dict[str, Any]) -> dict[str, Any]:
    selects = [DELETED, _phase("Running"), which]
    return _stage(name, "Pod", selects, _ended("Failed", 143, "Error"))


def _later(stage: dict[str, Any], milliseconds: int) -> dict[str, Any]:
    delay = {"durationMilliseconds": milliseconds}
    return {**stage, "spec": {**stage["spec"], "delay": delay}}


def _running() -> str:
    return CONDITIONS.replace("READY", "True") + _containers(RUNS, RUNS) + PLACED + "phase: Running"


def _ended(phase: str, code: int, reason: str) -> str:
    containers = _containers(ENDED, ENDED, code, reason)
    return f"{CONDITIONS.replace('READY', 'False')}{containers}\nphase: {phase}"


def _evicted() -> str:
    return f"{_ended('Failed', 137, 'Error')}\nreason: Evicted\nmessage: '{LOW_MEMORY}'"


def _image_pull() -> str:
    message = r"Back-off pulling image \"%s\": ErrImagePull: not found"
    waits = WAITS.replace("COUNT", "0").replace("MESSAGE", message)
    first = waits.replace("REASON", "ImagePullBackOff")
    return CONDITIONS.replace("READY", "False") + _containers(first, RUNS) + PLACED


def _crash_loop() -> str:
    message = "back-off 5m0s restarting failed container%.0s"
    waits = WAITS.replace("COUNT", "5").replace("MESSAGE", message)
    first = waits.replace("REASON", "CrashLoopBackOff") + "  lastState: {terminated: TERMINATED}\n"
    return CONDITIONS.replace("READY", "False") + _containers(first, GOES_ON, 1, "Error")


def _containers(first: str, others: str, code: int = 0, reason: str = "") -> str:
    text = CONTAINERS.replace("FIRST", first).replace("OTHERS", others)
    ended = TERMINATED.replace("CODE", str(code)).replace("REASON", reason)
    return text.replace("TERMINATED", ended)


def _pod(
    name: str, selects: list[dict[str, Any]], status: str, *events: tuple[str, str]
) -> dict[str, Any]:
    alive = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
    return _stage(f"pod-{name}", "Pod", [alive, *selects], status, *events)


def _stage(
    name: str, kind: str, selects: list[dict[str, Any]], status: str, *events: tuple[str, str]
) -> dict[str, Any]:
    told = [{"event": {"type": "Warning", "reason": r, "message": m}} for r, m in events]
    patch = {"subresource": "status", "root": "status", "template": status}
    return _head(name, kind, selects, [*told, {"patch": patch}])


def _head(
    name: str, kind: str, selects: list[dict[str, Any]], steps: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": kind},
            "selector": {"matchExpressions": selects},
            "steps": steps,
        },
    }


def _once_restarted() -> list[dict[str, Any]]:
    reasons = ".status.containerStatuses.[].lastState.terminated.reason"
    fate = _fate(RESTARTED, OOM_KILLED)
    return [
        fate,
        _phase("Running"),
        _policy("Never", but=True),
        _is(reasons, "OOMKilled", but=True),
    ]


def _once_waiting(fate: str, phase: str) -> list[dict[str, Any]]:
    reasons = ".status.containerStatuses.[].state.waiting.reason"
    backing_off = ("ImagePullBackOff", "CrashLoopBackOff")
    return [_fate(fate), _phase(phase), _is(reasons, *backing_off, but=True)]


def _fate(*fates: str, but: bool = False) -> dict[str, Any]:
    return _is(f'.metadata.annotations["{FATE}"]', *fates, but=but)


def _phase(phase: str, *, but: bool = False) -> dict[str, Any]:
    return _is(".status.phase", phase, but=but)


def _policy(policy: str, *, but: bool = False) -> dict[str, Any]:
    return _is(".spec.restartPolicy", policy, but=but)


def _unready() -> dict[str, Any]:
    return _is('.status.conditions.[] | select( .type == "Ready" ) | .status', "True", but=True)


def _is(key: str, *values: str, but: bool = False) -> dict[str, Any]:
    return {"key": key, "operator": "NotIn" if but else "In", "values": list(values)}
