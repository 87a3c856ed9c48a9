"""Logs in JSON (`log_format="json"`): what the task is, how it stands, which samples have ended.

Inspect writes the file anew at the start, at each flush (every 10 samples, 100 in a bucket) and at
the end (`log/_recorders/json.py`). What runs is in its database on the runner's disk alone, as it
refuses `log_shared` for this format (`_eval/eval.py`). Of a file too large to be read in full the
head is read, which tells all but the samples that have ended.
"""

import asyncio

from watchdog.collect.inspect.buffer_reader import HALF_WRITTEN
from watchdog.collect.inspect.eval_logs import ATTEMPTS, LogFacts
from watchdog.collect.inspect.json_content import HEAD, NoLog, Told
from watchdog.collect.inspect.positions import LogPosition
from watchdog.collect.inspect.specification import closed, uncounted
from watchdog.collect.limits import JSON_LOG_BYTES
from watchdog.collect.stores.objects import Got, NotModified, Store, StoreError
from watchdog.collect.work.account import Account
from watchdog.collect.work.content import Large
from watchdog.collect.work.reading import TooMuch, read_json_log
from watchdog.model.facts import EndedRead, SpecRead

WHOLE_MAX = JSON_LOG_BYTES.value
"""Bytes of a file that is read with its samples, each of which holds its whole transcript."""
_NOT_COUNTED = "only its head is read, so that its samples that have ended are not counted"


class JsonLog:
    """One log in JSON and what was read of it already; as `EvalLog`."""

    def __init__(  # noqa: PLR0913, PLR0917 - where it is, and who pays for it
        self,
        store: Store,
        path: str,
        eval_set_id: str,
        log: str,
        limit: int,
        account: Account | None = None,
    ) -> None:
        self._account = account or Account()
        self._store = store
        self._path = path
        self._eval_set_id = eval_set_id
        self._log = log
        self._limit = min(limit, WHOLE_MAX)
        self._etag: str | None = None
        self._broken: StoreError | None = None
        self.stored_at: float | None = None
        """When it was stored, by the store's clock."""
        self.spec: SpecRead | None = None
        self.bad: tuple[str, ...] = ()
        """A text for each sample that is unreadable, or one that they were not read."""
        self.is_other = False
        """Whether the file is something else than a log."""

    @property
    def finished(self) -> bool:
        """Whether the log says that its task ended."""
        return self.spec is not None and self.spec.status != "started"

    @property
    def etag(self) -> str | None:
        """The version that was read last."""
        return self._etag

    @property
    def position(self) -> LogPosition:
        """How far it was read; one that is broken is read anew."""
        if self._broken is not None or self.spec is None:
            return LogPosition()
        return LogPosition(self._etag, stored_at=self.stored_at, bad=self.bad)

    def resume(self, position: LogPosition, spec: SpecRead) -> None:
        """Go on from there; `spec` is what was read of its task."""
        self._etag, self.stored_at = position.etag, position.stored_at
        self.bad, self.spec = position.bad, spec

    async def refresh(self) -> LogFacts | None:
        """Read it where it has changed; None where it is unchanged.

        Raises:
            StoreError: it could not be read, `corrupt` where its bytes are no log. A corrupt file
                is not read again until it changes, but goes on raising.
        """
        before = self._etag
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._refresh()
            except StoreError as error:
                if not self._may_pass(error, before):
                    raise
            self._etag = before
            await asyncio.sleep(HALF_WRITTEN)
        return await self._refresh()

    def _may_pass(self, error: StoreError, before: str | None) -> bool:
        """Whether the file was read while it was written: Inspect used to do that in place."""
        if error.reason == "corrupt":
            return self._etag != before and not self.is_other
        return error.reason == "changed"

    async def _refresh(self) -> LogFacts | None:
        got = await self._store.get_tail(self._path, 1, self._etag)
        if isinstance(got, NotModified):
            if self._broken:
                raise self._broken
            return None
        self._broken = None
        facts = await self._read(got)
        self._etag, self.spec, self.stored_at = got.etag, facts.spec, got.modified_at
        return facts

    async def _read(self, got: Got) -> LogFacts:
        cut = "" if got.size <= self._limit else f"{got.size:,} bytes, more than {self._limit:,}"
        log = await self._told(got, cut)
        if log.cut_off and not log.cut:
            raise self._corrupt(got, ValueError(f"its samples can't be read: {log.cut_off}"))
        return self._facts(log)

    async def _told(self, got: Got, cut: str) -> Told:
        """Args: cut: why only the file's head is read; empty where all is."""
        end = min(HEAD, self._limit, got.size) if cut else got.size
        content = Large(self._store, self._path, end, got.etag)
        where = self._eval_set_id, self._log
        try:
            return await read_json_log(content, where, self._account, cut)
        except TooMuch as error:
            if not cut and end > HEAD:
                return await self._told(got, f"a kind that {error}")  # its head tells the rest
            raise self._corrupt(got, error) from error
        except ValueError as error:
            self.is_other = isinstance(error, NoLog) and not cut
            raise self._corrupt(got, error) from error

    def _corrupt(self, got: Got, error: ValueError) -> StoreError:
        self._etag = got.etag
        self._broken = StoreError("corrupt", f"{self._path}: {error}")
        return self._broken

    def _facts(self, log: Told) -> LogFacts:
        self.bad = log.bad
        if log.cut:
            self.bad = (f"a log in JSON of {log.cut}: {_NOT_COUNTED}",)
            return LogFacts(uncounted(log.spec, self.bad))
        ends = EndedRead(self._eval_set_id, self._log, log.samples or ())
        ended = closed(log.spec.status, ends) if ends.samples else None
        return LogFacts(uncounted(log.spec, self.bad), ended)
