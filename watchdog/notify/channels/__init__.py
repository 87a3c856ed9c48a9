"""Where people are told. A channel is one file here and one line in `CHANNELS`."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from watchdog.config.settings import Settings
from watchdog.notify.channels import program, slack
from watchdog.notify.channels.channel import Channel


class ChannelSpec(Struct, frozen=True):
    """A kind of channel. `build` gives those that the settings ask for, none perhaps."""

    name: str
    build: Callable[[Settings], Sequence[Channel]]


CHANNELS: tuple[ChannelSpec, ...] = (
    ChannelSpec("slack", slack.from_settings),
    ChannelSpec("webhook", program.webhook_from),
    ChannelSpec("pagerduty", program.pagerduty_from),
)


def build_channels(settings: Settings) -> tuple[Channel, ...]:
    """The channels that the settings ask for."""
    return tuple(channel for spec in CHANNELS for channel in spec.build(settings))
