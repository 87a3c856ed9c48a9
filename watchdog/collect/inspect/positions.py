"""How far the logs of an eval set were read: what a reader needs to go on after a restart.

Taken together with the state that was folded from what was read; never without it, or rows would
be lost.
"""

from msgspec import Struct

from watchdog.model.verdict import Problem

Bounds = tuple[int, ...]
"""Whole numbers as `Ranges` has them: where a range begins, where it is over, and so on."""


class LogPosition(Struct, frozen=True):
    """A log's file: the version that was read last."""

    etag: str | None = None
    journal: Bounds = ()
    """Parts of its journal that were read."""
    stored_at: float | None = None
    bad: tuple[str, ...] = ()


class BufferPosition(Struct, frozen=True):
    """A log's buffer: its manifest and the segments that were read."""

    etag: str | None = None
    """None where the manifest has to be read anew: not all that it names was read."""
    read: Bounds = ()
    missed: tuple[int, ...] = ()
    present: bool = False
    history: tuple[int, int, int] | None = None
    """The last segment before what is to be read of its history, and how many were read, of how
    many; None where all of that was read."""
    count: int = 0
    running: int = 0
    stored_at: float | None = None
    problems: tuple[Problem, ...] = ()
    manifest_problems: tuple[Problem, ...] = ()


class TaskPosition(Struct, frozen=True):
    """A log and its buffer."""

    log: LogPosition
    buffer: BufferPosition
    file: tuple[str | None, float] | None = None
    """Etag and time of the file that a listing showed, where that version was read."""
    ended: int = 0


class CursorPosition(Struct, frozen=True):
    """A runner's log."""

    at: str = ""
    lines: tuple[bytes, ...] = ()
    """Digests of the lines of that very time."""
    restarts: int = 0
    exhausted: bool = False


class EvalSetPosition(Struct, frozen=True):
    """All that is read of an eval set."""

    tasks: dict[str, TaskPosition] = {}
    """By log."""
    runners: dict[str, CursorPosition] = {}
    """By the pod's UID."""
