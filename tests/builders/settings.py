"""What can be set, from pydantic's JSON schema: by another way than the program derives it.

An entry of a list stands at 0 and one of a mapping at `acme`, as in the file of version 0.1.0.
"""

from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise
from typing import Any

import yaml

from tests.paths import ROOT
from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.errors import ConfigError

COMPLETE = ROOT / "tests" / "unit" / "config" / "data" / "version-0.1.0.yaml"
_COMPLETE = yaml.safe_load(COMPLETE.read_text())
SCHEMA = Settings.model_json_schema()

Place = tuple[str | int, ...]


def _walk(schema: dict[str, Any], place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    schema = {**SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]} if "$ref" in schema else schema
    yield place, schema
    for option in [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
        yield from _walk(option, place)
    for key, below in schema.get("properties", {}).items():
        yield from _walk(below, (*place, key))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _walk(schema["additionalProperties"], (*place, "acme"))
    if "items" in schema:
        yield from _walk(schema["items"], (*place, 0))


_NODES = list(_walk(SCHEMA, ()))
GROUPS = {place: sorted(schema["properties"]) for place, schema in _NODES if "properties" in schema}
"""The keys of each group, of the top level too."""
SECRETS = [place for place, schema in _NODES if schema.get("format") == "password"]
PLAIN = [
    place
    for place, schema in _NODES
    if ({"type", "enum", "const"} & set(schema))
    and schema.get("type") not in {"object", "array", "null"}
    and place not in SECRETS
]
"""Settings that are no secrets, and what lists of them hold."""


def dotted(place: Place) -> str:
    """As an error names it."""
    return ".".join(str(part) for part in place)


def complete() -> dict[str, Any]:
    """A configuration in which everything is set that version 0.1.0 knew."""
    return deepcopy(_COMPLETE)


def with_value(place: Place, value: object) -> dict[str, Any]:
    """The complete configuration with another value at one place, which is made where it lacks."""
    config: Any = complete()
    node = config
    for part, following in pairwise(place):
        if isinstance(node, list):
            node.extend([{}] if len(node) <= part else [])
        elif part not in node:
            node[part] = [] if isinstance(following, int) else {}
        node = node[part]
    if isinstance(node, list):
        node[place[-1] :] = [deepcopy(value)]
    else:
        node[place[-1]] = deepcopy(value)
    return config


def error_of(config: dict[str, Any]) -> ConfigError | None:
    """What is wrong with it, if anything."""
    try:
        load(config)
    except ConfigError as error:
        return error
    return None
