"""What OpenAI's two paths say about a parameter: (message, param, code)."""

from typing import Any

Wrong = tuple[str, str | None, str | None]

LONGEST_STRING = 10_485_760


def missing(name: str) -> Wrong:
    return f"Missing required parameter: '{name}'.", name, "missing_required_parameter"


def unknown(name: str) -> Wrong:
    return f"Unknown parameter: '{name}'.", name, "unknown_parameter"


def unsupported(name: str, instead: str) -> Wrong:
    text = f"Unsupported parameter: '{name}' is not supported with this model."
    return f"{text} {instead}".strip(), name, "unsupported_parameter"


def moved(name: str, to: str) -> Wrong:
    text = f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to"
    return f"{text} '{to}'.", name, "unsupported_parameter"


def empty(name: str) -> Wrong:
    text = f"Invalid '{name}': empty array. Expected an array with minimum length 1, but got an"
    return f"{text} empty array instead.", name, "empty_array"


def mistyped(name: str, expected: str, value: Any) -> Wrong:
    text = f"Invalid type for '{name}': expected {expected}, but got {_kind(value)} instead."
    return text, name, "invalid_type"


def below(name: str, least: int, value: int) -> Wrong:
    text = f"Invalid '{name}': integer below minimum value. Expected a value >= {least}, but got"
    return f"{text} {value} instead.", name, "integer_below_min_value"


def not_one_of(name: str, value: Any, allowed: tuple[str, ...]) -> Wrong:
    named = ", ".join(f"'{one}'" for one in allowed[:-1]) + f", and '{allowed[-1]}'"
    return f"Invalid value: '{value}'. Supported values are: {named}.", name, "invalid_value"


def overlong(name: str, value: str) -> Wrong | None:
    """A single string has a limit of its own, below which no context window helps."""
    if len(value) <= LONGEST_STRING:
        return None
    text = f"Invalid '{name}': string too long. Expected a string with maximum length"
    counted = f"{LONGEST_STRING}, but got a string with length {len(value)} instead."
    return f"{text} {counted}", name, "string_above_max_length"


def bad_items(
    name: str, items: list[Any], roles: tuple[str, ...], optional: bool = False
) -> Wrong | None:
    """Messages of chat completions; items of responses, which need not be messages."""
    for number, item in enumerate(items):
        place = f"{name}[{number}]"
        if not isinstance(item, dict):
            return mistyped(place, "an object", item)
        if optional and "role" not in item and item.get("type", "message") != "message":
            continue
        if "role" not in item:
            return missing(f"{place}.role")
        if item["role"] not in roles:
            return not_one_of(f"{place}.role", item["role"], roles)
        if "content" not in item:
            return missing(f"{place}.content")
        if isinstance(item["content"], str) and (
            wrong := overlong(f"{place}.content", item["content"])
        ):
            return wrong
    return None


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {str: "a string", int: "an integer", list: "an array", dict: "an object"}
    return kinds.get(type(value), "a value")
