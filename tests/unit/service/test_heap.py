"""What the heap gives back."""

import gc
import os
import platform
from pathlib import Path

import pytest

from watchdog.service.heap import THRESHOLDS, patient, trim

BLOCK = 8 * 1024


def resident() -> int:
    """Bytes that the process has in memory (proc(5))."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to")
def test_what_lies_free_between_blocks_in_use_is_given_back():
    blocks: list[bytes | None] = [bytes(BLOCK) for _ in range(16_384)]
    full = resident()
    blocks = [block if place % 16 == 0 else None for place, block in enumerate(blocks)]
    trim()
    assert full - resident() > len(blocks) * BLOCK / 2


def test_the_collector_waits_longer_while_the_service_runs():
    usual = gc.get_threshold()
    with patient():
        assert gc.get_threshold() == THRESHOLDS
    assert gc.get_threshold() == usual
