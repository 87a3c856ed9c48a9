"""What was learned of a fleet: how long its calls take, how long trouble lasts that passes.

Bounded, kept over restarts, and with a version: state of another version is not used.
"""

from msgspec import Struct

from watchdog.model.histogram import Histogram

VERSION = 1
NAMES_MAX = 512
"""Names of calls, and models, that are remembered; the least seen go first."""

WEEK = 604_800.0
MEMORY_WEEKS = 13.0
"""When so much was seen, all counts are halved: what is older weighs less and less."""


class Attempts(Struct, frozen=True):
    """Attempts on a model outside of outages."""

    ok: int = 0
    failed: int = 0
    streaks: int = 0
    """Runs of failures that ended by themselves."""


class Learned(Struct, frozen=True):
    """All of it. The default is day one: nothing but the priors."""

    version: int = VERSION
    weeks: float = 0.0
    """Weeks of work that it rests on."""
    until: float | None = None
    """What ended before this instant (seconds since the epoch) is counted."""
    durations: dict[str, Histogram] = {}
    """Seconds of completed calls by `kind:name`."""
    troubles: dict[str, Histogram] = {}
    """Seconds from the first to the last failure of trouble that passed, by `class:group`."""
    attempts: dict[str, Attempts] = {}
    """By model."""
