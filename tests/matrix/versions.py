"""The releases of Inspect AI that are run, and why each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

SETTLED = timedelta(days=7)
"""Dependencies are those of a week after the release: what its users installed then."""


@dataclass(frozen=True)
class Version:
    """A release of Inspect AI on PyPI."""

    number: str
    released: date
    why: str
    """What it is the first, the last or an example of."""

    ci: bool = False
    """Whether the test suite runs it; `make matrix` runs all."""

    @property
    def release(self) -> tuple[int, ...]:
        """The number, to be compared."""
        return tuple(int(part) for part in self.number.split("."))

    @property
    def tells_errors(self) -> bool:
        """Whether the buffer holds why an attempt failed; before, only the runner's log does."""
        return self.release >= (0, 3, 172)

    @property
    def until(self) -> date:
        """The day before which everything that is installed with it was uploaded."""
        return self.released + SETTLED


VERSIONS = (
    Version("0.3.90", date(2025, 4, 21), "the oldest that is supported"),
    Version("0.3.110", date(2025, 6, 28), "an old one", ci=True),
    Version("0.3.130", date(2025, 9, 7), "between"),
    Version("0.3.150", date(2025, 11, 25), "between"),
    Version("0.3.170", date(2026, 2, 3), "the last whose failed attempts stay pending for ever"),
    Version("0.3.172", date(2026, 2, 7), "the first that writes an attempt's error"),
    Version("0.3.200", date(2026, 3, 20), "between"),
    Version("0.3.221", date(2026, 5, 16), "the first with adaptive connections"),
    Version("0.3.240", date(2026, 6, 15), "the first with a control channel", ci=True),
    Version("0.3.252", date(2026, 8, 4), "the first whose control channel can put back a sample"),
    Version("0.3.270", date(2026, 9, 26), "between"),
    Version("0.3.285", date(2026, 10, 25), "the newest on PyPI, 2026-11-28", ci=True),
)
"""From the oldest to the newest."""

NEWEST = VERSIONS[-1]

CI = tuple(version for version in VERSIONS if version.ci)
"""Those that the test suite runs."""
