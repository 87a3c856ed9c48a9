"""What people ask of incidents and do about them: between the site and the ledger."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

import structlog
from msgspec.structs import replace

from watchdog.model.acts import Act, ActKind
from watchdog.model.kept_incidents import IncidentQuery, KeptIncident, OpenIncident
from watchdog.model.texts import first_line
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger import acts, history
from watchdog.notify.ledger.acts import Done, Subject
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.term import DeposedError
from watchdog.surfaces.web.desk import DeskError, Wish

KEPT = 64
"""Answers of the ledger that are kept until something of its incidents changes."""
FRESH_SECONDS = 10.0
LIMIT_MAX = 1000
_REFUSED: dict[Done, tuple[int, str]] = {
    Done.NOTHING: (409, "there is nothing to take back: its time was over, or somebody did it"),
    Done.NOT_OPEN: (409, "it is not open, or nobody was told of it yet: there is nothing to stop"),
    Done.NO_SUCH: (404, "no incident of this id is known"),
    Done.TOO_MANY: (409, "so many eval sets can't be muted by hand; use `overrides`"),
}

log = structlog.get_logger(__name__)
T = TypeVar("T")


class IncidentDesk:
    """Reads beside whoever writes, and writes what people do. Used from one event loop."""

    def __init__(
        self,
        deliverer: Deliverer,
        clock: Callable[[], float],
        heed: Callable[[ActKind], Awaitable[None]],
    ) -> None:
        """Between site and ledger.

        Args:
            deliverer: whose ledger it is.
            clock: seconds since the epoch.
            heed: lets messages show what was done.
        """
        self._deliverer = deliverer
        self._worker = deliverer.ledger_worker
        self._clock = clock
        self._heed = heed
        self._heeding: set[asyncio.Task[None]] = set()
        self._known: tuple[object, ...] = ()
        self._version = 0
        self._kept: OrderedDict[Hashable, object] = OrderedDict()

    @property
    def standing(self) -> tuple[OpenIncident, ...]:
        """What is open, or stands and was not told."""
        return self._deliverer.standing

    @property
    def version(self) -> int:
        """Another one whenever what is kept of open incidents is another."""
        known = tuple(_mark(one) for one in self.standing)
        if known != self._known:
            self._known = known
            self._forget()
        return self._version

    async def past(self, query: IncidentQuery) -> tuple[KeptIncident, ...]:
        """Those that are over. Raises: DeskError: they can't be read."""
        wanted = replace(query, limit=min(query.limit, LIMIT_MAX))
        self._needs_database()
        return await self._read(("past", wanted), lambda ledger: history.past(ledger, wanted))

    async def one(self, incident_id: str, opening: int | None) -> KeptIncident | None:
        """One opening, the last unless another is named. Raises: DeskError: it can't be read."""
        found = await self._read(
            ("one", incident_id, opening),
            lambda ledger: (history.one(ledger, incident_id, opening),),
        )
        if found[0] is None and all(one.kept.incident.id != incident_id for one in self.standing):
            self._needs_database()
        return found[0]

    def _needs_database(self) -> None:
        """Of what is over memory knows only the latest."""
        if failure := self._worker.failure:
            raise DeskError(503, f"what is over can't be read at present: {failure}")

    async def act(self, wish: Wish) -> None:
        """Do it, write it down, let messages show it. Raises: DeskError: it wasn't done."""
        now = self._clock()
        act = Act(wish.kind, wish.by, wish.verified, now, wish.until, wish.why, wish.judged)
        subject = Subject(wish.incident, wish.opening)

        def write(ledger: Ledger) -> tuple[Done, tuple[Act, ...]]:
            if wish.takes_back:
                ended = replace(act, ended_at=now, ended_by=wish.by, ended_why="taken_back")
                done = acts.take_back(ledger, subject.thread, wish.kind, ended)
            else:
                done = acts.do(ledger, subject, act)
            return done, acts.acts_on(ledger, subject.thread)

        try:
            written = await self._worker.on_database(write)
        except DeposedError:
            raise DeskError(503, "another replica leads by now: ask again") from None
        if written is None:
            reason = self._worker.failure or "it doesn't answer"
            raise DeskError(503, f"the ledger can't be written, so nothing was done: {reason}")
        done, now_known = written
        if done in _REFUSED:
            raise DeskError(*_REFUSED[done])
        self._show(subject, now_known)
        log.info(
            "acted",
            kind=wish.kind,
            incident=wish.incident.id,
            by=wish.by,
            verified=wish.verified,
            taken_back=wish.takes_back,
        )
        self._forget()
        task = asyncio.create_task(self._heeded(wish.kind))
        self._heeding.add(task)
        task.add_done_callback(self._heeding.discard)

    async def aclose(self) -> None:
        """What was done is shown first."""
        await asyncio.gather(*self._heeding, return_exceptions=True)

    def _show(self, subject: Subject, known: tuple[Act, ...]) -> None:
        """Who acts sees it at once; the next decision knows it by itself."""
        self._deliverer.standing = tuple(
            replace(one, kept=replace(one.kept, acts=known))
            if (one.kept.incident.id, one.kept.opening) == subject.thread
            else one
            for one in self.standing
        )

    async def _heeded(self, kind: ActKind) -> None:
        try:
            await self._heed(kind)
        except Exception as error:  # noqa: BLE001 - it is written down: the next poll shows it
            reason = first_line(f"{type(error).__name__}: {error}")
            log.error("act_not_shown", error=reason)  # noqa: TRY400 - one line

    async def _read(self, key: Hashable, work: Callable[[Ledger], T]) -> T:
        # that a message was sent meanwhile makes no other version
        key = key, self.version, self._clock() // FRESH_SECONDS
        if key in self._kept:
            return self._kept[key]  # type: ignore[return-value]
        answer = await self._worker.beside(work)
        if answer is None:
            raise DeskError(503, "the ledger can't be read at present")
        self._kept[key] = answer
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return answer

    def _forget(self) -> None:
        self._version += 1
        self._kept.clear()


def _mark(one: OpenIncident) -> tuple[object, ...]:
    """What of it, if it changes, makes another page."""
    kept = one.kept
    return kept.incident.id, kept.opening, kept.absent_since, kept.acts, one.seen_as, one.reason
