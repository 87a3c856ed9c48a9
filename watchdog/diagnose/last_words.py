"""What a runner told last before its end: the one that died, never an earlier one."""

from collections.abc import Iterator

from watchdog.diagnose.signs import MARGIN, last_stored
from watchdog.fold.writes import tasks_of
from watchdog.model.instants import clock
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Evidence
from watchdog.model.words import count, duration

_AT_ONCE = 60.0
"""Seconds before its end from which on it is said how long before."""


def last_words(
    now: float, state: EvalSetState, pod: str = "", ended_at: float | None = None
) -> tuple[Evidence, ...]:
    """The last error that a runner told before its end, and what it could not write any more.

    Args:
        now: seconds since the epoch.
        state: the eval set.
        pod: its pod's name; empty where that isn't known: the one that was heard of last.
        ended_at: when it ended, where that is known.
    """
    return (*last_error(state, pod, ended_at), *_unwritten(now, state, pod or _newest(state)))


def last_error(
    state: EvalSetState, pod: str = "", ended_at: float | None = None
) -> tuple[Evidence, ...]:
    """The last ERROR, or uncaught exception, of a runner; nothing where it told none."""
    said = state.runner_words.get(pod or _newest(state))
    if said is None or not said.error:
        return ()
    end = ended_at if ended_at is not None else said.last_line_at
    before = end - said.error_at if end is not None and said.error_at is not None else 0.0
    when = f", {duration(before)} before its end" if before > _AT_ONCE else ""
    return (Evidence("runner_error", f"its last error{when}: {said.error}", said.error_at),)


def _newest(state: EvalSetState) -> str:
    spoken = state.runner_words
    return max(spoken, key=lambda pod: spoken[pod].last_line_at or 0.0, default="")


def _unwritten(now: float, state: EvalSetState, pod: str) -> Iterator[Evidence]:
    for failures in state.write_failures.values():
        logs, _ = tasks_of(state, failures)
        stored_at = last_stored(now, [state.tasks[log] for log in logs])
        last_at = failures.last_at
        if failures.pod != pod or last_at is None:
            continue
        if stored_at is None or stored_at <= last_at + MARGIN:
            text = (
                f"its log could not be written ({count(failures.count, 'failure')} in a row, the "
                f"last at {clock(last_at)}: {failures.error}): results are at risk, since what it "
                "did from then on is not in the store"
            )
            yield Evidence("log_write", text, failures.first_at)
