"""Where each source has its eval sets: what two of them have in one place is one eval set."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from watchdog.collect.inspect.logs import last_part
from watchdog.config.settings import Settings
from watchdog.pipeline.names import Home
from watchdog.pipeline.targets import ALONE, CLUSTER, wants_cluster


def homes(settings: Settings, sources: Iterable[str]) -> dict[str, Home]:
    """For each source, by its name, the address of an eval set that it has."""
    return {source: _home(source, settings) for source in sources}


def _home(source: str, settings: Settings) -> Home:
    if source == CLUSTER and wants_cluster(settings) and settings.kubernetes.store is not None:
        return _in_cluster(settings.kubernetes.store)
    target = settings.logs[0] if source == ALONE and settings.logs else source
    return partial(_below, _absolute(target)) if target in settings.logs else partial(_of, source)


def _in_cluster(store: str) -> Home:
    # the cluster's client takes a while to import, and a log directory needs none of it
    from watchdog.collect.kubernetes.watched import folder_of, split_template  # noqa: PLC0415

    root, folder = split_template(store)
    return lambda name: f"{_absolute(root)}/{folder_of(folder, name)}"


def _below(root: str, name: str) -> str:
    """An eval set's folder: a target is the folder of one, or of several."""
    return root if last_part(root) == name else f"{root}/{name}"


def _of(source: str, name: str) -> str:
    return f"{source}\0{name}"


def _absolute(target: str) -> str:
    return target.rstrip("/") if "://" in target else str(Path(target).expanduser().resolve())
