"""What one `watchdog check` of a target costs, in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.paths import ROOT
from tests.security.attack import environment

CPU_CAP = 60
"""Seconds of CPU after which it is stopped: six times what is allowed."""
ADDRESS_SPACE = 8 * 1024**3
NOW = "2026-11-23T16:00:00Z"


class Cost(NamedTuple):
    """What a check took and said. `peak` in MiB, `status` above 128 for a signal."""

    cpu: float
    wall: float
    peak: float
    status: int
    report: dict | None
    errors: str

    @property
    def said(self) -> str:
        """Verdict, then problems and what the command itself said."""
        if self.report is None:
            return self.errors
        problems = "; ".join(f"{p['where']}: {p['text']}" for p in self.report["problems"][:40])
        sets = "; ".join(f"{one['eval_set_id']}: {one['summary']}" for one in self._sets())
        return f"{self.report['verdict']}. {problems}. {sets} {self.errors}"

    def _sets(self) -> list[dict]:
        return self.report["eval_sets"][:20] if self.report else []


def check(target: Path, now: str | None = NOW) -> Cost:
    """Check it as of an instant, None for the present; bounded in time and memory."""
    with tempfile.TemporaryDirectory() as folder:
        figures, out, err = (Path(folder) / name for name in ("figures", "out", "err"))
        launch = [sys.executable, "-S", str(ROOT / "tests" / "security" / "launch.py")]
        limits = [str(figures), str(CPU_CAP), str(ADDRESS_SPACE)]
        command = [sys.executable, "-m", "watchdog", "check", "--json", str(target)]
        command += ["--now", now] if now else []
        begin = time.monotonic()
        with out.open("wb") as out_file, err.open("wb") as err_file:
            done = subprocess.run(
                [*launch, *limits, *command],
                stdout=out_file,
                stderr=err_file,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | environment(target),
                timeout=10 * CPU_CAP,
                check=False,
            )
        cpu, peak = figures.read_text().split()
        return Cost(
            float(cpu),
            time.monotonic() - begin,
            int(peak) / 1024,
            done.returncode,
            _object(out.read_bytes()),
            err.read_text("utf-8", "replace")[:20_000],
        )


def _object(data: bytes) -> dict | None:
    try:
        content = json.loads(data)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
