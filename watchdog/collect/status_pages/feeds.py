"""Which status pages there are, and how each is read."""

from typing import Literal

from msgspec import Struct

OVER = ("resolved", "completed", "postmortem", "closed")
DAY = 86_400.0


class Feed(Struct, frozen=True):
    """One status feed of one provider.

    Paths are dotted (`most_recent_update.status`): a name is a key, a number a place in a list;
    a name at a list is looked for in each of its items. They are of use for `json` only.
    """

    provider: str
    """Inspect's name of it, as in `openai/gpt-4o`."""
    url: str
    """Where the feed is."""
    format: Literal["statuspage", "json", "rss"]
    """Statuspage's `summary.json`, other JSON, or RSS 2.0 and Atom."""
    items: str = ""
    """Path of the list of items; empty where the document is the list."""
    title: str = ""
    """Path of an item's title."""
    status: str = ""
    """Path of an item's status; empty where it has none."""
    link: str = ""
    """Path of an item's address, which may be relative to `url`; empty where it has none."""
    since: str = ""
    """Path of an item's beginning: ISO 8601, or seconds or milliseconds since the epoch."""
    end: str = ""
    """Path of an item's end: one that has passed means over."""
    parts: tuple[str, ...] = ()
    """Paths of the names of what an item touches; `component` is looked for in these."""
    over: tuple[str, ...] = OVER
    """Statuses that mean that it is over, in any case; in RSS also words."""
    component: tuple[str, ...] = ()
    """Only what touches a part whose name contains one of these, in any case; empty: everything.

    What names no part is kept: pages often leave it out.
    """
    max_age: float = DAY
    """RSS: seconds after which an item that nobody changed is old."""


DEFAULT_FEEDS: tuple[Feed, ...] = (
    # Made by incident.io, which keeps to Statuspage's format at this address.
    Feed(
        provider="openai",
        url="https://status.openai.com/api/v2/summary.json",
        format="statuspage",
        component=("chat completions", "responses", "batch"),
    ),
    # status.anthropic.com, its former address, redirects here.
    Feed(
        provider="anthropic",
        url="https://status.claude.com/api/v2/summary.json",
        format="statuspage",
        component=("claude api", "api.anthropic.com"),
    ),
    # Google Cloud, which is Vertex AI: the Gemini Developer API has no such feed. Products are
    # being renamed, and incidents may use either name.
    # Format: https://status.cloud.google.com/incidents.schema.json
    Feed(
        provider="google",
        url="https://status.cloud.google.com/incidents.json",
        format="json",
        title="external_desc",
        status="most_recent_update.status",
        link="uri",
        since="begin",
        end="end",
        parts=("service_name", "affected_products.title", "affected_products.current_title"),
        over=("available", *OVER),
        component=("vertex gemini api", "gemini on agent platform"),
    ),
)
