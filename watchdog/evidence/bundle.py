"""Writes all that is known of one eval set at one instant: a bundle, which `check` reads later.

What can't be read is left out and said. A directory that is half written is no bundle: it has no
`bundle.json`, and another name until it is complete.
"""

import asyncio
import json
import os
import re
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from watchdog.collect.bundle import FORMAT, MANIFEST
from watchdog.collect.inspect.logs import last_part
from watchdog.collect.kubernetes.connection import Connection
from watchdog.collect.kubernetes.export import Exported, export
from watchdog.collect.kubernetes.watched import PLACE, folder_of, split_template
from watchdog.collect.limits import BUNDLE_BYTES
from watchdog.collect.stores.folder import FolderStore
from watchdog.collect.stores.objects import StoreError
from watchdog.collect.stores.opening import open_store
from watchdog.collect.stores.reading import read_file
from watchdog.collect.values import printable
from watchdog.config.settings import Settings
from watchdog.errors import ConfigError, UsageError
from watchdog.evidence.copy_bundle import copy_cluster
from watchdog.evidence.copy_store import copy_store
from watchdog.evidence.redact import Stopped, redact_directory
from watchdog.evidence.report import Wanted, write_report
from watchdog.evidence.whose import Whose, whose
from watchdog.model.instants import compact, timestamp
from watchdog.model.verdict import Problem
from watchdog.pipeline.targets import CLUSTER, wants_cluster
from watchdog.redaction import Secrets, redact

ARCHIVES = (".tar.gz", ".tgz")
NOTES = 50
"""Objects that are named each."""


_EVERYTHING = Wanted()


class Written(Struct, frozen=True):
    """A bundle, and what a person should know of it, line by line."""

    path: Path
    notes: tuple[str, ...]


class Part(Struct, frozen=True):
    """What became of one part of a bundle."""

    found: bool
    """Whether it knows the eval set."""
    notes: tuple[str, ...]


async def evidence(  # noqa: PLR0913, PLR0917 - what a bundle is
    eval_set_id: str,
    settings: Settings,
    now: float,
    output: Path | None,
    max_bytes: int,
    wanted: Wanted = _EVERYTHING,
    secrets: Secrets | None = None,
    bundle: Path | None = None,
) -> Written:
    """Write the bundle of an eval set, without secrets.

    Args:
        eval_set_id: its id in the configured cluster and store; as the service has it, where
            several sources hold one of its name.
        settings: how both are reached.
        now: the instant of the bundle, seconds since the epoch.
        output: the directory to make, or a file that ends in `.tar.gz`; by default a directory
            in the working directory.
        max_bytes: how much of the store is copied at most.
        wanted: what it is to hold beside that.
        secrets: values that must not be in it.
        bundle: where it is one already: taken as it was captured then.

    Raises:
        UsageError: the directory can't be made, or the eval set is not known anywhere.
    """
    path = output or Path(default_name(eval_set_id, now))
    learned_secrets = secrets if secrets is not None else Secrets(settings.secrets)
    try:
        with _staged(path) as staged:
            if bundle is not None:
                notes = await _take_over(bundle, settings, staged, max_bytes)
            else:
                eval_set = whose(eval_set_id, settings, wanted.live)
                notes = await _write(eval_set, settings, now, staged, max_bytes)
            await write_report(staged, settings, wanted, notes, learned_secrets)
            notes = (*notes, *await _finished(staged, wanted, learned_secrets))
    except OSError as error:
        raise UsageError(f"{error.filename or path}: {error.strerror or error}") from error
    return Written(path, notes)


def default_name(eval_set_id: str, now: float) -> str:
    """A directory's name for an id, which may be any text."""
    fit = re.sub(r"[^A-Za-z0-9._-]+", "_", redact(eval_set_id))[:100].lstrip("._-")
    return f"{fit or 'eval-set'}-{compact(now)}"


@contextmanager
def _staged(path: Path) -> Iterator[Path]:
    """A directory that becomes `path` in the end, or goes away."""
    _refuse(path)
    staged = Path(tempfile.mkdtemp(prefix=".evidence-", dir=path.parent))
    try:
        yield staged
        _refuse(path)
        if path.name.endswith(ARCHIVES):
            _pack(staged, path)
        else:
            staged.rename(path)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _pack(staged: Path, path: Path) -> None:
    """The bundle as an archive with one folder of the archive's name in it."""
    folder = path.name.removesuffix(".tgz").removesuffix(".tar.gz")
    half = staged.with_name(f"{staged.name}.tar.gz")
    try:
        with tarfile.open(half, "w:gz") as archive:
            archive.add(staged, folder)
        half.rename(path)
    finally:
        half.unlink(missing_ok=True)


async def _finished(staged: Path, wanted: Wanted, secrets: Secrets) -> tuple[str, ...]:
    """`_finish` in a thread, which ends soon after its task was cancelled.

    It has ended when this raises: the directory can be removed.
    """
    cancelled = threading.Event()
    work = asyncio.create_task(
        asyncio.to_thread(_finish, staged, wanted, secrets, cancelled.is_set)
    )
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        cancelled.set()
        with suppress(Stopped):
            await work
        raise


def _finish(
    staged: Path, wanted: Wanted, secrets: Secrets, stop: Callable[[], bool]
) -> tuple[str, ...]:
    """Take out what isn't wanted, and what is secret."""
    if not wanted.store:
        shutil.rmtree(staged / "store", ignore_errors=True)
    redacted = redact_directory(staged, secrets, stop=stop)
    count = len(redacted.changed)
    note = (f"redacted: secrets in {count} {'file' if count == 1 else 'files'}",) if count else ()
    return (*note, *redacted.notes)


def _refuse(path: Path) -> None:
    if os.path.lexists(path):
        raise UsageError(f"{path}: exists already; nothing is overwritten")


async def _write(
    eval_set: Whose, settings: Settings, now: float, into: Path, max_bytes: int
) -> tuple[str, ...]:
    parts = await _both(
        _store(eval_set, settings, into / "store", max_bytes),
        _cluster(eval_set, settings, into / "kubernetes", now),
    )
    notes = tuple(printable(note) for part in parts for note in part.notes)
    if not any(part.found for part in parts):
        raise UsageError(f"{printable(eval_set.name)}: no such eval set ({'; '.join(notes)})")
    about = {
        "format": FORMAT,
        "eval_set_id": eval_set.name,
        "captured_at": timestamp(now),
    }
    (into / MANIFEST).write_text(json.dumps(about) + "\n", "utf-8")
    return notes


async def _take_over(
    bundle: Path, settings: Settings, into: Path, max_bytes: int
) -> tuple[str, ...]:
    """Another bundle's store and cluster, with its own instant."""
    notes: tuple[str, ...] = ()
    if (bundle / "store").is_dir():
        part = await _copy(str(bundle / "store"), "", settings, into / "store", max_bytes)
        notes = part.notes
    copied, is_all = await asyncio.to_thread(copy_cluster, bundle, into, max_bytes)
    rest = "" if is_all else ", and not all"
    (into / MANIFEST).write_bytes(read_file(bundle, MANIFEST, BUNDLE_BYTES))
    return (*notes, f"kubernetes: {copied} files{rest} of {bundle}")


async def _both(*parts: Awaitable[Part]) -> list[Part]:
    """Both parts, or the failure of one once neither writes any more."""
    results = await asyncio.gather(*parts, return_exceptions=True)
    for part in results:
        if isinstance(part, BaseException):
            raise part
    return [part for part in results if isinstance(part, Part)]


async def _store(eval_set: Whose, settings: Settings, into: Path, max_bytes: int) -> Part:
    places = list(_places(eval_set, settings))
    if not places:
        return Part(False, ("store: left out: kubernetes.store is not configured",))
    parts = []
    for root, folder in places:
        parts.append(await _copy(root, folder, settings, into, max_bytes))
        if parts[-1].found or (root, folder) == places[-1]:
            break
        shutil.rmtree(into, ignore_errors=True)
    return Part(parts[-1].found, tuple(note for part in parts for note in part.notes))


def _places(eval_set: Whose, settings: Settings) -> Iterator[tuple[str, str]]:
    """Root and folder of everywhere that its logs may be."""
    if settings.kubernetes.store is not None and eval_set.is_in(CLUSTER):
        root, folder = split_template(settings.kubernetes.store)
        yield root, folder_of(folder, eval_set.name)
    for target in filter(eval_set.is_in, settings.logs):
        yield (
            (target, "")
            if last_part(target) == eval_set.name
            else (target, folder_of(PLACE, eval_set.name))
        )


async def _copy(root: str, folder: str, settings: Settings, into: Path, max_bytes: int) -> Part:
    try:
        store = open_store(root, settings.s3, settings.concurrency)
        copied = await copy_store(FolderStore(store, folder), into, max_bytes)
    except StoreError as error:
        return Part(False, (f"store: left out: {error.text}",))
    await store.aclose()
    where = f"{root}/{folder}".rstrip("/")
    summary = f"store: {copied.objects} objects, {copied.size:,} bytes of {where}"
    return Part(bool(copied.objects or copied.left_out), (summary, *_named(copied.left_out)))


async def _cluster(eval_set: Whose, settings: Settings, into: Path, now: float) -> Part:
    if not eval_set.is_in(CLUSTER):
        return Part(False, ("kubernetes: left out: another source tells of it",))
    if settings.logs and not wants_cluster(settings):
        return Part(False, ("kubernetes: left out: no cluster is watched",))
    try:
        connection = Connection(settings.kubernetes)
    except ConfigError as error:
        return Part(False, (f"kubernetes: left out: {error}",))
    try:
        exported = await asyncio.to_thread(
            export, connection, settings.kubernetes, eval_set.name, into, now
        )
    finally:
        connection.close()
    return Part(exported.objects > 0, (_counted(exported), *_named(exported.left_out)))


def _counted(exported: Exported) -> str:
    counts = [f"{count} {kind}" for kind, count in exported.counts.items()]
    return f"kubernetes: {', '.join((*counts, f'{exported.logs} logs'))}"


def _named(left_out: tuple[Problem, ...]) -> tuple[str, ...]:
    more = len(left_out) - NOTES
    notes = tuple(f"left out: {one.where}: {one.text}" for one in left_out[:NOTES])
    return (*notes, f"left out: {more} more") if more > 0 else notes
