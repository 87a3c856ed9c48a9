"""`make week`: a simulated week of the service over a hundred tasks, in one process.

Its clock is ours; all else is the service's own, over a directory that Inspect's files are written
into: samples end and begin, tasks end, new eval sets come, old ones are removed, and each day the
provider is away for a while. Memory, threads and descriptors must not grow. What is resident grows
with each new peak, as neither Python nor the C library gives back what it once had; what is in use
(`blocks`, `heap`) tells a leak from that.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.performance.load.buffers import Mood, Shape, Task
from tests.performance.load.fleets import Fleet, fleet
from tests.performance.load.states import write
from tests.performance.workers import Worker, heap, resident
from watchdog import telemetry
from watchdog.collect.targets import open_target
from watchdog.config.load import load
from watchdog.model.report import Snapshot
from watchdog.pipeline.targets import logs_options
from watchdog.service.app import App, Clock
from watchdog.service.build import build
from watchdog.surfaces.metrics import Exposition

BEGIN = 1_795_420_800.0
POLL = 30.0
DAY = 2880
"""Polls."""
WEEK = 7 * DAY
ENDS = 0.5
"""Of a task's syncs, how many bring the end of a sample."""
OUTAGE = (0.40, 0.48)
"""The part of each day in which every call fails."""
SAVE = 2
PRUNE = 120
SCRAPE = 20
SETTLED = 0.4
"""Of the time, until what is there at the same time is about the same: the first tasks have ended,
and what has ended stays for a day.
"""


@dataclass(frozen=True)
class Course:
    """How long it goes on, in polls. What has ended stays in the store for a day."""

    tasks: int = 100
    polls: int = WEEK
    day: int = DAY
    measure_each: int = 288

    def mood(self, poll: int) -> Mood:
        """Whether the provider is there."""
        part = poll % self.day / self.day
        return "outage" if OUTAGE[0] <= part < OUTAGE[1] else "quiet"


@dataclass(frozen=True)
class Instant:
    """What the process holds after so many polls."""

    poll: int
    resident: int
    """Bytes."""
    objects: int
    """Of Python's, that the collector knows."""
    blocks: int
    """Of Python's small allocations, in use."""
    heap: int
    """Bytes of the C library's allocations, in use: what is large, and what isn't Python's."""
    threads: int
    descriptors: int
    eval_sets: int
    incidents: int


@dataclass
class World:
    """The tasks in the directory, and their life."""

    folder: Path
    running: Fleet
    chance: random.Random
    kept: int
    """Polls for which an eval set that has ended stays."""
    made: int = 0
    ended: list[tuple[int, Task]] = field(default_factory=list)

    def begin(self, now: float) -> None:
        """Lay all of them."""
        for task in self.running.tasks:
            self._write(task.objects(), now)
        self.made = len(self.running.tasks)

    def live(self, poll: int, now: float, mood: Mood) -> None:
        """One in a hundred syncs; what has ended long ago goes."""
        for task in self.running.changing(max(1, len(self.running.tasks) // 100)):
            ends = mood == "quiet" and self.chance.random() < ENDS
            objects = task.complete(now, self.chance) if ends else task.change(now, mood)
            self._write(objects, now)
            if task.finished_at is not None:
                self._end(task, poll, now)
        while self.ended and self.ended[0][0] < poll - self.kept:
            shutil.rmtree(self.folder / self.ended.pop(0)[1].eval_set_id)

    def _end(self, task: Task, poll: int, now: float) -> None:
        shutil.rmtree(self.folder / task.buffer)
        self.ended.append((poll, task))
        (new,) = fleet(1, self.running.shape, now, seed=self.made).tasks
        new.eval_set_id = f"later-{self.made:06d}"
        self.made += 1
        self.running.tasks[self.running.tasks.index(task)] = new
        self._write(new.objects(), now)

    def _write(self, objects: dict[str, bytes], now: float) -> None:
        for key, data in objects.items():
            write(self.folder, key, data, now)


_WORLDS: list[World] = []
"""In the process that writes: what it holds must not count."""


def begin(folder: str, course: Course, now: float) -> None:
    """Lay its tasks."""
    shape = Shape(samples=3, events=40, tasks_per_set=1)
    made = fleet(course.tasks, shape, now)
    world = World(Path(folder), made, random.Random(3), course.day)  # noqa: S311
    world.begin(now)
    _WORLDS.append(world)


def live(poll: int, now: float, mood: Mood) -> None:
    """Let them live until the next poll."""
    _WORLDS[-1].live(poll, now, mood)


async def simulate(folder: Path, worker: Worker, course: Course) -> list[Instant]:
    """What the service's process held from time to time."""
    clock, others = _Clock(), frozenset(threading.enumerate())
    worker.run(begin, str(folder / "logs"), course, clock.now)
    app = _service(folder, clock)
    exposition = Exposition(lambda: app.snapshot, app.metrics)
    await app.start()
    instants: list[Instant] = []
    for poll in range(1, course.polls + 1):
        clock.now += POLL
        worker.run(live, poll, clock.now, course.mood(poll))
        await app.tick()
        await app.turn()
        if poll % SAVE == 0:  # as `run`
            await app.save()
        if poll % SCRAPE == 0:
            exposition.render("text/plain")
        if poll % PRUNE == 0:  # as `run`
            await app.prune()
        if poll % course.measure_each == 0:
            instants.append(_instant(poll, app.snapshot, others))
            say(f"{instants[-1]}")
    await app.aclose()
    return instants


def _service(folder: Path, clock: Clock) -> App:
    settings = load(
        {
            "logs": (str(folder / "logs"),),
            "state": str(folder / "state.sqlite3"),
            "status_feeds": (),
            "interval": POLL,
        }
    )
    source, _ = open_target(settings.logs[0], settings.s3, logs_options(settings))
    return build(settings, [source], clock)


class _Clock:
    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> float:
        return self.now


def _instant(poll: int, snapshot: Snapshot | None, others: frozenset[threading.Thread]) -> Instant:
    """What is held now; threads of what ran before in this process don't count."""
    assert snapshot is not None
    gc.unfreeze()
    gc.collect()
    return Instant(
        poll=poll,
        resident=resident(),
        objects=len(gc.get_objects()),
        blocks=sys.getallocatedblocks(),
        heap=heap(),
        threads=len(set(threading.enumerate()) - others),
        descriptors=len(list(Path("/proc/self/fd").iterdir())),
        eval_sets=len(snapshot.report.eval_sets),
        incidents=len(snapshot.report.incidents),
    )


def slope(instants: list[Instant], of: str) -> tuple[float, float]:
    """The growth of a figure over a week's polls by least squares, and twice its standard error."""
    xs = [instant.poll / WEEK for instant in instants]
    ys = [float(getattr(instant, of)) for instant in instants]
    n, x_mean, y_mean = len(xs), sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    rise = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / spread
    rests = [y - y_mean - rise * (x - x_mean) for x, y in zip(xs, ys, strict=True)]
    variance = sum(rest**2 for rest in rests) / max(1, n - 2)
    return rise, 2.0 * (variance / spread) ** 0.5


def growths(instants: Sequence[Instant]) -> dict[str, str]:
    """What grew by more than noise and a twentieth, once all had settled; by its name, how much."""
    settled = [one for one in instants if one.poll > SETTLED * instants[-1].poll]
    grown: dict[str, str] = {}
    for name in ("resident", "objects", "blocks", "heap", "threads", "descriptors"):
        rise, noise = slope(settled, name)
        risen = rise * (settled[-1].poll - settled[0].poll) / WEEK
        told = f"{rise:+,.0f} a week (noise {noise:,.0f})"
        say(f"{name}: {told}, {risen:+,.0f} meanwhile")
        if rise > noise and risen > 0.05 * float(getattr(settled[0], name)):
            grown[name] = told
    return grown


def main() -> int:
    """Simulate and print; 1 where something grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.week", description=__doc__)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--polls", type=int, default=WEEK)
    parser.add_argument("--day", type=int, default=DAY, help="polls")
    parser.add_argument("--measure-each", type=int, default=288, help="polls")
    options = parser.parse_args()
    course = Course(options.tasks, options.polls, options.day, options.measure_each)
    telemetry.configure("json", "error")
    before = time.process_time()
    with tempfile.TemporaryDirectory(prefix="watchdog-week-") as folder, Worker() as worker:
        instants = asyncio.run(simulate(Path(folder), worker, course))
    cpu = time.process_time() - before
    say(f"{course.polls} polls of {course.tasks} tasks in {cpu:.0f} CPU s")
    grown = growths(instants)
    for name, told in grown.items():
        say(f"{name} grows: {told}")
    return 1 if grown else 0


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
