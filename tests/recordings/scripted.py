"""Inspect's own OpenAI and Anthropic providers, over a transport that follows a script.

Everything above the transport is real: the SDKs' clients, their retries and exceptions,
Inspect's providers, retry loop and transcript.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import Any

import httpx2
from inspect_ai.log._samples import sample_active
from inspect_ai.model import GenerateConfig, ModelAPI, modelapi
from inspect_ai.model._providers.anthropic import AnthropicAPI
from inspect_ai.model._providers.openai import OpenAIAPI
from tenacity import wait_random
from tenacity.wait import WaitBaseT

from tests.recordings.acts import Call, Error, Fail, Hang, Reply
from tests.recordings.context import CONTEXT

STATUS: dict[str, int] = {"500": 500, "429": 429, "400": 400, "401": 401, "529": 529, "quota": 429}

OPENAI_ERRORS: dict[str, dict[str, Any]] = {
    "500": {
        "message": "The server had an error while processing your request. Sorry about that!",
        "type": "server_error",
        "param": None,
        "code": None,
    },
    "429": {
        "message": (
            "Rate limit reached for gpt-4o in organization org-0 on tokens per min (TPM): "
            "Limit 30000, Used 29876, Requested 1024. Please try again in 1.8s."
        ),
        "type": "tokens",
        "param": None,
        "code": "rate_limit_exceeded",
    },
    "quota": {
        "message": (
            "You exceeded your current quota, please check your plan and billing details. For "
            "more information on this error, read the docs: "
            "https://platform.openai.com/docs/guides/error-codes/api-errors."
        ),
        "type": "insufficient_quota",
        "param": None,
        "code": "insufficient_quota",
    },
    "400": {
        "message": (
            "Input length 141292 exceeds the maximum allowed input length of 128000 tokens: "
            "the request is too long."
        ),
        "type": "invalid_request_error",
        "param": "messages",
        "code": None,
    },
    "401": {
        "message": "Incorrect API key provided: sk-0000. You can find your API key at openai.com.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_api_key",
    },
}

ANTHROPIC_ERRORS: dict[str, tuple[str, str]] = {
    "500": ("api_error", "Internal server error"),
    "529": ("overloaded_error", "Overloaded"),
    "429": ("rate_limit_error", "This request would exceed your organization's rate limit."),
    "401": ("authentication_error", "invalid x-api-key"),
    "quota": (
        "rate_limit_error",
        "Number of request tokens has exceeded your daily rate limit.",
    ),
    "400": ("invalid_request_error", "prompt is too long: 212044 tokens > 200000 maximum"),
}


class ScriptedTransport(httpx2.AsyncBaseTransport):
    """Answers each HTTP request as the scenario's script says."""

    def __init__(self, anthropic: bool) -> None:
        """Choose the dialect."""
        self._anthropic = anthropic
        self._requests: Counter[tuple[str, int]] = Counter()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Ask the script, wait as long as it says, and answer or fail."""
        body = json.loads(await request.aread())
        act = CONTEXT.act(self._call(body))
        if isinstance(act, Hang):
            await asyncio.Event().wait()
        elif isinstance(act, Fail):
            await asyncio.sleep(act.after)
            return self._failure(request, act.error)
        else:
            await asyncio.sleep(act.after)
            return httpx2.Response(200, json=self._answer(body, act), request=request)
        raise AssertionError("an event that nobody sets was set")

    def _call(self, body: dict[str, Any]) -> Call:
        active = sample_active()
        assert active is not None
        key = (str(active.sample.id), active.epoch)
        self._requests[key] += 1
        return Call(
            sample=key[0],
            epoch=key[1],
            model=str(body["model"]),
            turn=sum(message["role"] == "assistant" for message in body["messages"]),
            requests=self._requests[key] - 1,
            at=CONTEXT.clock.offset(),
            prompt=_prompt(body["messages"]),
        )

    def _failure(self, request: httpx2.Request, error: Error) -> httpx2.Response:
        if error == "timeout":
            raise httpx2.ReadTimeout("", request=request)
        if error == "connection":
            raise httpx2.ConnectError("All connection attempts failed", request=request)
        if self._anthropic:
            kind, message = ANTHROPIC_ERRORS[error]
            body: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": message}}
        else:
            body = {"error": OPENAI_ERRORS[error]}
        return httpx2.Response(STATUS[error], json=body, request=request)

    def _answer(self, body: dict[str, Any], reply: Reply) -> dict[str, Any]:
        name = f"{int(time.time() * 1000):x}"
        render = _anthropic_answer if self._anthropic else _openai_answer
        return render(name, str(body["model"]), reply)


def _prompt(messages: list[dict[str, Any]]) -> str:
    return next((str(one["content"]) for one in messages if one["role"] == "user"), "")


def _openai_answer(name: str, model: str, reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.tool:
        function = {"name": reply.tool, "arguments": json.dumps(reply.arguments)}
        message["tool_calls"] = [{"id": f"call_{name}", "type": "function", "function": function}]
    finish = "tool_calls" if reply.tool else reply.finish
    return {
        "id": f"chatcmpl-{name}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 20, "total_tokens": 140},
    }


def _anthropic_answer(name: str, model: str, reply: Reply) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": reply.text}]
    if reply.tool:
        use = {"type": "tool_use", "id": f"toolu_{name}", "name": reply.tool}
        content.append({**use, "input": dict(reply.arguments)})
    return {
        "id": f"msg_{name}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": "tool_use" if reply.tool else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 120, "output_tokens": 20},
    }


def _sdk_args() -> dict[str, Any]:
    return {} if CONTEXT.sdk_retries is None else {"max_retries": CONTEXT.sdk_retries}


def _client(anthropic: bool) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=ScriptedTransport(anthropic))


class ScriptedOpenAI(OpenAIAPI):
    """Inspect's OpenAI provider, over the scripted transport."""

    def __init__(self, model_name: str, config: GenerateConfig, **_: Any) -> None:
        """Build the real provider with a client of ours."""
        super().__init__(
            model_name,
            api_key="sk-0000",
            config=config,
            responses_api=False,
            http_client=_client(anthropic=False),
            **_sdk_args(),
        )

    def retry_wait(self) -> WaitBaseT | None:
        """Give the scenario's own waits between attempts, where it names some."""
        return wait_random(*CONTEXT.retry_wait) if CONTEXT.retry_wait else None


class ScriptedAnthropic(AnthropicAPI):
    """Inspect's Anthropic provider, over the scripted transport."""

    def __init__(self, model_name: str, config: GenerateConfig, **_: Any) -> None:
        """Build the real provider with a client of ours."""
        super().__init__(
            model_name, api_key="sk-ant-0000", config=config, streaming=False, **_sdk_args()
        )

    def _http_default_args(self) -> dict[str, Any]:
        return {**self.model_args, "http_client": _client(anthropic=True)}


@modelapi(name="scripted")
def scripted() -> type[ModelAPI]:
    """Register the provider with OpenAI's dialect."""
    return ScriptedOpenAI


@modelapi(name="scripted-anthropic")
def scripted_anthropic() -> type[ModelAPI]:
    """Register the provider with Anthropic's dialect."""
    return ScriptedAnthropic
