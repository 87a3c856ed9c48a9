"""The group `limits`."""

from pydantic import Field

from watchdog.config.section import PositiveSeconds, Section


class Limits(Section):
    """What one eval set may take, so that it can't starve the others.

    What is beyond a poll's share is read in the next ones, and the eval set is `unknown` until
    then, with how far it is. `check` and the other commands for one look read all at once.
    """

    poll_cpu_seconds: PositiveSeconds = 10
    """CPU time of one eval set in one poll; a million events take about twice that."""
    poll_bytes: int = Field(default=512 * 1024 * 1024, ge=1024 * 1024)
    """Bytes that are fetched of one eval set in one poll."""
    poll_rows: int = Field(default=1_000_000, ge=1_000)
    """Events of one eval set that are read in one poll."""
    samples: int = Field(default=250_000, ge=1_000)
    """Samples that are remembered of one eval set, about 400 bytes each; what is beyond is
    `unknown` for good."""
