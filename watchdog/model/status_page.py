"""What a provider says of itself: incidents of its status page."""

from msgspec import Struct


class StatusPageIncident(Struct, frozen=True):
    """A current incident of a status page. All texts are foreign."""

    provider: str
    title: str
    status: str
    """As the page has it: `investigating`, `monitoring`, …; empty where it says none."""
    url: str
    """Where people read on; empty where the feed gives none that is http(s)."""
    since: float | None = None
