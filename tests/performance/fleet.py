"""Two hundred running tasks, made of recordings: real Inspect bytes under new names.

What changes between two polls is real too: the newest segment of a task is held back at first,
and its manifest without what refers to it.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.recordings.unpack import names, unpack

TASKS = 200
CHANGED = 2
"""Tasks that change between two polls: one in a hundred."""
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BUFFER = ".buffer"
SMALLEST = 100
"""Segments that a recorded buffer has at least. Inspect writes one every ten seconds while
something happens, so these tasks have been at work for a quarter of an hour or more."""


@dataclass(frozen=True)
class Recorded:
    """A recorded task that runs: its log, its buffer and what came last."""

    log: Path
    buffer: Path

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.buffer / "manifest.json").read_text())
        return found

    @property
    def newest(self) -> int:
        """The segment that was written last and is still referred to."""
        return max(entry["id"] for entry in self.manifest["segments"])


@dataclass(frozen=True)
class Task:
    """A task of the fleet. `log` is its path below the store's root."""

    recorded: Recorded
    eval_set_id: str
    log: str

    @property
    def buffer(self) -> str:
        return f"{self.eval_set_id}/{BUFFER}/{self.log.removesuffix('.eval')}"

    def objects(self, *, early: bool) -> Iterator[tuple[str, bytes]]:
        """Give all its objects; `early` without what `change` brings."""
        yield f"{self.eval_set_id}/{self.log}", self.recorded.log.read_bytes()
        yield f"{self.eval_set_id}/.eval-set-id", self.eval_set_id.encode()
        changing = dict(self.change())
        for path in sorted(self.recorded.buffer.iterdir()):
            name = f"{self.buffer}/{path.name}"
            if not early or name not in changing:
                yield name, path.read_bytes()
        if early:
            yield f"{self.buffer}/manifest.json", _without_newest(self.recorded)

    def change(self) -> list[tuple[str, bytes]]:
        """Give the newest segment and the manifest that names it."""
        files = (f"segment.{self.recorded.newest}.zip", "manifest.json")
        return [
            (f"{self.buffer}/{file}", (self.recorded.buffer / file).read_bytes()) for file in files
        ]


def recorded_tasks(into: Path) -> list[Recorded]:
    """Give the last instant of each recording at which its task still runs with a filled buffer."""
    found = (_last_running(unpack(name, into / name)) for name in names())
    return [task for task in found if task]


def fleet(recorded: list[Recorded]) -> list[Task]:
    """Make one task in each of two hundred eval sets, the recordings in turn."""
    jitter = random.Random(0)  # noqa: S311
    return [_task(recorded[number % len(recorded)], number, jitter) for number in range(TASKS)]


def changing(tasks: list[Task], rounds: int) -> list[list[Task]]:
    """Choose the tasks that change in each round, never one twice."""
    chosen = random.Random(1).sample(tasks, rounds * CHANGED)  # noqa: S311
    return [chosen[begin : begin + CHANGED] for begin in range(0, len(chosen), CHANGED)]


def write(objects: Iterator[tuple[str, bytes]], root: Path) -> None:
    """Lay objects down as files."""
    for name, content in objects:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def remove(root: Path) -> None:
    """Remove a folder, whatever is left of it."""
    shutil.rmtree(root, ignore_errors=True)


def _last_running(instants: list[Path]) -> Recorded | None:
    for instant in reversed(instants):
        found = [one for one in _running(instant / "store") if one]
        if found:
            return found[0]
    return None


def _running(store: Path) -> Iterator[Recorded]:
    for buffer in sorted(store.glob(f"**/{BUFFER}/*")):
        log = buffer.parents[1] / f"{buffer.name}.eval"
        filled = len(list(buffer.glob("segment.*.zip"))) >= SMALLEST
        if filled and log.exists() and _newest_is_used(Recorded(log, buffer)):
            yield Recorded(log, buffer)


def _newest_is_used(task: Recorded) -> bool:
    """Tell whether a running sample has rows in the newest segment."""
    return any(
        task.newest in _segment_ids(sample)
        for sample in task.manifest["samples"]
        if not sample["summary"].get("completed")
    )


def _segment_ids(sample: dict[str, Any]) -> set[int]:
    return {entry if isinstance(entry, int) else entry["id"] for entry in sample["segments"]}


def _without_newest(task: Recorded) -> bytes:
    manifest, newest = task.manifest, task.newest
    manifest["segments"] = [entry for entry in manifest["segments"] if entry["id"] != newest]
    for sample in manifest["samples"]:
        sample["segments"] = [
            entry
            for entry in sample["segments"]
            if (entry if isinstance(entry, int) else entry["id"]) != newest
        ]
    return json.dumps(manifest, separators=(",", ":")).encode()


def _task(recorded: Recorded, number: int, jitter: random.Random) -> Task:
    begin, _, old_id = recorded.log.stem.rpartition("_")
    task_id = "".join(jitter.choices(ALPHABET, k=len(old_id)))
    suffix = "".join(jitter.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=16))
    return Task(recorded, f"eval-{number:03d}-{suffix}", f"{begin}_{task_id}.eval")
