"""Tables that fit: columns come with the room that there is, and what may be cut is cut."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from watchdog.model.words import duration
from watchdog.surfaces.terminal.console import Line

GAP = 2
"""Blanks between two columns."""
_ELLIPSIS = "…"

Cell = Text | str


class Column(Struct, frozen=True):
    """One column. Lengths are columns of the terminal: a wide letter takes two."""

    title: str
    most: int
    """Its width at most."""
    least: int = 0
    """How far it may be cut; 0 for never."""
    room: int = 0
    """It is shown from this width of the terminal on."""
    align: Literal["left", "right"] = "left"
    cut: Literal["end", "middle", "wrap"] = "end"
    """Which part of a text is left out that is too long; `wrap`: none, it goes on below."""


def table(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], width: int) -> list[Line]:
    """Head and rows, no line wider than `width`, nothing behind the last letter of one.

    Args:
        columns: of which those are shown that have room, and that are not empty in each row.
        rows: a cell for each column.
        width: columns of the terminal.
    """
    cells = [[_text(cell) for cell in row] for row in rows]
    places = [place for place, column in enumerate(columns) if column.room <= width]
    places = [place for place in places if any(row[place].plain for row in cells)]
    places = _with_room(columns, places, cells, width)
    shown = [columns[place] for place in places]
    cells = [[row[place] for place in places] for row in cells]
    widths = _fitted(shown, [_natural(shown, cells, place) for place in range(len(shown))], width)
    head = [Text(column.title, "dim") for column in shown]
    lines = (line for row in (head, *cells) for line in _wrapped(shown, widths, row))
    return [(0, _line(shown, widths, line)) for line in lines]


def _wrapped(
    columns: Sequence[Column], widths: Sequence[int], row: Sequence[Text]
) -> Iterator[Sequence[Text]]:
    """A row's lines: what is wrapped goes on below itself."""
    parts = [
        list(_words(cell, width)) if column.cut == "wrap" else [cell]
        for column, width, cell in zip(columns, widths, row, strict=True)
    ]
    for number in range(max(map(len, parts), default=0)):
        yield [lines[number] if number < len(lines) else Text() for lines in parts]


def _words(cell: Text, width: int) -> Iterator[Text]:
    """A text in lines of so many columns, broken between words where that goes."""
    if cell.cell_len <= width:
        yield cell
        return
    line = ""
    for word in cell.plain.split(" "):
        longer = f"{line} {word}" if line else word
        if line and cell_len(longer) > width:
            yield Text(line, cell.style)
            line = word
        else:
            line = longer
    yield Text(line, cell.style)


def _with_room(
    columns: Sequence[Column], places: Sequence[int], cells: Sequence[Sequence[Text]], width: int
) -> list[int]:
    """Without those that the most room is asked for, until what is left can be cut to fit."""
    left = list(places)
    while left:
        needed = GAP * (len(left) - 1)
        for place in left:
            natural = _natural(columns, cells, place)
            needed += min(natural, columns[place].least) if columns[place].least else natural
        largest = max(left, key=lambda place: columns[place].room)
        if needed <= width or not columns[largest].room:
            break
        left.remove(largest)
    return left


def _text(cell: Cell) -> Text:
    return Text(cell) if isinstance(cell, str) else cell


def _natural(columns: Sequence[Column], rows: Sequence[Sequence[Text]], place: int) -> int:
    column = columns[place]
    longest = max((row[place].cell_len for row in rows), default=0)
    return min(column.most, max(cell_len(column.title), longest))


def _fitted(columns: Sequence[Column], natural: Sequence[int], width: int) -> list[int]:
    """Widths that fit: the last column that may be cut gives first."""
    widths = list(natural)
    excess = sum(widths) + GAP * max(0, len(widths) - 1) - width
    for place in sorted(range(len(columns)), key=lambda place: -_yields(columns, place)):
        least = columns[place].least
        if excess > 0 and least:
            given = min(excess, max(0, widths[place] - least))
            widths[place] -= given
            excess -= given
    return widths


def _yields(columns: Sequence[Column], place: int) -> int:
    """What is cut in the middle is a name, and is kept longest."""
    return place if columns[place].cut == "end" else place - len(columns)


def _line(columns: Sequence[Column], widths: Sequence[int], row: Sequence[Text]) -> Text:
    line = Text(no_wrap=True)
    for place, (column, width, cell) in enumerate(zip(columns, widths, row, strict=True)):
        line.append(" " * GAP if place else "")
        part = _cut(cell, width, column.cut)
        room = " " * (width - part.cell_len)
        line.append(room if column.align == "right" else "")
        line.append_text(part)
        line.append(room if column.align == "left" and place < len(columns) - 1 else "")
    line.rstrip()
    return line


def _cut(cell: Text, width: int, cut: str) -> Text:
    if cell.cell_len <= width:
        return cell
    if cut == "end":
        shorter = cell.copy()
        shorter.truncate(width, overflow="ellipsis")
        return shorter
    return Text(middle(cell.plain, width), cell.style)


def middle(text: str, width: int) -> str:
    """A name in so many columns, both ends of it: eval sets of one day differ at the end."""
    if cell_len(text) <= width:
        return text
    tail = max(1, (width - 1) // 2)
    head = set_cell_size(text, width - 1 - tail).rstrip()
    end = text[-tail:]
    while end and cell_len(end) > tail:
        end = end[1:]
    return f"{head}{_ELLIPSIS}{end}"


def short(seconds: float) -> str:
    """A duration in a table: `22 h 14 min` is `22h14m`."""
    return duration(seconds).replace(" min", "m").replace(" ", "")
