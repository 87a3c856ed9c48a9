"""A folder of a store as a store of its own: many eval sets share one client and its limits."""

from pathlib import Path

from watchdog.collect.stores.objects import Folder, Got, NotModified, Store, join


class FolderStore:
    """Implements `Store` over a folder of another one, which it does not close."""

    def __init__(self, store: Store, folder: str) -> None:
        self._store = store
        self._folder = folder.strip("/")

    @property
    def target(self) -> str:
        """The folder as a person would write it."""
        return join(self._store.target, self._folder) if self._folder else self._store.target

    async def get(
        self, path: str, limit: int, if_none_match: str | None = None
    ) -> Got | NotModified:
        """As the store's."""
        return await self._store.get(self._path(path), limit, if_none_match)

    async def get_tail(
        self, path: str, length: int, if_none_match: str | None = None
    ) -> Got | NotModified:
        """As the store's."""
        return await self._store.get_tail(self._path(path), length, if_none_match)

    async def get_range(
        self, path: str, start: int, end: int, if_match: str | None = None
    ) -> bytes:
        """As the store's."""
        return await self._store.get_range(self._path(path), start, end, if_match)

    async def list_dir(self, path: str = "") -> Folder:
        """As the store's."""
        return await self._store.list_dir(self._path(path))

    def local_path(self, path: str) -> Path | None:
        """As the store's."""
        return self._store.local_path(self._path(path))

    async def aclose(self) -> None:
        """Leave the store open: others use it."""

    def _path(self, path: str) -> str:
        return join(self._folder, path) if path else self._folder
