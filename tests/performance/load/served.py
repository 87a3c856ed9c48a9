"""`watchdog run` that notes each of its polls: `python -m tests.performance.load.served SETTINGS`.

All is as the command has it; a line for each snapshot is added to the file `polls` of the settings,
and with `profile` where its threads were, sampled, is written there at its end.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from watchdog.config.load import load
from watchdog.service.loop_monitor import LoopMonitor, run_measured
from watchdog.service.run import serve

Weights = dict[tuple[str, str], float]
"""Seconds of CPU by thread and place."""
SAMPLE_SECONDS = 0.01
FIRST = 1
"""Polls that are left out of a profile: they read all that there is."""
_BEGUN: list[float] = []
"""When each snapshot was published."""
DEPTH = 60
PLACES = 70


def main() -> int:
    """Serve until stopped."""
    given = json.loads(Path(sys.argv[1]).read_text())
    polls, profile = Path(given["polls"]), given.get("profile")
    if profile:
        threading.Thread(target=_sample, args=(Path(profile),), daemon=True).start()

    def note(_snapshot: object) -> None:
        _BEGUN.append(time.monotonic())
        with polls.open("a") as file:
            file.write(f"{time.monotonic()}\n")

    monitor = LoopMonitor()
    settings = load(given["settings"])
    return run_measured(serve(settings, on_snapshot=note, loop_held=monitor.take), monitor)


def _sample(into: Path) -> None:
    """Add up where threads use CPU, until the process ends."""
    own = threading.get_ident()
    leaves: Weights = {}
    within: Weights = {}
    is_reading = True
    written = time.monotonic()
    used: dict[int, float] = {}
    while True:
        time.sleep(SAMPLE_SECONDS)
        if is_reading and len(_BEGUN) > FIRST:
            is_reading = False
            leaves.clear()
            within.clear()
        names = {t.ident: (t.name, t.native_id) for t in threading.enumerate()}
        for ident, frame in sys._current_frames().items():
            name, native = names.get(ident, ("?", None))
            if ident == own or native is None:
                continue
            seconds = _thread_cpu(native)
            spent, used[native] = seconds - used.get(native, seconds), seconds
            if spent > 0:
                _note((name.rstrip("0123456789_"), spent), frame, leaves, within)
        if time.monotonic() - written > 5:
            written = time.monotonic()
            into.write_text(_told(leaves, within))


def _note(thread: tuple[str, float], frame: Any, leaves: Weights, within: Weights) -> None:
    group, spent = thread
    places = []
    while frame is not None and len(places) < DEPTH:
        code = frame.f_code
        file = "/".join(code.co_filename.split("/")[-3:])
        places.append(f"{code.co_qualname} ({file}:{code.co_firstlineno})")
        frame = frame.f_back
    for weights, reached in ((leaves, places[:1]), (within, places)):
        for place in set(reached):
            weights[group, place] = weights.get((group, place), 0.0) + spent


def _told(leaves: Weights, within: Weights) -> str:
    groups: dict[str, float] = {}
    for (group, _), seconds in leaves.items():
        groups[group] = groups.get(group, 0.0) + seconds
    total = sum(groups.values()) or 1.0
    threads = ", ".join(f"{group} {seconds:.1f} s" for group, seconds in groups.items())
    lines = [f"CPU by thread: {threads}"]
    for title, weights in (("by itself", leaves), ("with what it calls", within)):
        lines += ["", title]
        most = sorted(weights.items(), key=lambda one: -one[1])[:PLACES]
        lines += [f"{100 * seconds / total:6.1f} %  {g}: {place}" for (g, place), seconds in most]
    return "\n".join(lines) + "\n"


def _thread_cpu(native: int) -> float:
    try:
        fields = Path(f"/proc/self/task/{native}/schedstat").read_text().split()
    except OSError:
        return 0.0
    return int(fields[0]) / 1e9


if __name__ == "__main__":
    sys.exit(main())
