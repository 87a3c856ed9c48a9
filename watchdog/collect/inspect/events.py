"""Inspect's events, reduced to rows.

Source: inspect_ai 0.3.285, `inspect_ai/event/*.py`; older spellings from the same files' history.
The fast path decodes an event straight into the few fields that are needed; an event that does
not fit (another type in a field, a kind that is not known) goes the slow way through `loose_row`.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, TypeVar, Union

import msgspec
from msgspec import Meta, Raw, Struct

from watchdog.collect.inspect import digests
from watchdog.collect.json_bounds import loads, values_in
from watchdog.collect.limits import NUMBER, ROW_BYTES, ROW_VALUES, SMALL, Beyond
from watchdog.collect.values import (
    distinct,
    duration,
    epoch,
    identifier,
    instant,
    name,
    number,
    printable,
    text,
    whole,
)
from watchdog.model.facts import CALLS_MAX, AnswerKind, Row

LIMIT_ARGUMENTS = ("timeout", "timeout_seconds", "timeout_s", "time_limit", "max_time")
"""Arguments of tools that declare how long the call may take, in seconds."""

KIND_LIMIT = 64
SPAN_ID_LIMIT = 64
EVENT_ID_LIMIT = 100
Seconds = Annotated[float, Meta(ge=-NUMBER.value, le=NUMBER.value)]
PAIR = 2
OLD_MODEL = "model_output"

PLAIN_KINDS = frozenset(
    {
        "anchor",
        "branch",
        "checkpoint",
        "compaction",
        "error",
        "input",
        "interrupt",
        "logger",
        "review",
        "sample_init",
        "sample_limit",
        "score",
        "score_edit",
        "sentinel",
        "state",
        "step",
        "store",
        "subtask",
    }
)
"""Known kinds of which nothing but the kind is needed."""

KNOWN_KINDS = PLAIN_KINDS | {
    "approval",
    "info",
    "model",
    "sandbox",
    "span_begin",
    "span_end",
    "tool",
}

CLASS_LINE = re.compile(r"([A-Za-z_][\w.]{0,199})(?:: |:$|$)")
TRACEBACK_TAIL = 20_000


class _ToolCall(Struct, gc=False):
    function: str = ""


class _Message(Struct, gc=False):
    content: Any = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(Struct, gc=False):
    message: _Message | None = None
    stop_reason: str | None = None


class _Usage(Struct, gc=False):
    pass


class _Output(Struct, gc=False):
    time: Seconds | None = None
    usage: _Usage | None = None
    completion: Any = ""
    choices: list[_Choice] = []


class _Config(Struct, gc=False):
    timeout: Seconds | None = None
    attempt_timeout: Seconds | None = None
    batch: Any = None


class _ToolError(Struct, gc=False):
    type: str = ""
    message: str = ""


class _Options(Struct, gc=False):
    timeout: Any = None


class _Event(Struct, gc=False, tag_field="event"):
    timestamp: datetime | None = None
    pending: bool | None = None
    completed: datetime | None = None
    span_id: str | None = None


class Model(_Event, tag="model", gc=False):
    """A call of a model, or one failed attempt of it."""

    model: str = ""
    role: str | None = None
    error: str | None = None
    traceback: str | None = None
    cache: str | None = None
    config: _Config | None = None
    output: _Output | None = None
    input: list[Raw] = []
    input_refs: list[tuple[int, int]] | None = None

    def row(self, row_id: int, event_id: str) -> Row:
        """The event as a row."""
        config, output = self.config, self.output
        calls = _calls(output) if output else ()
        final = _is_final(self) or (not self.pending and _answered(output))
        says = final and not calls and self.error is None and output is not None
        return Row(
            id=row_id,
            event_id=event_id,
            kind="model",
            at=epoch(self.timestamp),
            completed_at=epoch(self.completed) or _answered_at(self),
            pending=self.pending is True,
            final=final,
            name=name(self.model) or "",
            role=name(self.role),
            error=text(self.error),
            error_class=error_class(self.traceback),
            cached=self.cache == "read",
            batch=bool(config and config.batch),
            timeout=_model_timeout(config) if config else None,
            span_id=_span_id(self.span_id),
            calls=calls,
            took=output.time if output else None,
            messages=digests.length(self.input_refs, self.input) if final else 0,
            digest=self._digest(output) if says and output else None,
            answer=_answer_kind(output) if says and output else None,
            echoes=digests.repeats(self.input_refs) if says else False,
        )

    def _digest(self, output: _Output) -> int:
        """Of what it says, to what."""
        asked = digests.last_message(self.input_refs, self.input)
        return digests.digest(output.completion, asked)


class OldModel(Model, tag=OLD_MODEL, gc=False):
    """The same in the guide's spelling."""


class Tool(_Event, tag="tool", gc=False):
    """A call of a tool."""

    function: str = ""
    arguments: Any = None
    result: Any = ""
    error: _ToolError | None = None

    def row(self, row_id: int, event_id: str) -> Row:
        """The event as a row."""
        final = _is_final(self)
        error = _tool_error(self.error) if self.error else None
        return Row(
            id=row_id,
            event_id=event_id,
            kind="tool",
            at=epoch(self.timestamp),
            completed_at=epoch(self.completed),
            pending=self.pending is True,
            final=final,
            name=name(self.function) or "",
            error=error,
            timeout=_declared_limit(self.arguments),
            span_id=_span_id(self.span_id),
            digest=_tool_digest(name(self.function) or "", self.arguments, self.result, error)
            if final
            else None,
        )


class Sandbox(_Event, tag="sandbox", gc=False):
    """A command or a file's transfer in a sandbox."""

    action: str = ""
    options: _Options | None = None

    def row(self, row_id: int, event_id: str) -> Row:
        """The event as a row."""
        return Row(
            id=row_id,
            event_id=event_id,
            kind="sandbox",
            at=epoch(self.timestamp),
            completed_at=epoch(self.completed),
            pending=self.pending is True,
            final=self.completed is not None,
            name=name(self.action) or "",
            timeout=duration(self.options.timeout) if self.options else None,
            span_id=_span_id(self.span_id),
        )


class SpanBegin(_Event, tag="span_begin", gc=False):
    """A solver, a scorer, an agent or a tool begins."""

    id: str | None = None
    parent_id: str | None = None
    name: str = ""
    type: str | None = None

    def row(self, row_id: int, event_id: str) -> Row:
        """The event as a row."""
        return Row(
            id=row_id,
            event_id=event_id,
            kind="span_begin",
            at=epoch(self.timestamp),
            name=name(self.name) or "",
            span_id=_span_id(self.span_id),
            span=_span_id(self.id),
            parent_id=_span_id(self.parent_id),
            type=name(self.type),
        )


class SpanEnd(_Event, tag="span_end", gc=False):
    """Its end."""

    id: str | None = None

    def row(self, row_id: int, event_id: str) -> Row:
        """The event as a row."""
        at, span = epoch(self.timestamp), _span_id(self.span_id)
        return Row(
            id=row_id,
            event_id=event_id,
            kind="span_end",
            at=at,
            span_id=span,
            span=_span_id(self.id),
        )


class Info(_Event, tag="info", gc=False):
    """Information of a given source."""

    source: str | None = None

    def row(self, row_id: int, event_id: str) -> Row:
        """The event as a row."""
        return Row(
            id=row_id,
            event_id=event_id,
            kind="info",
            at=epoch(self.timestamp),
            span_id=_span_id(self.span_id),
            type=name(self.source),
        )


class Approval(_Event, tag="approval", gc=False):
    """Somebody, or something, decided whether a tool may be called."""

    decision: str | None = None

    def row(self, row_id: int, event_id: str) -> Row:
        """The event as a row."""
        return Row(
            id=row_id,
            event_id=event_id,
            kind="approval",
            at=epoch(self.timestamp),
            span_id=_span_id(self.span_id),
            type=name(self.decision),
        )


class _Plain(_Event, gc=False):
    def row(self, row_id: int, event_id: str) -> Row:
        """The event as a row."""
        return Row(
            id=row_id,
            event_id=event_id,
            kind=str(self.__struct_config__.tag),
            at=epoch(self.timestamp),
            completed_at=epoch(self.completed),
            pending=self.pending is True,
            final=not self.pending,
            span_id=_span_id(self.span_id),
        )


PLAIN = tuple(
    msgspec.defstruct(kind.title().replace("_", ""), (), bases=(_Plain,), tag=kind, gc=False)
    for kind in sorted(PLAIN_KINDS)
)


AnyEvent: Any = Union[(Model, OldModel, Tool, Sandbox, SpanBegin, SpanEnd, Info, Approval, *PLAIN)]
"""What the fast path knows; the tag `event` tells them apart."""

_one = msgspec.json.Decoder(AnyEvent)


def decode_row(row_id: int, event_id: str, event: bytes | Raw) -> Row:
    """One event's JSON as a row, by the fast path where it fits.

    Raises:
        ValueError: it is no JSON object, or has no kind.
    """
    try:
        row: Row = _one.decode(event).row(row_id, event_id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return loose_row(row_id, event_id, loads(bytes(event)))
    return row


E = TypeVar("E", bytes, Raw)


def bounded(event: E) -> E:
    """The same event's JSON, where it is not too large to be built.

    Raises:
        Beyond: it is.
    """
    data = memoryview(event)
    if len(data) > ROW_BYTES.value:
        raise Beyond(f"an event of {ROW_BYTES.text(len(data))}")
    if len(data) > SMALL.value:
        count = values_in(data, ROW_VALUES.value)
        if count > ROW_VALUES.value:
            raise Beyond(f"an event of {ROW_VALUES.text(count)}")
    return event


def loose_row(row_id: int, event_id: str, event: object) -> Row:
    """An event of any shape as a row; what has a wrong type counts as absent.

    Raises:
        ValueError: it is no object, or has no kind.
    """
    if not isinstance(event, dict):
        raise ValueError("the event is no object")  # noqa: TRY004 - one error for bad data
    kind = kind_of(event.get("event"))
    is_model = kind == "model"
    return Row(
        id=row_id,
        event_id=event_id,
        kind=kind,
        at=instant(event.get("timestamp")),
        completed_at=instant(event.get("completed")) or _loose_answered_at(kind, event),
        pending=event.get("pending") is True,
        final=_loose_final(kind, event),
        name=_loose_name(kind, event),
        role=name(event.get("role")) if is_model else None,
        error=_loose_error(event.get("error")) if kind in ("model", "tool") else None,
        error_class=error_class(event.get("traceback")) if is_model else None,
        cached=is_model and event.get("cache") == "read",
        batch=is_model and bool(_object(event.get("config")).get("batch")),
        timeout=_loose_timeout(kind, event),
        span_id=_loose_span_id(event.get("span_id")),
        span=_loose_span_id(event.get("id")) if kind.startswith("span_") else None,
        parent_id=_loose_span_id(event.get("parent_id")) if kind == "span_begin" else None,
        type=name(event.get(TYPE_FIELDS.get(kind, ""))),
        calls=_loose_calls(_object(event.get("output"))) if is_model else (),
        took=number(_object(event.get("output")).get("time")) if is_model else None,
        messages=_loose_messages(kind, event),
        **_loose_said(kind, event),
        unfamiliar=kind not in KNOWN_KINDS and _is_call(event),
    )


def _is_call(event: dict[str, Any]) -> bool:
    """Whether an event of an unknown kind has what calls have: it goes on, or it took time."""
    has_end = event.get("completed") is not None or event.get("working_time") is not None
    return event.get("pending") is True or has_end


def kind_of(value: object) -> str:
    """The name of an event's kind, of at most `KIND_LIMIT` printable characters.

    Raises:
        ValueError: it has none.
    """
    kind = printable(identifier(value, KIND_LIMIT) or "")
    if not kind.strip():
        raise ValueError("the event has no kind")
    return "model" if kind == OLD_MODEL else kind


def error_class(traceback: object) -> str | None:
    """The class name with which a traceback's last line begins.

    The message behind it may have lines of its own, so the search starts at the last frame.
    """
    if not isinstance(traceback, str) or not traceback:
        return None
    tail = traceback[-TRACEBACK_TAIL:]
    frame = tail.rfind('\n  File "')
    for line in tail[frame + 1 :].splitlines():
        match = None if line.startswith(" ") else CLASS_LINE.match(line)
        if match:
            return match[1]
    return None


def _span_id(value: str | None) -> str | None:
    """An id to compare by, never shown."""
    if value and (len(value) > SPAN_ID_LIMIT or not value.isascii()):
        return distinct(value, SPAN_ID_LIMIT)
    return value or None


def _loose_span_id(value: object) -> str | None:
    return _span_id(value) if isinstance(value, str) else None


def _is_final(event: Model | Tool) -> bool:
    return event.completed is not None or event.error is not None


def _answered(output: _Output | None) -> bool:
    """Whether an output is more than the placeholder of a pending call.

    The placeholder has one choice of empty text and the stop reason `stop`.
    """
    return output is not None and (
        output.time is not None
        or output.usage is not None
        or output.completion not in ("", None)
        or any(choice.stop_reason not in (None, "stop", "unknown") for choice in output.choices)
    )


def _answer_kind(output: _Output) -> AnswerKind:
    choice = output.choices[0] if output.choices else None
    content = choice.message.content if choice and choice.message else None
    return digests.answer_kind(output.completion, content, choice.stop_reason if choice else None)


def _answered_at(event: Model) -> float | None:
    """When a call was answered whose row names no end: its beginning and what it took.

    Inspect before 0.3.172 sets `completed` only after it has written the row for the last time.
    """
    at, output = epoch(event.timestamp), event.output
    if event.pending or event.error is not None or at is None or output is None:
        return None
    return at + output.time if output.time is not None and output.time > 0 else None


def _calls(output: _Output) -> tuple[str, ...]:
    """The functions that an answer calls; Inspect carries out those of its first choice."""
    message = output.choices[0].message if output.choices else None
    calls = message.tool_calls if message is not None else None
    return tuple(name(call.function) or "" for call in calls[:CALLS_MAX]) if calls else ()


def _tool_error(error: _ToolError) -> str:
    return (text(f"{error.type}: {error.message}") or "") if error.type else error.message


def _model_timeout(config: _Config) -> float | None:
    return _first_duration((config.attempt_timeout, config.timeout))


def _tool_digest(function: str, arguments: object, result: object, error: str | None) -> int:
    return digests.digest(function, arguments, result, error)


def _declared_limit(arguments: object) -> float | None:
    if not isinstance(arguments, dict):
        return None
    return _first_duration(arguments.get(argument) for argument in LIMIT_ARGUMENTS)


def _first_duration(values: Iterable[object]) -> float | None:
    for value in values:
        seconds = None if value is None else duration(value)
        if seconds is not None:
            return seconds
    return None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _loose_final(kind: str, event: dict[str, Any]) -> bool:
    done = event.get("completed") is not None
    if kind in ("model", "tool"):
        done = done or event.get("error") is not None
    if kind == "model" and event.get("pending") is not True:
        done = done or _loose_answered(_object(event.get("output")))
    return done if kind in ("model", "tool", "sandbox") else event.get("pending") is not True


def _loose_answered(output: dict[str, Any]) -> bool:
    choices = output.get("choices")
    reasons = [_object(choice).get("stop_reason") for choice in _list(choices)]
    has_answer = any(
        output.get(field) not in (None, "") for field in ("time", "usage", "completion")
    )
    return has_answer or any(reason not in (None, "stop", "unknown") for reason in reasons)


def _loose_answered_at(kind: str, event: dict[str, Any]) -> float | None:
    at = instant(event.get("timestamp"))
    seconds = duration(_object(event.get("output")).get("time"))
    if kind != "model" or event.get("pending") is True or event.get("error") is not None:
        return None
    return at + seconds if at is not None and seconds is not None else None


def _loose_calls(output: dict[str, Any]) -> tuple[str, ...]:
    message = _object(_object(next(iter(_list(output.get("choices"))), None)).get("message"))
    calls = _list(message.get("tool_calls"))[:CALLS_MAX]
    return tuple(name(_object(call).get("function")) or "" for call in calls)


def _loose_said(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    """What a finished tool call asked and gave, or what a model's answer without calls is."""
    if kind == "tool" and _loose_final(kind, event):
        error = _loose_error(event.get("error"))
        function, arguments = name(event.get("function")) or "", event.get("arguments")
        return {"digest": _tool_digest(function, arguments, event.get("result", ""), error)}
    output = _object(event.get("output"))
    says = kind == "model" and event.get("error") is None and _loose_final(kind, event)
    return _loose_answer(event, output) if says and not _loose_calls(output) and output else {}


def _loose_answer(event: dict[str, Any], output: dict[str, Any]) -> dict[str, Any]:
    choice = _object(next(iter(_list(output.get("choices"))), None))
    content = _object(choice.get("message")).get("content")
    completion, reason = output.get("completion", ""), choice.get("stop_reason")
    refs, messages = _loose_refs(event.get("input_refs")), _list(event.get("input"))
    return {
        "digest": digests.digest(completion, digests.loose_last_message(refs, messages)),
        "answer": digests.answer_kind(completion, content, reason),
        "echoes": digests.repeats(refs),
    }


def _loose_messages(kind: str, event: dict[str, Any]) -> int:
    """How many messages a model was asked with, once it answered."""
    if kind != "model" or not _loose_final(kind, event):
        return 0
    return digests.length(_loose_refs(event.get("input_refs")), _list(event.get("input")))


def _loose_refs(value: object) -> list[tuple[int, int]]:
    pairs = (pair for pair in _list(value) if isinstance(pair, list) and len(pair) == PAIR)
    ranges = ((whole(a), whole(b)) for a, b in pairs)
    return [(a, b) for a, b in ranges if a is not None and b is not None]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


NAME_FIELDS = {
    "model": "model",
    "tool": "function",
    "sandbox": "action",
    "span_begin": "name",
}
TYPE_FIELDS = {"span_begin": "type", "info": "source", "approval": "decision"}


def _loose_name(kind: str, event: dict[str, Any]) -> str:
    return name(event.get(NAME_FIELDS.get(kind, ""))) or ""


def _loose_error(error: object) -> str | None:
    if not isinstance(error, dict):
        return text(error)
    message = text(error.get("message")) or ""
    kind = name(error.get("type"))
    return text(f"{kind}: {message}") if kind else message or None


def _loose_timeout(kind: str, event: dict[str, Any]) -> float | None:
    config, options = _object(event.get("config")), _object(event.get("options"))
    arguments = _object(event.get("arguments"))
    sources = {
        "model": (config.get("attempt_timeout"), config.get("timeout")),
        "tool": tuple(arguments.get(argument) for argument in LIMIT_ARGUMENTS),
        "sandbox": (options.get("timeout"),),
    }
    return _first_duration(sources.get(kind, ()))
