"""What Hawk keeps beside an eval set's logs: who waits for a person, and who was asked to stop.

Formats, Hawk 3.7.2: `.hawk/interactions.json` is `{"count": N}`, the samples that wait for an
approval or an answer, written at each change (`runner/waiting_for_interaction.py`);
`.commands/stop.json` and `.commands/stop-sample-<uuid>.json` are written when somebody asks, and
removed when the next runner starts (`runner/stop_monitor.py`). What counts of them is their time.
"""

import asyncio
from functools import partial

from msgspec import Struct

from watchdog.collect.inspect.buffer_reader import HALF_WRITTEN
from watchdog.collect.json_bounds import loads
from watchdog.collect.rhythm import Pulse
from watchdog.collect.source import Emit
from watchdog.collect.stores.objects import FileMeta, Folder, Got, Store, StoreError, join
from watchdog.model.facts import InteractionsRead, StopsRead
from watchdog.model.verdict import Problem

HAWK, COMMANDS = ".hawk", ".commands"
COUNT, STOP_ALL = "interactions.json", "stop.json"
STOP_SAMPLE, SUFFIX = "stop-sample-", ".json"
COUNT_LIMIT = 4096
"""Bytes; the file has a dozen."""
STOPS_MAX = 256
"""Stops of single samples that are kept of an eval set, the newest."""
UUID_LIMIT = 64


MANY = 1000
"""Files that are looked through in a thread: whoever writes there may write 200,000."""


class Failure(Struct, frozen=True):
    """Why one of the files couldn't be read: a short reason, and what people are told."""

    reason: str
    problem: Problem


class Interactions:
    """The files of one eval set. What can't be read keeps what was read of it before."""

    def __init__(self, store: Store, folder: str, eval_set_id: str) -> None:
        """Args: folder: the eval set's in the store, empty for its root."""
        self._store = store
        self._eval_set_id = eval_set_id
        self._count_path = join(folder, join(HAWK, COUNT))
        self._commands = join(folder, COMMANDS)
        self._etag: str | None = None
        self._count_there = False
        self._count_told = False
        self._stops_due = False
        self._stops_there = False
        self._count_failure: Failure | None = None
        self._stops_failure: Failure | None = None
        self.pulse = Pulse()

    def listed(self, listing: Folder) -> None:
        """Take in what a listing of the eval set's folder shows."""
        self._count_there = HAWK in listing.folders
        self._stops_due = self._stops_there or COMMANDS in listing.folders
        self._stops_there = COMMANDS in listing.folders

    async def poll(self, emit: Emit) -> tuple[Failure, ...]:
        """Read what is new, and hand it on.

        Returns:
            What could not be read, now or when it was last looked at.
        """
        await self._poll_count(emit)
        if self._stops_due:
            await self._poll_stops(emit)
        return self.standing

    @property
    def standing(self) -> tuple[Failure, ...]:
        """What could not be read when it was last looked at."""
        failures = (self._count_failure, self._stops_failure)
        return tuple(failure for failure in failures if failure is not None)

    async def _poll_count(self, emit: Emit) -> None:
        if not self._count_there:
            self._absent(emit)
            return
        try:
            await self._read_count(emit)
        except StoreError as error:
            if error.reason == "not_found":
                self._absent(emit)
            else:
                self._count_failure = _failure(self._count_path, error)

    async def _read_count(self, emit: Emit) -> None:
        """Raises: StoreError: it can't be read; `corrupt` where it doesn't say how many."""
        got = await self._store.get(self._count_path, COUNT_LIMIT, self._etag)
        if isinstance(got, Got) and decode_count(got.data) is None:
            await asyncio.sleep(HALF_WRITTEN)
            got = await self._store.get(self._count_path, COUNT_LIMIT)
        if isinstance(got, Got):
            self._take(got, emit)
        elif self._count_failure and self._count_failure.reason != "corrupt":
            self._count_failure = None

    def _absent(self, emit: Emit) -> None:
        self._etag = self._count_failure = None
        if self._count_told:
            self._count_told = False
            emit(InteractionsRead(self._eval_set_id, None))

    def _take(self, got: Got, emit: Emit) -> None:
        """What is corrupt is not read again until it changes."""
        self._etag = got.etag
        count = decode_count(got.data)
        if count is None:
            raise StoreError("corrupt", "it doesn't say how many samples wait for a person")
        self._count_failure = None
        self._count_told = True
        emit(InteractionsRead(self._eval_set_id, count, got.modified_at))

    async def _poll_stops(self, emit: Emit) -> None:
        try:
            listing = await self._store.list_dir(self._commands)
        except StoreError as error:
            if error.reason != "not_found":
                self._stops_failure = _failure(self._commands, error)
                return
            listing = Folder()
        self._stops_due, self._stops_failure = False, None
        stops = partial(stops_in, self._eval_set_id, listing.files)
        emit(await asyncio.to_thread(stops) if len(listing.files) > MANY else stops())


def decode_count(data: bytes) -> int | None:
    """How many samples wait for a person; None where the bytes don't say."""
    try:
        content = loads(data)
    except ValueError:
        return None
    count = content.get("count") if isinstance(content, dict) else None
    usable = isinstance(count, int) and not isinstance(count, bool) and count >= 0
    return count if usable else None


def stops_in(eval_set_id: str, files: tuple[FileMeta, ...]) -> StopsRead:
    """The stops that a listing of `.commands` shows; other files there are none of ours."""
    all_at = next((file.mtime for file in files if file.name == STOP_ALL), None)
    samples = [
        (uuid, file.mtime)
        for file in files
        if file.name != STOP_ALL and is_read(COMMANDS, file.name)
        if 0 < len(uuid := file.name[len(STOP_SAMPLE) : -len(SUFFIX)]) <= UUID_LIMIT
    ]
    samples.sort(key=lambda stop: (-stop[1], stop[0]))
    return StopsRead(eval_set_id, all_at, tuple(samples[:STOPS_MAX]))


def is_read(folder: str, file: str) -> bool:
    """Whether a file of one of Hawk's folders is one that is read here."""
    if folder == HAWK:
        return file == COUNT
    return file == STOP_ALL or (file.startswith(STOP_SAMPLE) and file.endswith(SUFFIX))


def _failure(where: str, error: StoreError) -> Failure:
    return Failure(error.reason, Problem(where, error.text))
