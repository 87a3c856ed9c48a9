"""An eval set with a long history, as files: agents at work, and what came of some at the end."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.builders.agent_buffers import BEGAN, MODEL, SEGMENT_SECONDS, AgentBuffer, short_id
from tests.builders.agent_buffers import _time as stamp
from tests.builders.logs import BUFFER, LOG, running_log

EVERY = 12.0


class LongHistory:
    """One task in a folder; `end` writes what its samples did after their work."""

    def __init__(self, samples: int, events: int, seed: int = 1, every: float = EVERY) -> None:
        self.buffer = AgentBuffer(seed, samples, events, every)
        self.samples = samples
        self._draw = random.Random(seed + 1)  # noqa: S311 - content
        self._row = samples * (events + 1)
        self.ended_at = BEGAN + SEGMENT_SECONDS * max(self.buffer._segments)

    def fail(self, sample: int, attempts: int, wait: float) -> float:
        """Attempts that fail, one after the other; when the last of them began."""
        at, span = self.ended_at, None
        for _ in range(attempts):
            at += wait
            call = short_id(self._draw)
            asked: dict[str, Any] = {"event": "model", "uuid": call, "span_id": span}
            asked |= {"model": MODEL, "timestamp": stamp(at), "config": {}}
            self.add(sample, at, {**asked, "pending": True, "output": {"choices": []}})
            failed = {"error": "Error code: 500 - {'error': 'x'}", "output": {"choices": []}}
            self.add(sample, at + 1.0, {**asked, **failed})
        return at

    def ask(self, sample: int, at: float) -> None:
        """A call that isn't answered."""
        asked = {"event": "model", "uuid": short_id(self._draw), "model": MODEL, "pending": True}
        self.add(sample, at, {**asked, "timestamp": stamp(at), "output": {"choices": []}})

    def answer(self, sample: int, at: float) -> None:
        """A call that was answered within a second."""
        output = {"choices": [{"message": {"content": "x"}, "stop_reason": "stop"}], "time": 1.0}
        asked = {"event": "model", "uuid": short_id(self._draw), "model": MODEL, "config": {}}
        times = {"timestamp": stamp(at - 1.0), "completed": stamp(at)}
        self.add(sample, at, {**asked, **times, "output": output})

    def add(self, sample: int, at: float, event: dict[str, Any]) -> None:
        """A row of a sample, in the segment that was written then."""
        self._row += 1
        self.buffer._place(sample, self._row, at, event)

    def write(self, folder: Path, only: Callable[[int], bool] = lambda _: True) -> None:
        """All of it as files below `folder`."""
        place = folder / BUFFER
        place.mkdir(parents=True, exist_ok=True)
        if not (folder / LOG).exists():
            ids = list(range(1, self.samples + 1))
            dataset = {"samples": self.samples, "sample_ids": ids, "shuffled": False}
            (folder / LOG).write_bytes(running_log(dataset=dataset, config={"epochs": 1}))
        for number in filter(only, self.buffer._segments):
            (place / f"segment.{number}.zip").write_bytes(self.buffer.segment(number))
        (place / "manifest.json").write_bytes(self.buffer.manifest())
