"""The secrets that settings hold, found by their type, and those of addresses among them."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from watchdog.redaction import KNOWN, learn_address, learn_environment


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


def learn_secrets(settings: BaseModel) -> None:
    """Let all that leaves the process be searched for them, and for what its environment holds."""
    for value in secrets_in(settings):
        KNOWN.learn(value)
    for text in _texts(settings):
        if "://" in text:
            learn_address(text)
    learn_environment()


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401
    """All plain texts of settings: some are addresses."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)
