"""Chat completions: what they take and give."""

import time
from typing import Any

from tests.doubles.providers import openai_checks as say
from tests.doubles.providers.models import Model, Reply
from tests.doubles.providers.openai_checks import Wrong
from tests.doubles.providers.tokens import hexes, letters
from tests.doubles.providers.wire import Request

READS = "messages"
ROLES = ("system", "assistant", "user", "function", "tool", "developer")
FIELD_NAMES = (
    "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens"
    " max_tokens messages metadata modalities model n parallel_tool_calls prediction"
    " presence_penalty prompt_cache_key prompt_cache_retention reasoning_effort response_format"
    " safety_identifier seed service_tier stop store stream stream_options temperature tool_choice"
    " tools top_logprobs top_p user verbosity web_search_options"
)
FIELDS = frozenset(FIELD_NAMES.split())
RESPONSES_ONLY = "This model is only supported in v1/responses and not in v1/chat/completions."


def wrong(body: dict[str, Any], model: Model) -> Wrong | None:
    """What is the matter with a body, if anything is."""
    if READS not in body:
        return say.missing(READS)
    if extra := sorted(set(body) - FIELDS):
        return say.unknown(extra[0])
    messages = body[READS]
    if not isinstance(messages, list):
        return say.mistyped(READS, "an array of objects", messages)
    if not messages:
        return say.empty(READS)
    return _bad_limit(body, model) or say.bad_items(READS, messages, ROLES)


def _bad_limit(body: dict[str, Any], model: Model) -> Wrong | None:
    if model.thinks and "max_tokens" in body:
        return say.unsupported("max_tokens", "Use 'max_completion_tokens' instead.")
    if model.thinks and body.get("temperature", 1) != 1:
        text = f"Unsupported value: 'temperature' does not support {body['temperature']} with this"
        only = f"{text} model. Only the default (1) value is supported."
        return only, "temperature", "unsupported_value"
    for name in ("max_tokens", "max_completion_tokens"):
        asked = body.get(name)
        if asked is not None and not isinstance(asked, int):
            return say.mistyped(name, "an integer", asked)
        if asked is not None and asked < 1:
            return say.below(name, 1, asked)
        if asked is not None and asked > model.output:
            text = f"{name} is too large: {asked}. This model supports at most {model.output}"
            told = f"{text} completion tokens, whereas you provided {asked}."
            return told, name, "invalid_value"
    return None


def limit(body: dict[str, Any]) -> int | None:
    """Of output tokens."""
    asked: int | None = body.get("max_completion_tokens") or body.get("max_tokens")
    return asked


def beyond(model: Model, request: Request) -> bool:
    """Whether the request is too long."""
    return _with_answer(model, request) > _window(model)


def too_long(model: Model, request: Request) -> str:
    """How the API says so."""
    window, read = _window(model), request.tokens
    if model.limited_input:
        text = f"Input tokens exceed the configured limit of {window} tokens. Your messages"
        counted = f"resulted in {max(read, window + 1)} tokens."
        return f"{text} {counted} Please reduce the length of the messages."
    text = f"This model's maximum context length is {window} tokens. However,"
    if read <= window < _with_answer(model, request):
        asked = limit(request.body)
        counted = f"you requested {read + asked} tokens ({read} in the messages, {asked} in the"
        return (
            f"{text} {counted} completion). Please reduce the length of the messages or completion."
        )
    counted = f"your messages resulted in {max(read, window + 1)} tokens."
    return f"{text} {counted} Please reduce the length of the messages."


def _window(model: Model) -> int:
    return model.context - model.output if model.limited_input else model.context


def _with_answer(model: Model, request: Request) -> int:
    asked = limit(request.body) if isinstance(request.body, dict) else None
    return request.tokens + (0 if model.limited_input else asked or 0)


def completed(request: Request, said: Reply) -> dict[str, Any]:
    """The answer's body."""
    message = {"role": "assistant", "content": said.text, "refusal": None, "annotations": []}
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "stop" if said.whole else "length",
    }
    return {
        "id": f"chatcmpl-{letters(29)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request.body["model"],
        "choices": [choice],
        "usage": _usage(request.tokens, said),
        "service_tier": "default",
        "system_fingerprint": f"fp_{hexes(10)}",
    }


def _usage(read: int, said: Reply) -> dict[str, Any]:
    written = said.thought + said.spoken
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": said.thought,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
