"""Names that thousands of samples have in common, held once.

The table is bounded and begins anew when it is full, after which equal ones are held twice: that
costs bytes and nothing else. So names that an eval makes up fill no more than the table.
"""

from typing import TypeVar

T = TypeVar("T", bound=tuple[object, ...])

TABLE_MAX = 4_096
ITEMS_MAX = 4
"""Longer tuples are not shared: nobody else has the same."""
_table: dict[tuple[object, ...], tuple[object, ...]] = {}


def shared(items: T) -> T:
    """The first tuple that was equal to it, of the last few thousand different ones."""
    if len(items) > ITEMS_MAX:
        return items
    known = _table.get(items)
    if known is None:
        if len(_table) >= TABLE_MAX:
            _table.clear()
        known = _table.setdefault(items, items)
    return known  # type: ignore[return-value]


def shared_name(name: str) -> str:
    """The same text, held once."""
    return shared((name,))[0]
