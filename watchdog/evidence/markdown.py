"""Markdown in which foreign text stays text: no markup, link or HTML of it comes to life. Pure."""

import re
from collections.abc import Iterable, Sequence

from watchdog.model.texts import clean

_SPECIAL = re.compile(
    r"([\\`*\[\]<>|~&@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.|!(?=\[))"
)
"""What could become emphasis, code, a link, a table's cell, HTML or an address."""
_START = re.compile(r"^(\d{1,9})([.)])|^([#+=>-])")
"""What could begin a heading, a list or a quotation."""
_URL = re.compile(r"https?://[^\s<>|\\\"'`]+")
_TICKS = re.compile(r"`+")


def plain(text: str, limit: int = 1000) -> str:
    """Foreign text within a sentence."""
    safe = _SPECIAL.sub(r"\\\1", clean(text, limit))
    return _START.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", safe)


def code(text: str, limit: int = 300) -> str:
    """Foreign text as code, on one line."""
    shown = clean(text, limit)
    if not shown:
        return "-"
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(shown)), default=0))
    padded = f" {shown} " if shown.startswith("`") or shown.endswith("`") else shown
    return f"{fence}{padded}{fence}"


def block(text: str, language: str = "") -> str:
    """Text as it is, in a fence that it can't close."""
    visible = "".join(c for c in text if c.isprintable() or c in "\n\t")
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(visible)), default=0))
    return f"{fence}{language}\n{visible}\n{fence}"


def link(title: str, url: str) -> str:
    """A link where the address is http(s), else only its title."""
    if not _URL.fullmatch(url):
        return plain(title)
    return f"{plain(title)}: <{url}>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are plain already, and hold no line break and no bare `|`."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text.replace("\n", " "))
