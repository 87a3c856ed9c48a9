"""Anthropic's Messages API.

Sources: docs.claude.com/en/api/{messages,errors,rate-limits}; wordings of validation errors as
users of the API have posted them.
"""

import re
from typing import Any, ClassVar

from tests.doubles.providers.anthropic_checks import malformed
from tests.doubles.providers.models import Model, reply
from tests.doubles.providers.server import FakeApi, nginx, rfc3339
from tests.doubles.providers.tokens import letters
from tests.doubles.providers.wire import Request, Response, as_json

PATH = "/v1/messages"
VERSION = re.compile(r"20\d\d-\d\d-\d\d")
"""2023-06-01 is what is documented for all to send; newer clients send newer ones."""
MAX_BYTES = 32 * 2**20
ERRORS = {
    400: ("invalid_request_error", "Invalid request"),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "Your credit balance is too low to access the Anthropic API."),
    403: (
        "permission_error",
        "Your API key does not have permission to use the specified resource.",
    ),
    404: ("not_found_error", "Not Found"),
    405: ("invalid_request_error", "Method Not Allowed"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: (
        "rate_limit_error",
        "This request would exceed your account's rate limit. Please try again later.",
    ),
    500: ("api_error", "Internal server error"),
    529: ("overloaded_error", "Overloaded"),
}
CUT_OFF = b"upstream connect error or disconnect/reset before headers. reset reason: overflow"


class AnthropicApi(FakeApi):
    """`POST /v1/messages` with `anthropic-version` and `x-api-key`.

    The key may come as a bearer token too: Anthropic's client 2 sends it so.
    """

    KNOWN: ClassVar = {
        "claude-opus-4-8": Model(1_000_000, 128_000),
        "claude-opus-4-5": Model(200_000, 64_000),
        "claude-sonnet-4-5": Model(200_000, 64_000),
        "claude-sonnet-4-20250514": Model(200_000, 64_000),
        "claude-haiku-4-5": Model(200_000, 64_000),
        "claude-haiku-4-5-20251001": Model(200_000, 64_000),
    }
    STATUSES: ClassVar = frozenset({*ERRORS, 502, 503, 504})

    def answer(self, request: Request) -> Response:
        if request.size > MAX_BYTES:
            return self.error(413)
        refusal = self._misplaced(request) or self._stranger(request) or self._wrong(request)
        return refusal or self._message(request)

    def error(self, status: int, message: str = "") -> Response:
        if status in {502, 504}:
            return nginx(status)
        if status == 503:
            return Response(503, message.encode() or CUT_OFF, {"content-type": "text/plain"})
        kind, usual = ERRORS[status]
        request_id = f"req_011C{letters(20)}"
        error = {"type": kind, "message": message or usual}
        body = {"type": "error", "error": error, "request_id": request_id}
        again = {"x-should-retry": "true" if status >= 500 else "false"}
        return as_json(status, body, {"request-id": request_id, **again})

    def rate_limited(self, seconds: float, request: Request) -> Response:  # noqa: ARG002
        said = self.error(429)
        headers = {"retry-after": str(round(seconds)), **_limits(left=0, seconds=seconds)}
        return Response(429, said.content, {**said.headers, **headers, "x-should-retry": "true"})

    def unauthorized(self, request: Request) -> Response:
        if "x-api-key" in request.headers:
            return self.error(401)
        return self.error(401, "Invalid bearer token" if request.bearer else _missing("x-api-key"))

    def forbidden(self, request: Request) -> Response:  # noqa: ARG002
        return self.error(403)

    def unknown_model(self, request: Request) -> Response:
        return self.error(404, f"model: {self.model_of(request)}")

    def too_long(self, request: Request) -> Response:
        limit = self.limits_of(request).context
        counted = max(request.tokens, limit + 1)
        return self.error(400, f"prompt is too long: {counted} tokens > {limit} maximum")

    def _misplaced(self, request: Request) -> Response | None:
        if request.path != PATH:
            return self.error(404)
        return None if request.method == "POST" else self.error(405)

    def _stranger(self, request: Request) -> Response | None:
        if not {request.headers.get("x-api-key"), request.bearer} & self.keys:
            return self.unauthorized(request)
        if "anthropic-version" not in request.headers:
            return self.error(400, _missing("anthropic-version"))
        if not VERSION.fullmatch(request.headers["anthropic-version"]):
            version = request.headers["anthropic-version"]
            return self.error(400, f'anthropic-version: "{version}" is not a valid version')
        return None

    def _wrong(self, request: Request) -> Response | None:
        if request.body is None:
            return self.error(400, "The request body is not valid JSON: expected value at line 1")
        wrong = malformed(request.body)
        if wrong:
            return self.error(400, wrong)
        name, asked = request.body["model"], request.body["max_tokens"]
        if name not in self.models:
            return self.unknown_model(request)
        return self._beyond(request, name, self.models[name], asked)

    def _beyond(self, request: Request, name: str, model: Model, asked: int) -> Response | None:
        if asked > model.output:
            most = f"which is the maximum allowed number of output tokens for {name}"
            return self.error(400, f"max_tokens: {asked} > {model.output}, {most}")
        if request.tokens > model.context:
            return self.too_long(request)
        if request.tokens + asked > model.context:
            total = f"{request.tokens} + {asked} > {model.context}"
            text = f"input length and `max_tokens` exceed context limit: {total}, "
            return self.error(400, text + "decrease input length or `max_tokens` and try again")
        return None

    def _message(self, request: Request) -> Response:
        said = reply(self.models[request.body["model"]], request.body["max_tokens"])
        body = {
            "model": request.body["model"],
            "id": f"msg_01{letters(22)}",
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": said.text}],
            "stop_reason": "end_turn" if said.whole else "max_tokens",
            "stop_sequence": None,
            "stop_details": None,
            "usage": _usage(request.tokens, said.spoken),
        }
        own = {"request-id": f"req_011C{letters(20)}", "anthropic-organization-id": "org-tests"}
        return as_json(200, body, {**own, **_limits(left=3999, seconds=1)})


def _usage(read: int, written: int) -> dict[str, Any]:
    return {
        "input_tokens": read,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": written,
        "service_tier": "standard",
    }


def _limits(left: int, seconds: float) -> dict[str, str]:
    """One set for requests, one for input tokens, as the API has them."""
    reset = rfc3339(seconds)
    told = {"limit": "4000", "remaining": str(left), "reset": reset}
    return {
        f"anthropic-ratelimit-{what}-{name}": value
        for what in ("requests", "input-tokens", "output-tokens", "tokens")
        for name, value in told.items()
    }


def _missing(header: str) -> str:
    return (
        "x-api-key header is required" if header == "x-api-key" else f"{header}: header is required"
    )
