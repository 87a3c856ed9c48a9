"""How Slack's messages say that they are told in the shadow, and in place of whom. Pure.

Each of them does: a thread's reply reaches people without the message above it.
"""

from typing import Any

from watchdog.notify.channels.slack_text import plain
from watchdog.notify.notice import Notice
from watchdog.notify.shadow import shadow_words

WORDS_MAX = 150
"""Characters: a message of `MAX_TEXT` bytes has room for so many before it."""


def marked(notice: Notice, text: str) -> str:
    """A text that says so first: it is all that a phone shows of it."""
    words = plain(shadow_words(notice), WORDS_MAX)
    return f"{words}\n{text}" if words else text


def shadow_blocks(words: str) -> list[dict[str, Any]]:
    """The same above a message's blocks; nothing where there is no shadow.

    Args:
        words: who would have been told, as mrkdwn.
    """
    text = {"type": "mrkdwn", "text": f"*{words}*", "verbatim": True}
    return [{"type": "context", "elements": [text]}] if words else []
