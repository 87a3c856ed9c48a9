"""One eval set of a target that was read: its samples, their events, its runner's lines."""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from watchdog.client.reader import SAMPLES_MAX, sample_meant
from watchdog.collect.inspect.conversation import conversation
from watchdog.collect.inspect.sample_parts import RequestUnreadable
from watchdog.collect.place import Place
from watchdog.errors import UsageError
from watchdog.masking import Mask
from watchdog.model.conversation import Conversation
from watchdog.model.facts import SampleKey
from watchdog.model.instants import timestamp
from watchdog.model.report import EvalSetReport
from watchdog.model.samples import RunnerLines, SampleDetail, SampleList, SampleRow, Standing
from watchdog.model.texts import clean
from watchdog.pipeline.runner_lines import runner_lines
from watchdog.pipeline.sample_detail import WantedSample, sample_detail, with_events
from watchdog.pipeline.sample_list import SampleFilter, sample_list
from watchdog.pipeline.source_state import SourceState
from watchdog.service.inside import NO_PLACE, InsideSources
from watchdog.surfaces.web.inside import NotAvailable

T = TypeVar("T", bound=Struct)


class OpenedEvalSet:
    """What is at hand of one eval set."""

    def __init__(self, report: EvalSetReport, source: SourceState, at: float, mask: Mask) -> None:
        """Args: at: the instant of the look; mask: of names that the caller may not see."""
        self._report, self._at, self._mask = report, at, mask
        self._source = source
        self._state = source.states[report.name or report.eval_set_id]
        self._inside = InsideSources([source])

    def samples(self, states: Sequence[Standing]) -> SampleList:
        """Those in some states, or all."""
        wanted = SampleFilter(tuple(states), None, SAMPLES_MAX)
        return self._fit(sample_list(self._report, self._state, self._at, wanted))

    async def sample(self, asked: str) -> SampleDetail:
        """One of them, with its last events.

        Raises:
            NotFoundError: there is none, or several are meant.
        """
        row = self._row(asked)
        wanted = WantedSample(row.task_id, SampleKey(row.id, row.epoch))
        detail = sample_detail(self._report, self._state, self._at, wanted)
        if detail is None:
            raise LookupError(asked)
        try:
            rows = await self._inside.rows(self._state, wanted.task_id, wanted.key)
        except NotAvailable as error:
            return self._fit(replace(detail, not_available=str(error)))
        return self._fit(with_events(detail, rows, self._at))

    async def log(self, since: str | None) -> RunnerLines:
        """The runner's lines that matter."""
        name = self._report.eval_set_id
        try:
            logs = await self._inside.runner_logs(self._state)
        except NotAvailable as error:
            why = RunnerLines(timestamp(self._at), name, (), not_available=str(error))
            return self._fit(why)
        return self._fit(runner_lines(name, self._at, logs, since))

    async def conversation(self, asked: str) -> Conversation:
        """What a sample was asked and answered.

        Raises:
            UsageError: there is no such sample, or it can't be read.
        """
        row = self._row(asked)
        try:
            return await conversation(self._place(row), SampleKey(row.id, row.epoch))
        except RequestUnreadable as error:
            raise UsageError(f"sample {clean(row.id, 200)}: {error}") from error

    def _place(self, row: SampleRow) -> Place:
        tasks = self._state.tasks.items()
        log = next((log for log, task in tasks if task.task_id == row.task_id), None)
        place = self._source.source.place_of(self._state.own_name, log) if log else None
        if place is None:
            raise UsageError(f"sample {clean(row.id, 200)}: {NO_PLACE}")
        return place

    def _row(self, asked: str) -> SampleRow:
        wanted = SampleFilter((), None, SAMPLES_MAX)
        rows = sample_list(self._report, self._state, self._at, wanted).samples
        return sample_meant(asked, rows)

    def _fit(self, record: T) -> T:
        return self._mask.record(record)
