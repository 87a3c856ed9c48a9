"""What a call asked and what came of it, as a number: equal ones are repetitions.

A digest says nothing but whether two are the same: what was asked and answered can't be read from
it, and goes no further than here. Long texts are `attachment://<hash>` in a buffer already. A time
or a counter within an answer makes it another answer, on purpose.
"""

from collections.abc import Iterable, Sized
from hashlib import blake2b
from itertools import pairwise

import msgspec
from msgspec import Raw

from watchdog.model.facts import AnswerKind

BYTES_MAX = 65_536
"""So much of a call is looked at, of its beginning and its end; beyond that its length tells."""
TEXT_MAX = BYTES_MAX // 4
"""Characters of one text, in the same way."""
REFS_MAX = 1_000
"""Ranges of an input in which a message is looked for twice."""
LENGTH_MAX = 1_000_000
"""Messages beyond which it makes no difference how many there are."""
_UNFIT = (msgspec.MsgspecError, UnicodeError, OverflowError, RecursionError, TypeError, ValueError)
_VISIBLE = frozenset({"text", "reasoning"})
"""Kinds of content that are words; whatever else a model answers with is no empty answer."""

Refs = list[tuple[int, int]]


class _Message(msgspec.Struct, gc=False):
    role: str = ""
    content: object = None


_messages = msgspec.json.Decoder(_Message)
_encode = msgspec.json.Encoder(order="sorted").encode


def digest(*parts: object) -> int:
    """64 bits of what parts of a call are, whatever the order of their keys."""
    try:
        data = _encode([_cut(part) for part in parts])
    except _UNFIT:  # lone surrogates, integers beyond 64 bits: only ever in JSON that is not strict
        data = repr(parts).encode("utf-8", "backslashreplace")
    if len(data) > BYTES_MAX:
        half = BYTES_MAX // 2
        data = data[:half] + data[-half:] + str(len(data)).encode()
    return int.from_bytes(blake2b(data, digest_size=8, person=b"repetition").digest())


def _cut(part: object) -> object:
    if isinstance(part, str) and len(part) > TEXT_MAX:
        half = TEXT_MAX // 2
        return [part[:half], part[-half:], len(part)]
    return part


def answer_kind(completion: object, content: object, stop_reason: object) -> AnswerKind:
    """What a model's answer without calls of tools is: `plain`, `empty`, `refused`, `cut_off`.

    Stop reasons as in inspect_ai 0.3.285, `model/_model_output.py`. An answer that only thinks is
    empty; one of an image, or of a tool that the provider ran itself, is not.
    """
    if stop_reason in ("content_filter", "refusal"):
        return "refused"
    if stop_reason in ("max_tokens", "model_length"):
        return "cut_off"
    is_blank = completion is None or (isinstance(completion, str) and not completion.strip())
    return "empty" if is_blank and not _shows(content) else "plain"


def _shows(content: object) -> bool:
    """Whether a message's content is more than blank text and thoughts."""
    if isinstance(content, str):
        return bool(content.strip())
    if not isinstance(content, list):
        return False
    return any(_block_shows(block) for block in content)


def _block_shows(block: object) -> bool:
    if not isinstance(block, dict):
        return bool(block)
    if block.get("type") not in _VISIBLE:
        return True
    text = block.get("text")
    return block.get("type") == "text" and isinstance(text, str) and bool(text.strip())


def last_message(refs: Refs | None, messages: list[Raw]) -> object:
    """What stands for the newest message that a model was asked with.

    In a buffer's newer form it is a place in the sample's pool, which holds each message once,
    whatever its id (`event/_pool.py`); in the older one the message itself.
    """
    if refs or not messages:
        return refs[-1][1] if refs else None
    try:
        return _newest(_messages.decode(messages[-1]))
    except _UNFIT:
        return None


def loose_last_message(refs: Refs, messages: list[object]) -> object:
    """The same of messages that are decoded already."""
    if refs or not messages:
        return refs[-1][1] if refs else None
    try:
        return _newest(msgspec.convert(messages[-1], _Message))
    except _UNFIT:
        return None


def _newest(message: _Message) -> list[object]:
    return [message.role, message.content]


def length(refs: Refs | None, messages: Sized) -> int:
    """How many messages a model was asked with."""
    return (
        min(LENGTH_MAX, max(0, sum(end - start for start, end in refs))) if refs else len(messages)
    )


def repeats(refs: Iterable[tuple[int, int]] | None) -> bool:
    """Whether an input holds a message twice, as a conversation does that repeats itself.

    None, and what is too long to look through, is no.
    """
    ranges = sorted(refs)[:REFS_MAX] if refs else []
    return any(later[0] < earlier[1] for earlier, later in pairwise(ranges))
