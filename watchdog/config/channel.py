"""A group of settings that sets up a channel. The channel bears the group's key as its name."""

from collections.abc import Iterable
from typing import ClassVar

from watchdog.config.section import Section


class ChannelSection(Section):
    """Where people are told."""

    ways: ClassVar[tuple[tuple[str, ...], ...]]
    """Keys that set it up: all those of any one of these."""

    @property
    def is_set_up(self) -> bool:
        """Whether there is a channel."""
        return any(all(getattr(self, key) is not None for key in way) for way in self.ways)

    def channels(self, name: str, routed: Iterable[str]) -> tuple[str, ...]:
        """Names of the channels that this group sets up.

        Args:
            name: the group's key.
            routed: channels that routes name; some groups reach others than their own.
        """
        del routed
        return (name,) if self.is_set_up else ()
