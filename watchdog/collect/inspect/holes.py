"""Rows of a sample among which some could not be understood, as facts in their order."""

from collections.abc import Iterator, Sequence

from watchdog.model.facts import Row, RowsLost, RowsRead, SampleKey


def row_facts(  # noqa: PLR0913, PLR0917 - one sample's rows, and where they are
    eval_set_id: str,
    log: str,
    key: SampleKey,
    rows: Sequence[Row],
    hole: int | None,
    stored_at: float | None = None,
) -> Iterator[RowsRead | RowsLost]:
    """What stands before the last hole, the hole, and what comes after it.

    Args:
        eval_set_id: the eval set.
        log: the log.
        key: the sample.
        rows: those that were understood, in order.
        hole: how many of them stand before the last one that was not; None where all were.
        stored_at: when they were stored, by the store's clock.
    """
    parts = (rows,) if hole is None else (rows[:hole], rows[hole:])
    for place, part in enumerate(parts):
        if part:
            yield RowsRead(eval_set_id, log, key, tuple(part), stored_at)
        if hole is not None and place == 0:
            yield RowsLost(eval_set_id, log, key, newest=hole == len(rows))
