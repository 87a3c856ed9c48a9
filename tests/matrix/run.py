"""Runs the evaluation in one release's environment, and asks `watchdog check` at each instant."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from tests.control_plane.build.resolve import MissingPartError
from tests.matrix.forms import Forms, of_database, of_process, of_sources, of_store
from tests.matrix.truth import INSTANTS, Instant
from tests.paths import ROOT
from tests.recordings.clock import iso
from tests.recordings.record import LIBFAKETIME

Form = Literal["store", "database"]
FORMS: tuple[Form, ...] = ("store", "database")
"""The sample buffer beside the log, as segments; and on the runner's disk, in SQLite."""

PATIENCE = 240.0
"""Real seconds until an instant counts as never reached."""


class RunFailedError(Exception):
    """The evaluation didn't get to an instant, or the program gave no report."""


@dataclass(frozen=True)
class Judged:
    """What the program said at an instant."""

    instant: Instant
    report: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One evaluation: what was said of it, and what it wrote."""

    judged: tuple[Judged, ...]
    forms: Forms


def run(python: Path, form: Form) -> Run:
    """Run the evaluation, and ask at each instant.

    Raises:
        RunFailedError: it didn't get that far.
        MissingPartError: there is no fake clock on this machine.
    """
    with tempfile.TemporaryDirectory(prefix="matrix-") as name:
        work = Path(name)
        (work / "logs").mkdir()
        (work / "data").mkdir()
        with _started(python, work, form) as process:
            judged = tuple(_judged(process, work, form, instant) for instant in INSTANTS)
            return Run(judged, _forms(work, form) | of_sources(_package(python)))


@contextmanager
def _started(python: Path, work: Path, form: Form) -> Iterator[subprocess.Popen[bytes]]:
    begin = int(time.time())
    command = [str(python), "-m", "tests.matrix.scenario", str(work), form, str(begin)]
    with (work / "runner.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=work, env=_environment(work, begin), stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _environment(work: Path, begin: int) -> dict[str, str]:
    """A world of the process' own, with nothing of this machine's settings in it."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(work),
        "XDG_DATA_HOME": str(work / "data"),
        "LANG": "C.UTF-8",
        "COLUMNS": "300",
        "TZ": "UTC",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LD_PRELOAD": str(_fake_clock()),
        "FAKETIME": f"@{datetime.fromtimestamp(begin, UTC):%Y-%m-%d %H:%M:%S} x1",
        "FAKETIME_NO_CACHE": "1",
        "NO_FAKE_STAT": "1",
    }


def _fake_clock() -> Path:
    if not LIBFAKETIME.exists():
        raise MissingPartError(f"faketime isn't installed (there is no {LIBFAKETIME})")
    return LIBFAKETIME


def _judged(process: subprocess.Popen[bytes], work: Path, form: Form, instant: Instant) -> Judged:
    """Wait for an instant, and ask the program."""
    mark = work / f"at-{instant.name}.json"
    deadline = time.monotonic() + PATIENCE
    while not mark.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RunFailedError(f"never at {instant.name}\n{_tail(work / 'runner.log')}")
        time.sleep(0.05)
    report = _check(work, form, json.loads(mark.read_text())["now"])
    (work / f"judged-{instant.name}").touch()
    return Judged(instant, report)


def _check(work: Path, form: Form, now: float) -> dict[str, Any]:
    """What `watchdog check` says; a store is looked at as if from another machine."""
    data = work / ("data" if form == "database" else "elsewhere")
    command = [sys.executable, "-m", "watchdog", "check", "--json", "--now", iso(now)]
    environment = os.environ | {"XDG_DATA_HOME": str(data), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, str(work / "logs")], env=environment, capture_output=True, text=True, check=False
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise RunFailedError(f"no report: {done.stderr[-2000:]}") from error
    return report


def _package(python: Path) -> Path:
    return next(python.parent.parent.glob("lib/python*/site-packages/inspect_ai"))


def _forms(work: Path, form: Form) -> Forms:
    of_buffer = of_store(work / "logs") if form == "store" else of_database(work / "data")
    return of_buffer | of_process(work / "runner.log", work / "data")


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-3000:]
