"""One eval set can't starve the rest.

Runs the real service over twenty eval sets and one hostile one of each kind in turn, asks /healthz
all the while, and prints what the others had to wait for. A run of all kinds is written into
docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.builders import logs
from tests.paths import ROOT
from tests.performance.fleet import write
from tests.performance.hostile_sets import KINDS
from tests.performance.page_sections import replace_section

OTHERS = 20
HOSTILE = "hostile"
SECTION = Path(__file__).with_suffix(".md")
"""The part of docs/performance.md, kept for when the rest is made anew."""
PAGE = ROOT / "docs" / "performance.md"
HEAD = (
    "beside 20 others",
    "others judged after",
    "it itself after",
    "slowest /healthz",
    "loop held",
    "memory",
    "CPU",
    "SIGTERM",
    "what is said of it",
)
PORT = 19_464
POLLS_SECONDS = 30.0
ASK_EVERY = 0.05
NOTICED = 0.1
STACK = 6
"""Innermost calls that are shown."""


@dataclass
class Outcome:
    others_at: float | None = None
    """Seconds until all others had their verdict."""
    hostile_at: float | None = None
    hostile: str = ""
    slowest_answer: float = 0.0
    held: float = 0.0
    memory: int = 0
    """KiB of the service and its worker, at most."""
    cpu: float = 0.0
    ended_in: float = 0.0


def main(kinds: list[str]) -> None:
    """Measure these kinds, or all of them."""
    with tempfile.TemporaryDirectory(prefix="starving-") as folder:
        base = Path(folder)
        _others(base / "logs")
        rows = []
        for kind in kinds or ["none", *KINDS]:
            shutil.rmtree(base / "logs" / HOSTILE, ignore_errors=True)
            if kind != "none":
                write(((f"{HOSTILE}/{n}", data) for n, data in KINDS[kind]()), base / "logs")
            rows.append(_cells(kind, _measure(base, with_hostile=kind != "none")))
            print(" | ".join(rows[-1]), flush=True)  # noqa: T201
        if not kinds:
            SECTION.write_text(_markdown(rows))
            replace_section(PAGE, _markdown(rows))


def _others(root: Path) -> None:
    for number in range(OTHERS):
        objects = logs.running_store().items()
        write(((f"set-{number:02}/{name}", data) for name, data in objects), root)


def _measure(base: Path, *, with_hostile: bool) -> Outcome:
    (base / "state.sqlite3").unlink(missing_ok=True)
    command = [sys.executable, "-m", __spec__.name, "--serve", str(base)]
    began = time.monotonic()
    service = subprocess.Popen(command, start_new_session=True)
    outcome = Outcome()
    try:
        _watch(service.pid, began, outcome, with_hostile=with_hostile)
        stopping = time.monotonic()
        service.send_signal(signal.SIGTERM)
        service.wait(60)
        outcome.ended_in = time.monotonic() - stopping
    finally:
        service.kill()
        service.wait()
    return outcome


def _watch(pid: int, began: float, outcome: Outcome, *, with_hostile: bool) -> None:
    up = False
    done_at: float | None = None
    while time.monotonic() - began < POLLS_SECONDS * 4:
        asked = time.monotonic()
        if up:
            _get("/healthz")
            outcome.slowest_answer = max(outcome.slowest_answer, time.monotonic() - asked)
        else:
            up = _is_up()
        outcome.memory = max(outcome.memory, sum(_resident(pid)))
        outcome.cpu = sum(map(_cpu, _tree(pid)))
        if up and int((asked - began) / ASK_EVERY) % 10 == 0:
            _look(began, outcome)
        is_done = outcome.others_at and (outcome.hostile_at or not with_hostile)
        if is_done and done_at is None:
            done_at = time.monotonic()
        if done_at is not None and time.monotonic() - done_at > 3:
            break
        time.sleep(ASK_EVERY)
    if up:
        outcome.held = _metric("eval_watchdog_event_loop_block_seconds")


def _look(began: float, outcome: Outcome) -> None:
    try:
        report = json.loads(_get("/api/v1/report?eval_set_id=set-00"))
        report2 = json.loads(_get(f"/api/v1/report?eval_set_id=set-{OTHERS - 1:02}"))
    except OSError:
        return
    sets = report["eval_sets"] + report2["eval_sets"]
    if outcome.others_at is None and all(s["verdict"] != "unknown" for s in sets):
        outcome.others_at = time.monotonic() - began
    try:
        (one,) = json.loads(_get(f"/api/v1/report?eval_set_id={HOSTILE}"))["eval_sets"]
    except OSError:
        return
    if one["verdict"] != "unknown" or "still being read" not in one["summary"]:
        outcome.hostile_at = outcome.hostile_at or time.monotonic() - began
    outcome.hostile = f"{one['verdict']}: {one['summary'][:160]}"


def _is_up() -> bool:
    try:
        _get("/healthz")
    except OSError:
        return False
    return True


def _get(path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=120) as answer:
        return bytes(answer.read())


def _metric(name: str) -> float:
    lines = _get("/metrics").decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name)))


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [pid, *map(int, children.read_text().split())]
    except OSError:
        return []


def _resident(pid: int) -> Iterator[int]:
    for one in _tree(pid):
        try:
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
        except OSError:
            continue
        yield next((int(x.split()[1]) for x in lines if x.startswith("VmRSS")), 0)


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _cells(kind: str, out: Outcome) -> list[str]:
    def seconds(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f} s"

    return [
        kind,
        seconds(out.others_at),
        seconds(out.hostile_at),
        f"{out.slowest_answer * 1000:.0f} ms",
        f"{out.held * 1000:.0f} ms",
        f"{out.memory // 1024} MiB",
        f"{out.cpu:.1f} s",
        f"{out.ended_in:.1f} s",
        out.hostile.partition(" (")[0].partition(": sample")[0],
    ]


def _markdown(rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (HEAD, ["---"] * len(HEAD), *rows)]
    return f"{INTRODUCTION}\n\n" + "\n".join(lines) + "\n"


INTRODUCTION = """\
## One eval set beside others

`python -m tests.performance.starving`: the service with an interval of 5 s over twenty small eval
sets and one that would starve them, from its start on (a second and a half of it is Python's own
start). `/healthz` is asked twenty times a second. Held is the longest turn of the event loop, with
`eval_watchdog_event_loop_block_seconds`; memory and CPU are the service's and its worker process's
together. On two cores that others share, 50 ms of a turn or of an answer may be their doing."""


def _serve(base: Path) -> None:
    from watchdog.config.settings import Settings  # noqa: PLC0415
    from watchdog.service.loop_monitor import LoopMonitor, run_measured  # noqa: PLC0415
    from watchdog.service.run import serve  # noqa: PLC0415

    monitor = LoopMonitor()
    threading.Thread(target=_tell_where, args=(monitor,), daemon=True).start()
    settings = Settings(
        logs=(str(base / "logs"),),
        listen=f"127.0.0.1:{PORT}",
        state=str(base / "state.sqlite3"),
        interval=5,
        log_level="error",
    )
    run_measured(serve(settings, loop_held=monitor.take), monitor)


def _tell_where(monitor: Any) -> None:
    """Print where the loop stands when a turn takes long, and how much of that it worked."""
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    told = seen = worked = 0.0
    while True:
        time.sleep(0.02)
        began = monitor.turn_began
        if began != seen:
            seen, worked = began, _worked()
        frame = sys._current_frames().get(main_thread)
        if frame is None or began == told or time.perf_counter() - began < NOTICED:
            continue
        if "select" not in frame.f_code.co_name:
            told = began
            stack = "".join(traceback.format_stack(frame)[-STACK:])
            held, own = time.perf_counter() - began, _worked() - worked
            text = f"the loop is held for {held:.3f} s, at work {own:.3f} s, at\n{stack}\n"
            sys.stderr.write(text)


def _worked() -> float:
    """Seconds of CPU of the main thread, which on Linux has the process' own number."""
    return int(Path(f"/proc/self/task/{os.getpid()}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        _serve(Path(sys.argv[2]))
    else:
        parser = argparse.ArgumentParser(
            prog="python -m tests.performance.starving", description=__doc__
        )
        parser.add_argument("kinds", nargs="*", metavar="KIND", help="only these, none written")
        chosen = parser.parse_args().kinds
        if unknown := [kind for kind in chosen if kind not in {"none", *KINDS}]:
            parser.error(f"no such kind: {', '.join(unknown)} (there are: {', '.join(KINDS)})")
        main(chosen)
