"""The JSON webhook and PagerDuty: what they are told, and what not."""

import json

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from tests.builders.snapshots import NOW, eval_set, incident, quiet, snapshot
from tests.doubles.program_api import ENQUEUE, HOOK, HOOK_SECRET, HOOK_TOKEN, ROUTING_KEY
from watchdog.config.load import load
from watchdog.model.verdict import Verdict
from watchdog.notify import notice
from watchdog.notify.channels import build_channels, program
from watchdog.notify.channels.links import Templates
from watchdog.notify.decide import Decision, Reason
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.database import memory_ledger

VIEW = snapshot(eval_set(), incidents=(incident(),))
OPENED = notice.opened(Decision(Reason.OPEN, incident(), NOW), VIEW)
KEY = SecretStr(ROUTING_KEY)


def settings(url, **more):
    return load(
        {
            "webhook": {"url": url + HOOK, "token": HOOK_TOKEN, "secret": HOOK_SECRET},
            "pagerduty": {"routing_key": ROUTING_KEY, "url": url + ENQUEUE},
            **more,
        }
    )


async def test_from_the_settings_to_the_end_of_an_incident(slack):
    clock = [NOW]
    channels = build_channels(settings(slack.server.url))
    assert [channel.name for channel in channels] == ["webhook", "pagerduty"]
    deliverer = Deliverer(memory_ledger(), channels, lambda: clock[0])
    for view in (VIEW, VIEW, snapshot(quiet(incident().eval_sets[0], Verdict.PROGRESSING))):
        await deliverer.handle(view, True)
        await deliverer.flush()
        assert deliverer.failing == ()
        if view is VIEW:
            (alert,) = slack.programs.alerts.values()
            assert alert["severity"] == "critical"
            assert alert["summary"].startswith("mmlu-2026-11-22-x7k2: The last running sample")
    assert [item["kind"] for item in slack.programs.notices] == ["opened", "resolved"]
    assert slack.programs.notices[0]["incident"]["cause"] == "api_server_error"
    assert [item["event_action"] for item in slack.programs.events] == ["trigger", "resolve"]
    assert slack.programs.alerts == {}
    await deliverer.aclose()


async def test_who_can_t_prove_who_it_is_is_refused(slack):
    for more in ({}, {"token": SecretStr(HOOK_TOKEN)}, {"secret": SecretStr(HOOK_SECRET)}):
        hook = program.webhook(SecretStr(slack.server.url + HOOK), **more)
        assert (await hook.send(OPENED)).result == "refused"
        await hook.aclose()
    duty = program.pagerduty(SecretStr("wrong"), SecretStr(slack.server.url + ENQUEUE))
    assert (await duty.send(OPENED)).result == "refused"
    await duty.aclose()


def test_pagerduty_hears_of_what_changes_whether_somebody_is_called():
    def action(kind, severity="page", warnings=False):
        other = replace(OPENED, kind=kind, incident=incident(severity=severity))
        events = program.events_of(other, KEY, Templates(), warnings=warnings)
        return next((event["event_action"] for event in events), None)

    assert action("opened") == action("escalated") == action("reopened") == "trigger"
    assert action("updated") is action("reminded") is None
    assert action("resolved") == action("resolved", "warning") == "resolve"
    assert action("opened", "warning") is None
    assert action("opened", "warning", warnings=True) == "trigger"


async def test_pagerduty_hears_that_somebody_looks_after_it(slack):
    (duty,) = [c for c in build_channels(settings(slack.server.url)) if c.name == "pagerduty"]
    assert (await duty.send(OPENED)).sent
    edited = replace(OPENED, kind="edited")
    for heard in (edited, replace(edited, acknowledged=True), replace(edited, kind="reminded")):
        assert (await duty.send(heard)).sent
    actions = [item["event_action"] for item in slack.programs.events]
    assert actions == ["trigger", "acknowledge"]
    assert len({item["dedup_key"] for item in slack.programs.events}) == 1
    await duty.aclose()


async def test_who_hears_late_of_the_beginning_hears_of_that_too(slack):
    (duty,) = [c for c in build_channels(settings(slack.server.url)) if c.name == "pagerduty"]
    assert (await duty.send(replace(OPENED, acknowledged=True))).sent
    assert [e["event_action"] for e in slack.programs.events] == ["trigger", "acknowledge"]
    await duty.aclose()


def test_an_alert_leads_where_a_message_does():
    templates = Templates(page="https://watchdog.example/")
    (event,) = program.events_of(OPENED, KEY, templates, warnings=False)
    (link,) = event["links"]
    assert link["text"] == "Status page"
    assert link["href"].startswith("https://watchdog.example/")


async def test_a_name_that_no_unicode_text_can_be_is_told(slack):
    odd = "broken-\udcff"
    odd_notice = replace(OPENED, incident=incident(eval_sets=(odd,), subject=odd))
    for channel in build_channels(settings(slack.server.url)):
        assert (await channel.send(odd_notice)).sent
        await channel.aclose()
    (heard,) = slack.programs.notices
    assert heard["incident"]["eval_sets"] == [odd]


def test_every_notice_is_json():
    for kind in ("opened", "edited", "updated", "escalated", "reminded", "reopened", "resolved"):
        body = program.as_json(replace(OPENED, kind=kind))
        assert body["kind"] == kind
        assert set(body) >= {"schema_version", "at", "since", "incident", "changes", "actions"}
    assert json.dumps(list(program.events_of(OPENED, KEY, Templates(), warnings=False)))


@pytest.mark.parametrize("group", ["webhook", "pagerduty"])
def test_an_address_that_is_none_ends_the_start(group):
    with pytest.raises(Exception, match=rf"{group}.url: should be an http\(s\) address"):
        load({group: {"url": "ftp://geheim"}})
