"""A cluster source over what a test puts into its cache and its folders."""

from msgspec.structs import replace

from tests.builders.cluster_entries import KNOWN, job, pod
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.kubernetes.eval_set_objects import Objects
from watchdog.collect.kubernetes.runner_logs import RunnerLogs
from watchdog.collect.kubernetes.source import ClusterSource, ClusterState
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.work.account import PollLimits
from watchdog.config.kubernetes import Kubernetes

UNLIMITED = PollLimits()


class Cache:
    """What a test puts there."""

    def __init__(self):
        self.now = ClusterState(Objects(lambda kind, _: kind in KNOWN), 1.0, listed=True)
        self.closed = False

    async def state(self, _now):
        return self.now

    def show(self, **parts):
        self.now = replace(self.now, objects=Objects(lambda kind, _: kind in KNOWN, **parts))

    async def aclose(self):
        self.closed = True


def write(root, files):
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def source_over(
    cache, tmp_path, read=lambda *_: b"", only=frozenset(), poll_limits=UNLIMITED, **options
):
    def open_logs(name):
        options = LogsOptions(
            listing_interval=0.001, sqlite=False, eval_set_id=name, poll_limits=poll_limits
        )
        return LogsSource(DirectoryStore(tmp_path / name), options)

    logs = RunnerLogs(read, "inspect-eval-set", 10_000)
    return ClusterSource(cache, Kubernetes(), open_logs, logs, only=only, **options)


def running(name="abc"):
    return {
        "jobs": [job(f"inspect-{name}", "run", job_id=name)],
        "pods": [pod(f"inspect-{name}", "run-1", job_id=name)],
    }
