"""What a process and its children use, from /proc."""

import os
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")


class Use(NamedTuple):
    """CPU seconds and peak MiB so far, of a process and all that it started."""

    cpu: float
    peak: float


def use_of(pid: int) -> Use:
    """Children that have ended count in their parent's CPU, and their peaks no more."""
    cpu = peak = 0.0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        own = fields[11:15] if one == pid else fields[11:13]
        cpu += sum(map(int, own)) / _TICKS
        peak += _high_water(status)
    return Use(cpu, peak)


def family(pid: int) -> list[int]:
    """A process, its children and theirs."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for task in _tasks(one):
            try:
                waiting += map(int, (task / "children").read_text().split())
            except OSError:
                continue
    return found


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _high_water(status: str) -> float:
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) / 1024
