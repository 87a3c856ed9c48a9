"""A sample's failing request: how large it is and, where somebody asks for them, its texts."""

import json
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from watchdog.collect.inspect.message_texts import Texts, pieces, texts
from watchdog.collect.inspect.sample_parts import MAX_BYTES, Parts, RequestUnreadable, read_parts
from watchdog.collect.place import Place
from watchdog.collect.values import name, whole
from watchdog.model.facts import SampleKey
from watchdog.model.request import MessageShape, RequestShape

__all__ = ["FailingRequest", "RequestUnreadable", "failing_request"]

CHARACTERS_A_TOKEN = 4
"""For English, by OpenAI's and Google's guides to tokens."""
NAMES_MAX = 100


class FailingRequest(Struct, frozen=True):
    """A failing request. `texts` is sensitive: it is what the evaluation is about."""

    shape: RequestShape
    error: str = ""
    """What the provider said of it last; empty for a call that never returned."""
    texts: Texts = ()


async def failing_request(
    place: Place, key: SampleKey, max_bytes: int = MAX_BYTES
) -> FailingRequest:
    """The newest call of a sample that failed; else the newest that never returned.

    Raises:
        RequestUnreadable: the buffer can't be read, or holds no such call.
    """
    parts = await read_parts(place, key, max_bytes)
    calls = [event for _, event in sorted(parts.calls, key=lambda call: call[0])]
    failed = [event for event in calls if event.get("error")]
    pending = [event for event in calls if event.get("pending") is True]
    event_id = next(reversed(failed), None) or next(reversed(pending), None)
    if event_id is None:
        raise RequestUnreadable("no call of this sample failed or is pending")
    shape = _shape(parts, event_id, calls)
    error = event_id.get("error")
    return FailingRequest(
        shape,
        error if isinstance(error, str) else "",
        tuple(texts(parts, parts.messages(event_id))),
    )


def _shape(parts: Parts, event: dict[str, Any], calls: list[dict[str, Any]]) -> RequestShape:
    messages = tuple(_message(parts, message) for message in parts.messages(event))
    tools = event.get("tools")
    tools = [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    shape = RequestShape(
        model=name(event.get("model")) or "",
        messages=messages,
        tools=tuple(name(tool.get("name")) or "?" for tool in tools[:NAMES_MAX]),
        tool_characters=len(json.dumps(tools)) if tools else 0,
        max_tokens=whole(_object(event.get("config")).get("max_tokens")),
    )
    return _estimated(parts, shape, calls)


def _estimated(parts: Parts, shape: RequestShape, calls: list[dict[str, Any]]) -> RequestShape:
    """With tokens: by what the provider counted for the last call that it counted, scaled."""
    for event in reversed(calls):
        counted = _counted(event)
        messages = (
            [_message(parts, message) for message in parts.messages(event)] if counted else []
        )
        characters = sum(message.characters for message in messages)
        tools = event.get("tools")
        characters += len(json.dumps(tools)) if isinstance(tools, list) and tools else 0
        if counted and characters and shape.characters:
            tokens = max(1, round(counted * shape.characters / characters))
            return replace(shape, estimated_tokens=tokens, estimated_by="usage")
    tokens = -(-shape.characters // CHARACTERS_A_TOKEN)
    return replace(shape, estimated_tokens=tokens, estimated_by="characters")


def _counted(event: dict[str, Any]) -> int:
    """Input tokens that the provider counted for a call; 0 where it says nothing."""
    usage = _object(_object(event.get("output")).get("usage"))
    kinds = ("input_tokens", "input_tokens_cache_read", "input_tokens_cache_write")
    return sum(max(0, whole(usage.get(kind)) or 0) for kind in kinds)


def _message(parts: Parts, message: dict[str, Any]) -> MessageShape:
    parts_of_text, others = [], []
    for kind, text in pieces(parts, message):
        parts_of_text.append(text) if kind == "text" else others.append(kind)
    return MessageShape(
        role=name(message.get("role")) or "?",
        characters=sum(map(len, parts_of_text)),
        parts=tuple(dict.fromkeys(others)),
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
