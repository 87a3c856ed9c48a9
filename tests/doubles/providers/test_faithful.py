"""The fakes against the providers' own clients: what is answered without a fault.

`_strict_response_validation` makes the clients refuse an answer that is not exactly of their
types. Gemini is driven by httpx, against the documented shape of its REST API.
"""

import msgspec
import pytest
from anthropic.types import Message
from openai.types.chat import ChatCompletion
from openai.types.responses import Response as OpenAiResponse

from tests.doubles.providers import Model
from tests.doubles.providers.asking import (
    CLAUDE,
    GPT,
    ROUTES,
    ask,
    gemini,
    post,
    user,
)


class Part(msgspec.Struct, forbid_unknown_fields=True):
    text: str


class Content(msgspec.Struct, forbid_unknown_fields=True):
    role: str
    parts: list[Part] = []


class Candidate(msgspec.Struct, forbid_unknown_fields=True):
    content: Content
    finishReason: str  # noqa: N815
    index: int


class Usage(msgspec.Struct, forbid_unknown_fields=True):
    promptTokenCount: int  # noqa: N815
    totalTokenCount: int  # noqa: N815
    promptTokensDetails: list[dict[str, str | int]]  # noqa: N815
    candidatesTokenCount: int = 0  # noqa: N815
    thoughtsTokenCount: int = 0  # noqa: N815


class Generated(msgspec.Struct, forbid_unknown_fields=True):
    """GenerateContentResponse, as far as a plain text answer fills it."""

    candidates: list[Candidate]
    usageMetadata: Usage  # noqa: N815
    modelVersion: str  # noqa: N815
    responseId: str  # noqa: N815


@pytest.mark.parametrize("route", ROUTES)
async def test_messages_answer(world, route):
    said = await ask(world, "messages", route)

    assert isinstance(said, Message)
    assert said.content[0].text == "Hello! How can I help you today?"
    assert (said.stop_reason, said.model) == ("end_turn", CLAUDE)
    assert (said.usage.input_tokens, said.usage.output_tokens) == (3, 9)
    assert said._request_id.startswith("req_")


@pytest.mark.parametrize("route", ROUTES)
async def test_chat_completions_answer(world, route):
    said = await ask(world, "chat", route)

    assert isinstance(said, ChatCompletion)
    assert said.choices[0].message.content == "Hello! How can I help you today?"
    assert (said.choices[0].finish_reason, said.model) == ("stop", GPT)
    assert (said.usage.prompt_tokens, said.usage.total_tokens) == (3, 12)
    assert said._request_id.startswith("req_")


@pytest.mark.parametrize("route", ROUTES)
async def test_responses_answer(world, route):
    said = await ask(world, "responses", route)

    assert isinstance(said, OpenAiResponse)
    assert said.output_text == "Hello! How can I help you today?"
    assert (said.status, said.error, said.model) == ("completed", None, GPT)
    assert (said.usage.input_tokens, said.usage.output_tokens) == (3, 9)


@pytest.mark.parametrize("route", ROUTES)
async def test_gemini_answers(world, route):
    response = await gemini(world, route)
    said = msgspec.json.decode(response.content, type=Generated)

    assert said.candidates[0].content.parts[0].text == "Hello! How can I help you today?"
    assert (said.candidates[0].finishReason, said.modelVersion) == ("STOP", "gemini-2.0-flash")
    assert (said.usageMetadata.promptTokenCount, said.usageMetadata.totalTokenCount) == (3, 12)


async def test_models_that_think_may_have_no_room_for_an_answer(world):
    for api, name in ((world.openai, "gpt-5"), (world.gemini, "gemini-2.5-pro")):
        api.models[name] = Model(context=200_000, output=10_000, thinks=100)

    chat = await ask(world, "chat", model="gpt-5")
    response = await ask(world, "responses", model="gpt-5")
    body = {"contents": [{"parts": [{"text": "Hi"}]}], "generationConfig": {"maxOutputTokens": 100}}
    google = await gemini(world, body=body, model="gemini-2.5-pro")
    candidate = msgspec.json.decode(google.content, type=Generated).candidates[0]

    assert (chat.choices[0].message.content, chat.choices[0].finish_reason) == ("", "length")
    assert (response.status, response.output_text) == ("incomplete", "")
    assert response.incomplete_details.reason == "max_output_tokens"
    assert (candidate.content.parts, candidate.finishReason) == ([], "MAX_TOKENS")


async def test_an_answer_ends_at_the_limit(world):
    said = await post(world, "messages", {"model": CLAUDE, "max_tokens": 2, "messages": user("Hi")})

    assert (said["stop_reason"], said["usage"]["output_tokens"]) == ("max_tokens", 2)
