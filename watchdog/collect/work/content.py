"""An object in a store that is too large to be held: its size is known, its bytes come in parts."""

from collections.abc import AsyncIterator

from msgspec import Struct

from watchdog.collect.stores.objects import Got, NotModified, Store, StoreError

PART = 4 * 1024 * 1024
"""Bytes that are fetched at once."""


class Large(Struct, frozen=True):
    """One version of such an object, or a range of it."""

    store: Store
    path: str
    size: int
    etag: str | None = None
    stored_at: float | None = None
    modified_at: float | None = None
    start: int = 0
    """Where in the object it begins."""

    async def parts(self) -> AsyncIterator[bytes]:
        """Its bytes, in order.

        Raises:
            StoreError: it could not be read; `changed` where it was replaced meanwhile.
        """
        beyond = self.start + self.size
        for begin in range(self.start, beyond, PART):
            end = min(begin + PART, beyond)
            part = await self.store.get_range(self.path, begin, end, self.etag)
            if len(part) != end - begin:
                raise StoreError("changed", f"{self.path} was replaced while it was read")
            yield part


async def fetch(
    store: Store, path: str, held: int, limit: int, if_none_match: str | None = None
) -> Got | Large | NotModified:
    """An object of at most `limit` bytes, itself where it has no more than `held`.

    Raises:
        StoreError: it could not be read; `too_large` beyond `limit`.
    """
    try:
        return await store.get(path, min(held, limit), if_none_match)
    except StoreError as error:
        if error.reason != "too_large" or limit <= held:
            raise
    end = await store.get_tail(path, 1, if_none_match)
    if isinstance(end, NotModified):
        return end
    if end.size > limit:
        raise StoreError("too_large", f"{path}: {end.size} bytes, more than {limit}")
    return Large(store, path, end.size, end.etag, end.stored_at, end.modified_at)
