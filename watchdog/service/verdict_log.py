"""A log line whenever the verdict of an eval set changes."""

from collections.abc import Iterable

import structlog

from watchdog.model.report import EvalSetReport
from watchdog.model.verdict import Verdict

log = structlog.get_logger(__name__)


class VerdictLog:
    """Remembers the last verdict of each eval set that is watched, no more."""

    def __init__(self) -> None:
        self._logged: dict[str, Verdict] = {}

    def take(self, eval_sets: Iterable[EvalSetReport]) -> None:
        """Log what is another verdict than the last time."""
        before, self._logged = self._logged, {}
        for eval_set in eval_sets:
            self._logged[eval_set.eval_set_id] = eval_set.verdict
            if before.get(eval_set.eval_set_id) is not eval_set.verdict:
                log.info(
                    "verdict",
                    eval_set_id=eval_set.eval_set_id,
                    verdict=eval_set.verdict.value,
                    cause=eval_set.cause.value if eval_set.cause else None,
                    summary=eval_set.summary,
                )
