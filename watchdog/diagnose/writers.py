"""A log whose process, on this machine and outside a cluster, is gone."""

from watchdog.diagnose.context import Finding
from watchdog.diagnose.signs import last_life
from watchdog.model.instants import latest
from watchdog.model.state import TaskState
from watchdog.model.verdict import Evidence


def is_left(task: TaskState) -> bool:
    """Whether the process that should finish a log has ended."""
    return task.status == "started" and task.writer is not None and task.writer.gone


def writer_gone(now: float, task: TaskState) -> Finding | None:
    """That nobody goes on with a log; a fact, not a matter of time."""
    writer = task.writer
    if writer is None or not is_left(task):
        return None
    since = min(latest(writer.last_written_at, last_life([task], None)) or now, now)
    text = (
        f"process {writer.pid} of this machine, which wrote it, is gone; the log has no end, and "
        "nobody goes on with it"
    )
    return Finding(1.0, since, (Evidence("runner", text, since),))
