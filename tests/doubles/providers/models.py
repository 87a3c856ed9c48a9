"""What a fake knows of a model: its limits, and whether it thinks before it speaks."""

from dataclasses import dataclass

REPLY = "Hello! How can I help you today?"
REPLY_TOKENS = 9


@dataclass(frozen=True)
class Model:
    """Limits in tokens, as published."""

    context: int
    output: int
    thinks: int = 0
    """Tokens of reasoning before any answer; they count against the request's limit, so a
    small limit gets a successful answer without any text."""
    responses_only: bool = False
    """OpenAI: not to be had by chat completions."""
    limited_input: bool = False
    """OpenAI: of the models that name their limit of input tokens, not their context."""


@dataclass(frozen=True)
class Reply:
    """What a model says within a limit of output tokens."""

    text: str
    thought: int
    spoken: int
    whole: bool


def reply(model: Model, limit: int | None) -> Reply:
    """Think, then greet, as far as the limit allows."""
    room = model.output if limit is None else limit
    thought = min(model.thinks, room)
    spoken = min(REPLY_TOKENS, room - thought)
    whole = spoken == REPLY_TOKENS
    return Reply(REPLY if whole else REPLY[: spoken * 3], thought, spoken, whole)
