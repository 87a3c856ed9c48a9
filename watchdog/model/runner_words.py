"""What a runner said itself of how it fares. Instants are seconds since the epoch."""

from msgspec import Struct

WRITE_FAILURES_MAX = 64
PODS_MAX = 8


class WriteFailures(Struct, frozen=True):
    """Writes of one log that failed one after the other, as the runner's log tells."""

    log: str
    """The log's address; empty where it isn't named."""
    task: str
    """The task's name; empty where it isn't named."""
    first_at: float | None
    last_at: float | None
    """None where the runner's log has no times: whether anything was written since is not known."""
    count: int
    error: str
    """Class and message of the last one."""
    pod: str = ""


class RunnerWords(Struct, frozen=True):
    """The last words of one runner's pod."""

    last_line_at: float | None = None
    error: str = ""
    """The last error that it told; empty where it told none."""
    error_at: float | None = None
    again: int = 0
    """How often it has begun all its unfinished tasks anew."""
    again_at: float | None = None
