"""What is short or slow, for the table in docs/security.md: each a way to start the service so.

The tests with real processes stand in `tests/acceptance/test_pressure.py`.
"""

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from tests.acceptance.kill_service import HINDERED


class Pressure(Struct, frozen=True):
    """One shortage: how `ServiceProcess` is started under it."""

    name: str
    program: tuple[str, ...] = ("-m", "watchdog")
    prepare: Callable[[], None] | None = None
    output: Path | None = None
    environment: dict[str, str] = {}


NONE = Pressure("none")


def descriptors(count: int) -> Callable[[], None]:
    """At most so many files open at once, and none to be had."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def pressures(folder: Path) -> Iterator[Pressure]:
    """All of them; a trouble of the machine lasts while its file in `folder` exists."""
    for count in (64, 48, 32):
        yield Pressure(f"{count} descriptors", prepare=descriptors(count))
    yield Pressure("log on a full disk", output=Path("/dev/full"))
    hook = {"WATCHDOG_WEBHOOK_URL": "http://hooks.example.test/x"}
    for name in ("hung-disk", "slow-names"):
        gate = folder / name
        gate.touch()
        program = (str(HINDERED), name, str(gate), "--")
        yield Pressure(name, program=program, environment=hook)
