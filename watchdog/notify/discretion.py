"""What a message says of models that not everybody may see. Pure.

A channel has no groups, so a message holds stand-ins for the names of secret models; but where a
route with `exclusive` leads, somebody decided who reads it, and the names are told.
"""

from collections.abc import Callable

from watchdog.masking import Key, Mask
from watchdog.notify.notice import Notice

Discreet = Callable[[Notice], Notice]


def as_it_is(notice: Notice) -> Notice:
    """All names."""
    return notice


def with_stand_ins(key: Key) -> Discreet:
    """Replaces names of secret models, by their key."""

    def discreet(notice: Notice) -> Notice:
        incidents = (notice.incident, *notice.members)
        names = [n for one in incidents if not one.restricted_to for n in one.secret_models]
        if not names:
            return notice
        masked: Notice = Mask(key, names).record(notice)
        return masked

    return discreet
