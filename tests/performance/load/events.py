"""One sample's rows, event by event, with the fields that Inspect 0.3.285 writes.

A healthy sample asks its model, runs a command, asks again. In an outage every attempt of its call
fails, and Inspect's back-off lies between them.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ID_LENGTH = 22
CALL_SECONDS = (5.0, 40.0)
COMMAND_SECONDS = (1.0, 20.0)
HUNG_SECONDS = 6 * 3600.0
BACKOFF = 3.0
BACKOFF_MAX = 1800.0
ERROR = "Error code: 500 - {'error': {'message': 'Internal server error', 'type': 'server_error'}}"
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/site-packages/inspect_ai/model/_model.py", line 1404, in generate\n'
    '  File "/site-packages/openai/_base_client.py", line 1688, in request\n'
    f"openai.InternalServerError: {ERROR}\n"
)
COMMAND = "pytest -q tests/test_service.py 2>&1 | tail -n 40"
THOUGHT = (
    "The service answers on port 8080, but the number that it gives changes with each request. "
    "I will look at how it is made, then run the tests once more. "
)
ANSWER = "tests/test_service.py ..F....\n3 passed, 1 failed in 2.41s\nexpected 42, got 17\n"
TOOL = {
    "name": "bash",
    "description": "Run a shell command.",
    "parameters": {
        "type": "object",
        "properties": {
            "cmd": {"type": "string", "description": "The command."},
            "timeout": {"type": "integer", "description": "Seconds.", "default": 600},
        },
        "required": ["cmd"],
        "additionalProperties": False,
    },
}


def new_id(chance: random.Random) -> str:
    """An id as Inspect draws them (shortuuid)."""
    return "".join(chance.choices(ALPHABET, k=ID_LENGTH))


def stamp(at: float) -> str:
    """An instant as Inspect writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


class Conversation:
    """A sample that runs; `more` gives its next rows. `at` is the instant that it has come to."""

    def __init__(self, sample_id: int, model: str, begun_at: float, chance: random.Random) -> None:
        self.sample_id = sample_id
        self.begun_at = begun_at
        self.at = begun_at
        self._model = model
        self._chance = chance
        self._solvers, self._solver = new_id(chance), new_id(chance)
        self._pending = ""
        self._attempts = 0
        self._messages = 0
        self._turn = 0

    def begin(self) -> Iterator[Row]:
        """Its set-up, the beginning of its solver, and the first call of its model."""
        init = new_id(self._chance)
        yield self._event("span_begin", init, id=init, type="init", name="init")
        yield self._event("sample_init", init, sample={"input": "q", "id": self.sample_id})
        yield self._event("span_end", init, id=init)
        solvers, solver = self._solvers, self._solver
        yield self._event("span_begin", solvers, id=solvers, type="solvers", name="solvers")
        about = {"parent_id": solvers, "type": "solver", "name": "generate"}
        yield self._event("span_begin", solver, id=solver, **about)
        yield self._asked({"role": "user", "content": "What is the number?", "source": "input"})

    def works(self, until: float | None = None) -> Iterator[Row]:
        """One turn: the model answers, a command runs, the model is asked again. Eight rows.

        It ends at `until`, else after the time that such a turn takes.
        """
        asked_at, command = self.at, self._chance.uniform(*COMMAND_SECONDS)
        if until is None:
            self.at += self._chance.uniform(*CALL_SECONDS)
        else:
            command = min(command, max(0.0, until - self.at) / 2)
            self.at = max(self.at, until - command)
        call_id = f"call_{new_id(self._chance)}"
        self._turn += 1
        yield self._model_row(asked_at, self._output(call_id), final=False)
        yield self._model_row(asked_at, self._output(call_id), completed=self.at)
        span, event_id = new_id(self._chance), new_id(self._chance)
        about = {"parent_id": self._solver, "type": "tool", "name": "bash"}
        yield self._event("span_begin", span, id=span, **about)
        yield self._tool(event_id, call_id, self.at, pending=True)
        begun_at, self.at = self.at, self.at + command
        yield self._event(
            "sandbox", span, action="exec", cmd=COMMAND, result=0, output=ANSWER,
            completed=stamp(self.at),
        )  # fmt: skip
        done = {"completed": stamp(self.at), "working_time": self.at - begun_at}
        yield self._tool(event_id, call_id, begun_at, result=ANSWER * 8, **done)
        yield self._event("span_end", span, id=span)
        answer = self._output(call_id)["choices"][0]["message"]
        result = {"role": "tool", "content": ANSWER * 8, "tool_call_id": call_id}
        yield self._asked(answer, result | {"function": "bash"})

    def hangs(self) -> Iterator[Row]:
        """The model answers, and its command never ends. Three rows."""
        call_id, asked_at = f"call_{new_id(self._chance)}", self.at
        self.at += self._chance.uniform(*CALL_SECONDS)
        yield self._model_row(asked_at, self._output(call_id), completed=self.at)
        span = new_id(self._chance)
        about = {"parent_id": self._solver, "type": "tool", "name": "bash"}
        yield self._event("span_begin", span, id=span, **about)
        yield self._tool(new_id(self._chance), call_id, self.at, pending=True)
        self.at += HUNG_SECONDS

    def fails(self, until: float = math.inf) -> Iterator[Row]:
        """The attempt fails, and the next begins after Inspect's back-off. Two rows."""
        began = self.at
        empty = {"model": self._model, "choices": [_choice("", [])], "completion": ""}
        failed = {"error": ERROR, "traceback": TRACEBACK, "traceback_ansi": TRACEBACK}
        yield self._model_row(began, empty, **failed)
        self.at = min(until, self.at + 5.0 + min(BACKOFF * 2**self._attempts, BACKOFF_MAX))
        self._attempts += 1
        yield self._asked()

    def _asked(self, *messages: dict[str, Any]) -> Row:
        """The model is asked, with messages that are new to the sample's pool."""
        self._pending = new_id(self._chance)
        empty = {"model": self._model, "choices": [], "completion": ""}
        pool = [(self._messages + n, one) for n, one in enumerate(messages, 1)]
        self._messages += len(messages)
        return self._model_row(self.at, empty, pending=True) | {"pool": pool}

    def _output(self, call_id: str) -> dict[str, Any]:
        call = {"id": call_id, "function": "bash", "arguments": {"cmd": COMMAND, "timeout": 600}}
        usage = {"input_tokens": 1200 + self._turn, "output_tokens": 200, "total_tokens": 1400}
        text = f"Step {self._turn}. {THOUGHT * 4}"
        return {
            "model": self._model,
            "choices": [_choice(text, [{**call, "type": "function"}], "tool_calls")],
            "completion": text,
            "usage": usage,
            "time": 11.3,
        }

    def _model_row(
        self,
        at: float,
        output: dict[str, Any],
        *,
        final: bool = True,
        completed: float | None = None,
        **more: Any,
    ) -> Row:
        if completed is not None:
            more |= {"completed": stamp(completed), "working_time": completed - at}
        if final and not more.get("pending"):
            more["call"] = {
                "request": {"model": self._model, "tools": [TOOL], "tool_choice": "auto"},
                "response": {"id": new_id(self._chance), "choices": output["choices"]},
            }
        refs = [[0, self._messages]]
        about = {"model": self._model, "input": [], "input_refs": refs, "tools": [TOOL]}
        about |= {"tool_choice": "auto", "config": {}, "output": output}
        return self._event("model", self._solver, self._pending, at=at, **about, **more)

    def _tool(self, event_id: str, call_id: str, at: float, **more: Any) -> Row:
        about = {"type": "function", "id": call_id, "function": "bash"}
        about |= {"arguments": {"cmd": COMMAND, "timeout": 600}}
        return self._event("tool", self._solver, event_id, at=at, **about, **more)

    def _event(
        self, kind: str, span: str, event_id: str = "", at: float | None = None, **fields: Any
    ) -> Row:
        at = self.at if at is None else at
        uuid = event_id or new_id(self._chance)
        about = {"uuid": uuid, "span_id": span, "timestamp": stamp(at)}
        about |= {"working_start": at - self.begun_at, "event": kind}
        return {"event_id": uuid, "event": about | fields}


def _choice(text: str, calls: list[Any], reason: str = "stop") -> dict[str, Any]:
    message = {"content": text, "source": "generate", "role": "assistant"}
    return {"message": message | ({"tool_calls": calls} if calls else {}), "stop_reason": reason}


def member(sample_id: int, rows: list[tuple[int, Row]]) -> bytes:
    """A segment's member: rows of one sample with their numbers, and its new messages."""
    whose = {"sample_id": str(sample_id), "epoch": 1}
    events = [
        {"id": number, "event_id": row["event_id"]} | whose | {"event": row["event"]}
        for number, row in rows
    ]
    pool = [
        {"id": number} | whose | {"msg_id": f"{sample_id}-{number}", "data": json.dumps(message)}
        for _, row in rows
        for number, message in row.get("pool", ())
    ]
    data = {"events": events, "attachments": [], "message_pool": pool, "call_pool": []}
    return json.dumps(data, separators=(",", ":")).encode()
