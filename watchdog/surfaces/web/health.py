"""How the service is, as `/healthz`, `/readyz` and the page say it."""

from typing import Literal

from msgspec import Struct

from watchdog.model.instants import timestamp
from watchdog.model.report import SourceReport

Failing = tuple[str, str]
"""Name and reason."""


class Health(Struct, frozen=True):
    """What the service knows of itself."""

    seconds_since_turn: float
    """Since the loop turned last, by a clock that nobody sets."""
    first_complete_poll: bool
    failing_sources: tuple[Failing, ...] = ()
    failing_channels: tuple[Failing, ...] = ()
    sources: tuple[SourceReport, ...] = ()
    """How each source answers."""
    judged_at: float | None = None
    """When it was judged last, where that is too long ago."""
    held: dict[str, str] = {}
    """Why incidents that stand were not told yet, by id."""
    tells: bool = True
    """Whether any channel is set up."""
    shadow: str = ""
    """The quiet channel, where no other is told (`notify.shadow`); else empty."""


class Live(Struct, frozen=True):
    """Body of `/healthz`."""

    alive: bool
    seconds_since_turn: float


class Ready(Struct, frozen=True, omit_defaults=True):
    """Body of `/readyz`. A failing channel is told, and makes nobody unready."""

    ready: bool
    reasons: tuple[str, ...]
    failing_sources: tuple[Failing, ...]
    failing_channels: tuple[Failing, ...]
    sources: tuple[SourceReport, ...] = ()
    role: Literal["leader", "standby"] = "leader"
    """`standby` of a replica that waits to take over."""
    leader: str = ""
    """Who leads while it does."""
    shadow: str = ""
    """The quiet channel, where no other is told."""


def live(health: Health, stalled_after: float) -> Live:
    """Alive while the poll loop turns."""
    age = health.seconds_since_turn
    return Live(age <= stalled_after, round(age, 3))


def ready(health: Health) -> Ready:
    """Ready when everything was read once, and the sources answer."""
    reasons = [] if health.first_complete_poll else ["the first complete poll is not done yet"]
    if health.judged_at is not None:
        reasons.append(f"nothing was judged since {timestamp(health.judged_at)}; the log says why")
    since = {source.name: source.since for source in health.sources}
    reasons += [
        f"source {name} does not answer{_since(since.get(name))}: {why}"
        for name, why in health.failing_sources
    ]
    return Ready(
        not reasons,
        tuple(reasons),
        health.failing_sources,
        health.failing_channels,
        health.sources,
        shadow=health.shadow,
    )


def _since(instant: str | None) -> str:
    return f" since {instant}" if instant is not None else ""
