"""Slack by bot token: one message for an incident, edited, with a thread; every answer of Slack's.

The other side holds Slack's rules; `test_slack_double` holds it to the official client.
"""

import json

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from tests.builders.snapshots import HOSTILE, NOW, eval_set, incident, quiet, snapshot
from tests.doubles.slack_api import BURST, CHANNEL, TOKEN
from watchdog.config.load import load
from watchdog.errors import ConfigError
from watchdog.model.verdict import Verdict
from watchdog.notify import notice
from watchdog.notify.audience import Audience
from watchdog.notify.channels import build_channels
from watchdog.notify.channels.retry_policy import ATTEMPTS, RetryPolicy
from watchdog.notify.channels.slack_bot import SlackBot
from watchdog.notify.decide import Decision, Reason
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.database import memory_ledger, open_ledger

SEEN = snapshot(eval_set(), incidents=(incident(),))
OPENED = notice.opened(Decision(Reason.OPEN, incident(), NOW), SEEN)
UPDATED = replace(OPENED, kind="updated", changes=("a, b joined",))
RESOLVED = replace(OPENED, kind="resolved", at=NOW + 60, verdict=Verdict.PROGRESSING)


class Waits(list):
    async def __call__(self, seconds):
        self.append(seconds)


@pytest.fixture
def waits():
    return Waits()


@pytest.fixture
async def bot(slack, waits):
    bot = SlackBot(
        SecretStr(TOKEN),
        CHANNEL,
        api_url=slack.server.url,
        timeout=5.0,
        retry_policy=RetryPolicy(waits, lambda: 1.0),
    )
    yield bot
    await bot.aclose()


async def test_it_posts_and_remembers_where(bot, slack):
    outcome = await bot.send(OPENED)
    (post,) = slack.api.heads
    assert outcome.sent
    details = slack.api.details(post.ts).ts
    assert json.loads(outcome.thread) == {"channel": CHANNEL, "ts": post.ts, "details": details}
    assert slack.api.complaints == []


async def test_what_goes_on_edits_the_head_and_says_what_is_new_in_the_thread(bot, slack):
    thread = (await bot.send(OPENED)).thread
    assert (await bot.send(UPDATED, thread)).sent
    (head,) = slack.api.heads
    (reply,) = slack.api.replies(head.ts)
    assert (head.edits, reply.text, reply.broadcast) == (1, "• a, b joined", False)


@pytest.mark.parametrize("kind", ["escalated", "reminded", "reopened"])
async def test_what_needs_eyes_is_told_to_the_whole_channel(bot, slack, kind):
    thread = (await bot.send(OPENED)).thread
    await bot.send(replace(UPDATED, kind=kind), thread)
    assert slack.api.replies(slack.api.heads[0].ts)[0].broadcast


async def test_the_end_is_written_over_the_head(bot, slack):
    thread = (await bot.send(OPENED)).thread
    assert (await bot.send(RESOLVED, thread)).sent
    (head,) = slack.api.heads
    assert head.blocks[0]["text"]["text"].startswith(":large_green_circle: ")
    assert "resolved after " in head.blocks[0]["text"]["text"]
    assert "What to do" not in head.shown
    assert "resolved after" in slack.api.replies(head.ts)[0].text


GONE = [
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "channel_not_found",
    "is_archived",
    "not_in_channel",
]


@pytest.mark.parametrize("error", GONE)
async def test_a_message_that_is_gone_is_posted_anew(bot, slack, error):
    thread = (await bot.send(OPENED)).thread
    slack.api.errors = [error]
    outcome = await bot.send(UPDATED, thread)
    assert outcome.sent
    assert len(slack.api.heads) == 2
    assert json.loads(outcome.thread)["ts"] == slack.api.heads[1].ts


async def test_a_thread_that_is_gone_is_begun_anew(bot, slack):
    thread = (await bot.send(OPENED)).thread
    edits = [(200, None, {})] * 2
    slack.script = [*edits, (200, '{"ok": false, "error": "thread_not_found"}', {})]
    outcome = await bot.send(UPDATED, thread)
    assert outcome.sent
    assert json.loads(outcome.thread)["ts"] == slack.api.heads[1].ts


async def test_an_edit_that_only_lacks_its_reply_is_done_again(bot, slack):
    thread = (await bot.send(OPENED)).thread
    slack.script = [*[(200, None, {})] * 2, *[(503, "", {})] * ATTEMPTS]
    assert (await bot.send(UPDATED, thread)).result == "retry"
    assert (await bot.send(UPDATED, thread)).sent
    (head,) = slack.api.heads
    assert (head.edits, len(slack.api.replies(head.ts))) == (2, 1)


async def test_a_refusal_of_a_channel_that_is_gone_is_the_new_message_s_own(bot, slack):
    thread = (await bot.send(OPENED)).thread
    slack.api.errors = ["is_archived", "is_archived"]
    outcome = await bot.send(UPDATED, thread)
    assert outcome.result == "refused"
    assert outcome.detail == "is_archived: the channel is archived"


async def test_what_another_kind_of_channel_left_is_no_thread(bot, slack):
    assert (await bot.send(UPDATED, "200 ok")).sent
    assert len(slack.api.heads) == 1


@pytest.mark.parametrize(
    "error", ["invalid_auth", "channel_not_found", "not_in_channel", "missing_scope", "odd_new_one"]
)
async def test_a_refusal_is_named_and_not_tried_again(bot, slack, waits, error):
    slack.api.errors = [error]
    outcome = await bot.send(OPENED)
    assert outcome.result == "refused"
    assert outcome.detail.startswith(error)
    assert waits == []
    assert slack.api.posts == []


@pytest.mark.parametrize("error", ["503", "429", "internal_error", "ratelimited"])
async def test_what_may_pass_is_tried_again_a_few_times(bot, slack, waits, error):
    slack.api.errors = [error] * 50
    outcome = await bot.send(OPENED)
    assert outcome.result == "retry"
    assert len(waits) == ATTEMPTS - 1
    slack.api.errors = [error]
    assert (await bot.send(OPENED)).sent
    assert len(slack.api.heads) == 1


@pytest.mark.parametrize("end", ["", "/", "/api", "/api/"])
async def test_the_base_address_may_be_written_as_the_client_has_it(slack, end):
    bot = SlackBot(SecretStr(TOKEN), CHANNEL, api_url=f"{slack.server.url}{end}")
    assert (await bot.send(OPENED)).sent
    assert set(slack.requests) == {("POST", "/api/chat.postMessage")}
    await bot.aclose()


async def test_nobody_there(bot, slack, waits):
    await slack.server.stop()
    outcome = await bot.send(OPENED)
    assert (outcome.result, len(waits)) == ("retry", ATTEMPTS - 1)
    assert TOKEN not in outcome.detail


async def test_a_hostile_evaluation_is_told_safely(bot, slack):
    victim = incident(
        subject=HOSTILE,
        summary=HOSTILE * 500,
        eval_sets=tuple(f"{n}{HOSTILE}" for n in range(500)),
        recovered=(HOSTILE,) * 500,
    )
    hostile = notice.opened(Decision(Reason.OPEN, victim, NOW), snapshot(eval_set(HOSTILE)))
    thread = (await bot.send(hostile)).thread
    assert (await bot.send(replace(hostile, kind="updated", changes=(HOSTILE,)), thread)).sent
    assert slack.api.complaints == []
    # a header is plain text, in which Slack looks for no mention
    read = [json.dumps(post.blocks[1:]) + post.text for post in slack.api.posts]
    assert not [text for text in read if "<!channel>" in text]


async def test_what_is_edited_in_place_calls_nobody(bot, slack):
    first = await bot.send(OPENED)
    outcome = await bot.send(replace(UPDATED, kind="edited"), first.thread)
    assert (outcome.sent, outcome.detail) == (True, "ok: in place")
    (head,) = slack.api.heads
    assert head.edits == 1
    assert slack.api.replies(head.ts) == []


async def test_forty_eval_sets_one_message_all_listed_and_half_of_them_recover(
    bot, slack, tmp_path
):
    names = tuple(f"mmlu-2026-11-22-set-{n:02}" for n in range(40))
    clock = [NOW]
    opened = open_ledger(tmp_path / "state", NOW)
    deliverer = Deliverer(opened.ledger, [bot], lambda: clock[0])

    async def see(stuck):
        about = incident(
            id="x",
            scope="model",
            subject="openai/gpt-4o",
            eval_sets=stuck,
            models=("openai/gpt-4o",),
        )
        well = [quiet(name, Verdict.PROGRESSING) for name in names if name not in stuck]
        ill = [eval_set(name) for name in stuck]
        await deliverer.handle(snapshot(*ill, *well, incidents=(about,)), True)
        await deliverer.flush()
        clock[0] += 300

    await see(names)
    (head,) = slack.api.heads
    details = slack.api.details(head.ts)
    assert all(name in details.shown for name in names)
    assert "40 eval sets" in head.blocks[0]["text"]["text"]
    await see(names[::2])
    (head,) = slack.api.heads
    assert head.edits == 1
    assert "(20 of 40 still stuck)" in details.shown
    assert all(name in details.shown for name in names)
    assert slack.api.replies(head.ts) == []
    opened.ledger.close()


@pytest.mark.parametrize("token", ["", " ", "xoxb 1", "xoxb-\u6570", "xoxb-\n1"])
def test_what_is_no_token_is_an_error_without_it(monkeypatch, token):
    monkeypatch.setenv("WATCHDOG_SLACK_CHANNEL", CHANNEL)
    monkeypatch.setenv("WATCHDOG_SLACK_BOT_TOKEN", token)
    with pytest.raises(
        ConfigError, match=r"slack.bot_token: should be a token of Slack's"
    ) as error:
        load({})
    assert "(got" not in str(error.value)


def test_a_line_end_is_no_part_of_a_token(monkeypatch):
    monkeypatch.setenv("WATCHDOG_SLACK_CHANNEL", CHANNEL)
    monkeypatch.setenv("WATCHDOG_SLACK_BOT_TOKEN", f"{TOKEN}\n")
    assert load({}).slack.bot_token.get_secret_value() == TOKEN


def test_it_is_built_from_its_environment(monkeypatch):
    monkeypatch.setenv("WATCHDOG_SLACK_BOT_TOKEN", TOKEN)
    with pytest.raises(ConfigError, match="one needs the other"):
        load({})
    monkeypatch.setenv("WATCHDOG_SLACK_CHANNEL", CHANNEL)
    (built,) = build_channels(load({"slack": {"webhook_url": "https://hooks.slack.com/x"}}))
    assert isinstance(built, SlackBot)
    assert TOKEN not in repr(load({}))


async def test_many_at_once_keep_to_slack_s_rate_and_none_is_lost_or_told_twice(slack):
    """Twenty single incidents: one message a second, each after the wait that Slack asks for."""
    now = [NOW]

    async def sleep(seconds):
        now[0] += seconds

    slack.api.clock = lambda: now[0]
    bot = SlackBot(
        SecretStr(TOKEN),
        CHANNEL,
        api_url=slack.server.url,
        retry_policy=RetryPolicy(sleep, lambda: 0.0),
    )
    names = [f"set-{number:02}" for number in range(20)]
    incidents = tuple(
        incident(id=name, eval_sets=(name,), subject=name, summary=f"about {name}")
        for name in names
    )
    view = snapshot(*map(eval_set, names), incidents=incidents)
    deliverer = Deliverer(memory_ledger(), [bot], lambda: now[0], audience=Audience(storm=100))
    await deliverer.handle(view, True)
    await deliverer.flush()
    assert [post.blocks[0]["text"]["text"] for post in slack.api.heads] == [
        f":red_circle: Stuck: {name}" for name in names
    ]
    messages = 2 * len(names)  # each with the beginning of its thread
    assert slack.api.refused_for_the_rate == messages - BURST
    assert now[0] - NOW == messages - BURST
    assert deliverer.failing == ()
    await deliverer.aclose()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"app_token": "xapp-1"}, "needs bot_token"),
        ({"app_token": "xapp 1", "bot_token": TOKEN, "channel": "c"}, "a token of Slack's"),
    ],
)
def test_what_is_no_set_up_for_buttons(given, error):
    with pytest.raises(ConfigError, match=error):
        load({"slack": given})


async def test_buttons_are_there_only_where_somebody_answers(slack):
    for has_buttons in (False, True):
        bot = SlackBot(SecretStr(TOKEN), CHANNEL, api_url=slack.server.url, has_buttons=has_buttons)
        await bot.send(replace(OPENED, opening=1))
        assert ("actions" in str(slack.api.heads[-1].blocks)) is has_buttons
        await bot.aclose()


async def test_what_its_thread_lacks_is_posted_with_the_next_edit(bot, slack):
    slack.script = [(200, None, {}), (200, '{"ok": false, "error": "restricted_action"}', {})]
    thread = (await bot.send(OPENED)).thread
    assert "details" not in json.loads(thread)
    outcome = await bot.send(replace(UPDATED, kind="edited"), thread)
    details = slack.api.details(slack.api.heads[0].ts)
    assert json.loads(outcome.thread)["details"] == details.ts
    again = await bot.send(replace(UPDATED, kind="edited"), outcome.thread)
    assert (again.thread, details.edits) == (None, 1)
