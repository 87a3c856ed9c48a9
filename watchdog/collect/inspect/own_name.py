"""What Inspect calls an eval set: the id in `.eval-set-id`, beside its logs.

Inspect writes a short random id there (`_eval/evalset.py`), Hawk the id that its folder has too.
"""

from watchdog.collect.source import Emit
from watchdog.collect.stores.objects import FileMeta, Folder, Got, Store, StoreError, join
from watchdog.collect.values import name
from watchdog.model.facts import OwnNameRead

FILE = ".eval-set-id"
LIMIT = 1024
"""Bytes; Inspect's has 22."""


class OwnName:
    """The file of one eval set, read when a listing shows another than before."""

    def __init__(self, store: Store, folder: str, eval_set_id: str) -> None:
        """Args: folder: the eval set's in the store, empty for its root."""
        self._store = store
        self._folder = folder
        self._eval_set_id = eval_set_id
        self._read: FileMeta | None = None

    async def listed(self, listing: Folder, emit: Emit) -> None:
        """Read it where it is new. What can't be read is no problem: its folder names it too."""
        file = _file(listing)
        if file == self._read:
            return
        told = await own_name(self._store, self._folder, listing)
        if told is not None:
            self._read = file
            emit(OwnNameRead(self._eval_set_id, told))


async def own_name(store: Store, folder: str, listing: Folder) -> str | None:
    """The id that stands in the file; empty where there is none, None where it can't be read.

    Args:
        store: where it lies.
        folder: the eval set's in the store, empty for its root.
        listing: that folder's.
    """
    if _file(listing) is None:
        return ""
    try:
        got = await store.get(join(folder, FILE), LIMIT)
    except StoreError:
        return None
    return decode(got.data) if isinstance(got, Got) else None


def decode(data: bytes) -> str:
    """The id in the file's bytes; empty where it is none."""
    text = data.decode("utf-8", "replace").strip()
    return name(text) or ""


def _file(listing: Folder) -> FileMeta | None:
    return next((file for file in listing.files if file.name == FILE), None)
