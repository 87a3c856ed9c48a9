"""What an attack does to the service and to other eval sets beside it."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.security import eval_sets
from tests.security.attack import environment
from tests.security.inputs_pressure import NONE, Pressure
from tests.security.running import INTERVAL, Service, running

IDLE = 3.0
"""Seconds of an idle service before the attack, to know what that costs."""
WATCHED = 8.0
"""Seconds that the attack goes on at least."""
Act = Callable[[Service, threading.Event], None]


class Beside(NamedTuple):
    """What it cost. CPU and memory are those above an idle service."""

    cpu: float
    peak: float
    healthz: float
    waited: float
    """Seconds until another eval set's verdict."""
    stopped: float
    """Seconds that SIGTERM took."""
    said: str
    answers: bool
    """Whether the service still answers at the end."""

    def late(self, usual: float) -> float:
        """Polls that the other verdict came later than usual."""
        return max(0.0, (self.waited - usual) / INTERVAL)


def beside(target: Path | None, act: Act | None = None, pressure: Pressure = NONE) -> Beside:
    """The service while a hostile target appears among its logs, or somebody acts against it."""
    variables = environment(target) if target else {}
    room = target.parent / "room" if target else None
    if room:
        room.mkdir()
    with running([str(room)] if room else None, variables, pressure) as service:
        before = service.use
        time.sleep(IDLE)
        idle = service.use
        rate = (idle.cpu - before.cpu) / IDLE
        service.healthz.clear()
        begin, over = time.monotonic(), threading.Event()
        if target and room:
            _appear(target, room)
        actor = threading.Thread(target=act, args=(service, over)) if act else None
        if actor:
            actor.start()
        eval_sets.stuck(service.base / "late")
        waited = service.waited_for("late", "stuck")
        time.sleep(max(0.0, WATCHED - (time.monotonic() - begin)))
        after, seconds = service.use, time.monotonic() - begin
        said, answers = _said(service), service.process.poll() is None
        over.set()
        if actor:
            actor.join(60)
        stopped = service.stop() if answers else 0.0
        return Beside(
            max(0.0, after.cpu - idle.cpu - rate * seconds),
            after.peak - idle.peak,
            max(service.healthz, default=30.0),
            waited,
            stopped,
            said,
            answers,
        )


def _appear(target: Path, room: Path) -> None:
    """The target's folders move in at once."""
    for child in sorted(target.iterdir()):
        shutil.move(child, room / child.name)


def _said(service: Service) -> str:
    report = service.report()
    if report is None:
        return "no report within 5 s"
    problems = "; ".join(f"{p['where']}: {p['text']}" for p in report["problems"][:40])
    verdicts = "; ".join(f"{e['eval_set_id']}: {e['verdict']}" for e in report["eval_sets"][:20])
    return f"{verdicts}. {problems}"
