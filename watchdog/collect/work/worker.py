"""The worker process as the service sees it: begun when needed, bounded, replaced when it dies.

One for each event loop. Whatever a file does to it (no end, no memory, a crash of the decoder) is
that file's problem: the process is killed, and the next file gets a new one.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from pathlib import Path
from typing import Literal, TypeVar, cast
from weakref import WeakKeyDictionary

import watchdog
from watchdog.collect.work.account import Account
from watchdog.collect.work.content import Large
from watchdog.collect.work.frames import (
    END,
    LENGTH,
    PIECE,
    Request,
    encode,
    end_of,
    fault_of,
    framed,
)
from watchdog.collect.work.limits import WorkLimits
from watchdog.collect.work.pace import Queue

T = TypeVar("T")

FailureKind = Literal["corrupt", "too_many", "too_slow", "memory", "died"]

_FEED = 1024 * 1024
"""Bytes handed over at once."""
_FRAME_MAX = 64 * 1024 * 1024
_PIPE_LIMIT = 1024 * 1024
_MIB = 1024 * 1024
_PACKAGE = Path(watchdog.__file__).parent.parent


class WorkFailed(Exception):  # noqa: N818 - reads as what it says
    """A file could not be read; the text says why, and belongs to that file alone."""

    def __init__(self, kind: FailureKind, text: str) -> None:
        super().__init__(text)
        self.kind: FailureKind = kind


class Worker:
    """At most one process, for one file at a time."""

    def __init__(self, limits: WorkLimits = WorkLimits()) -> None:  # noqa: B008 - frozen
        self._limits = limits
        self._queue = Queue()
        self._process: asyncio.subprocess.Process | None = None
        self._ending: asyncio.subprocess.Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self.started = 0
        """Processes that were begun so far."""

    @property
    def running(self) -> bool:
        """Whether there is a process now."""
        return self._process is not None

    async def read(
        self, job: str, data: bytes | bytearray | Large, arguments: bytes, account: Account
    ) -> AsyncGenerator[bytes, None]:
        """The pieces that a job (`JOBS`) makes of `data`; its CPU time goes on the account.

        To be closed where it isn't read to its end (`aclosing`).

        Raises:
            WorkFailed: it is corrupt, took too long or too much memory, or the process died.
            StoreError: a large object could not be fetched.
        """
        async with self._queue.turn(account):
            self._cancel_idle()
            clean = False
            try:
                async with aclosing(self._exchange(job, data, arguments, account)) as pieces:
                    async for piece in pieces:
                        yield piece
                clean = True
            except WorkFailed as failure:
                clean = failure.kind in {"corrupt", "too_many"}
                raise
            finally:
                if clean:
                    self._stop_when_idle()
                else:
                    await self.stop()

    async def release(self) -> None:
        """Stop the process unless it works."""
        if self._queue.idle:
            await self.stop()

    async def stop(self) -> None:
        """Kill the process and wait until it is gone."""
        self._cancel_idle()
        processes = (self._process, self._ending)
        self._process = self._ending = None
        for process in processes:
            if process is not None:
                await _killed(process)

    async def _exchange(
        self, job: str, data: bytes | bytearray | Large, arguments: bytes, account: Account
    ) -> AsyncGenerator[bytes, None]:
        process = await self._begun()
        size = data.size if isinstance(data, Large) else len(data)
        try:
            await self._feed(process, Request(job, size, self._seconds, arguments), data)
            while (frame := await self._frame(process))[:1] == PIECE:
                yield frame[1:]
        except (OSError, EOFError, asyncio.IncompleteReadError) as error:
            raise await self._death(process, account) from error
        self._take_end(frame, account)

    @property
    def _seconds(self) -> float:
        return self._limits.cpu_seconds

    def _take_end(self, frame: bytes, account: Account) -> None:
        if frame[:1] == END:
            account.spend(end_of(frame[1:]).cpu_seconds)
            return
        fault = fault_of(frame[1:])
        account.spend(fault.cpu_seconds)
        if fault.kind == "memory":
            limit = self._limits.memory // _MIB
            raise WorkFailed("memory", f"takes more than {limit:,} MiB of memory to read")
        raise WorkFailed("too_many" if fault.kind == "too_many" else "corrupt", fault.text)

    async def _begun(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self.stop()
        self.started += 1
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "watchdog.collect.work.process",
            str(self._limits.memory),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_PIPE_LIMIT,
            env=_environment(),
            start_new_session=True,  # Ctrl-C is the service's to hear
        )
        return self._process

    async def _feed(
        self, process: asyncio.subprocess.Process, request: Request, data: bytes | bytearray | Large
    ) -> None:
        stdin = cast("asyncio.StreamWriter", process.stdin)  # a pipe was asked for
        stdin.write(framed(encode(request)))
        if isinstance(data, Large):
            async for part in data.parts():
                await self._write(stdin, part)
        else:
            await self._write(stdin, data)

    async def _write(self, stdin: asyncio.StreamWriter, data: bytes | bytearray) -> None:
        for begin in range(0, len(data), _FEED):
            stdin.write(data[begin : begin + _FEED])
            await self._soon(stdin.drain())

    async def _frame(self, process: asyncio.subprocess.Process) -> bytes:
        stdout = cast("asyncio.StreamReader", process.stdout)  # a pipe was asked for
        head = await self._soon(stdout.readexactly(LENGTH.size))
        length = LENGTH.unpack(head)[0]
        if not 0 < length <= _FRAME_MAX:
            raise WorkFailed("died", f"the worker process answered with {length} bytes")
        return await self._soon(stdout.readexactly(length))

    async def _soon(self, step: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._limits.wall_seconds):
                return await step
        except TimeoutError as error:
            seconds = self._limits.wall_seconds
            raise WorkFailed("too_slow", f"took more than {seconds:g} s to read") from error

    async def _death(self, process: asyncio.subprocess.Process, account: Account) -> WorkFailed:
        if process.returncode is None:
            await self._soon(process.wait())
        ended = -(process.returncode or 0)
        if ended == signal.SIGPROF:
            account.spend(self._seconds)
            return WorkFailed("too_slow", f"took more than {self._seconds:g} s of CPU to read")
        how = f"signal {ended}" if ended > 0 else f"status {-ended}"
        return WorkFailed("died", f"the worker process died on it ({how})")

    def _stop_when_idle(self) -> None:
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._limits.idle_seconds, self._stop_idle)

    def _stop_idle(self) -> None:
        """Its standard input ends, and with it the process."""
        self._idle = None
        self._ending, self._process = self._process, None
        if self._ending is not None and self._ending.stdin is not None:
            self._ending.stdin.close()

    def _cancel_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


async def _killed(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()


def _environment() -> dict[str, str]:
    """What the process needs, and no secret among it."""
    names = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "PYTHONPATH": str(_PACKAGE), "PYTHONDONTWRITEBYTECODE": "1"}


_WORKERS: WeakKeyDictionary[asyncio.AbstractEventLoop, Worker] = WeakKeyDictionary()


def worker() -> Worker:
    """The running loop's."""
    loop = asyncio.get_running_loop()
    if loop not in _WORKERS:
        _WORKERS[loop] = Worker()
    return _WORKERS[loop]
