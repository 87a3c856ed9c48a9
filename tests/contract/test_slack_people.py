"""Who pressed: as Slack knows them, asked once in a while; groups by the settings."""

import json

import pytest
from pydantic import SecretStr

from tests.builders.snapshots import NOW, incident
from tests.doubles.slack_api import CHANNEL, TEAM, TOKEN, Post
from tests.doubles.slack_socket import pressed
from watchdog.config.load import load
from watchdog.notify.channels.retry_policy import RetryPolicy
from watchdog.notify.channels.slack_buttons import buttons, press_of
from watchdog.notify.channels.slack_web import SlackWeb
from watchdog.notify.notice import Notice
from watchdog.notify.socket_mode.people import FRESH_SECONDS, People, Person

POST = Post("1.2", CHANNEL, "x", buttons(Notice("opened", incident(), NOW, NOW, opening=2)))
CONFIRMED = {"profile": {"email": "Ann@Red.example.org", "display_name": "Ann"}} | {
    "is_email_confirmed": True
}
PEOPLE = load(
    {
        "slack": {
            "people": [
                {"emails": "*@red.example.org", "groups": "A, B"},
                {"emails": "bob@example.org", "groups": "C"},
                {"emails": "ANN@RED.EXAMPLE.ORG", "groups": "D"},
            ]
        }
    }
).slack.people


def press(**more):
    return press_of(json.dumps(pressed(POST, "silence") | more).encode())


@pytest.fixture
async def web(slack):
    web = SlackWeb(SecretStr(TOKEN), slack.server.url, 5.0, RetryPolicy())
    yield web
    await web.aclose()


async def test_a_confirmed_address_is_who_it_is(slack, web):
    slack.api.profiles["U0A"] = CONFIRMED
    person = await People(web).who(press())
    assert person == Person("Ann", "ann@red.example.org")
    assert person.groups(PEOPLE) == {"A", "B", "D"}


UNCONFIRMED = {
    "not confirmed": {**CONFIRMED, "is_email_confirmed": False},
    "a bot": {**CONFIRMED, "is_bot": True},
    "gone": {**CONFIRMED, "deleted": True},
    "no address": {**CONFIRMED, "profile": {"display_name": "Ann"}},
    "odd": {**CONFIRMED, "profile": {"email": "a\u202eb@red.example.org", "real_name": "Ann"}},
}


@pytest.mark.parametrize("profile", UNCONFIRMED.values(), ids=UNCONFIRMED.keys())
async def test_who_is_not_sure_has_a_name_and_no_groups(slack, web, profile):
    slack.api.profiles["U0A"] = profile
    person = await People(web).who(press())
    assert (person.name, person.email, person.groups(PEOPLE)) == ("Ann", "", frozenset())


@pytest.mark.parametrize("error", [None, "missing_scope", "503", "429"])
async def test_who_can_t_be_looked_up_is_what_slack_calls_them(slack, web, error):
    slack.api.errors = [error] if error else []
    assert await People(web).who(press()) == Person("ann")


async def test_who_is_of_another_workspace_is_foreign(slack, web):
    slack.api.profiles["U0A"] = {**CONFIRMED, "team_id": "T0OTHER"}
    assert (await People(web).who(press())).is_foreign
    grid = {"enterprise_user": {"enterprise_id": "E1"}, "team_id": "T0OTHER", **CONFIRMED}
    slack.api.profiles["U0A"] = grid
    same = press(enterprise={"id": "E1", "name": "x"})
    assert not (await People(web).who(same)).is_foreign
    assert (await People(web).who(press(enterprise={"id": "E2"}))).is_foreign
    slack.api.profiles["U0A"] = {**CONFIRMED, "team_id": TEAM}
    assert not (await People(web).who(press())).is_foreign


async def test_it_is_remembered_for_a_while(slack, web):
    now = [0.0]
    slack.api.profiles["U0A"] = CONFIRMED
    people = People(web, lambda: now[0])
    await people.who(press())
    slack.api.profiles["U0A"] = {**CONFIRMED, "deleted": True}
    assert (await people.who(press())).email
    now[0] = FRESH_SECONDS + 1
    assert not (await people.who(press())).email
