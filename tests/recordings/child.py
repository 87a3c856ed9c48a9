"""The process of one scenario: a real `eval_set` under the fake clock, and its director.

Started by record.py with libfaketime preloaded: `python -m tests.recordings.child NAME WORK PART`.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from tests.recordings.clock import START, Clock, iso, mend_condition
from tests.recordings.context import CONTEXT
from tests.recordings.scenarios import Scenario, find

PATIENCE = 120.0
"""How many fake seconds an evaluation may take to begin to work."""


class RunnerLog:
    """Standard output and error: each line gets the fake time, as kubectl prints it."""

    def __init__(self, path: Path, hawk: bool) -> None:
        """Open the file that keeps the lines."""
        self._file = path.open("a")
        self._hawk = hawk
        self._rest = ""
        self._lock = threading.RLock()
        self.encoding = "utf-8"

    def write(self, text: str) -> int:
        """Take text and keep its complete lines."""
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
            for line in lines:
                self.line(line.rstrip())
        return len(text)

    def line(self, line: str) -> None:
        """Keep one line."""
        text = hawk_line(line) if self._hawk else line
        stamp = iso(CONTEXT.clock.now())[:-1] + "000000Z"
        self._file.write(f"{stamp} {text}\n")

    def flush(self) -> None:
        """Write out what is kept."""
        with self._lock:
            self._file.flush()

    def isatty(self) -> bool:
        """Be no terminal."""
        return False


def hawk_line(line: str) -> str:
    """Turn a line of Inspect's JSON format into Hawk's."""
    try:
        record = json.loads(line)
    except ValueError:
        return line
    hawk = {
        "message": record["msg"],
        "module": record["module"].removesuffix(".py"),
        "name": record["logger"],
        "timestamp": record["ts"][:23] + "Z",
        "status": record["level"],
    }
    stack = record.get("exc_info")
    if stack:
        kind, _, message = stack.strip().splitlines()[-1].partition(": ")
        hawk["error"] = {"kind": kind.rpartition(".")[2], "message": message, "stack": stack}
    return json.dumps(hawk)


class Director(threading.Thread):
    """Changes the clock's rate, takes the snapshots and ends the run, all on the fake clock."""

    def __init__(self, scenario: Scenario, work: Path, part: int, log: RunnerLog) -> None:
        """Write down what is to be done when."""
        super().__init__(daemon=True)
        self._work, self._log, self._part = work, log, part
        begin, end = scenario.span(part)
        self._begin = begin
        cues: list[tuple[float, int, Callable[[], None]]] = []
        for at, rate in scenario.rates:
            cues.append((max(at, begin), 0, self._rater(rate)))
        for line_at, line in scenario.extra_lines:
            cues.append((line_at, 1, self._liner(line)))
        for index, instant in enumerate(scenario.instants):
            if not instant.frozen:
                cues.append((instant.at, 2, self._snapper(index)))
        for since, until in scenario.unwritable:
            cues += [(since, 1, self._locker(False)), (until, 1, self._locker(True))]
        if scenario.interrupt_at is not None:
            cues.append((scenario.interrupt_at, 3, lambda: os.kill(os.getpid(), signal.SIGINT)))
        cues.append((end, 4, lambda: os._exit(0)))
        self._cues = sorted((cue for cue in cues if begin <= cue[0] <= end), key=lambda c: c[:2])

    def run(self) -> None:
        """Do each thing at its time, once the evaluation has begun to work."""
        while CONTEXT.clock.loop is None and CONTEXT.clock.offset() < self._begin + PATIENCE:
            CONTEXT.clock.nap()
        for at, _, action in self._cues:
            CONTEXT.clock.sleep_until(at)
            action()

    def _rater(self, rate: float) -> Callable[[], None]:
        return lambda: CONTEXT.clock.run(rate)

    def _liner(self, line: str) -> Callable[[], None]:
        return lambda: self._log.line(line)

    def _locker(self, writable: bool) -> Callable[[], None]:
        return lambda: set_writable(self._work / "logs", writable)

    def _snapper(self, index: int) -> Callable[[], None]:
        return lambda: self._snapshot(index)

    def _snapshot(self, index: int) -> None:
        """Copy the log directory while the clock hardly moves."""
        rate = CONTEXT.clock.rate
        CONTEXT.clock.run(1.0)
        self._log.flush()
        target = self._work / "instants" / f"{index:02d}"
        while not copy_store(self._work / "logs", target / "store"):
            shutil.rmtree(target)
        captured = CONTEXT.clock.now() + 1
        set_times(target / "store", captured)
        shutil.copy(self._work / f"runner-{self._part}.log", target / "runner.log")
        info = {"captured_at": captured, "part": self._part}
        (target / "info.json").write_text(json.dumps(info))
        CONTEXT.clock.run(rate)


def set_writable(folder: Path, writable: bool) -> None:
    """Let nobody write into a directory and its files, or everybody again."""
    for path in [*folder.rglob("*"), folder]:
        mode = 0o777 if path.is_dir() else 0o666
        path.chmod(mode if writable else mode & 0o555)


def obey_permissions() -> None:
    """Give up, for all threads to come, what lets root write everywhere (CAP_DAC_OVERRIDE)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets):
        raise OSError(ctypes.get_errno(), "capget")
    for place in range(3):
        sets[place] &= ~(1 << _CAP_DAC_OVERRIDE)
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1


def copy_store(source: Path, target: Path) -> bool:
    """Copy a log directory, and say whether it stayed the same meanwhile."""
    before = listing(source)
    for name in before:
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(source / name, copy)
        except FileNotFoundError:
            return False
    return listing(source) == before


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Give size and time of all files."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            stat = path.stat()
            found[path.relative_to(folder).as_posix()] = (stat.st_size, stat.st_mtime_ns)
    return found


def set_times(folder: Path, captured: float) -> None:
    """Give the files their times in the fake clock's terms."""
    for path in folder.rglob("*"):
        if path.is_file():
            fake = min(CONTEXT.clock.fake(path.stat().st_mtime), captured)
            os.utime(path, (fake, fake))


def _shorten_tracebacks() -> None:
    """Keep each traceback's text, but not its coloured copy, which would be most of a recording."""
    import inspect_ai._util.rich  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    def last_line(kind: type, error: BaseException, *_: object, **__: object) -> Text:
        return Text(f"{kind.__name__}: {error}")

    inspect_ai._util.rich.rich_traceback = last_line  # type: ignore[assignment]


def main(name: str, work: Path, part: int) -> None:
    """Run one part of a scenario."""
    scenario = find(name)
    CONTEXT.clock = Clock(work)
    CONTEXT.marks = work / "marks.json"
    CONTEXT.script, CONTEXT.sdk_retries = scenario.script, scenario.sdk_retries
    CONTEXT.retry_wait = scenario.retry_wait
    mend_condition(CONTEXT.clock)
    if scenario.unwritable:
        obey_permissions()
    log = RunnerLog(work / f"runner-{part}.log", scenario.logger == "hawk")
    sys.stdout = sys.stderr = log

    import inspect_ai  # noqa: PLC0415  (after the streams are replaced)

    import tests.recordings.scripted  # noqa: F401, PLC0415  (registers the providers)

    _shorten_tracebacks()

    tasks = scenario.tasks()
    begin, _ = scenario.span(part)
    CONTEXT.clock.run(5.0, at=START + begin)
    Director(scenario, work, part, log).start()
    try:
        inspect_ai.eval_set(
            tasks,
            model=scenario.model,
            log_dir="logs",
            eval_set_id=scenario.eval_set_id,
            log_shared=10,
            display="log",
            log_level="http",
            **{"retry_attempts": 0, **scenario.eval_args},
        )
    except KeyboardInterrupt:
        log.line("Interrupted")
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
