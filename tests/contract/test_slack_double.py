"""The double of Slack's Web API, held to the official client."""

import asyncio
from types import SimpleNamespace

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import builtin_handlers

from tests.doubles.slack_api import BURST, CHANNEL, TOKEN


@pytest.fixture
def client(slack):
    web = WebClient(token=TOKEN, base_url=f"{slack.server.url}/api/", retry_handlers=[])

    async def call(method, **arguments):
        return await asyncio.to_thread(getattr(web, method), **arguments)

    return call


async def test_who_one_is(client):
    assert (await client("auth_test"))["user"] == "watchdog"


async def test_a_message_its_thread_and_its_edit(client, slack):
    head = await client("chat_postMessage", channel=CHANNEL, text="stuck", blocks=[section("*a*")])
    await client(
        "chat_postMessage",
        channel=CHANNEL,
        text="more",
        thread_ts=head["ts"],
        reply_broadcast=True,
    )
    await client("chat_update", channel=head["channel"], ts=head["ts"], text="resolved")
    (post,) = slack.api.heads
    assert (post.text, post.edits, post.blocks) == ("resolved", 1, [])
    (reply,) = slack.api.replies(head["ts"])
    assert (reply.text, reply.broadcast) == ("more", True)


def section(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


REFUSED = {
    "channel_not_found": {"channel": "C1", "text": "x"},
    "msg_too_long": {"channel": CHANNEL, "text": "x" * 40_001},
    "thread_not_found": {"channel": CHANNEL, "text": "x", "thread_ts": "1.2"},
    "invalid_blocks": {"channel": CHANNEL, "text": "x", "blocks": [section("x" * 3001)]},
}


@pytest.mark.parametrize(("error", "call"), REFUSED.items(), ids=REFUSED.keys())
async def test_what_slack_refuses(client, error, call):
    with pytest.raises(SlackApiError) as refused:
        await client("chat_postMessage", **call)
    assert refused.value.response["error"] == error


async def test_too_many_blocks(client):
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await client("chat_postMessage", channel=CHANNEL, text="x", blocks=[section("x")] * 51)


async def test_too_much_in_all_blocks_together(client):
    with pytest.raises(SlackApiError, match="msg_blocks_too_long"):
        await client(
            "chat_postMessage", channel=CHANNEL, text="x", blocks=[section("x" * 2900)] * 5
        )


ODD_BLOCKS = [
    {"type": "marquee"},
    {"type": "section"},
    {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
    {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
    {"type": "context", "elements": []},
    {"type": "section", "text": {"type": "html", "text": "x"}},
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]},
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11},
    "no block",
]


@pytest.mark.parametrize("block", ODD_BLOCKS, ids=range(len(ODD_BLOCKS)))
async def test_a_block_that_is_none(client, block):
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await client("chat_postMessage", channel=CHANNEL, text="x", blocks=[block])


async def test_an_edit_takes_less_text_than_a_message(client):
    head = await client("chat_postMessage", channel=CHANNEL, text="\u6570" * 1400)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await client("chat_update", channel=CHANNEL, ts=head["ts"], text="\u6570" * 1400)


async def test_neither_text_nor_blocks(client):
    with pytest.raises(SlackApiError, match="no_text"):
        await client("api_call", api_method="chat.postMessage", json={"channel": CHANNEL})


async def test_a_form_says_the_same_as_json(client, slack):
    await client("api_call", api_method="chat.postMessage", data={"channel": CHANNEL, "text": "f"})
    assert slack.posts[0].text == "f"


async def test_an_edit_of_nothing(client):
    with pytest.raises(SlackApiError, match="message_not_found"):
        await client("chat_update", channel=CHANNEL, ts="1.2", text="x")


async def test_a_wrong_token(slack):
    stranger = WebClient(token="xoxb-wrong", base_url=f"{slack.server.url}/api/")  # noqa: S106
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await asyncio.to_thread(stranger.auth_test)


async def test_the_rate_limit(client, slack):
    slack.api.errors = ["429"]
    with pytest.raises(SlackApiError) as limited:
        await client("chat_postMessage", channel=CHANNEL, text="x")
    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["Retry-After"] == "1"
    assert limited.value.response["error"] == "ratelimited"


async def test_the_rate_is_one_message_a_second_after_a_burst(client, slack):
    now = [0.0]
    slack.api.clock = lambda: now[0]
    for _ in range(BURST):
        await client("chat_postMessage", channel=CHANNEL, text="x")
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client("chat_postMessage", channel=CHANNEL, text="x")
    now[0] += 1.0
    await client("chat_postMessage", channel=CHANNEL, text="x")
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client("chat_postMessage", channel=CHANNEL, text="x")
    assert len(slack.posts) == BURST + 1


async def test_the_client_s_own_retries_understand_the_wait(slack, monkeypatch):
    """slack-sdk's handler reads Retry-After, waits, and gets through."""
    now = [0.0]
    slack.api.clock = lambda: now[0]

    def sleep(seconds):
        now[0] += seconds

    monkeypatch.setattr(builtin_handlers, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(builtin_handlers, "random", SimpleNamespace(random=lambda: 0.0))
    handlers = [builtin_handlers.RateLimitErrorRetryHandler(max_retry_count=1)]
    client = WebClient(TOKEN, f"{slack.server.url}/api/", retry_handlers=handlers)
    for _ in range(BURST + 2):
        await asyncio.to_thread(client.chat_postMessage, channel=CHANNEL, text="x")
    assert len(slack.posts) == BURST + 2
    assert now[0] == 2.0


async def test_text_that_is_not_escaped_is_noted(client, slack):
    await client("chat_postMessage", channel=CHANNEL, text="a &amp; b <https://x.example|x>")
    assert slack.api.complaints == []
    await client("chat_postMessage", channel=CHANNEL, text="a <b & c")
    assert slack.api.complaints == ["a <b & c"]


async def test_a_user_by_address(client, slack):
    slack.api.users["a@example.org"] = "U0A"
    answer = await client("users_lookupByEmail", email="a@example.org")
    assert answer["user"]["id"] == "U0A"
    with pytest.raises(SlackApiError) as refused:
        await client("users_lookupByEmail", email="b@example.org")
    assert refused.value.response["error"] == "users_not_found"
