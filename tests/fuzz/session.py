"""One target under a fuzzer: what is counted, and what is kept of failures."""

import hashlib
import json
import resource
import time
import traceback
from pathlib import Path

from tests.fuzz.target import Target

SLOW = 5.0  # of CPU
"""Seconds for one input of at most 64 KiB: a hang."""


class Session:
    """Runs inputs, goes on after a failure, and writes its figures as it goes."""

    def __init__(self, target: Target, folder: Path) -> None:
        """Args: folder: where figures and failing inputs are written."""
        self._target = target
        self._folder = folder
        self._began = self._told = time.monotonic()
        self.executions = 0
        self.taken = 0
        self.slowest = 0.0
        self.failures: dict[str, str] = {}
        self._rss = resident()

    def run(self, data: bytes) -> None:
        """One input."""
        begin = time.process_time()
        try:
            self.taken += self._target.run(data)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            self._failed(data, error)
        self._timed(data, time.process_time() - begin)
        self.executions += 1
        if self.executions in (1, 1000) or time.monotonic() > self._told + 2:
            self.write()

    def _timed(self, data: bytes, seconds: float) -> None:
        if seconds > self.slowest:
            self.slowest = seconds
            (self._folder / f"{self._target.name}.slowest").write_bytes(data)
        if seconds > SLOW:
            self._failed(data, TimeoutError(f"{seconds:.1f} s"))

    def _failed(self, data: bytes, error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1:] or [None]
        where = f"{Path(place[0].filename).name}:{place[0].lineno}" if place[0] else ""
        key = f"{type(error).__name__} {where}"
        digest = hashlib.sha256(key.encode()).hexdigest()[:12]
        path = self._folder / f"{self._target.name}.{digest}"
        if key not in self.failures or len(data) < path.stat().st_size:
            path.write_bytes(data)
        self.failures[key] = f"{str(error)[:200]} ({path.name})"

    def write(self) -> None:
        """The figures, as JSON."""
        self._told = time.monotonic()
        figures = {
            "executions": self.executions,
            "taken": self.taken,
            "seconds": self._told - self._began,
            "slowest": self.slowest,
            "rss_begin": self._rss,
            "rss_end": resident(),
            "rss_most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "failures": self.failures,
        }
        (self._folder / f"{self._target.name}.json").write_text(json.dumps(figures, indent=1))
        if self.executions == 1000:
            self._rss = resident()  # what is imported and cached once is no growth


def resident() -> float:
    """MiB that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
