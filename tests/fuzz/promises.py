"""What must hold of anything that a parser hands out, whatever it was given."""

import math
from enum import Enum

from msgspec import Struct
from msgspec.structs import astuple

TEXT_MOST = 32_768
"""Characters of one text: no fact holds a longer one, whatever was read."""
WHOLE_MOST = 2**64
"""No number of a fact is beyond what 64 bits hold: digests and counts are the largest."""


def kept(value: object) -> None:
    """Assert that a fact's numbers are finite and bounded, and its texts bounded and encodable.

    Raises:
        AssertionError: they aren't.
    """
    for part in _parts(value):
        if isinstance(part, float):
            assert math.isfinite(part), part
        elif isinstance(part, int):
            assert -WHOLE_MOST < part < WHOLE_MOST, "a number beyond 64 bits"
        elif isinstance(part, str):
            assert len(part) <= TEXT_MOST, f"a text of {len(part)} characters"
            part.encode()


def _parts(value: object):
    """Everything in a value, without recursion."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Enum):
            continue
        if isinstance(part, Struct):
            waiting += astuple(part)
        elif isinstance(part, dict):
            waiting += part.keys()
            waiting += part.values()
        elif isinstance(part, list | tuple | set | frozenset):
            waiting += part
        else:
            yield part
