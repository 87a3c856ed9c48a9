"""Looks into what the service watches, through the sources that watch it anyway."""

from collections.abc import Sequence

from watchdog.collect.inspect.sample_rows import RowsUnreadable, SampleRows, newest_rows
from watchdog.collect.source import PodLog, runner_logs
from watchdog.model.facts import SampleKey
from watchdog.model.report import EvalSetReport
from watchdog.model.state import EvalSetState
from watchdog.pipeline.source_state import SourceState
from watchdog.surfaces.web.inside import NotAvailable

NO_PLACE = "its log is not at hand: nothing is known of where it is, or it is gone"
NO_LOG = "its runner's log is in no source that is watched: a log directory or a bucket has none"


class InsideSources:
    """Implements `Inside`."""

    def __init__(self, sources: Sequence[SourceState]) -> None:
        self._sources = {source.label: source for source in sources}

    def state(self, eval_set: EvalSetReport) -> EvalSetState | None:
        """What is remembered of an eval set, as of now."""
        source = self._sources.get(eval_set.source)
        return source.known.get(eval_set.name or eval_set.eval_set_id) if source else None

    async def rows(self, state: EvalSetState, task_id: str, key: SampleKey) -> SampleRows:
        """The newest rows of a sample."""
        source = self._source(state)
        log = next((log for log, task in state.tasks.items() if task.task_id == task_id), None)
        place = source.source.place_of(state.own_name, log) if log is not None else None
        if place is None:
            raise NotAvailable(NO_PLACE)
        try:
            return await newest_rows(place, key)
        except RowsUnreadable as error:
            raise NotAvailable(str(error)) from error

    async def runner_logs(self, state: EvalSetState) -> Sequence[PodLog]:
        """The ends of its runners' logs, the newest pods'."""
        source, view = self._source(state), state.view
        pods = view.runners if view is not None else ()
        logs = await runner_logs(source.source, state.own_name, pods)
        if logs is None:
            raise NotAvailable(NO_LOG)
        if not logs:
            raise NotAvailable("no pod of its runner is there any more, or none has begun")
        return logs

    def _source(self, state: EvalSetState) -> SourceState:
        source = self._sources.get(state.source)
        if source is None:
            raise NotAvailable("the source that told of it is not watched any more")
        return source
