"""Both programs at work: a process each, side by side, in surroundings that are alike."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.compare.calls import Call

CHILD = Path(__file__).with_name("child.py")
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


def outputs(sides: Sequence[Side], calls: Sequence[Call]) -> list[dict[str, str]]:
    """What each side says to every call, by the call's name.

    Raises:
        SideFailedError: a side's process broke off.
    """
    processes = [_started(side, calls) for side in sides]
    statuses = [process.wait() for process in processes]
    for side, status in zip(sides, statuses, strict=True):
        if status:
            raise SideFailedError(f"{side.name}: the process ended with status {status}")
    return [json.loads((side.folder / "outputs.json").read_text("utf-8")) for side in sides]


def _started(side: Side, calls: Sequence[Call]) -> "subprocess.Popen[bytes]":
    work = side.folder / side.name
    work.mkdir(parents=True)
    jobs = side.folder / "calls.json"
    jobs.write_text(json.dumps([asdict(call) for call in calls]), "utf-8")
    said = side.folder / "outputs.json"
    command = [sys.executable, "-P", str(CHILD), str(side.tree), str(jobs), str(said)]
    return subprocess.Popen(command, cwd=work, env=_surroundings(side.folder.parent / "home"))  # noqa: S603


def _surroundings(home: Path) -> dict[str, str]:
    """Nothing of the caller's but where programs are; both sides' home is one that isn't there."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "COLUMNS": COLUMNS,
        "NO_COLOR": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "WATCHDOG_STATE": str(home / "state.sqlite3"),
    }
