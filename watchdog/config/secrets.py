"""The secrets that settings hold, found by their type."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr


def secrets_in(group: BaseModel) -> Iterator[str]:
    """All that somebody set. A default stands in the documentation, so it is no secret."""
    for name, field in type(group).model_fields.items():
        value = getattr(group, name)
        if value != field.get_default(call_default_factory=True):
            yield from _values(value)


def _values(value: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from secrets_in(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _values(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _values(item)
