"""Both programs at work: a process each, side by side, in surroundings that are alike."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.compare.calls import Call
from tools.compare.trees import ROOT

CHILD = "tools.compare.child"
CALLS, OUTPUTS = "calls.json", "outputs.json"
COLUMNS = "400"
"""So wide that a text of another length breaks no other line."""


class SideFailedError(Exception):
    """A side's program could not be run at all."""


@dataclass(frozen=True)
class Side:
    """One of the two programs."""

    name: str
    tree: Path
    folder: Path
    """Where it works."""


@dataclass(frozen=True)
class _Worker:
    """A process of a side, and its share of the calls."""

    side: Side
    folder: Path
    calls: Sequence[Call]


def outputs(sides: Sequence[Side], shares: Sequence[Sequence[Call]]) -> list[dict[str, str]]:
    """What each side says to every call, by the call's name; a process for each share of them.

    Raises:
        SideFailedError: a side's process broke off.
    """
    workers = [
        _Worker(side, side.folder / f"{side.name}-{number}", share)
        for side in sides
        for number, share in enumerate(shares)
    ]
    processes = [_started(worker) for worker in workers]
    statuses = [process.wait() for process in processes]
    for worker, status in zip(workers, statuses, strict=True):
        if status:
            raise SideFailedError(f"{worker.folder.name} ended with status {status}")
    return [_said(worker for worker in workers if worker.side is side) for side in sides]


def _started(worker: _Worker) -> "subprocess.Popen[bytes]":
    worker.folder.mkdir(parents=True)
    calls = json.dumps([asdict(call) for call in worker.calls])
    (worker.folder / CALLS).write_text(calls, "utf-8")
    command = [sys.executable, "-P", "-m", CHILD, str(worker.side.tree), CALLS, OUTPUTS]
    env = _surroundings(worker.side.folder.parent / "home")
    return subprocess.Popen(command, cwd=worker.folder, env=env)  # noqa: S603


def _said(workers: Iterable[_Worker]) -> dict[str, str]:
    texts = ((worker.folder / OUTPUTS).read_text("utf-8") for worker in workers)
    return {name: output for text in texts for name, output in json.loads(text).items()}


def _surroundings(home: Path) -> dict[str, str]:
    """Nothing of the caller's but where programs are; both sides' home is one that isn't there."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "COLUMNS": COLUMNS,
        "NO_COLOR": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "WATCHDOG_STATE": str(home / "state.sqlite3"),
    }
