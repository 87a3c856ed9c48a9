"""What a store is: objects under names, in a directory or a bucket.

Names are relative to the store's root and use `/`. Reads are conditional where the caller has an
`etag`; every failure is a `StoreError` with one short reason.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

Reason = Literal[
    "not_found",
    "forbidden",
    "unauthorized",
    "timeout",
    "slow_down",
    "unavailable",
    "changed",
    "too_large",
    "corrupt",
    "other",
]

TRANSIENT: frozenset[Reason] = frozenset(
    {"timeout", "slow_down", "unavailable", "forbidden", "unauthorized", "changed", "other"}
)
"""Reasons that say nothing about the object itself: the same read may succeed at the next poll."""


class StoreError(Exception):
    """A read failed: `reason` for a metric's label, `text` for people."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason: Reason = reason
        self.text = text


class Got(Struct, frozen=True):
    """Bytes of an object: `data` begins at offset `start` of an object of `size` bytes."""

    data: bytes
    size: int
    start: int = 0
    etag: str | None = None
    stored_at: float | None = None
    """When it was stored, by the store's own clock; None where it has none."""
    modified_at: float | None = None
    """The same where the store has no clock of its own: the file's time, as its writer's machine,
    or who copied it, set it."""


class NotModified(Struct, frozen=True):
    """The object is still the one whose etag the caller has."""


class FileMeta(Struct, frozen=True, gc=False):
    """A file in a listing. `name` is its last part, `mtime` seconds since the epoch."""

    name: str
    size: int
    mtime: float
    etag: str | None = None


class Folder(Struct, frozen=True):
    """One level of a store, in order of names."""

    files: tuple[FileMeta, ...] = ()
    folders: tuple[str, ...] = ()
    links: frozenset[str] = frozenset()
    """Those of the folders that are links to one elsewhere."""
    identity: str | None = None
    """The same for one folder under two names; None where a folder has only one."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Names of what is there and isn't read, each with the reason; bounded."""


class Store(Protocol):
    """Reads objects. All methods raise `StoreError` and nothing else."""

    @property
    def target(self) -> str:
        """The store's root as a person would write it."""
        ...

    async def get(
        self, path: str, limit: int, if_none_match: str | None = None
    ) -> Got | NotModified:
        """A whole object of at most `limit` bytes (else `too_large`)."""
        ...

    async def get_tail(
        self, path: str, length: int, if_none_match: str | None = None
    ) -> Got | NotModified:
        """The last `length` bytes, or the whole object where it is shorter."""
        ...

    async def get_range(
        self, path: str, start: int, end: int, if_match: str | None = None
    ) -> bytes:
        """The bytes from `start` up to `end` (exclusive); `changed` where the etag differs."""
        ...

    async def list_dir(self, path: str = "") -> Folder:
        """One level below `path`, which is a folder or empty for the root."""
        ...

    def local_path(self, path: str) -> Path | None:
        """Where an object lies on this machine, None for a remote store."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


Fetch = Callable[[int, int], Awaitable[bytes]]
"""Reads a range (start, end exclusive) of one object."""


def join(folder: str, name: str) -> str:
    """The path of `name` in `folder` (empty for the root)."""
    return f"{folder}/{name}" if folder else name


def is_transient(error: StoreError) -> bool:
    """Whether the next poll may read what this one could not."""
    return error.reason in TRANSIENT
