"""`watchdog mute`: what nobody is to hear of for a while, in the ledger that the service uses."""

from collections.abc import Iterator
from contextlib import contextmanager

from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.model.instants import clock
from watchdog.model.texts import clean
from watchdog.notify.ledger import mutes
from watchdog.notify.ledger.database import LedgerError, open_ledger
from watchdog.notify.ledger.ledger import Ledger


def mute(eval_set: str, until: float, reason: str, settings: Settings, now: float) -> str:
    """Mute eval sets until an instant; what was done, for people.

    Raises:
        UsageError: the end has passed, or the ledger can't be used.
    """
    if until <= now:
        raise UsageError(f"mute: {clock(until)} has passed")
    with _ledger(settings, now) as ledger:
        mutes.mute(ledger, mutes.Mute(eval_set, until, reason), now)
    return f"{clean(eval_set)} is muted until {clock(until)}"


def unmute(eval_set: str, settings: Settings, now: float) -> str:
    """End a mute.

    Raises:
        UsageError: there is none of this name, or the ledger can't be used.
    """
    with _ledger(settings, now) as ledger:
        if not mutes.unmute(ledger, eval_set):
            raise UsageError(f"mute: nothing is muted under the name {clean(eval_set)}")
    return f"{clean(eval_set)} is no longer muted"


def listed(settings: Settings, now: float) -> tuple[str, ...]:
    """What is muted by hand, a line each.

    Raises:
        UsageError: the ledger can't be used.
    """
    with _ledger(settings, now) as ledger:
        found = mutes.mutes(ledger, now)
    lines = (f"{clean(m.eval_set)} until {clock(m.until)}  {clean(m.reason)}" for m in found)
    return tuple(line.rstrip() for line in lines) or ("nothing is muted by hand",)


@contextmanager
def _ledger(settings: Settings, now: float) -> Iterator[Ledger]:
    try:
        opened = open_ledger(settings.state_url, now, settings.watch)
    except LedgerError as error:
        raise UsageError(f"state: {error}") from error
    if opened.warnings:
        # a ledger in memory would forget the mute at once
        opened.ledger.close()
        raise UsageError(f"state: {opened.warnings[0]}")
    try:
        yield opened.ledger
    finally:
        opened.ledger.close()
