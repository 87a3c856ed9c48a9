"""One suite over all channels: every class of HTTP answer, redaction, bounded retries, a restart.

The other side is a real server on the loopback that holds Slack's rules.
A new channel adds a line to `KINDS`; a channel of `CHANNELS` without one fails the suite.
"""

import json
import logging
from collections.abc import Callable

import pytest
from msgspec import Struct
from msgspec.structs import replace
from pydantic import SecretStr

from tests.builders.snapshots import HOSTILE, NOW, eval_set, incident, snapshot
from tests.doubles.program_api import ENQUEUE, HOOK, HOOK_SECRET, HOOK_TOKEN, ROUTING_KEY
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_api import CHANNEL, TOKEN
from watchdog.config.settings import Settings
from watchdog.notify import notice
from watchdog.notify.channels import CHANNELS, build_channels, program
from watchdog.notify.channels.retry_policy import ATTEMPTS, LONGEST_WAIT, RetryPolicy
from watchdog.notify.channels.slack import SlackWebhook
from watchdog.notify.channels.slack_bot import SlackBot
from watchdog.notify.decide import Decision, Reason
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.database import open_ledger

PRIVATE = "B0GEHEIM/xyzzy0123456789"
WEBHOOK = f"https://hooks.slack.com/services/T000/{PRIVATE}"
OPENED = notice.opened(
    Decision(Reason.OPEN, incident(), NOW), snapshot(eval_set(), incidents=(incident(),))
)
REASONS = {
    400: "invalid_payload",
    403: "action_prohibited",
    404: "no_service",
    410: "channel_is_archived",
}


@pytest.fixture
async def double():
    double = SlackDouble()
    await double.server.start()
    yield double
    await double.server.stop()


class Waits(list):
    """A sleep that only takes note."""

    async def __call__(self, seconds):
        self.append(seconds)


@pytest.fixture
def waits():
    return Waits()


class Kind(Struct, frozen=True):
    """A way to reach a channel's service, and how that confirms a message."""

    channel: str
    build: Callable
    path: str
    confirms: tuple[tuple[int, str], ...]


def build_webhook(url, waits):
    return SlackWebhook(
        SecretStr(WEBHOOK), api_url=url, timeout=5.0, retry_policy=RetryPolicy(waits, lambda: 1.0)
    )


def build_bot(url, waits):
    return SlackBot(
        SecretStr(TOKEN),
        CHANNEL,
        api_url=url,
        timeout=5.0,
        retry_policy=RetryPolicy(waits, lambda: 1.0),
    )


def build_hook(url, waits):
    return program.webhook(
        SecretStr(url + HOOK),
        token=SecretStr(HOOK_TOKEN),
        secret=SecretStr(HOOK_SECRET),
        timeout=5.0,
        retry_policy=RetryPolicy(waits, lambda: 1.0),
    )


def build_pagerduty(url, waits):
    return program.pagerduty(
        SecretStr(ROUTING_KEY),
        SecretStr(url + ENQUEUE),
        timeout=5.0,
        retry_policy=RetryPolicy(waits, lambda: 1.0),
    )


DONE = json.dumps({"ok": True, "channel": CHANNEL, "ts": "1.2"})
KINDS = {
    "slack webhook": Kind(
        "slack", build_webhook, f"/services/T000/{PRIVATE}", ((201, ""), (202, ""), (204, ""))
    ),
    "slack bot": Kind("slack", build_bot, "/api/chat.postMessage", ((200, DONE), (201, DONE))),
    "webhook": Kind("webhook", build_hook, HOOK, ((200, ""), (202, "queued"), (204, ""))),
    "pagerduty": Kind("pagerduty", build_pagerduty, ENQUEUE, ((202, "{}"),)),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
async def channel(kind, double, waits):
    channel = kind.build(double.server.url, waits)
    yield channel
    await channel.aclose()


def test_every_channel_is_in_this_suite():
    assert {spec.name for spec in CHANNELS} == {kind.channel for kind in KINDS.values()}


async def test_a_message_arrives_once(channel, kind, double, waits):
    outcome = await channel.send(OPENED)
    assert outcome.sent
    assert channel.name == kind.channel
    assert len(double.told) == 1
    assert set(double.requests) == {("POST", kind.path)}
    assert waits == []


async def test_a_confirmation_is_understood(channel, kind, double):
    for status, text in kind.confirms:
        double.script = [(status, text, {})]
        assert (await channel.send(OPENED)).sent


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413])
async def test_a_refusal_is_named_and_not_tried_again(channel, double, status, waits):
    double.script = [(status, REASONS.get(status, "no"), {})]
    outcome = await channel.send(OPENED)
    assert outcome.result == "refused"
    assert outcome.detail.startswith(str(status))
    assert len(double.requests) == 1
    assert waits == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(channel, double, status):
    double.script = [(status, "", {"location": f"{double.server.url}/elsewhere"})]
    outcome = await channel.send(OPENED)
    assert outcome.result == "refused"
    assert len(double.requests) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_what_may_pass_is_tried_again_a_few_times(channel, double, status, waits):
    double.script = [(status, "later", {})] * 50
    outcome = await channel.send(OPENED)
    assert outcome.result == "retry"
    assert outcome.detail.startswith(str(status))
    assert len(double.requests) == ATTEMPTS
    assert len(waits) == ATTEMPTS - 1
    assert all(0 < wait <= LONGEST_WAIT for wait in waits)


async def test_it_arrives_when_the_trouble_passes(channel, double):
    double.script = [(500, "oops", {}), (429, "rate_limited", {"retry-after": "1"})]
    assert (await channel.send(OPENED)).sent
    assert len(double.told) == 1


async def test_the_wait_that_is_asked_for_is_kept(channel, double, waits):
    double.script = [(429, "rate_limited", {"retry-after": "7"})]
    assert (await channel.send(OPENED)).sent
    assert waits == [7.0]


async def test_a_long_wait_is_left_to_the_ledger(channel, double, waits):
    double.script = [(429, "rate_limited", {"retry-after": "120"})]
    outcome = await channel.send(OPENED)
    assert (outcome.result, outcome.retry_after) == ("retry", 120.0)
    assert waits == []


@pytest.mark.parametrize("header", ["soon", "-3", "nan", "inf", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_an_odd_wait_does_no_harm(channel, double, header, waits):
    double.script = [(429, "rate_limited", {"retry-after": header})]
    outcome = await channel.send(OPENED)
    assert outcome.sent or outcome.retry_after == 3600.0
    assert all(0 < wait <= LONGEST_WAIT for wait in waits)


async def test_nobody_there(channel, double, waits):
    await double.server.stop()
    outcome = await channel.send(OPENED)
    assert outcome.result == "retry"
    assert len(waits) == ATTEMPTS - 1


async def test_secrets_stay_secret(channel, double, caplog):
    caplog.set_level(logging.WARNING)
    echo = json.dumps(
        {"ok": False, "error": f"no such {TOKEN} {WEBHOOK} {ROUTING_KEY}" + "x" * 5000}
    )
    double.script = [(404, f"no such {WEBHOOK} {TOKEN} {ROUTING_KEY} \x1b[31m" + "x" * 5000, {})]
    refused = await channel.send(OPENED)
    double.script = [(403, echo, {})]
    echoed = await channel.send(OPENED)
    await double.server.stop()
    unreachable = await channel.send(OPENED)
    for text in (repr(channel), str(refused), str(echoed), str(unreachable), caplog.text):
        assert PRIVATE not in text
        assert "B0GEHEIM" not in text
        assert TOKEN not in text
    assert len(refused.detail) < 200


async def test_a_hostile_evaluation_is_told_safely(channel, double):
    victim = incident(subject=HOSTILE, summary=HOSTILE * 500, eval_sets=(HOSTILE,) * 50)
    hostile = notice.opened(Decision(Reason.OPEN, victim, NOW), snapshot(eval_set(HOSTILE)))
    assert (await channel.send(hostile)).sent
    assert double.api.complaints == []
    (text,) = double.told
    if double.programs.told:
        return  # JSON, which nobody reads for markup
    header = double.posts[0].blocks[0] if double.posts else ""  # plain text, not read for markup
    assert "<!channel>" not in text.replace(json.dumps(header, ensure_ascii=False), "")


async def test_a_restart_sends_what_was_left_and_nothing_twice(channel, double, tmp_path):
    view = snapshot(eval_set(), incidents=(incident(),))
    double.script = [(503, "down", {})] * ATTEMPTS
    for _ in range(3):
        opened = open_ledger(tmp_path / "state", NOW)
        deliverer = Deliverer(opened.ledger, [channel], lambda: NOW)
        await deliverer.start()
        await deliverer.handle(view, True)
        await deliverer.flush()
        opened.ledger.close()
    assert len(double.told) == 1


async def test_an_answer_without_end_is_not_read_for_ever(channel, double):
    double.script = [(400, "x" * 5_000_000, {})]
    outcome = await channel.send(OPENED)
    assert outcome.result == "refused"
    assert len(outcome.detail) < 200


async def test_the_webhook_s_own_words_are_told(double, waits):
    webhook = build_webhook(double.server.url, waits)
    for status, reason in REASONS.items():
        double.script = [(status, reason, {})]
        assert (await webhook.send(OPENED)).detail == f"{status} {reason}"
    await webhook.aclose()


def test_only_what_is_set_is_built(monkeypatch):
    monkeypatch.delenv("WATCHDOG_SLACK_WEBHOOK_URL", raising=False)
    assert build_channels(Settings()) == ()


async def test_slack_is_built_from_its_environment(monkeypatch, double):
    monkeypatch.setenv("WATCHDOG_SLACK_WEBHOOK_URL", WEBHOOK)
    monkeypatch.setenv("WATCHDOG_SLACK_API_URL", f"{double.server.url}/ignored/")
    (built,) = build_channels(Settings())
    assert (await built.send(OPENED)).sent
    assert double.requests == [("POST", f"/services/T000/{PRIVATE}")]
    await built.aclose()


@pytest.mark.parametrize("url", ["ftp://hooks.slack.com/x", "no url", "https://", "http://[::1/x"])
def test_an_address_that_is_none_is_an_error_without_it(url):
    for build in (lambda: SlackWebhook(SecretStr(url)), lambda: build_bot(url, [])):
        with pytest.raises(ValueError, match="slack: ") as error:
            build()
        assert url not in str(error.value)


async def test_a_webhook_tells_what_calls_people_and_leaves_out_what_only_edits(double, waits):
    """It can't edit, so a warning that becomes a page is a message of its own, and says so."""
    hook = build_webhook(double.server.url, waits)
    changes = ("It is a page now: nothing of it goes on any more",)
    for kind in ("edited", "updated", "escalated", "reminded", "reopened"):
        assert (await hook.send(replace(OPENED, kind=kind, changes=changes))).sent
    assert len(double.messages) == 3
    assert all("*It is a page now: nothing of it goes on any more*" in m for m in double.messages)
    await hook.aclose()


@pytest.mark.parametrize(("severity", "sign"), [("page", "red"), ("warning", "large_orange")])
async def test_a_warning_looks_otherwise_than_a_page(double, waits, severity, sign):
    hook = build_webhook(double.server.url, waits)
    await hook.send(replace(OPENED, incident=incident(severity=severity)))
    (message,) = double.messages
    assert message.startswith(f":{sign}_circle: *Stuck:*")
    await hook.aclose()
