"""What a process and all below it have used, from /proc: CPU in seconds, memory in bytes."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for one in found:
        for path in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, path.read_text().split())
            except OSError:
                continue
    return found


def cpu(pid: int) -> float:
    """Seconds of all of them, and of those that ended and were waited for."""
    own = [_cpu(one) for one in tree(pid)]
    return sum(own)


def memory(pid: int) -> tuple[int, int]:
    """Their proportional set size and their resident set size, summed."""
    sizes = [_rollup(one) for one in tree(pid)]
    return sum(size[0] for size in sizes), sum(size[1] for size in sizes)


def threads(pid: int) -> int:
    """Threads of all of them."""
    return sum(len(list(Path(f"/proc/{one}/task").iterdir())) for one in tree(pid))


def descriptors(pid: int) -> int:
    """Open file descriptors of all of them."""
    return sum(len(list(Path(f"/proc/{one}/fd").iterdir())) for one in tree(pid))


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def _rollup(pid: int) -> tuple[int, int]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
    return int(sizes.get("Pss", 0)) * 1024, int(sizes.get("Rss", 0)) * 1024
