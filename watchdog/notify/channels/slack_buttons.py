"""Buttons under an incident's message, and what Slack says when one is pressed. Pure.

Limits: https://api.slack.com/reference/block-kit/block-elements (255 characters of an `action_id`,
2,000 of a button's value, 150 of an option's) and 255 of a `block_id`, which says which incident it
is. What a press says: https://api.slack.com/reference/interaction-payloads/block-actions.
"""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from watchdog.notify.notice import Notice

Block = dict[str, Any]

BLOCK_ID_MAX = 255
MORE = "more"
"""The menu beside the buttons."""
BUTTONS = ("acknowledge", "silence", "true", "false", "unacknowledge", "unsilence", MORE)
"""What a press can mean, by its `action_id`; the page's forms call it the same."""
_ABOUT = re.compile(r"(?P<opening>[1-9][0-9]{0,8})\.(?P<id>.+)", re.DOTALL)
_OPTION = re.compile(r"(?P<do>acknowledge|silence):(?P<lasting>[1-9][0-9]?[hd])")

Word = Annotated[str, Meta(max_length=300)]


class Press(Struct, frozen=True):
    """Somebody pressed a button."""

    do: str
    """One of `BUTTONS`, but for `MORE`."""
    lasting: str | None
    """For how long, as people write it; None where that is not said."""
    incident: str
    opening: int
    user: str
    """Slack's id of who it was."""
    name: str
    """What Slack calls them; nobody has verified it."""
    team: str
    """The workspace that they belong to."""
    home: str
    """The workspace that the app belongs to."""
    enterprise: str
    """The organization that the app belongs to; empty where there is none."""
    channel: str
    ts: str
    """The message's."""
    key: str
    """The same again where Slack tells it once more; empty where nothing says."""


def buttons(notice: Notice) -> list[Block]:
    """One row of them, of what may still be done; none where a press could not say on what.

    In the shadow nobody was called, so there is nothing to acknowledge or to silence: what it would
    have been worth is asked.
    """
    block_id = f"{notice.opening}.{notice.incident.id}"
    if notice.members or notice.kind == "canary" or notice.opening < 1:
        return []
    if len(block_id) > BLOCK_ID_MAX:
        return []
    judging = [_button("true", "True page"), _button("false", "False page")]
    only_judged = notice.kind == "resolved" or notice.shadow is not None
    elements = judging if only_judged else [*_acting(notice), *judging, _menu()]
    return [{"type": "actions", "block_id": block_id, "elements": elements}]


def _acting(notice: Notice) -> list[Block]:
    """What counts can be taken back; its sentence says until when it does."""
    acknowledge = _button("acknowledge", "Acknowledge", "8h") | {"style": "primary"}
    silence = _button("silence", "Silence 4 h", "4h")
    if "acknowledgement" in notice.held:
        acknowledge = _button("unacknowledge", "Take back acknowledgement")
    if "silence" in notice.held:
        silence = _button("unsilence", "Take back silence")
    return [acknowledge, silence]


def _menu() -> Block:
    options = {
        "acknowledge:1d": "Acknowledge for 1 d",
        "silence:1h": "Silence for 1 h",
        "silence:1d": "Silence for 1 d",
        "silence:7d": "Silence for 7 d",
    }
    listed = [{"text": _plain(title), "value": value} for value, title in options.items()]
    return {"type": "overflow", "action_id": MORE, "options": listed}


def _button(do: str, title: str, value: str = "-") -> Block:
    return {"type": "button", "action_id": do, "text": _plain(title), "value": value}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


class _User(Struct, frozen=True):
    id: Word = ""
    username: Word = ""
    name: Word = ""
    team_id: Word = ""


class _Team(Struct, frozen=True):
    id: Word = ""


class _Container(Struct, frozen=True):
    message_ts: Word = ""
    channel_id: Word = ""


class _Option(Struct, frozen=True):
    value: Word = ""


class _Action(Struct, frozen=True):
    action_id: Word = ""
    block_id: Word = ""
    action_ts: Word = ""
    value: Annotated[str, Meta(max_length=2000)] | None = None
    selected_option: _Option | None = None


class _Payload(Struct, frozen=True):
    type: Word = ""
    user: _User = field(default_factory=_User)
    team: _Team | None = None
    enterprise: _Team | None = None
    container: _Container = field(default_factory=_Container)
    actions: Annotated[tuple[_Action, ...], Meta(max_length=25)] = ()


_decode = msgspec.json.Decoder(_Payload).decode


def press_of(payload: bytes | msgspec.Raw) -> Press | None:
    """What was pressed; None where it is no button of ours.

    Raises:
        ValueError: it is nothing that Slack would say.
    """
    told = _decode(payload)
    if told.type != "block_actions" or not told.actions:
        return None
    action = told.actions[0]
    about, meant = _ABOUT.fullmatch(action.block_id), _meant(action)
    if about is None or meant is None or not told.user.id:
        return None
    return Press(
        do=meant[0],
        lasting=meant[1],
        incident=about["id"],
        opening=int(about["opening"]),
        user=told.user.id,
        name=told.user.name or told.user.username,
        team=told.user.team_id,
        home=told.team.id if told.team is not None else "",
        enterprise=told.enterprise.id if told.enterprise is not None else "",
        channel=told.container.channel_id,
        ts=told.container.message_ts,
        key=f"{told.user.id} {action.action_ts} {action.action_id}" if action.action_ts else "",
    )


def _meant(action: _Action) -> tuple[str, str | None] | None:
    if action.action_id != MORE:
        known = action.action_id in BUTTONS
        lasting = action.value if action.action_id in {"acknowledge", "silence"} else None
        return (action.action_id, lasting) if known else None
    value = action.selected_option.value if action.selected_option is not None else ""
    chosen = _OPTION.fullmatch(value)
    return (chosen["do"], chosen["lasting"]) if chosen is not None else None
