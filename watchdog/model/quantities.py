"""Durations, counts, frequencies and suspicions as people say them."""

from math import floor

_UNITS = ((86_400, "d", 2), (3600, "h", 2), (60, "min", 2), (1, "s", 0))
"""Seconds of a unit, its name, and from how many of it on it is used."""


def duration(seconds: float) -> str:
    """A duration in seconds in words: `50 s`, `35 min`, `2 h 14 min`, `3 d 4 h`."""
    whole = max(0, round(seconds))
    place = next(i for i, (size, _, least) in enumerate(_UNITS) if whole >= least * size)
    size, unit, _ = _UNITS[place]
    count, rest = divmod(whole, size)
    if unit in {"min", "s"}:
        return f"{count} {unit}"
    smaller, name, _ = _UNITS[place + 1]
    return f"{count} {unit} {rest // smaller} {name}" if rest >= smaller else f"{count} {unit}"


def brief_duration(seconds: float) -> str:
    """As `duration`, finer for what is short: `1.2 s` below ten seconds, `95 s` to ten minutes."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds <= 600 else duration(seconds)


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 sample`, `5,710 retries`."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


_DAYS_A_YEAR = 365.25
_RAREST_YEARS = 100
_FEW_WEEKS = 2


def frequency(expected_per_week: float) -> str:
    """How often something happens: `3 times a week`, `once in 5 weeks`, `once in 4 years`.

    Whole numbers: nobody reads more out of an estimate. What is rarer than anybody sees is
    `more rarely than once in 100 years`.
    """
    if expected_per_week >= 1:
        times = round(expected_per_week)
        return "once a week" if times == 1 else f"{times:,} times a week"
    days = 7 / expected_per_week if expected_per_week > 0 else float("inf")
    if days < 7 * _FEW_WEEKS:
        return f"once in {round(days)} days"
    if days < _DAYS_A_YEAR:
        return f"once in {round(days / 7)} weeks"
    years = days / _DAYS_A_YEAR
    if years >= _RAREST_YEARS:
        return f"more rarely than once in {_RAREST_YEARS} years"
    return f"once in {count(round(years), 'year')}" if round(years) > 1 else "once a year"


def suspicion_text(suspicion: float) -> str:
    """A suspicion as it is told everywhere: 1 and above is stuck, as in the metric of its name.

    Rounded down, so that what is not stuck never reads 1.
    """
    return f"{floor(100 * suspicion) / 100:.2f}" if suspicion < 10 else f"{floor(suspicion):,}"
