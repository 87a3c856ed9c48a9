"""One poll of two hundred tasks of which two changed: ours and the usual way, in turns."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.performance import awscli, awscli_baseline, fleet, own_polling, server
from tests.performance.workers import Worker

ROUNDS = 3


@dataclass
class Side:
    """Per round: seconds of CPU and bytes on the wire."""

    cpu: list[float] = field(default_factory=list)
    size: list[int] = field(default_factory=list)

    def note(self, cpu: float, size: int = 0) -> None:
        """Keep one round's figures."""
        self.cpu.append(cpu)
        self.size.append(size)


@dataclass
class Polls:
    """What was measured."""

    segments: int
    """In the fleet, of all tasks."""
    first: own_polling.Poll
    own_polling: Side = field(default_factory=Side)
    idle: Side = field(default_factory=Side)
    """Ours, when nothing changed."""
    listing: Side = field(default_factory=Side)
    """Ours, with a listing."""
    sync: Side = field(default_factory=Side)
    start: Side = field(default_factory=Side)
    """The command's start: the same sync of an empty prefix."""
    read_new: Side = field(default_factory=Side)
    read_changed: Side = field(default_factory=Side)
    read_all: Side = field(default_factory=Side)


def middle(values: list[float] | list[int]) -> float:
    """Give the median."""
    return statistics.median(values)


def compare(tasks: list[fleet.Task], work: Path, say: Callable[[str], None]) -> Polls:
    """Serve the tasks, poll them both ways for some rounds."""
    command = awscli.installed()
    rounds = fleet.changing(tasks, ROUNDS)
    say(f"writing {len(tasks)} tasks")
    segments = _write(tasks, rounds, work / "store")
    with ExitStack() as stack:
        bench = _Bench(stack, command, work, say)
        polls = Polls(segments, bench.first())
        for number, changed in enumerate(rounds, 1):
            say(f"round {number} of {ROUNDS}")
            bench.round(polls, changed)
        bench.read_all(polls, tasks)
    return polls


def _write(tasks: list[fleet.Task], rounds: list[list[fleet.Task]], store: Path) -> int:
    late = {task.log for changed in rounds for task in changed}
    for task in tasks:
        fleet.write(task.objects(early=task.log in late), store)
    return sum(1 for _ in store.rglob("segment.*.zip"))


class _Bench:
    """The processes: a server, our service, the command with Inspect's reader."""

    def __init__(
        self, stack: ExitStack, command: Path, work: Path, say: Callable[[str], None]
    ) -> None:
        self._command, self._work, self._say = command, work, say
        self._server = stack.enter_context(Worker())
        endpoint = self._server.run(server.start, str(work / "store"))
        self._environment = awscli.environment(endpoint)
        with _environment(self._environment):
            self._ours = stack.enter_context(Worker())
            self._ours.run(own_polling.start, server.URL, endpoint)
        self._theirs = stack.enter_context(Worker())

    def first(self) -> own_polling.Poll:
        """Poll everything once, as after a start."""
        self._say("the first poll reads everything")
        poll = self._ours.run(own_polling.poll, listing=True)
        self._ours.run(own_polling.poll, listing=False)
        self._server.run(server.take_traffic)
        return poll

    def round(self, polls: Polls, changed: list[fleet.Task]) -> None:
        """Poll without a change and with a listing; change two tasks; poll both ways."""
        self._poll(polls.idle, listing=False)
        self._poll(polls.listing, listing=True)
        self._sync(polls.start, f"s3://{server.BUCKET}/none", "none", 0)
        self._read(awscli_baseline.read_new, changed)
        objects = dict(one for task in changed for one in task.change())
        self._server.run(server.put, objects)
        self._poll(polls.own_polling, listing=False)
        self._sync(polls.sync, server.URL, "store", len(objects))
        polls.read_changed.note(self._read(awscli_baseline.read, changed))
        polls.read_new.note(self._read(awscli_baseline.read_new, changed))

    def read_all(self, polls: Polls, tasks: list[fleet.Task]) -> None:
        """Read all that was synced, once: it takes long."""
        polls.read_all.note(self._read(awscli_baseline.read, tasks))

    def _poll(self, side: Side, *, listing: bool) -> None:
        cpu = self._ours.run(own_polling.poll, listing=listing).cpu
        side.note(cpu, self._server.run(server.take_traffic).total)

    def _sync(self, side: Side, url: str, folder: str, expected: int) -> None:
        cpu, fetched = self._theirs.run(
            awscli_baseline.sync, self._command, url, self._work / folder, self._environment
        )
        assert fetched == expected, f"aws s3 sync fetched {fetched} objects, not {expected}"
        side.note(cpu, self._server.run(server.take_traffic).total)

    def _read(
        self, how: Callable[[list[str]], tuple[float, int]], tasks: list[fleet.Task]
    ) -> float:
        logs = [str(self._work / "store" / task.eval_set_id / task.log) for task in tasks]
        cpu, rows = self._theirs.run(how, logs)
        assert rows
        return cpu


@contextmanager
def _environment(wanted: dict[str, str]) -> Iterator[None]:
    """Let processes that start meanwhile have this environment."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
