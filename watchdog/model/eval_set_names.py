"""What an eval set is called where its name alone may be that of another one in another source.

Its id is its name, as long as nobody else has that one; else `name@source`. An id that was given
once is that eval set's own for as long as it is remembered, whoever comes or goes.
"""

import re
from hashlib import blake2b

from msgspec import Struct

ID_MAX = 128
"""Characters of a qualified id: as many as a metric's label has."""
MARK = "@"
_SUFFIX_MAX = 32
_CUT = "~"
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


class EvalSetName(Struct, frozen=True):
    """Whose an id is."""

    source: str
    """The source's name; empty where the id is nobody's: it once meant several eval sets."""
    name: str
    """The eval set's, as that source has it."""
    seen_at: float = 0.0
    """Seconds since the epoch."""


def qualified(name: str, source: str) -> str:
    """`name@source`, of characters that labels, addresses and shells take as they are.

    At most ID_MAX long: what is cut of a name becomes a digest of it.
    """
    end = suffix(source)
    room = ID_MAX - len(end)
    if len(name) > room:
        mark = _CUT + _digest(name, 8)
        name = name[: room - len(mark)] + mark
    return name + end


def suffix(source: str) -> str:
    """What the ids of a source's eval sets end in, where they don't have their names alone.

    The last two parts of its address, and a digest of all of it where that isn't all.
    """
    parts = [part for part in source.rpartition("://")[2].split("/") if part]
    short = _UNFIT.sub("-", "-".join(parts[-2:]))[-_SUFFIX_MAX:].strip("-.")
    return MARK + (short if short == source else "-".join(filter(None, (short, _digest(source)))))


def _digest(text: str, size: int = 3) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=size).hexdigest()
