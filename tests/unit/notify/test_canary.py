"""The canary's message says that it is a test, in every channel, and reaches only its own."""

import pytest
from pydantic import SecretStr

from tests.builders.snapshots import NOW, eval_set, incident, snapshot
from tests.doubles.program_api import HOOK, HOOK_SECRET, HOOK_TOKEN, ROUTING_KEY
from tests.doubles.slack_api import CHANNEL, TOKEN
from watchdog.config.load import load
from watchdog.errors import ConfigError
from watchdog.notify import notice
from watchdog.notify.canary import as_canary
from watchdog.notify.channels import build_channels, program
from watchdog.notify.channels.canary import canary_channel
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.slack_head import head
from watchdog.notify.channels.slack_text import message
from watchdog.notify.decide import Decision, Reason

VIEW = snapshot(eval_set(), incidents=(incident(),))
NEXT = "The next one comes at about 2026-12-06 08:00 UTC."
TOLD = as_canary(notice.opened(Decision(Reason.OPEN, incident(), NOW), VIEW), NOW + 9, NEXT)


def test_it_is_a_warning_of_a_kind_of_its_own_about_nothing_that_asks_for_a_deed():
    assert (TOLD.kind, TOLD.incident.severity, TOLD.at, TOLD.since) == (
        "canary",
        "warning",
        NOW + 9,
        NOW + 9,
    )
    assert TOLD.incident.id.startswith("canary-20")
    assert TOLD.incident.id != incident().id
    assert (TOLD.samples, TOLD.owners, TOLD.incident.actions) == ((), (), ())


def test_slack_says_so_first():
    text = message(TOLD, Templates(page="https://watchdog.example/", runbook="https://x/{cause}"))
    first, proves, following = text.split("\n")
    assert first == ":white_circle: *Canary, a test: nothing is stuck*"
    assert "reading, judging, deciding and delivering work" in proves
    assert following == f"Nothing is to be done. {NEXT}"


def test_slack_s_blocks_say_the_same():
    title, body = head(TOLD, Templates(page="https://watchdog.example/"))
    assert title["text"]["text"] == ":white_circle: Canary, a test: nothing is stuck"
    assert "stuck on purpose" in body["text"]["text"]
    assert NEXT in body["text"]["text"]


def test_programs_know_it_by_its_kind():
    body = program.as_json(TOLD)
    assert (body["kind"], body["verdict"]) == ("canary", "stuck")
    assert body["actions"] == (f"Nothing is to be done. {NEXT}",)


def test_nobody_is_called():
    for warnings in (False, True):
        events = program.events_of(TOLD, SecretStr(ROUTING_KEY), Templates(), warnings=warnings)
        assert list(events) == []


def settings(url, canary):
    return load(
        {
            "slack": {"bot_token": TOKEN, "channel": CHANNEL, "api_url": url},
            "webhook": {"url": url + HOOK, "token": HOOK_TOKEN, "secret": HOOK_SECRET},
            "canary": canary,
        }
    )


async def sent(given):
    channel = canary_channel(given)
    outcome = await channel.send(TOLD)
    await channel.aclose()
    return channel.name, outcome


async def test_by_a_channel_that_is_set_up(slack):
    assert (await sent(settings(slack.server.url, {"channel": "webhook"})))[1].sent
    assert [each["kind"] for each in slack.programs.notices] == ["canary"]
    name, outcome = await sent(settings(slack.server.url, {"channel": "slack"}))
    assert (name, outcome.sent) == ("slack", True)
    (post,) = slack.api.heads
    assert "Canary, a test" in post.shown


async def test_by_the_bot_in_a_channel_that_nothing_else_is_told_in(slack):
    given = settings(slack.server.url, {"channel": f"slack:{CHANNEL}"})
    name, outcome = await sent(given)
    assert (name, outcome.sent) == (f"slack:{CHANNEL}", True)
    others = build_channels(given)
    assert [channel.name for channel in others] == ["slack", "webhook"]
    for channel in others:
        await channel.aclose()


async def test_at_an_address_of_its_own_with_a_token_of_its_own(slack):
    url = slack.server.url
    own = {"channel": "webhook", "url": url + HOOK, "token": HOOK_TOKEN}
    assert (await sent(settings(url, own)))[1].sent
    # the webhook's own token stays where it belongs
    refused = await sent(settings(url, {"channel": "webhook", "url": url + HOOK}))
    assert refused[1].detail.startswith("401")
    alone = {"url": url + HOOK, "token": HOOK_TOKEN}
    assert (await sent(settings(url, alone)))[0] == "webhook"
    hook = {"channel": "slack", "url": "https://hooks.slack.com/services/T/B/own"}
    assert (await sent(settings(url, hook)))[1].sent
    assert slack.messages[0].startswith(":white_circle: *Canary")
    assert slack.api.posts == []


async def test_off_there_is_none():
    assert canary_channel(load({})) is None


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"channel": "pagerduty"}, "canary.channel: should be slack, slack:#another-channel or"),
        ({"channel": "slack:#"}, "canary.channel: should be slack, slack:#another-channel or"),
        ({"channel": "webhook"}, "canary: channel `webhook` is not set up; set up: none"),
        ({"channel": "slack:#a"}, "canary: channel `slack:#a` is not set up; set up: none"),
        ({"channel": "slack:#a", "url": "http://x.test"}, "canary: url: needs `channel: slack`"),
    ],
)
def test_what_can_t_be_is_said(given, error):
    with pytest.raises(ConfigError) as raised:
        load({"canary": given})
    assert error in str(raised.value)
