"""A real `watchdog run`, watched from outside while something hostile goes on beside it."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.paths import ROOT
from tests.security import eval_sets
from tests.security.inputs_pressure import NONE, Pressure
from tests.security.processes import Use, use_of

INTERVAL = 2.0
CAP = 60.0
"""Seconds after which a verdict counts as never told."""


class Service:
    """One process, with an eval set that is well."""

    def __init__(
        self, folder: Path, logs: list[str], variables: dict[str, str], pressure: Pressure = NONE
    ) -> None:
        self.base = folder / "logs"
        eval_sets.healthy(self.base / "healthy")
        self.port = _free_port()
        self.healthz: list[float] = []
        self.peak = 0.0
        targets = [part for target in (str(self.base), *logs) for part in ("--logs", target)]
        command = [sys.executable, *pressure.program, "run", *targets]
        options = ["--interval", str(INTERVAL), "--listen", f"127.0.0.1:{self.port}"]
        self._log = (pressure.output or folder / "service.log").open("wb")
        self.log_path = folder / "service.log"
        self.process = subprocess.Popen(
            [*command, *options, "--state", str(folder / "state.sqlite3")],
            cwd=ROOT,
            env=os.environ
            | {"PYTHONPATH": str(ROOT), "WATCHDOG_LISTING_INTERVAL": "1"}
            | variables
            | pressure.environment,
            stdout=self._log,
            stderr=self._log,
            preexec_fn=pressure.prepare,  # noqa: PLW1509 - sets a limit, nothing else
        )
        self._stopped = threading.Event()
        self._samplers = [threading.Thread(target=one) for one in (self._ask, self._weigh)]

    def started(self) -> None:
        """Wait for the first complete poll, then begin to measure."""
        end = time.monotonic() + CAP
        while self.verdict("healthy") is None and time.monotonic() < end:
            time.sleep(0.1)
        for sampler in self._samplers:
            sampler.start()

    def verdict(self, eval_set_id: str) -> str | None:
        """What the service says of it; None where it doesn't."""
        report = self.report() or {"eval_sets": []}
        found = (e["verdict"] for e in report["eval_sets"] if e["eval_set_id"] == eval_set_id)
        return next(found, None)

    def report(self) -> dict[str, Any] | None:
        """The API's report; None where there is no answer."""
        body = self.get("/api/v1/report", 5)
        try:
            return json.loads(body) if body else None
        except ValueError:
            return None

    def get(self, path: str, seconds: float) -> bytes | None:
        """An answer of 200 within a time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.read() if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def waited_for(self, eval_set_id: str, verdict: str) -> float:
        """Seconds until the service says it; `CAP` where it never does."""
        begin = time.monotonic()
        while time.monotonic() - begin < CAP:
            if self.verdict(eval_set_id) == verdict:
                return time.monotonic() - begin
            time.sleep(0.05)
        return CAP

    @property
    def use(self) -> Use:
        """CPU so far, and the highest peak that was seen."""
        now = use_of(self.process.pid)
        self.peak = max(self.peak, now.peak)
        return Use(now.cpu, self.peak)

    def stop(self) -> float:
        """Seconds that SIGTERM took; it is killed after fifteen."""
        self._stopped.set()
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(15)
        taken = time.monotonic() - begin
        for sampler in self._samplers:
            if sampler.ident is not None:
                sampler.join(70)
        self._log.close()
        return taken

    def _ask(self) -> None:
        while not self._stopped.wait(0.1):
            begin = time.monotonic()
            answered = self.get("/healthz", 30) is not None
            if not self._stopped.is_set():
                self.healthz.append(time.monotonic() - begin if answered else 30.0)

    def _weigh(self) -> None:
        while not self._stopped.wait(0.2):
            with contextlib.suppress(OSError):
                _ = self.use


@contextmanager
def running(
    logs: list[str] | None = None,
    variables: dict[str, str] | None = None,
    pressure: Pressure = NONE,
) -> Iterator[Service]:
    """A service that has done its first poll."""
    with tempfile.TemporaryDirectory(prefix="watchdog-attack-") as folder:
        service = Service(Path(folder), logs or [], variables or {}, pressure)
        try:
            service.started()
            yield service
        finally:
            if service.process.poll() is None:
                service.stop()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
