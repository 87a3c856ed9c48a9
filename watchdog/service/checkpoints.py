"""Keeps what was read, so that a restart reads only what is new.

What changed is taken at the end of each poll, where a state and its reader's position belong
together, and written in rounds of bounded work, off the loop. Whatever fails costs time at the next
start, never a verdict.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from watchdog.collect.source import Resumed, resume_from
from watchdog.notify.ledger.checkpoints import Checkpoint, CheckpointStore
from watchdog.notify.ledger.database import reason_of
from watchdog.notify.ledger.schema import UnusableError
from watchdog.pipeline.resumption import Cut, Resumption, resumed
from watchdog.pipeline.retry_history import RetryHistory
from watchdog.pipeline.source_state import SourceState
from watchdog.service.checkpoint_records import CorruptRecords, Records, decode, encode, retries_in
from watchdog.surfaces.metrics import SelfMetrics
from watchdog.threads import HangError, Pool

ROUND_CPU = 2.0
"""Seconds of CPU of one round; what is left is taken up in the next, the oldest first."""
ROUND_BYTES = 64 * 1024 * 1024
LAST_CPU = 3.0
"""The same when the service stops."""
DEADLINE_SECONDS = 120.0
NAME_MAX = 512
NAMES_BYTES = 2000
"""Of a source's and an eval set's name together: PostgreSQL has both in one entry of an index."""

Key = tuple[str, str]
"""A source's name and an eval set's id."""
Failure = (SQLAlchemyError, OSError, HangError)

log = structlog.get_logger(__name__)


class _Loaded(Struct, frozen=True):
    by_source: dict[str, dict[str, Resumed]]
    retries: dict[str, tuple[int, ...]]
    """How counts of retries grew, by id."""
    sizes: dict[Key, int]
    newest_at: float
    damaged: int
    others: int


class _Round(Struct, frozen=True):
    sizes: dict[Key, int]
    """What was written."""
    refused: dict[Key, str]
    """What can't be, and why."""


class Checkpoints:
    """Of all sources. `store` is None where none are kept; `writes` is False for who only reads."""

    def __init__(  # noqa: PLR0913 - the parts that it joins
        self,
        store: CheckpointStore | None,
        sources: Sequence[SourceState],
        clock: Callable[[], float],
        metrics: SelfMetrics,
        *,
        writes: bool = True,
        retries: RetryHistory | None = None,
    ) -> None:
        """Args: retries: how counts of retries grew, which goes with what is kept."""
        self._retries = retries or RetryHistory()
        self._store = store
        self._sources = tuple(sources)
        self._clock = clock
        self._metrics = metrics
        self._writes = writes and store is not None
        self._pool = Pool("checkpoints", 1, DEADLINE_SECONDS)
        self._lock = asyncio.Lock()
        self._loaded = asyncio.Event()
        self._pending: dict[Key, Cut] = {}
        self._sizes: dict[Key, int] = {}
        """Bytes of each that is written."""
        self._refused: set[Key] = set()
        self._failing = False

    async def load(self) -> None:
        """Before the first poll of any source: what an earlier life left; once."""
        if self._loaded.is_set():
            return  # whoever writes has the lock, perhaps for long, and must not hold a poll
        async with self._lock:
            if self._store is None or self._loaded.is_set():
                return
            try:
                await self._load(self._store)
            finally:
                self._loaded.set()

    async def _load(self, store: CheckpointStore) -> None:
        if all(source.learned_before is None for source in self._sources):
            return  # without the experience that goes with them: all is read, and learned, anew
        began = time.monotonic()
        try:
            loaded = await self._pool.run(self._read, store)
        except Failure as error:
            self._note_failure(error)
            return
        self._hand_out(loaded, time.monotonic() - began)

    def _read(self, store: CheckpointStore) -> _Loaded:
        """In the thread."""
        learned = {source.name: (source.label, source.learned_before) for source in self._sources}
        by_source: dict[str, dict[str, Resumed]] = {name: {} for name in learned}
        retries: dict[str, tuple[int, ...]] = {}
        sizes: dict[Key, int] = {}
        damaged: list[Checkpoint] = []
        newest_at = 0.0
        for one in store.read():
            sizes[one.source, one.eval_set] = one.size
            if one.source not in learned:
                continue
            try:
                records = Records(one.state, one.position)
                record = decode(records, one.eval_set)
            except CorruptRecords:
                damaged.append(one)
                continue
            state = resumed(record.state, *learned[one.source])
            by_source[one.source][one.eval_set] = Resumed(record.position, state)
            retries[state.eval_set_id] = retries_in(records)
            newest_at = max(newest_at, one.saved_at)
        others = store.others()  # before the damaged ones are among them
        for one in damaged:
            del sizes[one.source, one.eval_set]
            store.set_aside(one, self._clock())
        store.prune(self._clock())
        return _Loaded(by_source, retries, sizes, newest_at, len(damaged), others)

    def _hand_out(self, loaded: _Loaded, seconds: float) -> None:
        self._sizes = loaded.sizes
        self._retries.resume(loaded.retries)
        for source in self._sources:
            source.resumption = Resumption(loaded.by_source[source.name])
            resume_from(source.source, source.resumption.recall, source.resumption.running)
        count = sum(len(records) for records in loaded.by_source.values())
        if loaded.sizes:
            self._metrics.checkpoints_saved(loaded.newest_at, sum(loaded.sizes.values()))
        if loaded.damaged:
            self._metrics.checkpoint_failed()
            text = f"{loaded.damaged} damaged: kept aside in their table; those are read anew"
            log.warning("checkpoints", detail=text)
        if loaded.others and not count:
            text = f"all {loaded.others} are of another version: everything is read anew"
            log.info("checkpoints", detail=text)
        if count:
            age = round(self._clock() - loaded.newest_at)
            log.info("resumed", eval_sets=count, saved_seconds_ago=age, seconds=round(seconds, 1))

    async def take(self, source: SourceState) -> None:
        """At the end of a source's poll: what changed since the last one."""
        if not self._writes:
            return
        for eval_set_id, cut in (await source.cuts()).items():
            retries = self._retries.record(cut.state.eval_set_id)
            self._pending[source.name, eval_set_id] = cut._replace(retries=retries)
        self._metrics.checkpoints_pending(len(self._pending))

    async def save(self, cpu_seconds: float = ROUND_CPU) -> None:
        """Write what is pending, as far as one round goes."""
        store = self._store
        if store is None or not self._writes:
            return
        async with self._lock:
            gone = self._gone()
            self._pending = {key: c for key, c in self._pending.items() if key not in gone}
            cuts = dict(self._pending)
            if not cuts and not gone:
                return
            try:
                done = await self._pool.run(self._write, store, cuts, gone, cpu_seconds)
            except Failure as error:
                self._note_failure(error)
                await self._mend(store, error)
                return
            self._note_saved(cuts, gone, done)

    async def prune(self) -> None:
        """Forget what nobody came back to: of other versions, and what was kept aside."""
        if self._store is None or not self._writes:
            return
        async with self._lock:
            try:
                await self._pool.run(self._store.prune, self._clock())
            except Failure as error:
                self._note_failure(error)

    def _gone(self) -> frozenset[Key]:
        """What is written of eval sets that are no longer there."""
        there: set[Key] = set()
        for source in self._sources:
            there |= {(source.name, name) for name in source.states}
            there |= {(source.name, name) for name in source.resumption.names}
        names = {source.name for source in self._sources if source.listed_once}
        known = self._sizes.keys() | self._pending.keys()
        return frozenset(key for key in known if key[0] in names and key not in there)

    def _write(
        self, store: CheckpointStore, cuts: dict[Key, Cut], gone: frozenset[Key], seconds: float
    ) -> _Round:
        """In the thread."""
        until = time.thread_time() + seconds
        checkpoints: list[Checkpoint] = []
        refused: dict[Key, str] = {}
        left = ROUND_BYTES
        for key, cut in cuts.items():
            if left <= 0 or (checkpoints and time.thread_time() >= until):
                break
            try:
                checkpoints.append(self._packed(key, cut))
                left -= checkpoints[-1].size
            except (ValueError, OverflowError, TypeError) as error:
                refused[key] = reason_of(error)
        store.write(checkpoints, gone | refused.keys())
        sizes = {(one.source, one.eval_set): one.size for one in checkpoints}
        return _Round(sizes, refused)

    def _packed(self, key: Key, cut: Cut) -> Checkpoint:
        """Raises: ValueError, OverflowError, TypeError: it can't be kept."""
        if max(map(len, key)) > NAME_MAX:
            raise ValueError(f"a name of more than {NAME_MAX} characters")
        if len("".join(key).encode("utf-8", "surrogatepass")) > NAMES_BYTES:
            raise ValueError(f"names of more than {NAMES_BYTES} bytes")
        records = encode(cut)
        return Checkpoint(*key, self._clock(), records.state, records.position)

    def _note_saved(self, cuts: dict[Key, Cut], gone: frozenset[Key], done: _Round) -> None:
        for key in done.sizes.keys() | done.refused.keys():
            newer = self._pending.pop(key)
            if newer is not cuts[key]:
                self._pending[key] = newer  # behind those that were not written yet
        for key in gone | done.refused.keys():
            self._sizes.pop(key, None)
        self._sizes |= done.sizes
        for key in done.refused.keys() - self._refused:
            log.warning("checkpoint_refused", eval_set=key[1], reason=done.refused[key])
        self._refused |= done.refused.keys()
        if self._failing:
            self._failing = False
            log.info("checkpoints_kept_again")
        self._metrics.checkpoints_saved(self._clock(), sum(self._sizes.values()))
        self._metrics.checkpoints_pending(len(self._pending))

    def _note_failure(self, error: Exception) -> None:
        self._metrics.checkpoint_failed()
        if not self._failing:
            self._failing = True
            effect = "a restart reads anew what they lack"
            log.warning("checkpoints_failed", error=reason_of(error), effect=effect)

    async def _mend(self, store: CheckpointStore, error: Exception) -> None:
        """A file that was damaged, or removed, is begun anew with all that is known."""
        try:
            if isinstance(error, UnusableError):
                name = await self._pool.run(store.begin_afresh, self._clock())
                log.warning("checkpoints", detail=f"damaged: kept as {name}; they are begun anew")
            else:
                await self._pool.run(store.prepare)
        except Failure:
            return
        self._sizes.clear()
        for source in self._sources:
            source.change_all()

    async def aclose(self) -> None:
        """Write what is pending, as far as there is time, and let go."""
        await self.save(LAST_CPU)
        if self._store is not None:
            self._store.close()
