"""The list `status_feeds`."""

from typing import Literal

from watchdog.config.section import Section, Texts, WebAddress


class StatusFeed(Section):
    """Providers' status feeds, each asked while an incident touches its provider.

    By default those of OpenAI, Anthropic and Google, whose place this list takes; `[]` for none.
    """

    provider: str
    """Inspect's name of the provider, as in `openai/gpt-4o`."""
    url: WebAddress
    """Where the feed is; no credentials are ever sent."""
    format: Literal["statuspage", "json", "rss"] = "statuspage"
    """Statuspage's `summary.json`, JSON of any shape, or RSS 2.0 and Atom."""
    items: str = ""
    """`json`: dotted path of the list of items; empty where the document is the list."""
    title: str = ""
    """`json`: path of an item's title."""
    status: str = ""
    """`json`: path of an item's status."""
    link: str = ""
    """`json`: path of an item's address."""
    since: str = ""
    """`json`: path of an item's beginning."""
    end: str = ""
    """`json`: path of an item's end."""
    parts: Texts = ()
    """`json`: paths of the names of what an item touches."""
    over: Texts = ("resolved", "completed", "postmortem", "closed")
    """Statuses that mean that it is over."""
    component: Texts = ()
    """Only what touches a part whose name contains one of these; empty for everything."""
