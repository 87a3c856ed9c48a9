"""The quiet channel must be there, and weekly reports need Slack."""

import pytest

from watchdog.config.load import load
from watchdog.errors import ConfigError

HOOK = {"slack": {"webhook_url": "http://127.0.0.1:9/hook"}}
BOT = {"slack": {"bot_token": "xoxb-1-2", "channel": "#evals"}}
WEBHOOK = {"webhook": {"url": "http://127.0.0.1:9/program"}}
URL = "http://127.0.0.1:9/quiet"


@pytest.mark.parametrize(
    ("settings", "notify", "quiet"),
    [
        (HOOK, {}, None),
        (HOOK, {"shadow": "slack"}, "slack"),
        (BOT, {"shadow": "slack:#quiet"}, "slack:#quiet"),
        ({}, {"shadow": "slack", "shadow_url": URL}, "slack"),
        ({}, {"shadow_url": URL}, "webhook"),
    ],
)
def test_what_is_a_quiet_channel(settings, notify, quiet):
    assert load({**settings, "notify": notify}).notify.quiet_channel == quiet


@pytest.mark.parametrize(
    ("settings", "notify", "why"),
    [
        (HOOK, {"shadow": "slack:#quiet"}, "channel `slack:#quiet` is not set up; set up: slack"),
        (HOOK, {"shadow": "webhook"}, "channel `webhook` is not set up"),
        ({}, {"shadow": "slack"}, "set up: none; or give `shadow_url`"),
        (HOOK, {"shadow": "pagerduty"}, "should be slack, slack:#another-channel or webhook"),
        (BOT, {"shadow": "slack:#quiet", "shadow_url": URL}, "needs `shadow: slack`"),
        ({}, {"weekly_report": "mon 09:00"}, "notify.weekly_report: needs Slack"),
        (
            {**HOOK, **WEBHOOK},
            {"weekly_report": "mon 09:00", "shadow": "webhook"},
            "needs Slack; while the shadow lasts (notify.shadow) it is told in the quiet channel",
        ),
        (
            {},
            {"weekly_report": "mon 09:00", "shadow_url": URL},
            "(notify.shadow_url) it is told in the quiet channel, webhook, which is not Slack's",
        ),
        (
            WEBHOOK,
            {"weekly_report": "mon 09:00", "weekly_channel": "slack", "shadow": "webhook"},
            "needs Slack; `weekly_channel` says where, and must be set up",
        ),
        (
            {**HOOK, **WEBHOOK},
            {"weekly_report": "mon 09:00", "shadow": "webhook"},
            "webhook, which is not Slack's: `weekly_channel: slack`",
        ),
        (HOOK, {"weekly_report": "monday"}, "such as `mon 09:00`"),
        (HOOK, {"weekly_report": "mon 9:00"}, "such as `mon 09:00`"),
        (HOOK, {"weekly_channel": "webhook"}, "should be slack or slack:#another-channel"),
    ],
)
def test_what_is_refused(settings, notify, why):
    with pytest.raises(ConfigError) as refused:
        load({**settings, "notify": notify})
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "notify", "where"),
    [
        (HOOK, {}, "slack"),
        (BOT, {"weekly_channel": "slack:#leads"}, "slack:#leads"),
        (BOT, {"shadow": "slack:#quiet"}, "slack:#quiet"),
        (BOT, {"shadow": "slack:#quiet", "weekly_channel": "slack"}, "slack"),
        ({}, {"shadow": "slack", "shadow_url": URL}, "slack"),
        # what the refusal says
        (
            {**HOOK, **WEBHOOK},
            {"shadow": "webhook", "weekly_channel": "slack"},
            "slack",
        ),
    ],
)
def test_where_weekly_reports_are_told(settings, notify, where):
    assert load(
        {**settings, "notify": {"weekly_report": "mon 09:00", **notify}}
    ).weekly_told_by == (where)
