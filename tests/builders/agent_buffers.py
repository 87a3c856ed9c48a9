"""A sample buffer as Inspect writes one while agents work: real formats, made up content.

Source of the formats: inspect_ai 0.3.285, `event/*.py`, `log/_recorders/buffer/filestore.py`. Ids
look like Inspect's (22 letters and digits), each one different.
"""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from watchdog.collect.stores.objects import Got, NotModified, StoreError

BEGAN = 1_795_158_000.0
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
SEGMENT_SECONDS = 10.0
"""Inspect writes one as often, while something happens."""
MODEL = "openai/gpt-4o"
Event = tuple[float, dict[str, Any]]


def short_id(draw: random.Random) -> str:
    """An id as `shortuuid` makes it."""
    return "".join(draw.choices(ALPHABET, k=22))


def agent(draw: random.Random, events: int, every: float = 12.0) -> list[Event]:
    """What an agent writes that asks a model and calls a tool in turns: its first `events`.

    Args:
        draw: chance, with a seed.
        events: how many.
        every: seconds of a turn; two thirds of it are the model's.
    """
    spans = [short_id(draw) for _ in range(3)]
    rows: list[Event] = []
    kinds = (("solvers", "solvers"), ("solver", "basic_agent"), ("agent", "basic_agent"))
    for place, (kind, name) in enumerate(kinds):
        parent = {"parent_id": spans[place - 1]} if place else {}
        begun = {"id": spans[place], "span_id": spans[place], "type": kind, "name": name}
        rows.append((BEGAN, {"event": "span_begin", "uuid": short_id(draw), **begun, **parent}))
    at = BEGAN + draw.random()
    while len(rows) < events:
        rows += _turn(draw, spans[-1], at, every)
        at += every
    return [(at, {**event, "timestamp": _time(event.get("timestamp", at))}) for at, event in rows][
        :events
    ]


def _turn(draw: random.Random, span: str, at: float, every: float) -> Iterator[Event]:
    """A model's call, told thrice, and the call of a tool within a span of its own."""
    call, tool, inner = (short_id(draw) for _ in range(3))
    answered, ended = at + every * (0.5 + draw.random() / 6), at + every * 0.9
    message = {"content": "", "tool_calls": [{"id": tool, "function": "bash", "arguments": {}}]}
    output = {
        "choices": [{"message": message, "stop_reason": "tool_calls"}],
        "usage": {"total_tokens": 9},
        "time": answered - at,
    }
    model = {"event": "model", "uuid": call, "span_id": span, "model": MODEL, "timestamp": at}
    yield at, {**model, "pending": True, "config": {}, "output": {"choices": []}}
    yield answered, {**model, "config": {}, "output": output}
    yield answered, {**model, "config": {}, "output": output, "completed": _time(answered)}
    name = {"name": "bash", "type": "tool"}
    yield (
        answered,
        {"event": "span_begin", "uuid": short_id(draw), "id": inner, "span_id": inner}
        | {"parent_id": span, **name},
    )
    used = {"event": "tool", "uuid": tool, "span_id": span, "timestamp": answered}
    used |= {"function": "bash", "arguments": {"cmd": f"ls {draw.random()}"}}
    yield answered, {**used, "pending": True}
    yield ended, {**used, "result": str(draw.random()), "completed": _time(ended)}
    yield ended, {"event": "span_end", "uuid": short_id(draw), "id": inner, "span_id": inner}


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


class AgentBuffer:
    """Implements `Store`, as far as a buffer's reader asks: one task's buffer, growing in time."""

    target = "memory"

    def __init__(self, seed: int, samples: int, events: int, every: float = 12.0) -> None:
        draw = random.Random(seed)  # noqa: S311 - content
        self._segments: dict[int, dict[str, list[dict[str, Any]]]] = {}
        self._references: list[dict[int, int]] = []
        self._uuids = [short_id(draw) for _ in range(samples)]
        for sample in range(samples):
            self._references.append({})
            for number, (at, event) in enumerate(agent(draw, events, every)):
                self._place(sample, number * samples + sample + 1, at, event)

    def _place(self, sample: int, row: int, at: float, event: dict[str, Any]) -> None:
        segment = int((at - BEGAN) // SEGMENT_SECONDS) + 1
        envelope = {"id": row, "event_id": event["uuid"], "event": event}
        members = self._segments.setdefault(segment, {})
        members.setdefault(f"{sample + 1}_1.json", []).append(envelope)
        self._references[sample][segment] = row

    @property
    def segments(self) -> int:
        """How many there are."""
        return len(self._segments)

    def manifest(self) -> bytes:
        """The manifest, as Inspect writes it."""
        return json.dumps(
            {
                "metrics": [],
                "samples": [self._sample(sample) for sample in range(len(self._references))],
                "segments": [{"id": segment} for segment in sorted(self._segments)],
            }
        ).encode()

    def _sample(self, sample: int) -> dict[str, Any]:
        references = sorted(self._references[sample].items())
        summary = {"id": sample + 1, "epoch": 1, "uuid": self._uuids[sample], "completed": False}
        return {
            "summary": {**summary, "started_at": _time(BEGAN), "input": "", "target": ""},
            "segments": [{"id": segment, "last_event_id": row} for segment, row in references],
        }

    def segment(self, number: int) -> bytes:
        """One segment's zip."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, events in self._segments[number].items():
                zipped.writestr(name, json.dumps({"events": events}))
        return content.getvalue()

    async def get(
        self,
        path: str,
        limit: int,  # noqa: ARG002 - the protocol's
        if_none_match: str | None = None,
    ) -> Got | NotModified:
        """The manifest, or a segment."""
        name = path.rpartition("/")[2]
        if name == "manifest.json":
            etag = f'"{len(self._segments):032x}"'
            if etag == if_none_match:
                return NotModified()
            data = self.manifest()
            return Got(data, len(data), 0, etag, BEGAN, BEGAN)
        number = int(name.split(".")[1])
        if number not in self._segments:
            raise StoreError("not_found", path)
        data = self.segment(number)
        return Got(data, len(data), 0, f'"{number:032x}"', BEGAN, BEGAN)
