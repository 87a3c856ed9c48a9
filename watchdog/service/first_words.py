"""What is said once at the start: what each source holds, and what is not set up."""

from collections import Counter

import structlog

from watchdog.collect.probes.routes import is_set_up
from watchdog.config.settings import Settings
from watchdog.model.report import EvalSetReport, Snapshot, SourceReport

DEPTH = "up to eight folders deep"

log = structlog.get_logger(__name__)


class FirstWords:
    """Remembers of which sources it was said, no more."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def take(self, snapshot: Snapshot) -> None:
        """Say what each source holds that was listed for the first time."""
        for source in snapshot.report.sources:
            if source.part_of or source.last_complete_at is None or source.name in self._said:
                continue
            self._said.add(source.name)
            own = [one for one in snapshot.report.eval_sets if one.source in {"", source.name}]
            _found(source, own)


def say_hints(settings: Settings) -> None:
    """What would tell more, and is not set up; of channels the doctor tells."""
    if settings.probes.enabled and not is_set_up(settings.probes):
        log.info(
            "hint",
            detail="direct API tests are not set up: whose fault it is that calls fail can't be "
            "told without (docs/direct-tests.md)",
        )


def _found(source: SourceReport, eval_sets: list[EvalSetReport]) -> None:
    if not eval_sets:
        log.warning(
            "found_nothing",
            source=source.name,
            detail=f"no log of Inspect (.eval, .json) is there, {DEPTH}; what comes is found",
        )
        return
    verdicts = Counter(one.verdict.value for one in eval_sets)
    tasks = [task for one in eval_sets for task in one.tasks]
    log.info(
        "found",
        source=source.name,
        eval_sets=len(eval_sets),
        tasks=len(tasks),
        running_samples=sum(task.samples.running for task in tasks),
        **dict(verdicts.most_common()),
    )
