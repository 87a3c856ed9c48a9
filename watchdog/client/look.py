"""Targets, or the cluster, as a place to read from: judged once at each question, as `check` does.

Names of models that the caller may not see are replaced, as in all that commands print.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from watchdog.client.opened_eval_set import OpenedEvalSet
from watchdog.client.reader import resolved
from watchdog.collect.inspect.logs import named_by_path
from watchdog.config.settings import Settings
from watchdog.model.conversation import Conversation
from watchdog.model.report import Report, Snapshot
from watchdog.model.samples import RunnerLines, SampleDetail, SampleList, Standing
from watchdog.pipeline.once import judge_all
from watchdog.pipeline.stand_ins import for_terminal, report_mask
from watchdog.pipeline.targets import OpenTargets
from watchdog.surfaces.fleet.entries import entry_of
from watchdog.surfaces.fleet.filters import Filters
from watchdog.surfaces.fleet.listing import Fleet
from watchdog.surfaces.fleet.records import EvalSetDetail
from watchdog.surfaces.fleet.view import FleetView
from watchdog.surfaces.report_pieces import aged_report, figures_of, reduced_report

FRESH = 1.0
"""Seconds for which what was read answers the next question too: one command may ask twice."""


class Look:
    """What is in some targets, or in the configured cluster, at the instant of a question."""

    def __init__(
        self,
        name: str,
        targets: Sequence[str],
        settings: Settings,
        clock: Callable[[], float],
        *,
        all_eval_sets: bool = False,
    ) -> None:
        """As `OpenTargets`; `name` is what people call it.

        Raises:
            UsageError: a target isn't there, or is none.
        """
        self.name = name
        self._settings = settings
        self._clock = clock
        self._given = tuple(targets)
        self._targets = OpenTargets(targets, settings, clock, all_eval_sets=all_eval_sets)
        self._kept: tuple[float, Snapshot] | None = None
        self.has_stand_ins = False
        """Whether a name was replaced in what was answered last."""

    async def fleet(self, filters: Filters) -> FleetView:
        """All that filters let through."""
        fleet = await self._fleet()
        chosen = fleet.select(filters)
        listed = fleet.listed(filters, None, max(1, len(fleet.entries)))
        return FleetView(listed, fleet.concerned(chosen))

    async def eval_set(self, name: str) -> EvalSetDetail:
        """One of them."""
        fleet = await self._fleet()
        snapshot = fleet.snapshot
        eval_set_id = self._id_of(snapshot, name)
        row = fleet.row(eval_set_id, snapshot.at)
        part = reduced_report(snapshot, eval_set_id)
        if row is None or part is None:
            raise LookupError(eval_set_id)
        (report,) = part.eval_sets
        return EvalSetDetail(part.now, row, report, part.incidents, part.problems, part.sources)

    async def report(self, name: str | None) -> Report:
        """As `check` makes it."""
        snapshot = await self._snapshot()
        if name is None:
            return snapshot.report
        part = reduced_report(snapshot, self._id_of(snapshot, name))
        if part is None:
            raise LookupError(name)
        return part

    async def samples(self, name: str, states: Sequence[Standing]) -> SampleList:
        """All of them at once."""
        return (await self._opened(name)).samples(states)

    async def sample(self, name: str, asked: str) -> SampleDetail:
        """With the events that its buffer or log holds."""
        return await (await self._opened(name)).sample(asked)

    async def log(self, name: str, since: str | None) -> RunnerLines:
        """Those of a bundle, or of the cluster's runner."""
        return await (await self._opened(name)).log(since)

    async def conversation(self, name: str, asked: str) -> Conversation:
        """What a sample was asked and answered, with the caller's own rights.

        Raises:
            UsageError: there is no such sample, or it can't be read.
        """
        return await (await self._opened(name)).conversation(asked)

    async def aclose(self) -> None:
        """Close the targets."""
        await self._targets.aclose()

    async def _opened(self, name: str) -> OpenedEvalSet:
        snapshot = await self._snapshot()
        eval_set_id = self._id_of(snapshot, name)
        report = aged_report(snapshot, eval_set_id)
        own_name = (report.name if report is not None else "") or eval_set_id
        sources = self._targets.sources
        source = next((one for one in sources if own_name in one.states), None)
        if report is None or source is None:
            raise LookupError(eval_set_id)
        mask = report_mask(snapshot.report, self._settings)
        return OpenedEvalSet(report, source, snapshot.at, mask)

    async def _fleet(self) -> Fleet:
        snapshot = await self._snapshot()
        return Fleet(snapshot, [entry_of(figures) for figures in figures_of(snapshot)])

    async def _snapshot(self) -> Snapshot:
        if self._kept is not None and 0 <= self._clock() - self._kept[0] < FRESH:
            return self._kept[1]
        snapshot = await self._read()
        self._kept = (self._clock(), snapshot)
        return snapshot

    async def _read(self) -> Snapshot:
        by_instant = await self._targets.read(None, self._clock())
        snapshot = judge_all(self._settings, by_instant)
        report, self.has_stand_ins = for_terminal(snapshot.report, self._settings)
        figures = tuple(
            replace(figures, report=shown)
            for figures, shown in zip(figures_of(snapshot), report.eval_sets, strict=True)
        )
        return replace(snapshot, report=report, figures=figures)

    def _id_of(self, snapshot: Snapshot, asked: str) -> str:
        names = {name: one.name or name for name, one in snapshot.watched.items()}
        if asked not in {*names, *names.values()}:
            own = (named_by_path(target, asked) for target in self._given)
            asked = next((name for name in own if name != asked and name in names), asked)
        return resolved(asked, names, names.__getitem__)
