"""What is made of an eval set's samples and its runner's log, for pages and API alike.

What the service remembers is told in the thread that makes all pages; what it doesn't, is read
while somebody waits for it.
"""

from asyncio import to_thread
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace
from starlette.exceptions import HTTPException

from watchdog.model.instants import timestamp
from watchdog.model.parts import EvalSetParts
from watchdog.model.report import EvalSetReport
from watchdog.model.samples import RunnerLines, SampleDetail, SampleList
from watchdog.model.state import EvalSetState
from watchdog.pipeline.eval_set_parts import eval_set_parts
from watchdog.pipeline.runner_lines import runner_lines
from watchdog.pipeline.sample_detail import WantedSample, sample_detail, with_events
from watchdog.pipeline.sample_list import SampleFilter, sample_list
from watchdog.redaction import without_secrets
from watchdog.surfaces.report_pieces import aged_report
from watchdog.surfaces.web.inside import Busy, Inside, NotAvailable, Turn
from watchdog.surfaces.web.looking import Look, Looking

NO_SAMPLE = "no sample of this task, id and epoch is known"
FORGOTTEN = "nothing more is remembered of its eval set here"
T = TypeVar("T", bound=Struct)


class Looks:
    """Looks into eval sets that are watched and may be seen: whoever asks has made sure."""

    def __init__(self, looking: Looking, inside: Inside) -> None:
        self.looking = looking
        self._inside = inside
        self._turn = Turn()

    def state(self, look: Look, name: str) -> EvalSetState | None:
        """What is remembered of an eval set; None where that isn't at hand."""
        return self._inside.state(look.view.watched[name])

    def parts(self, look: Look, name: str) -> Callable[[], EvalSetParts]:
        """Makes what is shown of an eval set beside its report; in the thread of pages."""
        return partial(self._parts, look, name, self.state(look, name))

    @staticmethod
    def _parts(look: Look, name: str, state: EvalSetState | None) -> EvalSetParts:
        incidents = (one for one in look.view.report.incidents if name in one.eval_sets)
        parts = (_report(look, name), state, incidents, look.view.tests)
        return fit(look, eval_set_parts(*parts))

    def listed(self, look: Look, name: str, wanted: SampleFilter) -> Callable[[], SampleList]:
        """Makes a list of some samples of an eval set; in the thread of pages."""
        return partial(self._listed, look, name, self.state(look, name), wanted)

    async def samples(self, look: Look, name: str, wanted: SampleFilter) -> SampleList:
        """Some samples of an eval set."""
        return await self.looking.kept.once(self.listed(look, name, wanted))

    @staticmethod
    def _listed(
        look: Look, name: str, state: EvalSetState | None, wanted: SampleFilter
    ) -> SampleList:
        return fit(look, sample_list(_report(look, name), state, look.view.at, wanted))

    async def sample(self, look: Look, name: str, wanted: WantedSample) -> SampleDetail:
        """One sample of an eval set, with its last events.

        Raises:
            HTTPException: 404, there is none.
            Busy: others read.
        """
        state, now = self.state(look, name), look.view.at
        told = partial(self._told, look, name, state, wanted)
        detail = await self.looking.kept.once(told)
        if detail is None:
            raise HTTPException(404, NO_SAMPLE)
        try:
            async with self._turn.taken():
                read = await self._inside.rows(_known(state), wanted.task_id, wanted.key)
        except Busy:
            raise
        except NotAvailable as error:
            return fit(look, replace(detail, not_available=str(error)))
        return await to_thread(lambda: fit(look, with_events(detail, read, now)))

    @staticmethod
    def _told(
        look: Look, name: str, state: EvalSetState | None, wanted: WantedSample
    ) -> SampleDetail | None:
        report = _report(look, name)
        return sample_detail(report, state, look.view.at, wanted)

    async def log(self, look: Look, name: str, since: str | None = None) -> RunnerLines:
        """What matters of its runners' logs.

        Raises:
            Busy: others read.
        """
        state, now = self.state(look, name), look.view.at
        try:
            async with self._turn.taken():
                logs = await self._inside.runner_logs(_known(state))
        except Busy:
            raise
        except NotAvailable as error:
            why = RunnerLines(timestamp(now), name, (), not_available=str(error))
            return fit(look, why)
        return await to_thread(lambda: fit(look, runner_lines(name, now, logs, since)))


def fit(look: Look, record: T) -> T:
    """As who looks may see it: without secrets, and without names that are hidden from them."""
    return look.mask.record(without_secrets(record))


def _known(state: EvalSetState | None) -> EvalSetState:
    if state is None:
        raise NotAvailable(FORGOTTEN)
    return state


def _report(look: Look, name: str) -> EvalSetReport:
    report = aged_report(look.view, name)
    if report is None:
        raise LookupError("an eval set of the snapshot is not in it")
    return report
