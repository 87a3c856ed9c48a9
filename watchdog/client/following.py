"""Follows a runner's log: each question asks for what was written after the last line."""

from collections.abc import Awaitable, Callable

from watchdog.client.reader import Reader
from watchdog.model.samples import RunnerLines


def followed(reader: Reader, name: str) -> Callable[[], Awaitable[RunnerLines]]:
    """Reads what came since it was called last; all that there is at first."""
    since: str | None = None

    async def read() -> RunnerLines:
        nonlocal since
        log = await reader.log(name, since)
        since = max((line.at for line in log.lines if line.at is not None), default=since)
        return log

    return read
