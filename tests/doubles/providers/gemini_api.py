"""Google's Gemini API, `POST /v1beta/models/{model}:generateContent`, in its REST form.

Sources: ai.google.dev/api/generate-content and …/gemini-api/docs/troubleshooting; error bodies
as users of the API have posted them. Google's own client is not among the tests' dependencies:
test_faithful.py holds this one against the documented shape.
"""

import re
from typing import Any, ClassVar

from tests.doubles.providers.models import Model, Reply, reply
from tests.doubles.providers.server import FakeApi, nginx
from tests.doubles.providers.tokens import letters
from tests.doubles.providers.wire import Request, Response, as_json

PLACE = re.compile(r"/(v1|v1beta)/models/([^/:]+):(\w+)")
TYPE = "type.googleapis.com/google.rpc."
FIELD_NAMES = (
    "contents tools toolConfig safetySettings systemInstruction generationConfig cachedContent"
    " model tool_config safety_settings system_instruction generation_config cached_content"
    " serviceTier store labels"
)
FIELDS = frozenset(FIELD_NAMES.split())
INTERNAL = (
    "An internal error has occurred. Please retry or report in"
    " https://developers.generativeai.google/guide/troubleshooting"
)
ERRORS = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
    403: ("PERMISSION_DENIED", "The caller does not have permission"),
    404: ("NOT_FOUND", "Requested entity was not found."),
    429: ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    499: ("CANCELLED", "The operation was cancelled."),
    500: ("INTERNAL", INTERNAL),
    503: ("UNAVAILABLE", "The model is overloaded. Please try again later."),
    504: ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}
NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use"
    " API Key or other form of API consumer identity to call this API."
)
LIMITS = "https://ai.google.dev/gemini-api/docs/rate-limits"


class GeminiApi(FakeApi):
    """With `x-goog-api-key` or `?key=`."""

    KNOWN: ClassVar = {
        "gemini-2.5-pro": Model(1_048_576, 65_536, thinks=64),
        "gemini-2.5-flash": Model(1_048_576, 65_536, thinks=64),
        "gemini-2.5-flash-lite": Model(1_048_576, 65_536),
        "gemini-2.0-flash": Model(1_048_576, 8_192),
    }
    STATUSES: ClassVar = frozenset({*ERRORS, 502})

    def answer(self, request: Request) -> Response:
        place = PLACE.fullmatch(request.path)
        if place is None or request.method != "POST":
            return Response(404, b"", {"content-type": "text/html; charset=UTF-8"})
        if _key(request) not in self.keys:
            return self.unauthorized(request)
        if place[3] != "generateContent" or place[2] not in self.models:
            return self.unknown_model(request)
        return self._wrong(request) or self._generated(request)

    def error(self, status: int, message: str = "", details: list[Any] | None = None) -> Response:
        if status == 502:
            return nginx(status)
        named, usual = ERRORS[status]
        error = {"code": status, "message": message or usual, "status": named}
        body = {"error": {**error, "details": details} if details else error}
        return as_json(status, body, {"server": "scaffolding on HTTPServer2"})

    def model_of(self, request: Request) -> str:
        place = PLACE.fullmatch(request.path)
        return place[2] if place else ""

    def rate_limited(self, seconds: float, request: Request) -> Response:
        """No `Retry-After`: the wait stands in the details, and in the text."""
        violation = {
            "quotaMetric": "generativelanguage.googleapis.com/generate_requests_per_model",
            "quotaId": "GenerateRequestsPerMinutePerProjectPerModel",
            "quotaDimensions": {"location": "global", "model": self.model_of(request)},
            "quotaValue": "150",
        }
        links = [{"description": "Learn more about Gemini API quotas", "url": LIMITS}]
        details = [
            {"@type": f"{TYPE}QuotaFailure", "violations": [violation]},
            {"@type": f"{TYPE}Help", "links": links},
            {"@type": f"{TYPE}RetryInfo", "retryDelay": f"{seconds:g}s"},
        ]
        text = (
            "You exceeded your current quota, please check your plan and billing details. For more"
            f" information on this error, head to: {LIMITS}. \n* Quota exceeded for metric:"
            f" {violation['quotaMetric']}, limit: 150\nPlease retry in {seconds}s."
        )
        return self.error(429, text, details)

    def unauthorized(self, request: Request) -> Response:
        """A wrong key is a 400 here, no key a 403."""
        if _key(request) is None:
            return self.error(403, NO_KEY)
        text = "API key not valid. Please pass a valid API key."
        service = {"service": "generativelanguage.googleapis.com"}
        reason = {"reason": "API_KEY_INVALID", "domain": "googleapis.com", "metadata": service}
        local = {"@type": f"{TYPE}LocalizedMessage", "locale": "en-US", "message": text}
        return self.error(400, text, [{"@type": f"{TYPE}ErrorInfo", **reason}, local])

    def forbidden(self, request: Request) -> Response:  # noqa: ARG002
        return self.error(403)

    def unknown_model(self, request: Request) -> Response:
        text = (
            f"models/{self.model_of(request)} is not found for API version v1beta, or is not"
            " supported for generateContent. Call ListModels to see the list of available models"
            " and their supported methods."
        )
        return self.error(404, text)

    def too_long(self, request: Request) -> Response:
        limit = self.limits_of(request).context
        counted = f"The input token count ({max(request.tokens, limit + 1)})"
        return self.error(400, f"{counted} exceeds the maximum number of tokens allowed ({limit}).")

    def _wrong(self, request: Request) -> Response | None:
        body = request.body
        if not isinstance(body, dict):
            return self.error(400, "Invalid JSON payload received. Expected an object.\n\n^")
        if extra := sorted(set(body) - FIELDS):
            text = f'Invalid JSON payload received. Unknown name "{extra[0]}": Cannot find field.'
            broken = {"fieldViolations": [{"description": text}]}
            return self.error(400, text, [{"@type": f"{TYPE}BadRequest", **broken}])
        wrong = _bad_contents(body.get("contents"))
        if wrong:
            return self.error(400, wrong)
        return self.too_long(request) if request.tokens > self.limits_of(request).context else None

    def _generated(self, request: Request) -> Response:
        said = reply(self.limits_of(request), _limit(request.body))
        content = {"parts": [{"text": said.text}]} if said.spoken else {}
        candidate = {
            "content": {**content, "role": "model"},
            "finishReason": "STOP" if said.whole else "MAX_TOKENS",
            "index": 0,
        }
        body = {
            "candidates": [candidate],
            "usageMetadata": _usage(request.tokens, said),
            "modelVersion": self.model_of(request),
            "responseId": letters(22),
        }
        return as_json(200, body, {"server": "scaffolding on HTTPServer2"})


def _key(request: Request) -> str | None:
    return request.headers.get("x-goog-api-key") or request.query.get("key")


def _limit(body: dict[str, Any]) -> int | None:
    config = body.get("generationConfig") or body.get("generation_config") or {}
    asked: int | None = config.get("maxOutputTokens", config.get("max_output_tokens"))
    return asked


def _bad_contents(contents: Any) -> str | None:
    if not contents:
        return "* GenerateContentRequest.contents: contents is not specified\n"
    for number, content in enumerate(contents if isinstance(contents, list) else [contents]):
        if content.get("role", "user") not in {"user", "model"}:
            return "Please use a valid role: user, model."
        if not content.get("parts"):
            place = f"GenerateContentRequest.contents[{number}].parts"
            return f"* {place}: contents.parts must not be empty.\n"
    return None


def _usage(read: int, said: Reply) -> dict[str, Any]:
    usage = {
        "promptTokenCount": read,
        "candidatesTokenCount": said.spoken,
        "totalTokenCount": read + said.spoken + said.thought,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": read}],
        "thoughtsTokenCount": said.thought,
    }
    return {name: value for name, value in usage.items() if value}
