"""Buffers as Inspect writes them: segments that are never written again, one manifest.

The segments of a pattern are the same bytes in many tasks; log, manifest and all ids in them are a
task's own. What comes later is made for each task by itself.
"""

from __future__ import annotations

import json
import random
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from tests.builders.logs import zipped
from tests.performance.load.events import Conversation, Row, member, new_id, stamp

Mood = Literal["quiet", "outage", "one_hangs", "slots"]
"""Everything works, every model call fails, one sample of each task hangs in its command, or every
other sample waits for a connection that another one has."""
SEGMENT_ROWS: dict[Mood, int] = {"quiet": 20, "outage": 60, "one_hangs": 20, "slots": 20}
"""Rows that Inspect's sync finds new each time, over all samples of a task."""
FAILURES = 12
"""Failed attempts that a sample of an outage has behind it, at least: enough to be stuck."""
CHANGED_SAMPLES = 5
"""Samples of a task with something new when it syncs."""
ENDED = 10
QUEUED = 25
LOG_TIME = "%Y-%m-%dT%H-%M-%S+00-00"
PLAN = {"name": "plan", "steps": [{"solver": "generate", "params": {}}], "config": {}}
METRIC = {"scorer": "includes", "name": "accuracy", "value": 0.5, "params": {}}


@dataclass(frozen=True)
class Shape:
    """What a fleet's tasks are like. `events` are a task's rows, over all its samples."""

    samples: int = 15
    events: int = 100
    tasks_per_set: int = 5
    mood: Mood = "quiet"
    segment_rows: int = 0
    """Rows in a segment; 0 for as many as a sync usually finds."""


@dataclass
class Pattern:
    """A task's buffer as it stands at first: what many tasks share."""

    model: str
    conversations: list[Conversation]
    segments: list[bytes] = field(default_factory=list)
    references: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """By sample: segment, and the last row of the sample in it."""
    connections: int = 0
    """Calls that may be under way at once; 0 for as many as samples run."""
    last_row: int = 0
    segment: int = 0
    """The newest."""


def pattern(shape: Shape, model: str, now: float, chance: random.Random) -> Pattern:
    """Make what so many samples wrote until shortly before `now`."""
    numbers = range(ENDED + 1, ENDED + 1 + shape.samples)
    begun = [Conversation(number, model, 0.0, chance) for number in numbers]
    rows_each = max(1, round(shape.events / shape.samples))
    histories = [_history(c, shape.mood, rows_each) for c in begun]
    for conversation, history in zip(begun, histories, strict=True):
        _shift(conversation, history, now - chance.uniform(1.0, 40.0))
    made = Pattern(model, begun, connections=shape.samples // 2 if shape.mood == "slots" else 0)
    merged = sorted(
        ((index, c.sample_id, row) for c, h in zip(begun, histories, strict=True)
         for index, row in enumerate(h)),
        key=lambda one: one[:2],
    )  # fmt: skip
    rows = [(sample_id, row) for _, sample_id, row in merged]
    size = shape.segment_rows or SEGMENT_ROWS[shape.mood]
    for start in range(0, len(rows), size):
        made.segments.append(_segment(made, rows[start : start + size]))
    return made


def _hangs(conversation: Conversation, mood: Mood) -> bool:
    return mood == "one_hangs" and conversation.sample_id == ENDED + 1


def _history(conversation: Conversation, mood: Mood, count: int) -> list[Row]:
    rows = list(conversation.begin())
    if mood == "outage":
        count = max(count, len(rows) + 2 * FAILURES)
    while len(rows) < count:
        rows += conversation.fails() if mood == "outage" else conversation.works()
    if mood == "slots" and conversation.sample_id % 2:
        return rows[:-1]
    return [*rows, *conversation.hangs()] if _hangs(conversation, mood) else rows


def _shift(conversation: Conversation, history: list[Row], until: float) -> None:
    """Move a sample's times, which begin at nought, so that it has come to `until`."""
    begun_at = until - conversation.at
    conversation.begun_at, conversation.at = begun_at, until
    for row in history:
        for key in ("timestamp", "completed"):
            if key in row["event"]:
                row["event"][key] = _later(row["event"][key], begun_at)


def _later(text: str, seconds: float) -> str:
    from datetime import datetime  # noqa: PLC0415

    return stamp(datetime.fromisoformat(text).timestamp() + seconds)


def _segment(made: Pattern, rows: list[tuple[int, Row]]) -> bytes:
    """One zip of these rows, noted in the pattern's references."""
    made.segment += 1
    by_sample: dict[int, list[tuple[int, Row]]] = {}
    for sample_id, row in rows:
        made.last_row += 1
        by_sample.setdefault(sample_id, []).append((made.last_row, row))
    for sample_id, numbered in by_sample.items():
        made.references.setdefault(sample_id, []).append((made.segment, numbered[-1][0]))
    return zipped({f"{s}_1.json": member(s, numbered) for s, numbered in by_sample.items()})


@dataclass
class Task:
    """One task of a fleet; `key` is its log's below the store's prefix."""

    number: int
    eval_set_id: str
    name: str
    task_id: str
    created_at: float
    pattern: Pattern
    own: bool = False
    """Whether its pattern is its own by now, since something came."""
    journal: list[list[int]] = field(default_factory=lambda: [list(range(1, ENDED + 1))])
    """Samples that have ended, by flush."""
    queued: int = QUEUED
    finished_at: float | None = None

    @property
    def log(self) -> str:
        """Its log's file name."""
        at = stamp(self.created_at)[:19].replace(":", "-")
        return f"{at}+00-00_{self.name}_{self.task_id}.eval"

    @property
    def key(self) -> str:
        """Its log's key."""
        return f"{self.eval_set_id}/{self.log}"

    @property
    def buffer(self) -> str:
        """Its buffer's folder."""
        return f"{self.eval_set_id}/.buffer/{self.log.removesuffix('.eval')}"

    def segment_key(self, number: int) -> str:
        """Where a segment stands."""
        return f"{self.buffer}/segment.{number}.zip"

    @property
    def manifest_key(self) -> str:
        """Where its manifest stands."""
        return f"{self.buffer}/manifest.json"

    def objects(self) -> dict[str, bytes]:
        """All its objects as they are at first."""
        segments = enumerate(self.pattern.segments, 1)
        made = {self.key: self.log_bytes()}
        made |= {self.segment_key(number): data for number, data in segments}
        return made | {self.manifest_key: self.manifest_bytes()}

    def log_bytes(self) -> bytes:
        """Its `.eval`: what it is, those samples that have ended, and its end."""
        about = {"version": 2, "eval": self._spec(), "plan": PLAN}
        members: dict[str, Any] = {"_journal/start.json": about}
        for number, ended in enumerate(self.journal, 1):
            summaries = [self._summary(n, completed=True) for n in ended]
            members[f"_journal/summaries/{number}.json"] = summaries
        if self.finished_at is not None:
            ended = [n for flush in self.journal for n in flush]
            members["summaries.json"] = [self._summary(n, completed=True) for n in ended]
            stats = {"started_at": stamp(self.created_at), "completed_at": stamp(self.finished_at)}
            members["header.json"] = about | {"status": "success", "stats": stats}
        return zipped({name: json.dumps(data).encode() for name, data in members.items()})

    def manifest_bytes(self) -> bytes:
        """Its manifest."""
        made = self.pattern
        samples = [
            {"summary": self._summary(c.sample_id), "segments": _references(made, c.sample_id)}
            for c in made.conversations
        ]
        last = {s: row for refs in made.references.values() for s, row in sorted(refs)}
        segments = [_reference(number, row) for number, row in sorted(last.items())]
        data = {"metrics": [METRIC], "samples": samples, "segments": segments}
        return json.dumps(data, separators=(",", ":")).encode()

    def change(self, now: float, mood: Mood) -> dict[str, bytes]:
        """What its next sync writes, in that order: a segment, then the manifest that names it."""
        made = self._own_pattern()
        oldest = sorted(made.conversations, key=lambda c: c.at)
        rows: list[tuple[int, Row]] = []
        for conversation in islice(oldest, CHANGED_SAMPLES):
            if _hangs(conversation, mood):
                continue
            new = conversation.fails(now) if mood == "outage" else conversation.works(now)
            rows += [(conversation.sample_id, row) for row in new]
        return self._synced(rows)

    def complete(self, now: float, chance: random.Random) -> dict[str, bytes]:
        """What is written when its oldest sample ends well and one that waited begins.

        With the last of them it ends itself, and its buffer is to be removed.
        """
        made = self._own_pattern()
        ended = made.conversations.pop(0)
        made.references.pop(ended.sample_id, None)
        self.journal.append([ended.sample_id])
        if not made.conversations and not self.queued:
            self.finished_at = now
            return {self.key: self.log_bytes()}
        rows: list[tuple[int, Row]] = []
        if self.queued:
            self.queued -= 1
            number = 1 + max([ended.sample_id, *(c.sample_id for c in made.conversations)])
            begun = Conversation(number, made.model, now, chance)
            made.conversations.append(begun)
            rows = [(number, row) for row in begun.begin()]
        return {self.key: self.log_bytes()} | self._synced(rows)

    def _own_pattern(self) -> Pattern:
        if not self.own:
            self.pattern = deepcopy(self.pattern)
            self.own = True
        return self.pattern

    def _synced(self, rows: list[tuple[int, Row]]) -> dict[str, bytes]:
        made = self.pattern
        if not rows:
            return {self.manifest_key: self.manifest_bytes()}
        segment = _segment(made, rows)
        return {self.segment_key(made.segment): segment, self.manifest_key: self.manifest_bytes()}

    def _spec(self) -> dict[str, Any]:
        ended = sum(len(flush) for flush in self.journal)
        most = len(self.pattern.conversations)
        ids = list(range(1, ended + most + self.queued + 1))
        return {
            "eval_set_id": self.eval_set_id,
            "eval_id": self.task_id[::-1],
            "run_id": self.task_id,
            "created": stamp(self.created_at),
            "task": self.name,
            "task_id": self.task_id,
            "task_version": 0,
            "dataset": {"samples": len(ids), "sample_ids": ids, "shuffled": False},
            "model": self.pattern.model,
            "model_generate_config": {"max_connections": self.pattern.connections or max(1, most)},
            "config": {"epochs": 1, "max_samples": max(1, most), "log_shared": 60},
            "packages": {"inspect_ai": "0.3.285"},
        }

    def _summary(self, sample_id: int, *, completed: bool = False) -> dict[str, Any]:
        chance = random.Random(f"{self.task_id}/{sample_id}")  # noqa: S311
        begun = {c.sample_id: c.begun_at for c in self.pattern.conversations}
        at = begun.get(sample_id, self.created_at)
        about = {"id": sample_id, "epoch": 1, "input": "What is the number?", "target": "42"}
        about |= {"metadata": {}, "started_at": stamp(at), "uuid": new_id(chance)}
        if completed:
            about |= {"completed_at": stamp(at + 300.0), "scores": {"includes": {"value": "C"}}}
        return about | {"completed": completed}


def _references(made: Pattern, sample_id: int) -> list[dict[str, int]]:
    return [_reference(*one) for one in made.references.get(sample_id, ())]


def _reference(segment: int, last_row: int) -> dict[str, int]:
    nothing = {"last_attachment_id": 0, "last_message_pool_id": 0, "last_call_pool_id": 0}
    return {"id": segment, "last_event_id": last_row} | nothing
