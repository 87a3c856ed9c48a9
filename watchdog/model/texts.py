"""Foreign texts made fit to be shown: visible, bounded, on one line."""

import re
import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def clean(text: str, limit: int = 500) -> str:
    """One visible line: no control, direction or invisible characters, at most `limit` long."""
    visible = "".join(_visible(char) for char in text[: 4 * limit])
    return cut(re.sub(r"\s+", " ", visible).strip(), limit)


def _visible(char: str) -> str:
    if char.isascii() and char.isprintable():
        return char
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in _INVISIBLE else char


def cut(text: str, limit: int) -> str:
    """`text`, its end replaced by an ellipsis where it is longer than `limit`."""
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + "…"


def spans(text: str) -> list[tuple[str, bool]]:
    """`text` cut at its backticks into (part, is a command); unpaired backticks mark nothing."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return [("".join(parts), False)]
    return [(part, place % 2 == 1) for place, part in enumerate(parts) if part]


def first_line(text: str, limit: int = 300) -> str:
    """The first line that says something, cut to `limit` characters; empty where none does."""
    return cut(next((line.strip() for line in text.splitlines() if line.strip()), ""), limit)
