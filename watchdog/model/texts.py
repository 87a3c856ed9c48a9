"""Foreign texts made fit to be shown: visible, bounded, on one line."""

import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def clean(text: str, limit: int = 500) -> str:
    """One visible line: no control, direction or invisible characters, at most `limit` long."""
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()  # most are clean: looking at each letter takes longest
    head = text[: 4 * limit]
    if not (head.isascii() and head.isprintable()):  # most are
        head = head.translate(_VISIBLE)
    return cut(" ".join(head.split()), limit)


def visible_lines(text: str) -> list[str]:
    """Lines without control, direction or invisible characters; as long as they are."""
    lines = text.replace("\t", "    ").splitlines()
    return [line.translate(_VISIBLE).rstrip() for line in lines]


class _Visible(dict[int, str]):
    """What stands for each character; those of the basic plane are looked at once."""

    def __missing__(self, code: int) -> str:
        shown = _visible(chr(code))
        if code < _BASIC_PLANE:
            self[code] = shown
        return shown


_BASIC_PLANE = 0x10000
_VISIBLE = _Visible()


def _visible(char: str) -> str:
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


_PAGE_SCANNED = 2000


def first_line(text: str, limit: int = 300) -> str:
    """The first line that says something, cut to `limit` characters; empty where none does."""
    title = _title(text[:_PAGE_SCANNED])
    if title:
        return cut(f"a page of HTML: {title}", limit)
    return cut(next((line.strip() for line in text.splitlines() if line.strip()), ""), limit)


def _title(head: str) -> str:
    """The title of a page that a proxy sends where an answer should be; else empty."""
    lowered = head.lower()
    if "<html" not in lowered and "<!doctype html" not in lowered:
        return ""
    begin = lowered.find("<title>")
    end = lowered.find("</title>", begin)
    return " ".join(head[begin + len("<title>") : end].split()) if 0 <= begin < end else ""
