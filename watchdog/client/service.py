"""A service as a place to read from: its API's records as they are."""

from collections.abc import Sequence
from urllib.parse import quote

from msgspec.structs import replace

from watchdog.client.connection import Connection
from watchdog.client.errors import NotFoundError
from watchdog.client.open_incidents import open_incidents
from watchdog.client.reader import ROWS_MAX, SAMPLES_MAX, resolved, sample_meant
from watchdog.model.report import Report
from watchdog.model.samples import RunnerLines, SampleDetail, SampleList, Standing
from watchdog.surfaces.fleet.filters import Filters
from watchdog.surfaces.fleet.listing import LIMIT_MAX
from watchdog.surfaces.fleet.records import EvalSetDetail, EvalSetList, EvalSetRow
from watchdog.surfaces.fleet.view import FleetView

RUNNING: tuple[Standing, ...] = ("stuck", "running", "waiting")
_FLEET = "/api/v1/eval-sets"


class Service:
    """What a service holds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ids: dict[str, str] = {}

    @property
    def name(self) -> str:
        """Its address."""
        return self._connection.name

    async def fleet(self, filters: Filters) -> FleetView:
        """Page after page; what comes or goes meanwhile moves nothing else."""
        fleet = await self._fleet(filters)
        ids = {incident for row in fleet.eval_sets for incident in row.incidents}
        opened = await open_incidents(self._connection, ids)
        return FleetView(fleet, opened.incidents, opened.acts)

    async def eval_set(self, name: str) -> EvalSetDetail:
        """Asked for by its id first: who knows it needs no list."""
        try:
            detail = await self._detail(self._ids.get(name, name))
        except NotFoundError:
            names = {row.eval_set_id: row.name for row in await self._rows()}
            detail = await self._detail(resolved(name, names, names.__getitem__))
        self._ids[name] = detail.row.eval_set_id
        return detail

    async def report(self, name: str | None) -> Report:
        """As `check --json` prints it."""
        if name is None:
            return await self._connection.get("/api/v1/report", Report)
        await self._path(name)
        query = [("eval_set_id", self._ids[name])]
        return await self._connection.get("/api/v1/report", Report, query)

    async def samples(self, name: str, states: Sequence[Standing]) -> SampleList:
        """Page after page."""
        path = f"{await self._path(name)}/samples"
        query = [*(("state", state) for state in states), ("limit", str(LIMIT_MAX))]
        first = await self._connection.get(path, SampleList, query)
        rows, cursor = list(first.samples), first.next
        while cursor is not None and len(rows) < SAMPLES_MAX:
            page = await self._connection.get(path, SampleList, [*query, ("cursor", cursor)])
            rows += page.samples
            cursor = page.next
        return replace(first, samples=tuple(rows), next=cursor)

    async def sample(self, name: str, asked: str) -> SampleDetail:
        """Found among those that run first, which are few."""
        try:
            row = sample_meant(asked, (await self.samples(name, RUNNING)).samples)
        except NotFoundError:
            row = sample_meant(asked, (await self.samples(name, ())).samples)
        path = f"{await self._path(name)}/samples/{quote(row.task_id, safe='')}"
        query = [("id", row.id), ("epoch", str(row.epoch))]
        return await self._connection.get(path, SampleDetail, query)

    async def log(self, name: str, since: str | None) -> RunnerLines:
        """As the service reads them when it is asked."""
        query = [("since", since)] if since is not None else []
        return await self._connection.get(f"{await self._path(name)}/log", RunnerLines, query)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._connection.aclose()

    async def _fleet(self, filters: Filters) -> EvalSetList:
        first = await self._page(filters, None)
        rows, cursor = list(first.eval_sets), first.next
        while cursor is not None and len(rows) < ROWS_MAX:
            page = await self._page(filters, cursor)
            rows += page.eval_sets
            cursor = page.next
        return replace(first, eval_sets=tuple(rows), next=cursor)

    async def _rows(self) -> tuple[EvalSetRow, ...]:
        return (await self._fleet(Filters())).eval_sets

    async def _path(self, name: str) -> str:
        """The address of an eval set, by any of its names."""
        if name not in self._ids:
            await self.eval_set(name)
        return f"{_FLEET}/{quote(self._ids[name], safe='')}"

    async def _page(self, filters: Filters, cursor: str | None) -> EvalSetList:
        query = [*filters.pairs, ("limit", str(LIMIT_MAX))]
        query += [("cursor", cursor)] if cursor is not None else []
        return await self._connection.get(_FLEET, EvalSetList, query)

    async def _detail(self, eval_set_id: str) -> EvalSetDetail:
        return await self._connection.get(f"{_FLEET}/{quote(eval_set_id, safe='')}", EvalSetDetail)
