"""`watchdog channels`: what it shows, what it sends, and how it ends."""

import asyncio

from tests.builders.snapshots import NOW
from tests.doubles.program_api import ENQUEUE, HOOK, HOOK_SECRET, HOOK_TOKEN, ROUTING_KEY
from tests.doubles.slack_api import APP_TOKEN, CHANNEL, TOKEN
from watchdog import cli
from watchdog.commands.channels import try_channels
from watchdog.config.load import load


def settings(url, token=TOKEN):
    return load(
        {
            "slack": {"bot_token": token, "channel": CHANNEL, "api_url": url},
            "webhook": {"url": url + HOOK, "token": HOOK_TOKEN, "secret": HOOK_SECRET},
            "pagerduty": {"routing_key": ROUTING_KEY, "url": url + ENQUEUE},
        }
    )


async def test_looking_sends_nothing(slack):
    tried = await try_channels(settings(slack.server.url), NOW, None)
    assert [item.line for item in tried] == [
        "slack: works (its token holds; only a message tells whether the channel takes it)",
        "webhook: works (set up; only a message tells whether it arrives)",
        "pagerduty: works (set up; only a message tells whether it arrives)",
    ]
    assert (slack.api.posts, slack.programs.told) == ([], [])


async def test_a_test_is_told_and_ended_everywhere(slack):
    tried = await try_channels(settings(slack.server.url), NOW, "page")
    assert all(item.outcome.sent for item in tried)
    (head,) = slack.api.heads
    assert "This is a test of the stuck-eval watchdog's channels. Nothing is stuck." in head.shown
    assert "resolved after" in head.shown
    (reply,) = slack.api.replies(head.ts)
    assert "watchdog-test" in reply.text
    assert [item["event_action"] for item in slack.programs.events] == ["trigger", "resolve"]
    assert slack.programs.alerts == {}
    assert [item["kind"] for item in slack.programs.notices] == ["opened", "resolved"]
    assert slack.api.complaints == []


async def test_a_warning_calls_nobody(slack):
    await try_channels(settings(slack.server.url), NOW, "warning")
    assert len(slack.api.heads) == 1
    assert [item["event_action"] for item in slack.programs.events] == ["resolve"]


async def test_what_refuses_says_why(slack):
    wrong = settings(slack.server.url, "xoxb-wrong")
    first, *_ = await try_channels(wrong, NOW, "page")
    assert first.line == "slack: refuses (invalid_auth: check slack.bot_token)"
    assert slack.api.posts == []
    gone = load({"slack": {"bot_token": TOKEN, "channel": "C0GONE", "api_url": slack.server.url}})
    (lost,) = await try_channels(gone, NOW, "page")
    assert lost.line.startswith("slack: refuses (channel_not_found: check slack.channel")


async def test_the_command_ends_with_what_it_found(slack, monkeypatch, capsys):
    monkeypatch.setenv("WATCHDOG_SLACK_CHANNEL", CHANNEL)
    monkeypatch.setenv("WATCHDOG_SLACK_API_URL", slack.server.url)
    for token, status, says in ((TOKEN, 0, "slack: works"), ("xoxb-no", 2, "slack: refuses")):
        monkeypatch.setenv("WATCHDOG_SLACK_BOT_TOKEN", token)
        assert await asyncio.to_thread(cli.main, ["channels"]) == status
        assert capsys.readouterr().out.startswith(says)


def test_without_any_it_says_how_to_set_one_up(capsys):
    assert cli.main(["channels"]) == 3
    assert "none is set up; slack.bot_token" in capsys.readouterr().err


class Open:
    """Where connections would be opened."""

    def ticket(self):
        return "wss://wss.example/link?ticket=geheim"


def with_buttons(slack, token=APP_TOKEN):
    own = {"bot_token": TOKEN, "app_token": token, "channel": CHANNEL, "api_url": slack.server.url}
    return load({"slack": own})


async def test_the_buttons_tokens_are_tried_without_a_connection(slack):
    slack.api.socket = Open()
    _, tried = await try_channels(with_buttons(slack), NOW, None)
    assert tried.line == "slack buttons: works (its app token holds)"
    slack.api.scopes = "chat:write, users:read"
    _, tried = await try_channels(with_buttons(slack), NOW, None)
    assert tried.line.startswith(
        "slack buttons: refuses (the bot lacks the scopes users:read.email"
    )


async def test_an_app_token_that_is_none_is_named(slack):
    wrong = with_buttons(slack, "xapp-wrong")
    _, tried = await try_channels(wrong, NOW, None)
    assert tried.line == "slack buttons: refuses (invalid_auth: check slack.app_token)"
    _, tried = await try_channels(with_buttons(slack), NOW, None)
    assert tried.line.startswith("slack buttons: refuses (forbidden: switch Socket Mode on")
