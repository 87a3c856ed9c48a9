"""The texts of messages, with the attachments that they name.

Format: `ChatMessage` in inspect_ai 0.3.285, `model/_chat_message.py`, and `Content` beside it.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from watchdog.collect.values import name

CONTENT_MAX = 8 * 1024 * 1024
"""Characters of texts that are handed out."""

Texts = tuple[tuple[str, str], ...]
"""Role and text of each message."""


class Attached(Protocol):
    """Knows the attachments of a sample."""

    def text(self, value: str) -> str:
        """A text with those that it names."""
        ...


def pieces(parts: Attached, message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and text of everything in a message; of what is no text only the kind."""
    content = message.get("content")
    if isinstance(content, str):
        yield "text", parts.text(content)
    for piece in content if isinstance(content, list) else []:
        yield from _piece(parts, _object(piece))
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else []:
        arguments = _object(call).get("arguments")
        if arguments:
            yield "text", parts.text(json.dumps(arguments, ensure_ascii=False))


def _piece(parts: Attached, piece: dict[str, Any]) -> Iterator[tuple[str, str]]:
    kind = name(piece.get("type")) or "?"
    text = piece.get("text") if kind == "text" else piece.get("reasoning")
    if isinstance(text, str):
        yield "text", parts.text(text)
    if kind != "text":
        yield kind, ""


def texts(parts: Attached, messages: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Role and text of each message, up to `CONTENT_MAX` characters in all."""
    left = CONTENT_MAX
    for message in messages:
        text = "\n".join(text for kind, text in pieces(parts, message) if kind == "text")
        yield name(message.get("role")) or "user", text[:left]
        left -= len(text)
        if left <= 0:
            return


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
