"""How the retries of each eval set grew over the last two hours. Pure.

Taken once after every poll. What an earlier life of the service left goes on with it.
"""

from collections.abc import Iterable, Mapping

from watchdog.model.report import EvalSetFigures
from watchdog.model.retries import Retries, noted, of_record
from watchdog.part_cache import PartCache


class RetryHistory:
    """Remembers a few counts of each eval set that is watched, no more."""

    def __init__(self) -> None:
        self._counted: PartCache[EvalSetFigures, int] = PartCache(retries_of)
        self._known: dict[str, Retries] = {}
        self._left: dict[str, Retries] = {}

    def take(self, eval_sets: Iterable[EvalSetFigures], now: float) -> Mapping[str, Retries]:
        """Note their counts at `now`, in seconds since the epoch; what is known then, by id."""
        figures = tuple(eval_sets)
        ids = (one.report.eval_set_id for one in figures)
        counts = self._counted.all_of(figures)
        self._known = {
            name: noted(self._known.get(name) or self._left.pop(name, None), count, now)
            for name, count in zip(ids, counts, strict=True)
        }
        return self._known

    def resume(self, records: Mapping[str, tuple[int, ...]]) -> None:
        """What an earlier life left, by id; each goes on where its eval set is met again."""
        kept = ((name, of_record(record)) for name, record in records.items())
        self._left |= {name: one for name, one in kept if one is not None}

    def record(self, eval_set_id: str) -> tuple[int, ...]:
        """What is to be kept of an eval set; empty where nothing is."""
        known = self._known.get(eval_set_id) or self._left.get(eval_set_id)
        return known.record if known is not None else ()


def retries_of(eval_set: EvalSetFigures) -> int:
    """The runner's own count of HTTP retries, else the failed model calls that were seen.

    The runner's count holds what its client retried without a word in the buffer, so it is the
    better one; only its log tells it.
    """
    counted = [task.report.http_retries for task in eval_set.tasks]
    known = [number for number in counted if number is not None]
    return sum(known) if known else sum(sum(task.calls.fail.values()) for task in eval_set.tasks)
