"""What a pod requests of its node, as the scheduler counts it.

https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers:
the sum of its containers and of those init containers that stay (restartPolicy Always), or the most
that one other init container needs beside those before it, and the overhead on top. What stands for
the pod as a whole (`spec.resources`) counts in place of its containers. Claims of dynamic resource
allocation are no requests and are not read.
"""

from collections.abc import Iterable, Mapping

from watchdog.collect.kubernetes.quantities import quantity
from watchdog.collect.kubernetes.wire import PodContainer, PodSpec, Resources

NAMES_MAX = 8
"""Kinds of GPUs of one pod."""
NAME_LENGTH_MAX = 128
BASIC = ("cpu", "memory")
STAYS = "Always"
AMOUNT_MAX = 2.0**60
"""Of anything: a pebibyte of memory is 2**50."""

Requests = tuple[tuple[str, float], ...]


def requests_of(spec: PodSpec) -> Requests | None:
    """CPU in cores, memory in bytes, GPUs by kind; None where they can't be read.

    A pod that requests nothing of a kind doesn't name it.
    """
    try:
        total = _of_containers(spec)
        if spec.resources is not None:
            total |= _amounts(spec.resources.requests or {})
        overhead = _amounts(spec.overhead or {})
    except ValueError:
        return None
    total = _sum((total, overhead))
    gpus = sorted(name for name in total if name not in BASIC)[:NAMES_MAX]
    names = (*(name for name in BASIC if name in total), *gpus)
    return tuple((name, total[name]) for name in names)


def _of_containers(spec: PodSpec) -> dict[str, float]:
    stays: dict[str, float] = {}
    most: dict[str, float] = {}
    for container in spec.init_containers or ():
        own = _of_container(container)
        if container.restart_policy == STAYS:
            stays = _sum((stays, own))
            own = {}
        beside = _sum((stays, own))
        most = {name: max(most.get(name, 0.0), beside.get(name, 0.0)) for name in {*most, *beside}}
    total = _sum((stays, *map(_of_container, spec.containers or ())))
    return {name: max(total.get(name, 0.0), most.get(name, 0.0)) for name in {*total, *most}}


def _of_container(container: PodContainer) -> dict[str, float]:
    resources = container.resources or Resources()
    # a limit without a request is a request too: the API server fills it in; a file may not have it
    return _amounts({**(resources.limits or {}), **(resources.requests or {})})


def _amounts(requests: Mapping[str, str | int | float]) -> dict[str, float]:
    """Raises: ValueError: one is no quantity."""
    amounts: dict[str, float] = {}
    for name, text in requests.items():
        if name not in BASIC and not _is_gpu(name):
            continue
        amount = quantity(str(text))
        if amount is None or not 0 <= amount <= AMOUNT_MAX:
            raise ValueError(name)
        amounts[name] = amount
    return amounts


def _is_gpu(name: str) -> bool:
    """`nvidia.com/gpu`, `amd.com/gpu`, `gpu.intel.com/i915`, `nvidia.com/mig-1g.5gb`."""
    lower = name.lower()
    return len(name) <= NAME_LENGTH_MAX and ("gpu" in lower or "/mig-" in lower)


def _sum(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0.0) + amount
    return total
