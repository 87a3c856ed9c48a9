"""Takes secrets out of a finished record: one pass over all that page, API and messages read.

The record is encoded and searched as a whole, which takes milliseconds; only of what holds
something each text is looked at. So identifiers that hold a secret change alike everywhere.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.lazy_samples import LazySamples
from watchdog.redaction.known import KNOWN
from watchdog.redaction.patterns import anything
from watchdog.redaction.texts import redact

T = TypeVar("T")
_DEPTH = 6
"""Levels of records that are searched as a whole before their texts are."""


def without_secrets(record: T, keep: frozenset[str] = frozenset()) -> T:
    """The same record without known secrets and what looks like one; itself where it holds none.

    Args:
        record: of msgspec's records, tuples, mappings, sets and texts.
        keep: fields of the record itself that never leave.
    """
    cleaned: T = _Pass(keep).value(record, 0)
    return cleaned


class _Pass:
    """One pass: what was looked at once isn't again."""

    def __init__(self, keep: frozenset[str]) -> None:
        self._keep = keep
        self._texts: dict[str, str] = {}
        self._records: dict[int, tuple[Struct, Struct]] = {}

    def value(self, value: Any, depth: int) -> Any:  # noqa: ANN401
        if type(value) is str:
            return self._text(value)
        if isinstance(value, Struct):
            return self._record(value, depth)
        if isinstance(value, LazySamples):
            return value.mapped(without_secrets)
        if isinstance(value, tuple | list | frozenset | set):
            return self._items(value, depth)
        if isinstance(value, Mapping):
            items = {self.value(k, depth): self.value(v, depth) for k, v in value.items()}
            return items if items != value else value
        return value

    def _items(self, items: Any, depth: int) -> Any:  # noqa: ANN401
        cleaned = [self.value(item, depth) for item in items]
        return type(items)(cleaned) if any(map(_differ, cleaned, items)) else items

    def _record(self, record: Struct, depth: int) -> Struct:
        _, cleaned = self._records.get(id(record), (None, None))
        if cleaned is None:
            cleaned = self._cleaned(record, depth)
            self._records[id(record)] = (record, cleaned)
        return cleaned

    def _cleaned(self, record: Struct, depth: int) -> Struct:
        if depth < _DEPTH and not _holds(record):
            return record
        names = [n for n in record.__struct_fields__ if depth or n not in self._keep]
        before = {name: getattr(record, name) for name in names}
        after = {name: self.value(item, depth + 1) for name, item in before.items()}
        changed = {name: item for name, item in after.items() if item is not before[name]}
        return replace(record, **changed) if changed else record

    def _text(self, text: str) -> str:
        if text not in self._texts:
            self._texts[text] = redact(text)
        cleaned = self._texts[text]
        return text if cleaned == text else cleaned


def _differ(one: object, other: object) -> bool:
    return one is not other


def _holds(record: Struct) -> bool:
    """Whether anything in it is, or looks like, a secret."""
    lazy: list[LazySamples] = []

    def plain(value: object) -> object:
        if not isinstance(value, LazySamples):
            return str(value)
        lazy.append(value)
        return []

    data = msgspec.json.encode(record, enc_hook=plain)
    # what isn't told yet is searched when it is
    return bool(lazy) or KNOWN.matcher.finds(data) or anything().search(data) is not None
