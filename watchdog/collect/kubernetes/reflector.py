"""Keeps one kind of object current: a full listing, then a watch, for ever.

Nothing that the API server does gets out of here: what was known stays known, with the time at
which it was, and the reason why it is no newer.
"""

import random
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread
from typing import Any, Generic, TypeVar

from msgspec import Struct

from watchdog.collect.kubernetes.api import Api, Jitter, Lines, Pause, backoff
from watchdog.collect.kubernetes.decoding import Change, Decoder, Page
from watchdog.collect.kubernetes.emptied import Emptied
from watchdog.collect.kubernetes.errors import ApiError, Reason, Status, one_line, reason_of
from watchdog.collect.kubernetes.object_cache import ObjectCache
from watchdog.collect.kubernetes.objects import Entry, Key
from watchdog.collect.kubernetes.resources import ListQuery
from watchdog.model.verdict import Problem

R = TypeVar("R")

LIST = "List"
"""How the kind of every listing ends."""
Clock = Callable[[], float]

GRACE = 30.0
"""Seconds that a watch may outlive its own end before it is taken for dead."""
SHORTEST = 1.0
"""A watch that ends sooner has failed: no server means that, and it must not be asked at once."""


ABSENT: frozenset[Reason] = frozenset({"not_found", "forbidden"})
"""Kueue isn't installed, or there is no permission: no fault where a kind can be done without."""
ABSENT_SECONDS = 600.0
"""Seconds until a kind that can be done without is looked for again."""


class Timing(Struct, frozen=True):
    """Seconds, and objects in a page."""

    watch_timeout: float
    relist_interval: float
    page_size: int


class Environment(Struct, frozen=True):
    """Clock, pause and dice: what tests replace."""

    clock: Clock
    pause: Pause | None = None
    """Waits for so many seconds; by default cut short when the reader is stopped."""
    jitter: Jitter = random.random


class Reflector(Generic[R]):
    """Lists and watches what `query` asks for, in a thread of its own."""

    def __init__(  # noqa: PLR0913, PLR0917 - all are of a kind
        self,
        api: Api,
        query: ListQuery,
        decoder: Decoder[Any, R],
        object_cache: ObjectCache[R],
        timing: Timing,
        environment: Environment,
        *,
        optional: bool = False,
    ) -> None:
        self.query = query
        self._optional = optional
        self.object_cache = object_cache
        self._api = api
        self._decoder = decoder
        self._timing = timing
        self._clock = environment.clock
        self._jitter = environment.jitter
        self._stopped = Event()
        self._pause = environment.pause or self._stopped.wait
        self._lock = Lock()
        self._lines: Lines | None = None
        self._version = ""
        self._relist_at = 0.0
        self._failures = 0
        self._gone = False
        self._is_foreign = False
        """Whether the last watch was none: what answers is no API server."""
        self._emptied = Emptied(query)
        self._thread = Thread(target=self._run, name=f"watch {query.what}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; `join` waits for it."""
        self._stopped.set()
        with self._lock:
            if self._lines is not None:
                self._lines.stop()

    def join(self, timeout: float) -> bool:
        """Wait for the end; whether it came."""
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def step(self) -> None:
        """List if that is due, then watch until the watch ends. Never raises."""
        try:
            if not self._version or self._clock() >= self._relist_at:
                self._list()
            self._watch()
        except ApiError as error:
            self._failure(error)
        except Exception as error:  # noqa: BLE001 - a thread that dies in silence is the worst end
            text = f"{self.query.what}: {type(error).__name__}: {one_line(str(error))}"
            self._failure(ApiError("other", 0, text))

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.step()

    def _failure(self, error: ApiError) -> None:
        if self._stopped.is_set():
            return
        if error.reason == "gone":
            self._version = ""
            if not self._gone:  # once in a while is how the API works
                self._gone = True
                return
        absent = self._optional and error.reason in ABSENT
        self.object_cache.fail(error, quietly=absent)
        if absent:
            self._pause(ABSENT_SECONDS)
            return
        self._wait(error.retry_after)
        self._failures += 1

    def _wait(self, retry_after: float | None = None) -> None:
        self._pause(backoff(self._failures, retry_after, self._jitter()))

    def _list(self) -> None:
        started_at = self._clock()
        entries: dict[Key, Entry[R]] = {}
        problems: list[Problem] = []
        page = self._page("")
        while True:
            entries.update((entry.meta.key, entry) for entry in page.entries)
            problems.extend(page.problems)
            self.object_cache.bound(entries, started_at)
            if not page.token or self._stopped.is_set():
                break
            before, page = page.token, self._page(page.token)
            if page.token == before:
                raise ApiError("other", 0, f"{self.query.what}: a listing that comes to no end")
        if page.token:
            return
        self._doubt(page.kind, entries, started_at)
        self._version = page.resource_version
        self._relist_at = started_at + self._timing.relist_interval * (1 + self._jitter() / 10)
        self.object_cache.replace(entries, tuple(problems), started_at)

    def _doubt(self, kind: str, entries: Mapping[Key, Entry[R]], now: float) -> None:
        """Refuse a listing without what was there, where it is another kind's or has nothing."""
        before = self.object_cache.entries()
        if kind != self._decoder.list_kind and before.keys() - entries.keys():
            found = one_line(kind) or "no kind"
            text = f"{self.query.what}: no listing: {found}, not {self._decoder.list_kind}"
            raise ApiError("other", 0, text)
        if why := self._emptied.why_not(len(before), len(entries), now):
            raise ApiError("other", 0, why)

    def _page(self, token: str) -> Page[R]:
        query = self.query.adding(("limit", str(self._timing.page_size)))
        reply = self._api.get(query.adding(("continue", token)) if token else query)
        try:
            page = self._decoder.page(reply.body, self.object_cache.entries())
        except ValueError as error:
            text = f"{self.query.what}: no listing: {one_line(str(error))}"
            raise ApiError("other", reply.status, text) from error
        if page.kind and not page.kind.endswith(LIST):
            text = f"no listing: {one_line(page.kind)}, not {self._decoder.list_kind}"
            raise ApiError("other", reply.status, f"{self.query.what}: {text}")
        if not page.resource_version:
            raise ApiError("other", reply.status, f"{self.query.what}: a listing without a version")
        return page

    def _watch(self) -> None:
        if self._stopped.is_set():
            return
        started_at = self._clock()
        seconds = max(1.0, min(self._timing.watch_timeout, self._relist_at - started_at))
        any_line = self._follow(self._open(seconds), started_at + seconds + GRACE)
        if any_line or self._clock() - started_at >= SHORTEST:
            self._failures, self._gone = 0, False
        else:
            self._wait()
            self._failures += 1

    def _open(self, seconds: float) -> Lines:
        query = (
            ("watch", "1"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", self._version),
            ("timeoutSeconds", str(int(seconds))),
        )
        return self._api.stream(self.query.adding(*query), seconds + GRACE)

    def _follow(self, lines: Lines, deadline: float) -> bool:
        """Apply what comes until the watch ends; whether anything came."""
        with self._lock:
            self._lines = lines
        any_line = any_event = False
        try:
            if self._stopped.is_set():
                lines.stop()
            if not self._is_foreign:
                self.object_cache.confirm(self._clock())
            for line in lines:
                now = self._clock()
                if line:
                    change = self._decoder.change(line)
                    self._apply(change, now)
                    any_line = True
                    any_event |= change.type != "foreign"
                if self._stopped.is_set():
                    break
                if now > deadline:
                    raise ApiError("timeout", 0, f"{self.query.what}: the watch outlived its end")
        finally:
            with self._lock:
                self._lines = None
        self._is_foreign = any_line and not any_event
        if self._is_foreign and not self._stopped.is_set():
            text = f"{self.query.what}: no watch: none of its lines is an event"
            raise ApiError("other", 0, text)
        if not self._stopped.is_set():
            self.object_cache.confirm(self._clock())
        return any_line

    def _apply(self, change: Change[R], now: float) -> None:
        if change.type == "error":
            raise _of_status(self.query, change.status or Status())
        if change.type in {"problem", "foreign"} and change.problem:
            self.object_cache.doubt(change.problem)
        elif change.type == "delete":
            self.object_cache.drop(change.key, change.entry, now)
        elif change.entry is not None:
            self.object_cache.put(change.entry, now)
        self._version = change.resource_version or self._version
        if change.type != "foreign":
            self.object_cache.confirm(now)


def _of_status(query: ListQuery, status: Status) -> ApiError:
    """An ERROR event; code 410 where the watch began at a version that is too old."""
    reason = "gone" if status.reason in {"Expired", "Gone"} else reason_of(status.code)
    return ApiError(reason, status.code, f"{query.what}: {one_line(status.message)}")
