"""Responses: what they take and give."""

import time
from typing import Any

from tests.doubles.providers import openai_checks as say
from tests.doubles.providers.models import Model, Reply
from tests.doubles.providers.openai_checks import Wrong
from tests.doubles.providers.tokens import hexes
from tests.doubles.providers.wire import Request

READS = "input"
ROLES = ("assistant", "system", "developer", "user")
LEAST_OUTPUT = 16
FIELD_NAMES = (
    "background conversation include input instructions max_output_tokens max_tool_calls metadata"
    " model parallel_tool_calls previous_response_id prompt prompt_cache_key"
    " prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options"
    " temperature text tool_choice tools top_logprobs top_p truncation user"
)
FIELDS = frozenset(FIELD_NAMES.split())
MOVED = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "messages": "input",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
}


def wrong(body: dict[str, Any], model: Model) -> Wrong | None:
    """What is the matter with a body, if anything is."""
    if extra := sorted(set(body) - FIELDS):
        return say.moved(extra[0], MOVED[extra[0]]) if extra[0] in MOVED else say.unknown(extra[0])
    if READS not in body:
        return say.missing(READS)
    if model.thinks and body.get("temperature", 1) != 1:
        return say.unsupported("temperature", "")
    return _bad_limit(body.get("max_output_tokens")) or _bad_input(body[READS])


def _bad_limit(asked: Any) -> Wrong | None:
    if asked is not None and not isinstance(asked, int):
        return say.mistyped("max_output_tokens", "an integer", asked)
    if asked is not None and asked < LEAST_OUTPUT:
        return say.below("max_output_tokens", LEAST_OUTPUT, asked)
    return None


def _bad_input(given: Any) -> Wrong | None:
    if isinstance(given, str):
        return say.overlong(READS, given)
    if not isinstance(given, list):
        return say.mistyped(READS, "one of a list of input items or a string", given)
    return say.bad_items(READS, given, ROLES, optional=True)


def limit(body: dict[str, Any]) -> int | None:
    """Of output tokens."""
    asked: int | None = body.get("max_output_tokens")
    return asked


def beyond(model: Model, request: Request) -> bool:
    """Whether the request is too long."""
    return request.tokens > (model.context - model.output if model.limited_input else model.context)


def too_long(model: Model, request: Request) -> str:  # noqa: ARG001
    """How the API says so: without any number."""
    return (
        "Your input exceeds the context window of this model. Please adjust your input and try"
        " again."
    )


def completed(request: Request, said: Reply) -> dict[str, Any]:
    """The answer's body, with every field that the API fills in."""
    now, body = int(time.time()), request.body
    return {
        "id": f"resp_{hexes(50)}",
        "object": "response",
        "created_at": now,
        "status": "completed" if said.whole else "incomplete",
        "background": False,
        "completed_at": now if said.whole else None,
        "error": None,
        "incomplete_details": None if said.whole else {"reason": "max_output_tokens"},
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": None,
        "model": body["model"],
        "output": _output(said),
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": "medium" if said.thought else None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": body.get("store", True),
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _usage(request.tokens, said),
        "user": None,
        "metadata": {},
    }


def _output(said: Reply) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if said.thought:
        items.append({"id": f"rs_{hexes(50)}", "type": "reasoning", "summary": []})
    if said.spoken:
        text = {"type": "output_text", "annotations": [], "logprobs": [], "text": said.text}
        status = "completed" if said.whole else "incomplete"
        message = {"id": f"msg_{hexes(50)}", "type": "message", "status": status}
        items.append({**message, "content": [text], "role": "assistant"})
    return items


def _usage(read: int, said: Reply) -> dict[str, Any]:
    written = said.thought + said.spoken
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": said.thought},
        "total_tokens": read + written,
    }
