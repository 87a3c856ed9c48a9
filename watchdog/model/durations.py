"""Durations as people write them: `90m`, `4h`, `1d12h`, or a number of seconds."""

import math
import re

_UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_LONGEST = 365 * 86_400.0


def parse_duration(text: str) -> float:
    """Seconds. The units are Prometheus' (d, h, m, s); a bare number is in seconds.

    Raises:
        ValueError: it is none, or not between 0 (excluded) and a year.
    """
    cleaned = text.strip()
    if _PART.sub("", cleaned) == "":
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(cleaned))
    else:
        seconds = _bare(cleaned)
    if not 0 < seconds <= _LONGEST:
        raise ValueError("should be a duration such as 90m, 4h or 1d12h, of at most a year")
    return float(seconds)


def _bare(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
