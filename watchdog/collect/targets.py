"""From a TARGET as a person writes it to a source: a bundle, a log directory, an S3 prefix."""

from pathlib import Path

from watchdog.collect.bundle import BundleError, BundleSource, is_bundle, read_bundle
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.source import Source
from watchdog.collect.stores.opening import StoreError, is_remote, open_store
from watchdog.config.kubernetes import Kubernetes
from watchdog.config.s3 import S3


class TargetError(Exception):
    """A target can't be watched; the text is one clear line."""


def open_target(
    target: str,
    s3: S3,
    options: LogsOptions,
    kubernetes: Kubernetes | None = None,
    name: str = "store",
) -> tuple[Source, float | None]:
    """The source of a target, by `name`, and the time at which a bundle was captured.

    Raises:
        TargetError: it does not exist, is of no known kind, or there are no credentials for it.
    """
    try:
        return _open(target, s3, options, kubernetes, name)
    except (BundleError, StoreError) as error:
        raise TargetError(error.text if isinstance(error, StoreError) else str(error)) from error


def _open(
    target: str, s3: S3, options: LogsOptions, kubernetes: Kubernetes | None, name: str
) -> tuple[Source, float | None]:
    if is_remote(target):
        return LogsSource(open_store(target, s3, options.concurrency), options, name), None
    path = _directory(target)
    if is_bundle(path):
        bundle = read_bundle(path)
        return BundleSource(path, bundle, options, kubernetes), bundle.captured_at
    return LogsSource(open_store(target, s3), options, name), None


def _directory(target: str) -> Path:
    if not target.strip():
        raise TargetError("an empty TARGET; is a variable not set?")
    path = Path(target)
    if not path.exists():
        raise TargetError(f"{target}: there is no such directory")
    if not path.is_dir():
        if path.name.endswith((".tar.gz", ".tgz", ".tar")):
            raise TargetError(f"{target}: an archive; unpack it, then give the directory")
        raise TargetError(f"{target}: a file; give the directory that holds it")
    return path
