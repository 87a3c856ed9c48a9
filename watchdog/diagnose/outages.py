"""An outage of everybody: a model fails for all that call it, and has for how long.

It begins with the first failure after the last sign that the model took a call on. A call that was
under way when the outage began may still end well, minutes into it: its answer tells of the time
when it was sent. So does that of a sample which failed a little earlier than others last succeeded:
it belongs to the same outage, and nobody's failures excuse anybody's.
"""

from msgspec import Struct
from msgspec.structs import replace

from watchdog.diagnose.fleet import Fleet
from watchdog.model.state import Streak

MANY = 2
"""So many others that fail prove that it is not one sample's own trouble, however short its own."""


class Outage(Struct, frozen=True):
    """What everybody on a model has experienced since anybody's last success."""

    since: float
    """The first failure."""
    until: float
    """The last one."""
    failing: int
    """Other samples that fail in it."""
    independent: int
    """Failures of anybody, apart from each other."""

    @property
    def seconds(self) -> float:
        """From the first failure to the last."""
        return self.until - self.since

    def longer(self, seconds: float) -> "Outage":
        """The same if all fail so much longer, once more at the end."""
        return replace(self, until=self.until + seconds, independent=self.independent + 1)

    @property
    def is_of_many(self) -> bool:
        """Whether others alone show that it is an outage."""
        return self.failing >= MANY


def outage_of(fleet: Fleet, streak: Streak, now: float, apart: float) -> Outage | None:
    """The outage that a streak is part of; None where others succeed or don't fail.

    Failures closer together than `apart` seconds are one piece of evidence.
    """
    model, last_at = streak.model, streak.last_at
    since = fleet.failing_since(model, now)
    if since is None or last_at is None or last_at < since:
        return None
    failing = fleet.failing_samples(model, since) - 1
    if failing < 1:
        return None
    until = fleet.last_failed(model)
    independent = fleet.independent_failures(model, since, until, apart)
    return Outage(since, until, failing, independent)
