"""`python -m tests.performance.cluster`: what it costs to know a large cluster's pods.

Our reader against the official client's own deserialisation, on the same bytes from the same
server over HTTP, each in a process of its own; then our steady cost while pods change. Theirs
takes long, ours is over at once: before each of their pages we list everything, so that whatever
else the machine does meanwhile slows both alike.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.performance import workers
from tests.performance.cluster_server import CHANGES, PAGE, RUNNERS, SANDBOXES, serving
from watchdog.collect.kubernetes.cache import ClusterCache
from watchdog.collect.kubernetes.connection import Connection
from watchdog.collect.kubernetes.reflector import Environment
from watchdog.config.kubernetes import Kubernetes

ROUNDS = 2
STEADY_SECONDS = 20
LESS_CPU, LESS_MEMORY = 50, 60 * 1024 * 1024
PODS = SANDBOXES + RUNNERS


@dataclass(frozen=True)
class Cost:
    """Seconds of CPU, and bytes above the idle process at most."""

    cpu: float
    memory: int


def own_polling(kubeconfig: str) -> Cost:
    """List all with our reader."""
    cache, connection = _cache(kubeconfig)
    idle = _idle()
    before = workers.own_cpu()
    cache.start()
    assert cache.wait_listed(120), cache.snapshot().errors
    cost = Cost(workers.own_cpu() - before, workers.peak() - idle)
    assert len(cache.snapshot().pods) == PODS
    connection.close()
    cache.stop()
    return cost


@dataclass
class _Theirs:
    """What their process keeps between two pages."""

    api: Any = None
    pods: list[Any] = field(default_factory=list)
    token: str | None = None
    idle: int = 0
    cpu: float = 0.0


_THEIRS = _Theirs()


def their_start(kubeconfig: str) -> None:
    """Make the official client ready; nothing is listed yet."""
    from kubernetes import client, config  # noqa: PLC0415 - ours shall not pay for its models

    config.load_kube_config(kubeconfig)
    _THEIRS.api = client.CoreV1Api()
    _THEIRS.api.list_namespace()
    _THEIRS.idle = _idle()


def their_page() -> bool:
    """List a page with the official client, and keep what it makes of it; whether more follow."""
    before = workers.own_cpu()
    page = _THEIRS.api.list_pod_for_all_namespaces(limit=PAGE, _continue=_THEIRS.token)
    _THEIRS.pods += page.items
    _THEIRS.token = page.metadata._continue
    _THEIRS.cpu += workers.own_cpu() - before
    return bool(_THEIRS.token)


def their_cost() -> Cost:
    """Give what all pages took."""
    assert len(_THEIRS.pods) == PODS
    return Cost(_THEIRS.cpu, workers.peak() - _THEIRS.idle)


def steady(kubeconfig: str) -> float:
    """Give our CPU per second while pods change, with a snapshot taken every second."""
    cache, connection = _cache(kubeconfig)
    cache.start()
    assert cache.wait_listed(120)
    version = newest(cache)
    before, began = workers.own_cpu(), time.monotonic()
    for _ in range(STEADY_SECONDS):
        time.sleep(1)
        cache.snapshot()
    cost = (workers.own_cpu() - before) / (time.monotonic() - began)
    seen = newest(cache) - version
    assert seen >= CHANGES * STEADY_SECONDS * 0.7, f"only {seen} changes came"
    connection.close()
    cache.stop()
    return cost


def newest(cache: ClusterCache) -> int:
    """Give the newest version of a pod that has come."""
    return max(int(entry.meta.resource_version) for entry in cache.snapshot().pods.values())


def say(line: str) -> None:
    """Print a line of the table."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Measure, print, tell whether the goals are met."""
    with serving() as (address, size), tempfile.TemporaryDirectory() as folder:
        kubeconfig = _kubeconfig(Path(folder), address)
        say(f"{SANDBOXES} sandbox pods, {RUNNERS} runners: {size / PODS / 1024:.1f} KiB a pod")
        our, their = _interleaved(kubeconfig)
        with workers.Worker() as worker:
            each_second = worker.run(steady, kubeconfig)
    return _report(our, their, each_second)


def _interleaved(kubeconfig: str) -> tuple[list[Cost], list[Cost]]:
    """Measure in turn: our costs of a listing, and theirs."""
    our: list[Cost] = []
    their: list[Cost] = []
    for _ in range(ROUNDS):
        with workers.Worker() as one, workers.Worker() as other:
            other.run(their_start, kubeconfig)
            our.append(one.run(own_polling, kubeconfig))
            while other.run(their_page):
                our.append(one.run(own_polling, kubeconfig))
            their.append(other.run(their_cost))
    return our, their


def _report(our: list[Cost], their: list[Cost], each_second: float) -> int:
    our_cpu, their_cpu = (median(cost.cpu for cost in costs) for costs in (our, their))
    our_memory, their_memory = (max(cost.memory for cost in costs) for costs in (our, their))
    say(f"{'':32}{'own_polling':>12}{'official':>12}{'ratio':>9}   goal")
    ratio, mib = their_cpu / our_cpu, 1024 * 1024
    goals = [
        _line("CPU of a full listing, s", our_cpu, their_cpu, ratio >= LESS_CPU, "50 times less"),
        _line(
            "memory above idle, MiB",
            our_memory / mib,
            their_memory / mib,
            our_memory < LESS_MEMORY,
            "under 60 MiB",
        ),
    ]
    say(f"{'CPU of a pod, ms':32}{our_cpu / PODS * 1e3:12.4f}{their_cpu / PODS * 1e3:12.4f}")
    say(f"{f'CPU with {CHANGES} changes a second':32}{each_second * 100:11.2f}%")
    return 0 if all(goals) else 1


def _line(what: str, our: float, their: float, met: bool, goal: str) -> bool:
    verdict = "met" if met else "NOT MET"
    say(f"{what:32}{our:12.3f}{their:12.3f}{their / our:8.1f}x   {goal}: {verdict}")
    return met


def _idle() -> int:
    gc.collect()
    workers.reset_peak()
    return workers.resident()


def _cache(kubeconfig: str) -> tuple[ClusterCache, Connection]:
    settings = Kubernetes(kubeconfig=Path(kubeconfig), page_size=PAGE)
    connection = Connection(settings)
    return ClusterCache(
        connection, settings, Environment(time.time), usage_interval=None
    ), connection


def _kubeconfig(folder: Path, address: str) -> str:
    context = {"name": "bench", "context": {"cluster": "bench", "user": "bench"}}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "bench",
        "clusters": [{"name": "bench", "cluster": {"server": address}}],
        "contexts": [context],
        "users": [{"name": "bench", "user": {"token": "t"}}],
    }
    path = folder / "config"
    path.write_text(json.dumps(config))
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
