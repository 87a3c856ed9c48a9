"""Durations as people write them: `90m`, `4h`, `1d12h`, or a number of seconds."""

import math
import re

_UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_LONGEST = 365 * 86_400.0
_LONGEST_TEXT = 100
"""Characters of a duration: digits without end take the square of their number."""


def parse_duration(text: str) -> float:
    """Seconds. The units are Prometheus' (d, h, m, s); a bare number is in seconds.

    Raises:
        ValueError: it is none, or not between 0 (excluded) and a year.
    """
    seconds = _seconds(text.strip()) if len(text) <= _LONGEST_TEXT else 0.0
    if not 0 < seconds <= _LONGEST:
        raise ValueError("should be a duration such as 90m, 4h or 1d12h, of at most a year")
    return float(seconds)


def _seconds(text: str) -> float:
    if _PART.sub("", text) == "":
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return _bare(text)


def _bare(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
