"""A bundle: a directory that holds all that is known of one eval set at one instant.

Format: the project's contract, section 3. `store/` is read as any store; the cluster's objects
stand in `kubernetes/*.json`, runners' logs in `kubernetes/logs/<namespace>/<pod>.log`.
"""

import asyncio
import json
from pathlib import Path

import msgspec
from msgspec import Struct

from watchdog.collect.inspect import runner_log
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.kubernetes.files import read_view
from watchdog.collect.place import Place
from watchdog.collect.source import Emit, PollResult
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.values import instant
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.facts import ClusterRead, EvalSetUnreadable, Fact, Located, SpecRead
from watchdog.model.verdict import Problem

MANIFEST = "bundle.json"
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
    return (directory / MANIFEST).is_file()


def read_bundle(directory: Path) -> Bundle:
    """A bundle's own description.

    Raises:
        BundleError: it can't be read or is not of this format.
    """
    path = directory / MANIFEST
    try:
        return _bundle_of(json.loads(path.read_bytes()))
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path}: {error}") from error


def _bundle_of(manifest: object) -> Bundle:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f'"format" is not {FORMAT}')
    eval_set_id, captured_at = manifest.get("eval_set_id"), manifest.get("captured_at")
    if not isinstance(eval_set_id, str) or not eval_set_id:
        raise ValueError('"eval_set_id" is missing')
    if captured_at is not None and instant(captured_at) is None:
        raise ValueError('"captured_at" is no ISO 8601 time')
    return Bundle(eval_set_id, instant(captured_at))


class BundleSource:
    """Implements `Source` over a bundle: the store first, then the cluster, then runners' logs."""

    def __init__(
        self,
        directory: Path,
        bundle: Bundle,
        options: LogsOptions,
        kubernetes: Kubernetes | None = None,
    ) -> None:
        options = msgspec.structs.replace(options, sqlite=False, eval_set_id=bundle.eval_set_id)
        store = directory / "store"
        self._logs = LogsSource(DirectoryStore(store), options) if store.is_dir() else None
        self._directory = directory
        self._eval_set_id = bundle.eval_set_id
        self._captured_at = bundle.captured_at
        self._kubernetes = kubernetes or Kubernetes()
        self._tasks: set[str] = set()
        self._read: dict[Path, tuple[int, int]] = {}

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

    async def poll(self, now: float, emit: Emit) -> PollResult:
        """Read what is new in the bundle's parts."""
        result = await self._poll_store(now, emit)
        problems, failures = result.problems, result.failures
        problems += await asyncio.to_thread(self._poll_cluster, now, emit)
        for path in await asyncio.to_thread(self._runner_logs):
            log_problems = await self._poll_log(path, emit)
            problems += log_problems
            failures += ("unavailable",) * len(log_problems)
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

    def _runner_logs(self) -> list[Path]:
        return sorted((self._directory / "kubernetes" / "logs").glob("*/*.log"))

    async def _poll_log(self, path: Path, emit: Emit) -> tuple[Problem, ...]:
        try:
            facts = await asyncio.to_thread(self._parse, path)
        except OSError as error:
            return (
                Problem(str(path.relative_to(self._directory)), error.strerror or "unreadable"),
            )
        for fact in facts:
            emit(fact)
        return ()

    def _parse(self, path: Path) -> list[Fact]:
        status = path.stat()
        version = (status.st_mtime_ns, status.st_size)
        if self._read.get(path) == version:
            return []
        with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            facts = list(runner_log.parse(lines, self._eval_set_id, self._tasks, path.stem))
        self._read[path] = version
        return facts
