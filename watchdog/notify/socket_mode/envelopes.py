"""What Slack says over a Socket Mode connection. Pure; it is bounded before it is read.

https://api.slack.com/apis/socket-mode#events and #disconnect.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct, field

from watchdog.notify.channels.slack_buttons import Press, press_of

SIZE_MAX = 1024 * 1024
"""Bytes of a message: a press repeats what was pressed, with all its blocks."""
Reason = Literal["warning", "refresh_requested", "link_disabled", "other"]


class Hello(Struct, frozen=True):
    """The connection is open: from now on it is told what is pressed."""


class Goodbye(Struct, frozen=True):
    """It will be closed within seconds: another one has to take its place."""

    reason: Reason


class Envelope(Struct, frozen=True):
    """Something that is confirmed by its id, at once."""

    id: str
    press: Press | None
    """None where it is no button of ours."""


class _Told(Struct, frozen=True):
    type: Annotated[str, Meta(max_length=100)] = ""
    reason: Annotated[str, Meta(max_length=100)] = ""
    envelope_id: Annotated[str, Meta(max_length=200)] = ""
    payload: Raw = field(default_factory=Raw)


_decode = msgspec.json.Decoder(_Told).decode
_REASONS: tuple[Reason, ...] = ("warning", "refresh_requested", "link_disabled")


def read(text: str) -> Hello | Goodbye | Envelope | None:
    """What was said; None where it is nothing that we know.

    A payload that can't be read is confirmed all the same: told again it would be no other.
    """
    try:
        told = _decode(text.encode(errors="replace"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if told.type == "hello":
        return Hello()
    if told.type == "disconnect":
        return Goodbye(next((one for one in _REASONS if one == told.reason), "other"))
    if not told.envelope_id:
        return None
    return Envelope(told.envelope_id, _press(told) if told.type == "interactive" else None)


def _press(told: _Told) -> Press | None:
    try:
        return press_of(told.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
