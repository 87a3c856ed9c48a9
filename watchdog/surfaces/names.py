"""Finds names in texts, in a time that doesn't grow with how many names there are."""

from collections.abc import Iterable

_BEGINNING = 8
"""Characters by which names are told apart first."""


class NameIndex:
    """Names that may stand anywhere in a text."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(filter(None, names))
        self._lengths: dict[str, set[int]] = {}
        for name in self._names:
            self._lengths.setdefault(name[:_BEGINNING], set()).add(len(name))
        self._beginnings = sorted({len(beginning) for beginning in self._lengths})

    def stand_in(self, text: str) -> bool:
        """Whether any of them does."""
        return any(
            text[place : place + length] in self._names
            for place in range(len(text))
            for size in self._beginnings
            for length in self._lengths.get(text[place : place + size], ())
        )
