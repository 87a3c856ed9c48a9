"""Limits on work: what one file, and one eval set in one poll, may take.

The records have the shape of those on what is read, so that one table can show them all.
"""

from msgspec import Struct

from watchdog.collect.limits import KIB, MIB, Limit

_OF_FILE = "that file is a problem, what depends on it is `unknown`; the next gets a new process"
_LATER = "the eval set is `unknown` until the next polls have read the rest; the others go first"

INLINE_BYTES = Limit(
    "on the loop",
    256 * KIB,
    "bytes",
    "content that is decoded on the event loop: a millisecond, twelve if it isn't strict JSON",
    "it is decoded in a thread",
)
THREAD_BYTES = Limit(
    "in a thread",
    MIB,
    "bytes",
    "content that is decoded in a thread, during which nothing else runs: 4 ms, 50 if not strict",
    "it is decoded in the worker process",
)
HELD_BYTES = Limit(
    "held",
    512 * KIB,
    "bytes",
    "a segment's zip that the service itself holds",
    "it is handed to the worker process in parts",
)
WORKER_CPU = Limit("worker's time", 8, "seconds of CPU", "one file in the worker process", _OF_FILE)
WORKER_WALL = Limit(
    "worker's patience",
    60,
    "seconds",
    "the wait for one part of a file from the worker process",
    _OF_FILE,
)
WORKER_MEMORY = Limit(
    "worker's memory", 256 * MIB, "bytes", "private memory of the worker process", _OF_FILE
)
WORKER_IDLE = Limit("worker's rest", 60, "seconds", "the worker process without work", "it ends")
CULPRITS = Limit(
    "costly members",
    3,
    "members",
    "members of one segment on which the worker process gives up",
    "the segment's other members are lost too",
)
POLL_CPU = Limit(
    "poll's time",
    10,
    "seconds of CPU",
    "decoding and folding of one eval set in one poll (`limits.poll_cpu_seconds`)",
    _LATER,
)
POLL_BYTES = Limit(
    "poll's bytes",
    512 * MIB,
    "bytes",
    "what is fetched of one eval set in one poll (`limits.poll_bytes`)",
    _LATER,
)
POLL_ROWS = Limit(
    "poll's rows",
    1_000_000,
    "rows",
    "rows of one eval set in one poll (`limits.poll_rows`)",
    _LATER,
)
LOOK_CPU = Limit(
    "look's time",
    8,
    "seconds of CPU",
    "decoding and folding of one eval set by a command that looks once, beside what its rows have",
    "its task is `unknown`, with the reason",
)
LOOK_ROW = Limit(
    "look's time for a row",
    1,
    "milliseconds of CPU",
    "what each row adds to that (honest: a hundredth of it)",
    "its task is `unknown`, with the reason",
)
SAMPLES = Limit(
    "eval set's samples",
    250_000,
    "samples",
    "samples, running and ended, that are remembered of one eval set (`limits.samples`)",
    "the logs beyond are not read: their tasks are `unknown`",
)
RUNNING = Limit(
    "running samples",
    10_000,
    "samples",
    "samples of one task that run at once",
    "the task is `unknown`",
)

LIMITS: tuple[Limit, ...] = (
    INLINE_BYTES,
    THREAD_BYTES,
    HELD_BYTES,
    WORKER_CPU,
    WORKER_WALL,
    WORKER_MEMORY,
    WORKER_IDLE,
    CULPRITS,
    POLL_CPU,
    POLL_BYTES,
    POLL_ROWS,
    LOOK_CPU,
    LOOK_ROW,
    SAMPLES,
    RUNNING,
)


class WorkLimits(Struct, frozen=True):
    """Bounds of the worker process."""

    cpu_seconds: float = WORKER_CPU.value
    """For one file; honest ones of 100 MB take one to five."""
    wall_seconds: float = WORKER_WALL.value
    """Where CPU time can't tell: the process was stopped, or starves."""
    memory: int = WORKER_MEMORY.value
    idle_seconds: float = WORKER_IDLE.value
