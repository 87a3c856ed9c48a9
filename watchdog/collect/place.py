"""Where a log is."""

from msgspec import Struct

from watchdog.collect.stores.objects import Store, join


class Place(Struct, frozen=True):
    """Where a log is. `folder` is the eval set's, empty for the store's root."""

    store: Store
    folder: str
    eval_set_id: str
    log: str
    limit: int
    """Bytes that may be read of one object or one member."""
    sqlite: bool = False
    """Whether a running log without a buffer beside it may have one in Inspect's database."""

    newest_first: bool = False
    """Whether the newest rows of a long buffer are read first, and the rest behind them."""

    @property
    def path(self) -> str:
        """The log's path in the store."""
        return join(self.folder, self.log)
