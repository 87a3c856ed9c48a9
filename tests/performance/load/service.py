"""The real service over a fleet, watched from outside: CPU, memory, answers, by poll."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.acceptance.service_process import free_port
from tests.paths import ROOT
from tests.performance.load import process_tree
from tests.performance.load.store import URL, FleetStore

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
)
ANSWER_SECONDS = 120.0
LOOK_SECONDS = 0.05
BLOCKED = re.compile(rb"^eval_watchdog_event_loop_block_seconds (\S+)", re.MULTILINE)
IMAGE = dict(re.findall(r"\b(MALLOC_\w+)=(\w+)", (ROOT / "Dockerfile").read_text()))
"""The allocator's settings in the image."""
LATE = re.compile(rb"^eval_watchdog_tasks_late\{[^}]*\} (\S+)", re.MULTILINE)


@dataclass
class Scrape:
    """One scrape as Prometheus makes it."""

    seconds: float
    size: int
    """Bytes on the wire."""
    block: float
    """Seconds that the event loop was held at most since the one before."""
    late: float = 0.0
    """Tasks that the last poll did not come to."""


@dataclass
class Measured:
    """What some polls took."""

    polls: int = 0
    cpu: float = 0.0
    """Seconds of CPU of the process tree, scrapes included."""
    seconds: float = 0.0
    scrapes: list[Scrape] = field(default_factory=list)
    pss: int = 0
    rss: int = 0
    """Bytes at most, of the process tree."""

    @property
    def cpu_a_poll(self) -> float:
        """Seconds of CPU."""
        return self.cpu / self.polls


class Service:
    """One life of the service."""

    def __init__(
        self, folder: Path, store: FleetStore, interval: float, *, profile: Path | None = None,
        fresh: bool = True,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._polls = folder / "polls"
        self._polls.write_text("")
        self.port = free_port()
        state = folder / "state.sqlite3"
        if fresh:
            for path in folder.glob("state.sqlite3*"):
                path.unlink()
        settings = {
            "logs": [URL],
            "listen": f"127.0.0.1:{self.port}",
            "state": str(state),
            "interval": interval,
            "status_feeds": [],
            "log_level": "warning",
            "s3": {"endpoint_url": store.server.url, "region": "us-east-1"},
        }
        given = {"settings": settings, "polls": str(self._polls)}
        given |= {"profile": str(profile)} if profile else {}
        (folder / "settings.json").write_text(json.dumps(given))
        own = {k: v for k, v in os.environ.items() if not k.startswith(("WATCHDOG_", "AWS_"))}
        with (folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.performance.load.served", folder / "settings.json"],
                env=own | store.environment | {"PYTHONPATH": str(ROOT)} | IMAGE,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """Of its first process."""
        return self._process.pid

    @property
    def polls(self) -> int:
        """Snapshots that it published so far."""
        return self._polls.read_bytes().count(b"\n")

    def until_poll(self, number: int, seconds: float) -> None:
        """Wait until so many were published.

        Raises: RuntimeError: it ended, or it takes longer.
        """
        deadline = time.monotonic() + seconds
        while self.polls < number:
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = (self._folder / "service.log").read_text()[-2000:]
                raise RuntimeError(f"no poll {number} of the service within {seconds} s: {log}")
            time.sleep(LOOK_SECONDS)

    def until_complete(self, seconds: float) -> None:
        """Wait until a poll came to all that there is.

        Raises: RuntimeError: it ended, or it takes longer.
        """
        deadline = time.monotonic() + seconds
        self.until_poll(1, seconds)
        while self.scrape().late:
            self.until_poll(self.polls + 1, deadline - time.monotonic())

    def cpu(self) -> float:
        """Seconds of CPU of its tree so far."""
        return process_tree.cpu(self.pid)

    def get(self, path: str, **headers: str) -> bytes:
        """An answer's body as it comes over the wire."""
        address = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            return bytes(answer.read())

    def scrape(self) -> Scrape:
        """Ask as Prometheus does."""
        began = time.monotonic()
        headers = {"Accept": PROMETHEUS, "Accept-Encoding": "gzip"}
        body = self.get("/metrics", **headers)
        seconds, size = time.monotonic() - began, len(body)
        if body[:2] == b"\x1f\x8b":
            import gzip  # noqa: PLC0415

            body = gzip.decompress(body)
        held = BLOCKED.search(body)
        late = sum(float(number) for number in LATE.findall(body))
        return Scrape(seconds, size, float(held[1]) if held else 0.0, late)
