"""One interface over a directory and S3, and how to get one for a target."""

from pathlib import Path
from urllib.parse import urlsplit

from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.stores.objects import (
    FileMeta,
    Folder,
    Got,
    NotModified,
    Store,
    StoreError,
    is_transient,
    join,
)
from watchdog.config.s3 import S3

__all__ = [
    "FileMeta",
    "Folder",
    "Got",
    "NotModified",
    "Store",
    "StoreError",
    "is_remote",
    "is_transient",
    "join",
    "open_store",
]

CONCURRENCY = 16
"""Requests in flight at once, unless told otherwise."""


def is_remote(target: str) -> bool:
    """Whether a target names a bucket."""
    return target.startswith("s3://")


def open_store(target: str, s3: S3, concurrency: int = CONCURRENCY) -> Store:
    """The store of `s3://bucket/prefix` or of a directory's path. Reads nothing yet.

    Raises:
        StoreError: the URL names no bucket, or boto3 finds no credentials.
    """
    return _open_bucket(target, s3, concurrency) if is_remote(target) else _open_directory(target)


def _open_directory(target: str) -> Store:
    return DirectoryStore(Path(target))


def _open_bucket(target: str, s3: S3, concurrency: int) -> Store:
    # obstore's client takes seconds to import, and a laptop's log directory needs none of it
    from watchdog.collect.stores.s3 import BucketStore  # noqa: PLC0415

    bucket, _, prefix = target.removeprefix("s3://").partition("/")
    if not bucket or urlsplit(target).netloc != bucket:
        raise StoreError("other", f"{target}: expected s3://bucket/prefix")
    return BucketStore(bucket, prefix.strip("/"), s3, concurrency)
