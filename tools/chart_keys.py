"""Which keys may stand under `config` in the chart: `settings` in its values.schema.json.

Helm so names a typo before anything is installed. Values are for the service to check.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

Schema = dict[str, Any]

_SETTINGS = re.compile(r'(?<=^    "settings": ).*(?=,$)', re.MULTILINE)


def with_keys(text: str) -> str:
    """The schema's file with the keys that the settings have, in a line of it."""
    from watchdog.config.settings import Settings  # noqa: PLC0415 - as in tools/deploy.py

    keys = json.dumps(_keys(Settings), separators=(",", ":"))
    made, count = _SETTINGS.subn(lambda _: keys, text)
    if count != 1:
        raise ValueError(f"{count} lines of the chart's schema define `settings`")
    return made


def _keys(group: type[BaseModel]) -> Schema:
    """A group's keys, with those of the groups in it."""
    properties = {name: _of(field.annotation) for name, field in group.model_fields.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _of(annotation: object) -> Schema:
    group = next(_groups(annotation), None)
    if group is None:
        return {}
    return _keys(group) if annotation is group else {"items": _keys(group)}


def _groups(annotation: object) -> Iterator[type[BaseModel]]:
    """The groups in a type: itself, or those that it is a list of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _groups(part)
