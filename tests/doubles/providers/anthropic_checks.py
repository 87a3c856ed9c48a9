"""What Anthropic says about a body that is not as it should be."""

from typing import Any

FIELD_NAMES = (
    "cache_control container context_management diagnostics inference_geo max_tokens mcp_servers"
    " messages metadata model output_config output_format service_tier speed stop_sequences stream"
    " system temperature thinking tool_choice tools top_k top_p"
)
FIELDS = frozenset(FIELD_NAMES.split())
EXTRA = "Extra inputs are not permitted"
ROLE = (
    'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter,'
    ' not "system" as an input message role.'
)


def malformed(body: Any) -> str | None:
    """The message, None where all is well."""
    if not isinstance(body, dict):
        return "Input should be a valid dictionary or object to extract fields from"
    missing = [name for name in ("model", "messages", "max_tokens") if name not in body]
    extra = sorted(set(body) - FIELDS)
    if missing or extra:
        return f"{missing[0]}: Field required" if missing else f"{extra[0]}: {EXTRA}"
    return _bad_model(body["model"]) or _bad_limit(body["max_tokens"]) or _bad_messages(body)


def _bad_model(model: Any) -> str | None:
    return None if isinstance(model, str) else "model: Input should be a valid string"


def _bad_limit(asked: Any) -> str | None:
    if not isinstance(asked, int):
        return "max_tokens: Input should be a valid integer"
    return None if asked > 0 else "max_tokens: Input should be greater than or equal to 1"


def _bad_messages(body: dict[str, Any]) -> str | None:
    messages = body["messages"]
    if not isinstance(messages, list):
        return "messages: Input should be a valid list"
    if not messages:
        return "messages: at least one message is required"
    wrong = (_bad_message(number, message) for number, message in enumerate(messages))
    return next(filter(None, wrong), None)


def _bad_message(number: int, message: Any) -> str | None:
    if not isinstance(message, dict):
        return f"messages.{number}: Input should be a valid dictionary"
    for name in ("role", "content"):
        if name not in message:
            return f"messages.{number}.{name}: Field required"
    if message["role"] == "system":
        return ROLE
    if message["role"] not in {"user", "assistant"}:
        return f"messages.{number}.role: Input should be 'user' or 'assistant'"
    if not isinstance(message["content"], str | list):
        return f"messages.{number}.content: Input should be a valid list"
    return (
        None
        if message["content"]
        else f"messages.{number}: user messages must have non-empty content"
    )
