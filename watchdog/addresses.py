"""Addresses with values filled in, so that no value can lead elsewhere than its template. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import quote

LINK_MAX = 2000
"""Characters of one address; browsers and proxies take little more."""
_ADDRESS = re.compile(r"https?://[^\s<>|`\"\x00-\x1f]+")
_PLACE = re.compile(r"\{([a-z_]{1,40})\}")


def quoted(text: str) -> str:
    """A value as one part of an address: nothing in it ends the part, a slash neither."""
    return quote(text, safe="", errors="replace")


def is_address(text: str) -> bool:
    """Whether it may be linked: http(s), of usual length, nothing in it that ends a link."""
    return len(text) <= LINK_MAX and _ADDRESS.fullmatch(text) is not None


def places(template: str) -> frozenset[str]:
    """The names of what a template has filled in: `{eval_set_id}`."""
    return frozenset(_PLACE.findall(template))


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with each value quoted in its place; a place without a value stays."""

    def value(match: re.Match[str]) -> str:
        return quoted(values[match[1]]) if match[1] in values else match[0]

    return _PLACE.sub(value, template).replace("|", "%7C").replace(" ", "%20")
