"""What of a long buffer is left for later, while its newest rows are read, and its rows then."""

from collections.abc import Collection

from watchdog.collect.inspect.buffers import Manifest
from watchdog.collect.inspect.newest import Choice, Gap, newest
from watchdog.collect.source import Emit
from watchdog.model.facts import Fact, HistoryRead, RowsLost, RowsRead

OLDER_ROWS = 500
"""Rows of a history that are folded at once: some milliseconds."""

HistoryPosition = tuple[int, int, int]
"""The last segment before what is to be read, and how many were read, of how many."""


class PassedOver:
    """The segments of one buffer that are still to be read in order."""

    def __init__(self) -> None:
        self._gaps: dict[str, Gap] = {}
        """Of samples whose newest rows are still to be read, by their members' name."""
        self.at: int | None = None
        """The last segment before them; None where there are none."""
        self.progress = 0, 0
        """Segments that were read of the history, and all."""

    @property
    def position(self) -> HistoryPosition | None:
        """Where another life goes on."""
        return None if self.at is None else (self.at, *self.progress)

    def resume(self, position: HistoryPosition | None) -> None:
        """Go on from there."""
        if position is not None:
            self.at, self.progress = position[0], position[1:]

    @property
    def in_gap(self) -> bool:
        """Whether it was left between the oldest and the newest rows of a sample."""
        return bool(self._gaps)

    def begin(self, manifest: Manifest, due: Collection[int], *, begun: bool) -> Choice | None:
        """What to read first of these segments; None where all are read in order."""
        if self.at is not None or self._gaps:
            return None
        choice = newest(manifest, frozenset(due), begun=begun)
        if choice is not None:
            self._gaps = choice.gaps
            self.at, self.progress = min(due) - 1, (0, len(due))
        return choice

    def hides(self, member: str, segment: int) -> bool:
        """Whether a sample's rows in a segment are among those for later."""
        gap = self._gaps.get(member)
        return gap is not None and gap.after < segment < gap.before

    def ends(self, member: str, segment: int) -> bool:
        """Whether the newest rows of a sample begin there: once for each."""
        gap = self._gaps.get(member)
        if gap is None or segment < gap.before:
            return False
        del self._gaps[member]
        return True

    def newest_read(self) -> None:
        """Nothing of the newest is left."""
        self._gaps = {}


class OlderRows:
    """Hands rows on as those of a history, some hundred at a time."""

    def __init__(self, eval_set_id: str, log: str, emit: Emit) -> None:
        self._where = (eval_set_id, log)
        self._emit = emit
        self._parts: list[RowsRead | RowsLost] = []
        self._rows = 0

    def take(self, fact: Fact) -> None:
        """A fact about rows of it, or another one."""
        if not isinstance(fact, RowsRead | RowsLost):
            self._emit(fact)
            return
        self._parts.append(fact)
        self._rows += len(fact.rows) if isinstance(fact, RowsRead) else 0
        if self._rows >= OLDER_ROWS:
            self.hand_on(complete=False)

    def hand_on(self, *, complete: bool) -> None:
        """What was taken since the last time."""
        if self._parts or complete:
            self._emit(HistoryRead(*self._where, tuple(self._parts), complete))
        self._parts, self._rows = [], 0
