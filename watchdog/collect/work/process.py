"""The worker process: `python -P -m watchdog.collect.work.process BYTES`.

Reads what is large or hostile, one thing after the other, until its standard input ends. It has
nothing that is worth taking: no credentials, no network of its own. `BYTES` bounds its memory and
each request its CPU time, by the system: neither can be argued with from within.
"""

import resource
import signal
import sys
import time
from typing import BinaryIO

from watchdog.collect.inspect.buffers import TooMany
from watchdog.collect.work.frames import (
    END,
    FAULT,
    LENGTH,
    PIECE,
    End,
    Fault,
    Request,
    encode,
    framed,
    request_of,
)
from watchdog.collect.work.jobs import JOBS, UNREADABLE


def main() -> None:
    """Answer requests until there are no more."""
    _bound_memory(int(sys.argv[1]))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(LENGTH.size):
        request = request_of(source.read(LENGTH.unpack(head)[0]))
        try:
            _answer(request, source, sink)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        sink.flush()


def _bound_memory(size: int) -> None:
    """Private memory on Linux; where the system can't bound it, the deadline alone does."""
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(request: Request, source: BinaryIO, sink: BinaryIO) -> None:
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, request.seconds)
    left = request.size
    try:
        data = source.read(request.size)
        left = 0
        for piece in JOBS[request.job](data, request.arguments):
            sink.write(framed(PIECE + piece))
            sink.flush()
    except MemoryError:
        _skip(source, left)
        answer = FAULT + encode(Fault("memory", "", time.process_time() - began))
    except TooMany as error:
        answer = FAULT + encode(Fault("too_many", str(error)[:500], time.process_time() - began))
    except UNREADABLE as error:
        answer = FAULT + encode(Fault("corrupt", str(error)[:500], time.process_time() - began))
    else:
        answer = END + encode(End(time.process_time() - began))
    sink.write(framed(answer))


def _skip(source: BinaryIO, size: int) -> None:
    while size > 0:
        size -= len(source.read(min(size, 1024 * 1024))) or size


if __name__ == "__main__":
    main()
