"""What the settings say of channels is what is built: a channel forgotten on either side fails."""

import pytest

from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.notify.channels import CHANNELS, build_channels

GROUPS = Settings().channel_groups
WAYS = [(name, way) for name, group in GROUPS.items() for way in group.ways]
VALUE = "https://channel.example/0123456789"
"""Every key that sets a channel up may be it."""


def names(settings):
    return sorted(channel.name for channel in build_channels(settings))


def test_every_channel_has_a_group_of_settings_of_its_name():
    assert [spec.name for spec in CHANNELS] == list(GROUPS)


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_every_way_sets_up_its_channel_and_no_other(name, way):
    settings = load({name: dict.fromkeys(way, VALUE)})
    assert settings.channels == (name,)
    assert names(settings) == [name]


def test_without_any_there_is_none():
    assert load({}).channels == ()
    assert names(load({})) == []


def test_the_bot_reaches_what_routes_name():
    slack = {"bot_token": "xoxb-1", "channel": "#all"}
    routes = {"routes": [{"channels": ["slack:#red", "slack"]}], "fallback": "slack:#spare"}
    settings = load({"slack": slack, "notify": routes})
    assert settings.channels == ("slack", "slack:#red", "slack:#spare")
    assert names(settings) == sorted(settings.channels)


def test_what_to_set_is_told():
    text = Settings().channel_keys
    assert text.startswith("slack.bot_token and slack.channel, slack.webhook_url, webhook.url")
    assert all(f"{name}.{key}" in text for name, way in WAYS for key in way)
