"""How many bytes objects take: all that is reached from them, each counted once.

Sizes are Python's own (`sys.getsizeof`), so that the same states weigh the same each time; an
allocator's rounding and its empty places come on top (measured: a tenth to a sixth).
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterable
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from msgspec import Struct

_NOT_DATA = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, Enum, bool)


def weight(roots: Iterable[object], apart: Iterable[object] = ()) -> int:
    """Bytes of the roots and of all that is reached from them, without what is kept `apart`."""
    return sum(by_type(roots, apart).values())


def by_type(roots: Iterable[object], apart: Iterable[object] = ()) -> Counter[str]:
    """The same by the types' names."""
    met = {id(one) for one in _reached(list(apart), set())}
    sizes: Counter[str] = Counter()
    for item in _reached(list(roots), met):
        sizes[type(item).__name__] += sys.getsizeof(item)
    return sizes


def _reached(waiting: list[object], met: set[int]) -> Iterable[object]:
    while waiting:
        item = waiting.pop()
        if id(item) in met or item is None or isinstance(item, _NOT_DATA):
            continue
        met.add(id(item))
        yield item
        waiting += _parts(item)


def _parts(item: Any) -> Iterable[object]:
    if isinstance(item, Struct):  # those that the collector passes over have no referents
        return [getattr(item, name) for name in item.__struct_fields__]
    if isinstance(item, str | bytes | int | float):
        return ()
    return gc.get_referents(item)
