"""The end of a log, line by line: no line longer than is looked at, however long it is."""

from collections.abc import Iterator
from typing import BinaryIO

from watchdog.collect.limits import LINE_LENGTH


def last_lines(file: BinaryIO, size: int, most: int) -> Iterator[str]:
    """The lines in the last `most` bytes of a file of `size` bytes.

    A line that begins before is left out, and of a long one only the beginning is given.
    """
    begin = max(0, size - most)
    file.seek(begin)
    left = size - begin
    if begin:
        left -= _skip(file, left)
    while left > 0 and (line := file.readline(min(LINE_LENGTH.value, left))):
        left -= len(line)
        if not line.endswith(b"\n"):
            left -= _skip(file, left)
        yield line.decode("utf-8", "replace")


def _skip(file: BinaryIO, left: int) -> int:
    """Pass over the rest of a line; how many bytes that was, of at most `left`."""
    skipped = 0
    while skipped < left:
        part = file.readline(min(LINE_LENGTH.value, left - skipped))
        skipped += len(part)
        if not part or part.endswith(b"\n"):
            break
    return skipped
