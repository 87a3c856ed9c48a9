"""Buttons: Slack's limits hold, what is done can be taken back, a press is read or passed over."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.kept_incidents import act
from tests.builders.ledger_entries import ledger_entry
from tests.builders.notices import accepted
from tests.builders.snapshots import HOSTILE, NOW, eval_set, incident, snapshot
from tests.doubles.slack_api import CHANNEL, Post
from tests.doubles.slack_socket import pressed
from watchdog.notify import notice
from watchdog.notify.channels.slack_buttons import MORE, buttons, press_of
from watchdog.notify.decide import Decision, Reason
from watchdog.notify.notice import Notice
from watchdog.notify.socket_mode.envelopes import Envelope, Goodbye, Hello, read
from watchdog.surfaces.web.deeds import wanted_by

OPENED = Notice("opened", incident(), NOW, NOW - 60, opening=3)


def actions(message):
    return [element["action_id"] for block in buttons(message) for element in block["elements"]]


def test_what_stands_can_be_acknowledged_silenced_and_judged():
    assert actions(OPENED) == ["acknowledge", "silence", "true", "false", MORE]


def test_what_counts_can_be_taken_back():
    held = replace(OPENED, held=("acknowledgement", "silence"))
    assert actions(held) == ["unacknowledge", "unsilence", "true", "false", MORE]


def test_what_is_over_can_be_judged():
    assert actions(replace(OPENED, kind="resolved")) == ["true", "false"]


@pytest.mark.parametrize(
    "message",
    [
        replace(OPENED, opening=0),
        replace(OPENED, kind="canary"),
        replace(OPENED, kind="digest", members=(incident(),) * 6),
        replace(OPENED, incident=incident(id="x" * 300)),
    ],
    ids=["an earlier version's", "a canary", "a digest", "too long to say which"],
)
def test_where_a_press_could_not_say_on_what_there_are_none(message):
    assert buttons(message) == []


def test_a_notice_says_what_counts():
    entry = replace(
        ledger_entry(incident(), NOW), acts=(act(at=NOW - 1), act("judgement", at=NOW - 1, place=2))
    )
    decision = Decision(Reason.EDIT, incident(), NOW, entry)
    shown = notice.standing(decision, snapshot(eval_set(), incidents=(incident(),)))
    assert shown.held == ("acknowledgement", "judgement")
    assert notice.standing(replace(decision, at=NOW + 9e6), snapshot(eval_set())).held == (
        "judgement",
    )


@settings(deadline=None)
@given(
    st.text(min_size=1, max_size=300) | st.just(HOSTILE),
    st.sampled_from(["opened", "updated", "resolved"]),
    st.sets(st.sampled_from(["acknowledgement", "silence", "judgement"])),
)
def test_every_button_of_any_incident_is_accepted_and_read_back(name, kind, held):
    message = replace(OPENED, kind=kind, incident=incident(id=name), held=tuple(held))
    blocks = buttons(message)
    assert accepted(blocks)
    for element in blocks[0]["elements"] if blocks else []:
        for option in element.get("options", [{"value": None}]):
            payload = pressed(
                Post("1.2", CHANNEL, "x", blocks), element["action_id"], option=option["value"]
            )
            press = press_of(json.dumps(payload).encode())
            assert (press.incident, press.opening) == (name, 3)
            assert wanted_by(press.do)
            assert press.ts == "1.2"


@given(st.binary(max_size=200))
def test_any_payload_is_read_or_refused(data):
    try:
        assert press_of(data) is None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return


@given(st.text(max_size=200))
def test_any_message_is_read_or_passed_over(text):
    told = read(text)
    assert told is None or isinstance(told, Hello | Goodbye | Envelope)


def test_reasons_to_close():
    known = [read(json.dumps({"type": "disconnect", "reason": one})) for one in ("warning", "odd")]
    assert known == [Goodbye("warning"), Goodbye("other")]
    assert read('{"type": "hello"}') == Hello()


@pytest.mark.parametrize("nested", ["[" * 100_000, '{"a":' * 100_000])
def test_a_payload_without_end_is_confirmed_and_left(nested):
    told = f'{{"type": "interactive", "envelope_id": "e", "payload": {nested}'
    assert read(told) is None
