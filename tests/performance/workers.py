"""Processes of their own for each side, so that CPU and memory are theirs alone."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import psutil

P = ParamSpec("P")
T = TypeVar("T")


class Worker(AbstractContextManager["Worker"]):
    """One fresh process that runs functions, and keeps what they remember in their modules."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, mp_context=context)

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function there, and wait for what it gives."""
        return self._pool.submit(function, *args, **kwargs).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()


def own_cpu() -> float:
    """Seconds of CPU that this process has used, all its threads, user and system."""
    return time.process_time()


def children_cpu() -> float:
    """Seconds of CPU of the processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident() -> int:
    """Bytes of memory that this process has now; 0 where the system does not tell."""
    return _status("VmRSS")


def heap() -> int:
    """Bytes of the C library's allocations that this process has in use."""
    info = psutil.heap_info()
    return int(info.heap_used + info.mmap_used)


def peak() -> int:
    """Bytes of memory that this process had at most since `reset_peak`."""
    return _status("VmHWM")


def reset_peak() -> None:
    """Begin to note the most anew."""
    refs = Path("/proc/self/clear_refs")
    if os.access(refs, os.W_OK):
        refs.write_text("5")


def _status(key: str) -> int:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    found = next((line for line in lines if line.startswith(f"{key}:")), f"{key}: 0 kB")
    return int(found.split()[1]) * 1024
