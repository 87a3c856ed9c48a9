"""Open and past incidents for a terminal: from a service, else from the ledger that it writes."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol
from urllib.parse import quote

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from watchdog.client.connection import Connection
from watchdog.client.errors import NotFoundError
from watchdog.client.local_service import address_of, serves
from watchdog.client.reader import incident_meant
from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.model.acts import Act
from watchdog.model.instants import timestamp
from watchdog.model.kept_incidents import IncidentQuery, KeptIncident
from watchdog.model.texts import clean
from watchdog.model.weekly import WeeklyReport
from watchdog.notify.ledger import acts, history
from watchdog.notify.ledger.acts import Done
from watchdog.notify.ledger.database import LedgerError, is_there, open_ledger
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.tables import incidents as table
from watchdog.notify.ledger.weekly import week_records
from watchdog.pipeline.weekly import sum_up
from watchdog.pipeline.weekly.weeks import WeekError, asked_week
from watchdog.surfaces.fleet.listing import LIMIT_MAX
from watchdog.surfaces.incidents.asked import Asked
from watchdog.surfaces.incidents.records import IncidentDetail, IncidentList, IncidentRow
from watchdog.surfaces.incidents.rows import Seen, detail, row
from watchdog.surfaces.web.act_body import ActBody

MOST = 10_000
"""Incidents that are listed."""
_API = "/api/v1/incidents"
_WEEKLY = "/api/v1/report/weekly"


class Mark(Struct, frozen=True):
    """What somebody says that an incident was worth."""

    incident: str
    judged: bool
    by: str
    why: str = ""
    opening: int | None = None
    """Which time it was open; None for the last."""


class Incidents(Protocol):
    """Where they are kept."""

    async def listed(self, asked: Asked) -> IncidentList:
        """Those that are asked for. Raises: UsageError: they can't be read."""
        ...

    async def mark(self, mark: Mark) -> IncidentRow:
        """Write it down. Raises: UsageError: it wasn't."""
        ...

    async def week(self, week: str, since: str) -> WeeklyReport:
        """A week by its name, or from a day on; by neither, the seven days until now.

        Raises:
            UsageError: it can't be read, or is none.
        """
        ...


class OfService:
    """What a service tells."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def listed(self, asked: Asked) -> IncidentList:
        """Page after page."""
        pairs = {"state": asked.state, "since": asked.since, "cause": asked.cause, "q": asked.q}
        query = [*((name, text) for name, text in pairs.items() if text), ("limit", str(LIMIT_MAX))]
        first = await self._connection.get(_API, IncidentList, query)
        rows, cursor = list(first.incidents), first.next
        while cursor is not None and len(rows) < MOST:
            more = [*query, ("cursor", cursor)]
            page = await self._connection.get(_API, IncidentList, more)
            rows += page.incidents
            cursor = page.next
        return replace(first, incidents=tuple(rows), next=cursor)

    async def mark(self, mark: Mark) -> IncidentRow:
        """By the API."""
        try:
            return await self._mark(mark)
        except NotFoundError:
            ids = [row.id for row in (await self.listed(Asked())).incidents]
            if mark.incident in ids:
                raise
            return await self._mark(replace(mark, incident=incident_meant(mark.incident, ids)))

    async def _mark(self, mark: Mark) -> IncidentRow:
        path = f"{_API}/{quote(mark.incident, safe='')}/judgement"
        query = [] if mark.opening is None else [("opening", str(mark.opening))]
        body = msgspec.json.encode(ActBody(by=mark.by, why=mark.why, judged=mark.judged))
        return (await self._connection.post(path, body, IncidentDetail, query)).row

    async def week(self, week: str, since: str) -> WeeklyReport:
        """As the service sums it up, and as far as the token may see it."""
        query = [(name, text) for name, text in (("week", week), ("since", since)) if text]
        try:
            return await self._connection.get(_WEEKLY, WeeklyReport, query)
        except NotFoundError as error:
            is_future = any(str(error).startswith(f"{name}: {text}") for name, text in query)
            raise UsageError(f"--{error}") if is_future else error from None


class OfLedger:
    """What a ledger holds, whether a service runs or not."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float], settings: Settings) -> None:
        self._ledger = ledger
        self._clock = clock
        self._settings = settings

    async def listed(self, asked: Asked) -> IncidentList:
        """Open ones first, then past ones."""
        now = self._clock()
        query = IncidentQuery(
            ended_after=asked.after(now), cause=asked.cause, words=asked.words, limit=MOST
        )
        found: list[KeptIncident] = []
        if asked.state != "past":
            found += sorted(self._open(query), key=_since, reverse=True)
        if asked.state != "open":
            found += history.past(self._ledger, query)
        rows = tuple(row(Seen(kept, True), now) for kept in found)
        shadow = self._settings.notify.quiet_words
        return IncidentList(timestamp(now), rows, None, shadow=shadow)

    async def mark(self, mark: Mark) -> IncidentRow:
        """In the ledger itself; a running service counts it with its next poll."""
        now = self._clock()
        mark = replace(mark, incident=self._meant(mark.incident))
        act = Act("judgement", mark.by, False, now, None, mark.why, mark.judged)
        done = acts.judge(self._ledger, mark.incident, mark.opening, act)
        kept = history.one(self._ledger, mark.incident, mark.opening)
        if done is Done.NO_SUCH or kept is None:
            raise NotFoundError(f"there is no incident {clean(mark.incident, 100)} in the ledger")
        return detail(Seen(kept, True), now, timestamp(now)).row

    def _meant(self, asked: str) -> str:
        if history.one(self._ledger, asked) is not None:
            return asked
        query = IncidentQuery(limit=MOST)
        kept = (*self._open(query), *history.past(self._ledger, query))
        return incident_meant(asked, (one.incident.id for one in kept))

    async def week(self, week: str, since: str) -> WeeklyReport:
        """Summed up here; days begin in the time zone of the settings."""
        now, notify = self._clock(), self._settings.notify
        try:
            span = asked_week(week, since, notify.time_zone, now)
        except WeekError as error:
            raise UsageError(f"--{error}") from None
        records = week_records(self._ledger, span, self._settings.retention.incidents)
        return sum_up(records, span, now, shadow=notify.quiet_words)

    def _open(self, query: IncidentQuery) -> Iterator[KeptIncident]:
        for entry in self._ledger.open_incidents().values():
            if query.lets_through(entry.incident):
                yield KeptIncident(
                    entry.incident,
                    entry.generation,
                    entry.opened_at,
                    absent_since=entry.absent_since,
                    reopened=entry.reopened,
                    acts=entry.acts,
                )


class Book(Struct, frozen=True):
    """Where incidents are read from, and what that is called."""

    incidents: Incidents
    said: str


@asynccontextmanager
async def open_book(
    server: str | None, state: str | None, settings: Settings, clock: Callable[[], float]
) -> AsyncIterator[Book]:
    """The service at `server`, the ledger at `state`; else as other commands find a service.

    Raises:
        UsageError: there is neither; no ledger is made.
    """
    if server is not None and state is not None:
        raise UsageError("--server and --state: one of them, as each says where incidents are")
    address, by, token = await _service(server, state, settings)
    if address is not None:
        connection = Connection(address, token)
        try:
            yield Book(OfService(connection), f"{connection.name} ({by})")
        finally:
            await connection.aclose()
        return
    with _ledger(settings, clock()) as ledger:
        shown = ledger.engine.url.render_as_string(hide_password=True)
        yield Book(OfLedger(ledger, clock, settings), f"the ledger {shown}")


async def _service(
    server: str | None, state: str | None, settings: Settings
) -> tuple[str | None, str, str | None]:
    """Address, who named it, and the token to show; None for a ledger."""
    token = None if settings.token is None else settings.token.get_secret_value()
    if server is not None or state is not None:
        return server, "--server", token
    if settings.server is not None:
        return settings.server, "WATCHDOG_SERVER", token
    here = address_of(settings)
    # whoever listens there is not known to be entitled to the token
    return (here if await serves(here) else None), "this machine", None


@contextmanager
def _ledger(settings: Settings, now: float) -> Iterator[Ledger]:
    """That of the settings, of what they watch; where it is about one thing alone, of that."""
    try:
        if not is_there(settings.state_url):
            raise UsageError(
                f"no service answers at {address_of(settings)}, and there is no ledger at "
                f"{_shown(settings.state_url)}: name one, --server URL or --state URL"
            )
        opened = open_ledger(settings.state_url, now, settings.watch)
    except LedgerError as error:
        raise UsageError(f"state: {error}") from error
    try:
        if opened.warnings:
            raise UsageError(f"state: {opened.warnings[0]}")
        yield Ledger(opened.ledger.engine, _watch(opened.ledger))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise UsageError(f"state: {reason}") from error
    finally:
        opened.ledger.close()


def _watch(ledger: Ledger) -> str:
    with ledger.engine.connect() as connection:
        known = set(connection.execute(select(table.c.watch).distinct()).scalars())
    if ledger.watch in known or len(known) != 1:
        return ledger.watch
    return str(known.pop())


def _since(kept: KeptIncident) -> tuple[str, str]:
    return kept.incident.since or "", kept.incident.id


def _shown(url: str) -> str:
    from sqlalchemy import make_url  # noqa: PLC0415

    return make_url(url).render_as_string(hide_password=True)
