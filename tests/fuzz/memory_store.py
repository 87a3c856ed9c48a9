"""A store of one object in memory, for readers that read by ranges."""
# ruff: noqa: ARG002 - the protocol's arguments

from watchdog.collect.stores.objects import Folder, Got, StoreError


class MemoryStore:
    """Implements `Store`: every name is the same object, unless there are `files`."""

    target = "memory"

    def __init__(self, data: bytes, files: dict[str, bytes] | None = None) -> None:
        self._data = data
        self._files = files

    def _of(self, path: str) -> bytes:
        if self._files is None:
            return self._data
        if path not in self._files:
            raise StoreError("not_found", path)
        return self._files[path]

    async def get(self, path, limit, if_none_match=None):
        data = self._of(path)
        if len(data) > limit:
            raise StoreError("too_large", path)
        return Got(data, len(data), 0, "etag", 1.0, 1.0)

    async def get_tail(self, path, length, if_none_match=None):
        data = self._of(path)
        start = max(0, len(data) - length)
        return Got(data[start:], len(data), start, "etag", 1.0, 1.0)

    async def get_range(self, path, start, end, if_match=None):
        return self._of(path)[start:end]

    async def list_dir(self, path=""):
        return Folder()

    def local_path(self, path):
        return None

    async def aclose(self):
        pass
