"""Which Inspect's logs are known here: what newer ones write may mean something else."""

NEWEST_TESTED = (0, 3, 285)
"""The newest inspect_ai whose logs and buffers are held to what is said of them."""

LOG_FORMAT = 2
"""The newest known format of logs (`LOG_SCHEMA_VERSION`, inspect_ai `_util/constants.py`)."""


def version_text(version: tuple[int, int, int]) -> str:
    """`0.3.285`."""
    return ".".join(map(str, version))
