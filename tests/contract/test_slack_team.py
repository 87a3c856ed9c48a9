"""What Slack tells whom: owners that are mentioned, channels of teams, a storm as one message."""

import json

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from tests.builders.snapshots import HOSTILE, NOW, eval_set, incident, quiet, snapshot
from tests.doubles.slack_api import CHANNEL, TOKEN
from watchdog.config.load import load
from watchdog.model.verdict import Verdict
from watchdog.notify import notice
from watchdog.notify.channels import build_channels
from watchdog.notify.channels.slack_bot import SlackBot
from watchdog.notify.decide import Decision, Reason
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.database import memory_ledger

OWNED = eval_set(email="a@example.org")
OPENED = notice.opened(Decision(Reason.OPEN, incident(), NOW), snapshot(OWNED))
NAMES = [f"set-{number:02}" for number in range(12)]


def bot(slack, **more):
    return SlackBot(SecretStr(TOKEN), CHANNEL, api_url=slack.server.url, **more)


def stands(names):
    sets = [eval_set(name) for name in names]
    incidents = tuple(incident(id=f"i-{name}", eval_sets=(name,), subject=name) for name in names)
    return snapshot(*sets, incidents=incidents)


async def test_the_owner_is_mentioned_and_looked_up_once(slack):
    slack.api.users["a@example.org"] = "U0A"
    channel = bot(slack, mention_owner=True)
    first = await channel.send(OPENED)
    await channel.send(replace(OPENED, kind="updated", changes=("b joined",)), first.thread)
    (head,) = slack.api.heads
    assert "*Started by* <@U0A>" in head.blocks[1]["text"]["text"]
    assert slack.api.lookups == ["a@example.org"]
    await channel.aclose()


@pytest.mark.parametrize("error", [None, "missing_scope", "503", "ratelimited"])
async def test_who_is_not_found_is_not_waited_for(slack, error):
    channel = bot(slack, mention_owner=True)
    slack.api.errors = [error] if error else []
    assert (await channel.send(OPENED)).sent
    (head,) = slack.api.heads
    assert "<@" not in head.shown
    await channel.aclose()


async def test_nobody_is_looked_up_unless_it_is_asked_for(slack):
    channel = bot(slack)
    await channel.send(OPENED)
    assert slack.api.lookups == []
    await channel.aclose()


async def test_an_id_that_is_none_is_no_mention(slack):
    slack.api.users["a@example.org"] = "U1> <!channel"
    channel = bot(slack, mention_owner=True)
    await channel.send(OPENED)
    assert "!channel" not in slack.api.heads[0].shown
    await channel.aclose()


async def test_a_team_has_its_own_channel(slack):
    settings = load(
        {
            "slack": {"bot_token": TOKEN, "channel": CHANNEL, "api_url": slack.server.url},
            "notify": {"routes": [{"eval_set": "set-*", "channels": "slack:#alerts"}]},
        }
    )
    channels = build_channels(settings)
    assert [item.name for item in channels] == ["slack", "slack:#alerts"]
    for channel in channels:
        assert (await channel.send(OPENED)).sent
        await channel.aclose()
    assert len(slack.api.heads) == 2


async def test_a_storm_is_one_message_and_each_goes_on_in_its_thread(slack):
    channel = bot(slack)
    deliverer = Deliverer(memory_ledger(), [channel], lambda: NOW)
    await deliverer.handle(stands(NAMES), True)
    await deliverer.flush()
    (head,) = slack.api.heads
    assert head.blocks[0]["text"]["text"].startswith(":red_circle: 12 new incidents")
    assert "and " in head.blocks[1]["text"]["text"].splitlines()[-1]
    assert all(name in slack.api.details(head.ts).shown for name in NAMES)
    over = [quiet(name, Verdict.FINISHED) for name in NAMES[:1]]
    rest = stands(NAMES[1:])
    report = replace(rest.report, eval_sets=(*over, *rest.report.eval_sets))
    await deliverer.handle(replace(rest, report=report), True)
    await deliverer.flush()
    assert len(slack.api.heads) == 1
    assert head.edits == 0
    (reply,) = slack.api.replies(head.ts)
    assert "set-00" in reply.text
    assert "resolved" in reply.text
    assert slack.api.complaints == []
    await deliverer.aclose()


async def test_a_storm_without_end_has_room(slack):
    members = [
        replace(OPENED, incident=incident(id=str(n), eval_sets=(HOSTILE * 9,), summary=HOSTILE))
        for n in range(2000)
    ]
    channel = bot(slack)
    outcome = await channel.send(notice.digest(members))
    assert outcome.sent
    assert json.loads(outcome.thread)["shared"] is True
    (head,) = slack.api.heads
    assert " more" in head.blocks[-1]["text"]["text"]
    assert " more" in slack.api.details(head.ts).blocks[-1]["text"]["text"]
    assert slack.api.complaints == []
    await channel.aclose()
