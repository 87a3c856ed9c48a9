"""Requests to the fakes by the providers' own clients, and to Gemini by httpx."""

import ssl
from typing import Any

import anthropic
import httpx
import openai

from tests.doubles.providers.world import Providers

CLAUDE, GPT, GEMINI = "claude-haiku-4-5", "gpt-4o", "gemini-2.0-flash"
ROUTES = ("direct", "middleman")
DIALECTS = ("messages", "chat", "responses")
TIME_OUT = 5
TRUST = ssl.create_default_context()
"""Made once: it takes a while."""


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def claude(world: Providers, route: str = "direct", **options: Any) -> anthropic.AsyncAnthropic:
    if route == "middleman":
        place = {"base_url": f"{world.middleman.url}/anthropic", "api_key": None}
        return claude_at(**place, auth_token=world.middleman.token, **options)
    return claude_at(base_url=world.anthropic.url, api_key=world.anthropic.key, **options)


def claude_at(trust: ssl.SSLContext = TRUST, **options: Any) -> anthropic.AsyncAnthropic:
    http = anthropic.DefaultAsyncHttpxClient(trust_env=False, verify=trust)
    usual = {"max_retries": 0, "timeout": TIME_OUT, "_strict_response_validation": True}
    return anthropic.AsyncAnthropic(http_client=http, **{**usual, **options})


def gpt(world: Providers, route: str = "direct", **options: Any) -> openai.AsyncOpenAI:
    through = route == "middleman"
    url = f"{world.middleman.url}/openai/v1" if through else f"{world.openai.url}/v1"
    key = world.middleman.token if through else world.openai.key
    http = openai.DefaultAsyncHttpxClient(trust_env=False, verify=TRUST)
    usual = {"max_retries": 0, "timeout": TIME_OUT, "_strict_response_validation": True}
    place = {"base_url": url, "api_key": key, "organization": None, "project": None}
    return openai.AsyncOpenAI(http_client=http, **{**usual, **place, **options})


async def ask(
    world: Providers, dialect: str, route: str = "direct", text: str = "Say hello", **options: Any
) -> Any:
    """One small question; what the client makes of the answer, or its exception."""
    model = options.pop("model", None)
    if dialect == "messages":
        async with claude(world, route, **options) as client:
            return await client.messages.create(
                model=model or CLAUDE, max_tokens=100, messages=user(text)
            )
    async with gpt(world, route, **options) as client:
        if dialect == "chat":
            return await client.chat.completions.create(
                model=model or GPT, max_completion_tokens=100, messages=user(text)
            )
        return await client.responses.create(model=model or GPT, max_output_tokens=100, input=text)


async def post(world: Providers, dialect: str, body: Any, route: str = "direct") -> Any:
    """A body that the typed methods would not send; errors are the client's all the same."""
    if dialect == "messages":
        async with claude(world, route) as client:
            return await client.post("/v1/messages", cast_to=object, body=body)
    path = "/chat/completions" if dialect == "chat" else "/responses"
    async with gpt(world, route) as client:
        return await client.post(path, cast_to=object, body=body)


async def gemini(
    world: Providers,
    route: str = "direct",
    body: Any = None,
    model: str = GEMINI,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """As the REST documentation has it: Google's own client is not among the dependencies."""
    key = {"x-goog-api-key": world.gemini.key}
    base = world.gemini.url
    if route == "middleman":
        base = f"{world.middleman.url}/gemini"
        key = {"authorization": f"Bearer {world.middleman.token}"}
    asked = body or {"contents": [{"role": "user", "parts": [{"text": "Say hello"}]}]}
    async with httpx.AsyncClient(trust_env=False, verify=TRUST, timeout=TIME_OUT) as client:
        return await client.post(
            f"{base}/v1beta/models/{model}:generateContent",
            json=asked,
            headers=key if headers is None else headers,
        )


def module(dialect: str) -> Any:
    """Whose exceptions they are."""
    return anthropic if dialect == "messages" else openai


def server(world: Providers, dialect: str) -> Any:
    return world.anthropic if dialect == "messages" else world.openai
