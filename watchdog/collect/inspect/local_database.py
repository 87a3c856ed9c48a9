"""Inspect's own database of a log on this machine, and the process that writes it."""

import asyncio
from pathlib import Path

from watchdog.collect.inspect import sqlite_buffer
from watchdog.collect.inspect.writer_process import writer_of
from watchdog.collect.place import Place
from watchdog.collect.source import Emit
from watchdog.collect.stores.objects import join
from watchdog.model.facts import WriterProcess, WriterRead


class LocalDatabase:
    """Where the newest database of a log lies, as far as it was looked for."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._handed_on: WriterProcess | None = None
        self.path: Path | None = None
        self.writer: WriterProcess | None = None

    @property
    def is_left(self) -> bool:
        """Whether the process that wrote it is gone."""
        return self.writer is not None and self.writer.gone

    async def look(self, *, again: bool) -> None:
        """Look for it and for its process.

        Args:
            again: also where the log is in a bucket; as a rule those are written elsewhere.
        """
        if not self._place.sqlite:
            return
        log = self._place.store.local_path(self._place.path)
        if log is not None or again or self.path is not None:
            await asyncio.to_thread(self._look, log)

    def _look(self, log: Path | None) -> None:
        place = self._place
        path = sqlite_buffer.find(log or join(place.store.target, place.path))
        # what is gone stays so: another process names its database otherwise
        if path is None or path != self.path or not self.is_left:
            self.path = path
            self.writer = writer_of(path, log) if path is not None else None

    def tell(self, emit: Emit) -> None:
        """Hand on which process writes, where that is news."""
        if not _same(self.writer, self._handed_on):
            emit(WriterRead(self._place.eval_set_id, self._place.log, self.writer))
        self._handed_on = self.writer


def _same(one: WriterProcess | None, other: WriterProcess | None) -> bool:
    """Whether two looks saw the same; that one at work wrote something since is no news."""
    if one is None or other is None or one.gone:
        return one == other
    return (one.pid, one.gone) == (other.pid, other.gone)
