"""What keys there are, and of what type, read from the models' annotations."""

from collections.abc import Iterable, Iterator
from inspect import isclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

Loc = Iterable[str | int]
"""Where something stands in the settings, as pydantic has it: `("overrides", 0, "task")`."""


def types_in(annotation: Any) -> Iterator[Any]:  # noqa: ANN401
    """The plain types that an annotation is made of: of `tuple[A, ...] | None` A and None."""
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        inner = inner[:1]
    if get_origin(annotation) is Literal or not inner:
        yield annotation
        return
    for part in inner:
        yield from types_in(part)


def groups_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401
    """The groups of keys that an annotation is made of; none where it is a plain setting."""
    return [kind for kind in types_in(annotation) if _is_group(kind)]


def is_secret(annotation: Any) -> bool:  # noqa: ANN401
    """Whether values of this type are secret, or hold one that stands in no group of its own."""
    return any(isclass(kind) and issubclass(kind, SecretStr) for kind in types_in(annotation))


def known_keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that may stand at a place; none where it holds no group."""
    groups = [group for kind in _types_at(model, loc) for group in groups_in(kind)]
    return sorted({key for group in groups for key in group.model_fields})


def may_be_shown(model: type[BaseModel], loc: Loc) -> bool:
    """Whether a value may be shown that stands where a plain setting belongs that is no secret.

    What is given for a whole group, and what stands where nothing belongs, may be a secret.
    """
    kinds = _types_at(model, loc)
    return bool(kinds) and not any(is_secret(kind) or groups_in(kind) for kind in kinds)


def _types_at(model: type[BaseModel], loc: Loc) -> list[Any]:
    kinds: list[Any] = [model]
    for key in loc:
        kinds = [inner for kind in kinds for inner in _below(kind, key)]
    return kinds


def _below(kind: Any, key: str | int) -> list[Any]:  # noqa: ANN401
    if _is_group(kind):
        field = kind.model_fields.get(key)
        return [] if field is None else [field.annotation]
    inner = get_args(kind)
    if get_origin(kind) is Annotated:
        return _below(inner[0], key)
    if get_origin(kind) in {Union, UnionType}:
        # where no member knows the key, it names a member: `url.str`
        return [below for member in inner for below in _below(member, key)] or [kind]
    if get_origin(kind) is dict:
        return [inner[1]]
    return [] if get_origin(kind) is Literal else [member for member in inner if member is not ...]


def _is_group(kind: Any) -> bool:  # noqa: ANN401
    return isclass(kind) and issubclass(kind, BaseModel)
