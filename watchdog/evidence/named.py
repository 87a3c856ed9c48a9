"""Which eval set a person means: by its id, its folder, what Inspect calls it, or a target.

A target is what `check` takes: a log directory, an S3 prefix, a bundle.
"""

import shlex
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from msgspec import Struct

from watchdog.collect.bundle import BundleError, is_bundle, read_bundle
from watchdog.collect.inspect.folders import walk
from watchdog.collect.inspect.logs import is_eval_set, last_part, named_by_path
from watchdog.collect.inspect.own_name import own_name
from watchdog.collect.stores.objects import Folder, Store, StoreError
from watchdog.collect.stores.opening import is_remote, open_store
from watchdog.collect.values import printable
from watchdog.config.settings import Settings
from watchdog.errors import UsageError

SHOWN = 10


class Named(Struct, frozen=True):
    """An eval set, and where it is."""

    eval_set_id: str
    target: str | None = None
    """The log directory or prefix that holds it; None where the settings say where it is."""
    bundle: Path | None = None
    """Where it is one already."""


async def named(text: str, settings: Settings, logs: tuple[str, ...]) -> Named:
    """The eval set that `text` means; where it is none of these, an id.

    Args:
        text: as a person writes it.
        settings: how stores are reached.
        logs: the targets that were given beside it: `text` is then a name in one of them.

    Raises:
        UsageError: the target holds no eval set, or several.
    """
    if not logs and _is_target(text):
        return await _only_one(text, settings)
    meant = Named(text)
    for target in logs:
        bundle = _bundle(target)
        if bundle is not None and bundle.eval_set_id == text:
            return bundle
        if bundle is None:
            own = named_by_path(target, text)
            names = dict([pair async for pair in _eval_sets(target, settings)])
            for name, inspects in names.items():
                if text == inspects != name:
                    return Named(name, target)
            if own in names and text not in names:
                meant = Named(own, target)
    return meant


def bundle_named(name: str, targets: Iterable[str]) -> Path | None:
    """The bundle among these targets that is of an eval set; None where none is.

    Raises:
        UsageError: one that is a bundle can't be read.
    """
    bundles = (bundle for target in targets if (bundle := _bundle(target)) is not None)
    return next((one.bundle for one in bundles if one.eval_set_id == name), None)


def _is_target(text: str) -> bool:
    return is_remote(text) or Path(text).is_dir()


async def _only_one(target: str, settings: Settings) -> Named:
    bundle = _bundle(target)
    if bundle is not None:
        return bundle
    names = [name async for name, _ in _eval_sets(target, settings)]
    if len(names) == 1:
        return Named(names[0], target)
    if not names:
        raise UsageError(f"{target}: no eval set is there")
    shown = ", ".join(map(printable, names[:SHOWN]))
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    place = shlex.quote(target)
    raise UsageError(
        f"{target}: {len(names):,} eval sets are there: {shown}{more}; name "
        f"one: `watchdog evidence {shlex.quote(names[0])} --logs {place}`"
    )


def _bundle(target: str) -> Named | None:
    if is_remote(target) or not is_bundle(Path(target)):
        return None
    try:
        return Named(read_bundle(Path(target)).eval_set_id, bundle=Path(target))
    except BundleError as error:
        raise UsageError(str(error)) from error


async def _eval_sets(target: str, settings: Settings) -> AsyncIterator[tuple[str, str]]:
    """The eval sets of a target: what their folders are called, and what Inspect calls them."""
    try:
        store = open_store(target, settings.s3, settings.concurrency)
    except StoreError as error:
        raise UsageError(error.text) from error
    try:
        for path, folder in await _folders(store):
            yield path or last_part(target), await own_name(store, path, folder) or ""
    except StoreError as error:
        raise UsageError(error.text) from error
    finally:
        await store.aclose()


async def _folders(store: Store) -> list[tuple[str, Folder]]:
    root = await store.list_dir()
    tree = await walk(store.list_dir, root)
    return [(path, f) for path, f in (("", root), *tree.folders.items()) if is_eval_set(f)]
