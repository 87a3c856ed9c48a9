"""The series of a snapshot as Prometheus reads them, made eval set by eval set.

A line is the same in Prometheus' text format and in OpenMetrics 1.0, and all lines of a family
stand together (docs: "Exposition formats", prometheus.io; OpenMetrics 1.0, section "Sample"). So
the lines that a few neighbouring eval sets bring to each family are a piece, compressed once, and
made again only when something of them changed. The Prometheus client writes what stands around
them; of 10,000 tasks it would write every line anew at each scrape, for seconds.
"""

import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter

from msgspec import Struct
from prometheus_client.utils import floatToGoString

from watchdog.model.aged import aged_heads, grows
from watchdog.model.report import EvalSetFigures, Snapshot
from watchdog.part_cache import PartCache
from watchdog.surfaces.deflated import Deflater, Piece
from watchdog.surfaces.families import (
    FAMILIES,
    Family,
    Labels,
    Series,
    label,
    of_eval_sets,
    of_fleet,
)

NEIGHBOURS = 8
"""Tasks of a piece, on average. More compress better, and more is made anew for each change."""
NEIGHBOURS_MAX = 4 * NEIGHBOURS

Pieces = tuple[Piece | None, ...]
"""One for each family; None where it has no line."""


class _Run(Struct, frozen=True):
    """Neighbouring eval sets, and what they bring to each family."""

    figures: tuple[EvalSetFigures, ...]
    pieces: Pieces
    grows: bool
    """Whether some of its values change with time alone."""
    at: float


class Expositions:
    """Makes the pieces of one snapshot after the other. Safe to use from several threads."""

    def __init__(self, families: Sequence[Family] = FAMILIES) -> None:
        self._lines = tuple(_Lines(family) for family in families)
        self._labels: PartCache[EvalSetFigures, str] = PartCache(
            lambda figures: label(figures.report.eval_set_id)
        )
        self._runs: dict[tuple[int, ...], _Run] = {}
        self._snapshot: Snapshot | None = None
        self._last: list[list[Piece]] = []
        self._deflater = Deflater()
        self._lock = threading.Lock()

    def of(
        self,
        snapshot: Snapshot,
        masked: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot,
    ) -> list[list[Piece]]:
        """The lines of each family, in the order of the families.

        Args:
            snapshot: the current one.
            masked: as it is shown.
        """
        with self._lock:
            if snapshot is not self._snapshot:
                self._last = self._made(masked(snapshot))
                self._snapshot = snapshot
            return self._last

    def _made(self, snapshot: Snapshot) -> list[list[Piece]]:
        labels = self._labels.all_of(snapshot.figures)
        before, self._runs = self._runs, {}
        for figures in _runs(snapshot.figures, labels):
            key = tuple(map(id, figures))
            self._runs[key] = self._run(figures, before.get(key), snapshot.at)
        columns: list[tuple[Piece | None, ...]] = [run.pieces for run in self._runs.values()]
        columns.append(self._pieces(of_fleet(snapshot)))
        return [[piece for piece in row if piece is not None] for row in zip(*columns, strict=True)]

    def _run(self, figures: tuple[EvalSetFigures, ...], last: _Run | None, at: float) -> _Run:
        if last is not None and (not last.grows or last.at == at):
            return last
        now = tuple(aged_heads(one, at) for one in figures)
        moving = any(grows(one) for one in figures)
        pieces = self._pieces(of_eval_sets(now), last.pieces if last is not None else None)
        return _Run(figures, pieces, moving, at)

    def _pieces(self, of: Series, last: Pieces | None = None) -> Pieces:
        """What a series brings to each family; what can't have changed stays."""
        escaped = Series(
            {_escaped(labels): group for labels, group in of.eval_sets.items()},
            {_escaped(labels): group for labels, group in of.tasks.items()},
            {_escaped(labels): count for labels, count in of.incidents.items()},
            {_escaped(labels): value for labels, value in of.tests.items()},
        )
        return tuple(
            self._piece(lines, escaped) if last is None or lines.grows else last[place]
            for place, lines in enumerate(self._lines)
        )

    def _piece(self, lines: "_Lines", of: Series) -> Piece | None:
        text = lines.of(of)
        return self._deflater.piece(text.encode()) if text else None


class _Lines:
    """Writes the lines of a family."""

    def __init__(self, family: Family) -> None:
        self.grows = family.grows
        self._samples = family.samples
        names = sorted(family.labels)
        pairs = ",".join(f'{name}="%s"' for name in names)
        self._line = f"{family.name}{{{pairs}}} %s\n"
        places = [family.labels.index(name) for name in names]
        # the label's places, and the value's behind them
        self._in_order = itemgetter(*places, len(places))

    def of(self, series: Series) -> str:
        """All lines of it."""
        line, in_order = self._line, self._in_order
        return "".join(
            [line % in_order((*labels, _number(value))) for labels, value in self._samples(series)]
        )


_NUMBERS = {0.0: "0.0", 1.0: "1.0"}
"""Most values."""


def _number(value: float) -> str:
    return _NUMBERS.get(value) or str(floatToGoString(value))  # type: ignore[no-untyped-call]


def _escaped(labels: Labels) -> Labels:
    """Label values as they stand between quotation marks; a cleaned one holds no line feed."""
    return tuple(value.replace("\\", "\\\\").replace('"', '\\"') for value in labels)


def _runs(
    all_figures: Sequence[EvalSetFigures], labels: Sequence[str]
) -> Iterator[tuple[EvalSetFigures, ...]]:
    """Neighbours; what has the same label stands together, as its series are one.

    Where a run ends is told by an eval set's name: one that comes or goes moves no other's end.
    """
    groups: dict[str, list[EvalSetFigures]] = {}
    for name, figures in zip(labels, all_figures, strict=True):
        groups.setdefault(name, []).append(figures)
    run: list[EvalSetFigures] = []
    for name, group in groups.items():
        run += group
        every = NEIGHBOURS // max(1, len(group[0].tasks)) or 1
        if len(run) >= NEIGHBOURS_MAX or zlib.crc32(name.encode()) % every == 0:
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)
