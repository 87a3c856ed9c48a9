"""What a sample was asked and answered, for who reads its log with rights of their own.

While it runs from its buffer: the messages of its newest call, and the answer. Once it has ended
from its log: `messages` and `attachments` of `EvalSample` (inspect_ai 0.3.285, `log/_log.py`).
"""

import asyncio
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from watchdog.collect.inspect.logged_sample import logged_content
from watchdog.collect.inspect.message_texts import CONTENT_MAX, texts
from watchdog.collect.inspect.naming import is_json
from watchdog.collect.inspect.sample_parts import Parts, RequestUnreadable, read_parts
from watchdog.collect.json_bounds import UNFIT, loads
from watchdog.collect.place import Place
from watchdog.collect.stores.objects import StoreError
from watchdog.collect.stores.zip_members import CorruptZip
from watchdog.model.conversation import Conversation, Message
from watchdog.model.facts import SampleKey

_MESSAGES_MAX = 20_000


class _Sample(Struct, gc=False):
    messages: list[dict[str, Any]] = []
    attachments: dict[str, str] = {}


_sample = msgspec.json.Decoder(_Sample)


async def conversation(place: Place, key: SampleKey) -> Conversation:
    """The conversation of a sample.

    Raises:
        RequestUnreadable: it is neither in the buffer nor in the log, or can't be read.
    """
    try:
        return _of_buffer(await read_parts(place, key))
    except RequestUnreadable as error:
        why = str(error)
    if is_json(place.log):
        raise RequestUnreadable(why)
    try:
        content = await logged_content(place, key)
    except StoreError as error:
        raise RequestUnreadable(f"{why}; its log: {error.text}") from error
    except CorruptZip as error:
        raise RequestUnreadable(f"{why}; its log: {error}") from error
    if content is None:
        raise RequestUnreadable(f"{why}; its log doesn't have it either")
    return await asyncio.to_thread(decode_conversation, content)


def _of_buffer(parts: Parts) -> Conversation:
    """Raises: RequestUnreadable: there is no call."""
    calls = [event for _, event in sorted(parts.calls, key=lambda call: call[0])]
    if not calls:
        raise RequestUnreadable("it has not called a model yet")
    newest = calls[-1]
    return _made(parts, [*parts.messages(newest), *_answers(newest)], "buffer")


def decode_conversation(content: bytes | bytearray) -> Conversation:
    """The conversation of a sample as its log has it.

    Raises:
        RequestUnreadable: it is no sample.
    """
    try:
        sample = _sample.decode(content)
    except UNFIT:
        sample = _loose(content)
    parts = Parts()
    for digest, text in sample.attachments.items():
        parts.attach(digest, text)
    return _made(parts, sample.messages[:_MESSAGES_MAX], "log")


def _loose(content: bytes | bytearray) -> _Sample:
    """The same of what is not strict JSON: `NaN` may be a score."""
    try:
        return msgspec.convert(loads(content), _Sample)
    except ValueError as error:
        text = f"its log's sample can't be read: {str(error)[:120]}"
        raise RequestUnreadable(text) from error


def _answers(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a call was answered; nothing where it failed or is pending."""
    output = event.get("output")
    choices = output.get("choices") if isinstance(output, dict) else None
    for choice in choices[:1] if isinstance(choices, list) else []:
        message = choice.get("message") if isinstance(choice, dict) else None
        if isinstance(message, dict) and not event.get("error") and not event.get("pending"):
            yield message


def _made(
    parts: Parts, messages: list[dict[str, Any]], source: Literal["buffer", "log"]
) -> Conversation:
    told = tuple(Message(role, _written(text)) for role, text in texts(parts, messages))
    is_cut = sum(len(one.text) for one in told) >= CONTENT_MAX
    return Conversation(told, source, is_cut)


def _written(text: str) -> str:
    """As it can be printed: JSON may hold what no Unicode text can."""
    return text.encode("utf-8", "replace").decode()
