"""A bundle: a directory that holds all that is known of one eval set at one instant.

Format: the project's contract, section 3. `store/` is read as any store; the cluster's objects
stand in `kubernetes/*.json`, runners' logs in `kubernetes/logs/<namespace>/<pod>.log`.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from watchdog.collect.inspect import runner_log
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.kubernetes.files import read_view
from watchdog.collect.limits import (
    BUNDLE_BYTES,
    LOOK_LOG,
    RUNNER_LOG_BYTES,
    RUNNER_LOGS,
    RUNNER_LOGS_BYTES,
)
from watchdog.collect.place import Place
from watchdog.collect.source import Emit, PodLog, PollResult
from watchdog.collect.stores.contained import open_file, resolved
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.stores.lines import last_lines
from watchdog.collect.stores.objects import Folder, StoreError, join
from watchdog.collect.stores.reading import exists, read_file
from watchdog.collect.values import instant, name, printable
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import Pod
from watchdog.model.facts import ClusterRead, EvalSetUnreadable, Fact, Located, SpecRead
from watchdog.model.verdict import Problem

MANIFEST = "bundle.json"
LOGS = "kubernetes/logs"
STORE = "store"
FORMAT = 1


class BundleError(Exception):
    """A `bundle.json` is unusable; the text names the file and the reason."""


class Bundle(Struct, frozen=True):
    """What `bundle.json` says."""

    eval_set_id: str
    captured_at: float | None = None
    """Seconds since the epoch."""


def is_bundle(directory: Path) -> bool:
    """Whether a directory is a bundle."""
    return exists(directory, MANIFEST)


def read_bundle(directory: Path) -> Bundle:
    """A bundle's own description.

    Raises:
        BundleError: it can't be read or is not of this format.
    """
    path = directory / MANIFEST
    try:
        return _bundle_of(json.loads(read_file(directory, MANIFEST, BUNDLE_BYTES)))
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path}: {error}") from error


def _bundle_of(manifest: object) -> Bundle:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f'"format" is not {FORMAT}')
    eval_set_id, captured_at = manifest.get("eval_set_id"), manifest.get("captured_at")
    if not isinstance(eval_set_id, str) or not name(eval_set_id):
        raise ValueError('"eval_set_id" is missing')
    if captured_at is not None and instant(captured_at) is None:
        raise ValueError('"captured_at" is no ISO 8601 time')
    return Bundle(name(eval_set_id) or "", instant(captured_at))


class BundleSource:
    """Implements `Source` over a bundle: the store first, then the cluster, then runners' logs."""

    def __init__(
        self,
        directory: Path,
        bundle: Bundle,
        options: LogsOptions,
        kubernetes: Kubernetes | None = None,
    ) -> None:
        options = msgspec.structs.replace(
            options, sqlite=False, newest_first=False, eval_set_id=bundle.eval_set_id
        )
        store = directory / STORE
        self._logs = LogsSource(DirectoryStore(store), options) if _has_store(directory) else None
        self._directory = directory
        self._eval_set_id = bundle.eval_set_id
        self._captured_at = bundle.captured_at
        self._kubernetes = kubernetes or Kubernetes()
        self._tasks: set[str] = set()
        self._logs_folder = DirectoryStore(directory)
        self._read: dict[str, tuple[int, int]] = {}

    @property
    def name(self) -> str:
        """The source's name in metrics."""
        return "bundle"

    async def aclose(self) -> None:
        """Release the store."""
        if self._logs:
            await self._logs.aclose()

    def place_of(self, eval_set_id: str, log: str) -> Place | None:
        """Where a log of the bundle is."""
        return self._logs.place_of(eval_set_id, log) if self._logs else None

    async def runner_logs(self, _: str, pods: Sequence[Pod]) -> tuple[PodLog, ...] | None:
        """The ends of the logs that the bundle has."""
        del pods
        paths, _left_out = await self._runner_logs()
        return tuple([await asyncio.to_thread(self._end_of, path) for path in paths]) or None

    def _end_of(self, path: str) -> PodLog:
        pod = Path(path).stem
        try:
            descriptor, status = open_file(self._directory, path)
            with os.fdopen(descriptor, "rb") as file:
                lines = tuple(last_lines(file, status.st_size, LOOK_LOG.value))
        except OSError as error:
            return PodLog(pod, problem=error.strerror or "unreadable")
        return PodLog(pod, lines, status.st_size <= LOOK_LOG.value)

    async def poll(self, now: float, emit: Emit) -> PollResult:
        """Read what is new in the bundle's parts."""
        result = await self._poll_store(now, emit)
        problems, failures = result.problems, result.failures
        problems += await asyncio.to_thread(self._poll_cluster, now, emit)
        paths, left_out = await self._runner_logs()
        problems += left_out
        for path in paths:
            problem, failed = await self._poll_log(path, emit)
            problems += (problem,) if problem is not None else ()
            failures += ("unavailable",) if failed else ()
        return msgspec.structs.replace(result, problems=problems, failures=failures)

    async def _poll_store(self, now: float, emit: Emit) -> PollResult:
        if self._logs is None:
            text = "the bundle has no store/"
            emit(EvalSetUnreadable(self._eval_set_id, now, text))
            return PollResult((Problem(str(self._directory), text),), ("not_found",))

        def note(fact: Fact) -> None:
            if isinstance(fact, SpecRead):
                self._tasks.add(fact.spec.task)
            emit(self._located() if isinstance(fact, Located) else fact)

        return await self._logs.poll(now, note)

    def _located(self) -> Located:
        """The bundle itself; what came without any word of a cluster ran on some machine."""
        local = not (self._directory / "kubernetes").is_dir()
        return Located(self._eval_set_id, str(self._directory), "", local)

    def _poll_cluster(self, now: float, emit: Emit) -> tuple[Problem, ...]:
        at = self._captured_at if self._captured_at is not None else now
        folder = self._directory / "kubernetes"
        view, problems = read_view(folder, self._kubernetes, self._eval_set_id, at)
        if view is not None:
            emit(ClusterRead(self._eval_set_id, view))
        return problems

    async def _runner_logs(self) -> tuple[list[str], tuple[Problem, ...]]:
        """The runners' logs that are read, in order of names, and what is left out of them."""
        logs: list[tuple[str, int, float]] = []
        problems: list[Problem] = []
        top = await self._listed(LOGS, problems)
        for namespace in top.folders[: RUNNER_LOGS.value]:
            folder = await self._listed(join(LOGS, namespace), problems)
            place = join(LOGS, namespace)
            logs += [
                (join(place, f.name), f.size, f.mtime) for f in folder.files if _is_log(f.name)
            ]
        logs.sort(key=lambda log: (-log[2], log[0]))
        left = RUNNER_LOGS_BYTES.value
        paths: list[str] = []
        for path, size, _ in logs[: RUNNER_LOGS.value]:
            left -= min(size, RUNNER_LOG_BYTES.value)
            paths += [path] if left >= 0 else []
        if len(paths) < len(logs):
            text = f"{len(logs) - len(paths):,} older runners' logs are left out: they have "
            why = RUNNER_LOGS_BYTES.more if left < 0 else RUNNER_LOGS.more
            problems.append(Problem(LOGS, text + why))
        return sorted(paths), tuple(problems)

    async def _listed(self, path: str, problems: list[Problem]) -> Folder:
        try:
            folder = await self._logs_folder.list_dir(path)
        except StoreError as error:
            if error.reason != "not_found":
                problems.append(Problem(path, error.text))
            return Folder()
        for file, why in folder.left_out:
            problems.append(Problem(printable(join(path, file)), f"left out: {why}"))
        return folder

    async def _poll_log(self, path: str, emit: Emit) -> tuple[Problem | None, bool]:
        """A runner's log: what is to be told of it, and whether it could not be read."""
        try:
            facts, cut = await asyncio.to_thread(self._parse, path)
        except OSError as error:
            return Problem(path, error.strerror or "unreadable"), True
        for fact in facts:
            emit(fact)
        return (Problem(path, cut) if cut else None), False

    def _parse(self, path: str) -> tuple[list[Fact], str]:
        """What a log says, and what of it was not read.

        Raises:
            OSError: it can't be read.
        """
        descriptor, status = open_file(self._directory, path)
        version = (status.st_mtime_ns, status.st_size)
        most = RUNNER_LOG_BYTES.value
        cut = (
            f"{RUNNER_LOG_BYTES.text(status.st_size)}: its end is" if status.st_size > most else ""
        )
        with os.fdopen(descriptor, "rb") as file:
            if self._read.get(path) == version:
                return [], cut
            lines = last_lines(file, status.st_size, most)
            pod = Path(path).stem
            facts = list(runner_log.parse(lines, self._eval_set_id, self._tasks, pod))
        self._read[path] = version
        return facts, cut


def _has_store(directory: Path) -> bool:
    """Whether a bundle has a store of its own, and no link to somebody else's."""
    try:
        return (directory / resolved(directory, STORE)).is_dir()
    except OSError:
        return False


def _is_log(name: str) -> bool:
    return name.endswith(".log")
