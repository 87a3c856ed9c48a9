"""OpenAI's API: `/v1/chat/completions` and `/v1/responses`.

Sources: platform.openai.com/docs/guides/{error-codes,rate-limits}, the API reference; wordings
of errors as users of the API have posted them. What the two paths take and give stands in
openai_chat.py and openai_responses.py.
"""

from typing import Any, ClassVar

from tests.doubles.providers import openai_chat, openai_responses
from tests.doubles.providers.models import Model, reply
from tests.doubles.providers.server import FakeApi, nginx
from tests.doubles.providers.tokens import hexes
from tests.doubles.providers.wire import Request, Response, as_json

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
PLACES = {CHAT: openai_chat, RESPONSES: openai_responses}
KEYS_AT = "https://platform.openai.com/account/api-keys"
NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header"
    " using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank"
    " username) if you're accessing the API from your browser and are prompted for a username and"
    f" password. You can obtain an API key from {KEYS_AT}."
)
BUSY = (
    "The server is currently overloaded with other requests. Sorry about that! You can retry your"
    " request, or contact us through our help center at help.openai.com if the error persists."
)
ERRORS: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "Invalid request."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: (
        "request_forbidden",
        "unsupported_country_region_territory",
        "Country, region, or territory not supported",
    ),
    404: ("invalid_request_error", None, "Invalid URL"),
    405: ("invalid_request_error", "method_not_supported", "Not allowed to GET on this endpoint."),
    422: ("invalid_request_error", None, "Unprocessable entity."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached."),
    500: (
        "server_error",
        None,
        "The server had an error while processing your request. Sorry about that!",
    ),
    503: ("server_error", None, BUSY),
}


class OpenAiApi(FakeApi):
    """Both paths, with `Authorization: Bearer`."""

    KNOWN: ClassVar = {
        "gpt-4o": Model(128_000, 16_384),
        "gpt-4o-mini": Model(128_000, 16_384),
        "gpt-4.1": Model(1_047_576, 32_768),
        "o3": Model(200_000, 100_000, thinks=64),
        "o4-mini": Model(200_000, 100_000, thinks=64),
        "o3-pro": Model(200_000, 100_000, thinks=64, responses_only=True),
        "gpt-5": Model(400_000, 128_000, thinks=64, limited_input=True),
        "gpt-5-mini": Model(400_000, 128_000, thinks=64, limited_input=True),
    }
    STATUSES: ClassVar = frozenset({*ERRORS, 502, 504})

    def answer(self, request: Request) -> Response:
        place = PLACES.get(request.path)
        if place is None:
            return self.error(404, f"Invalid URL ({request.method} {request.path})")
        if request.method != "POST":
            return self.error(405)
        if request.bearer not in self.keys:
            return self.unauthorized(request)
        return self._wrong(request, place) or self._completed(request, place)

    def error(
        self, status: int, message: str = "", param: str | None = None, code: str | None = None
    ) -> Response:
        if status in {502, 504}:
            return nginx(status)
        kind, usual_code, usual = ERRORS[status]
        error = {
            "message": message or usual,
            "type": kind,
            "param": param,
            "code": code or (None if param else usual_code),
        }
        return as_json(status, {"error": error}, _own())

    def rate_limited(self, seconds: float, request: Request) -> Response:
        text = (
            f"Rate limit reached for {self.model_of(request)} in organization org-tests on requests"
            f" per min (RPM): Limit 500, Used 500, Requested 1. Please try again in"
            f" {duration(seconds)}. Visit https://platform.openai.com/account/rate-limits to learn"
            " more."
        )
        said = self.error(429, text)
        headers = {"retry-after": str(round(seconds)), "retry-after-ms": str(round(seconds * 1000))}
        return Response(429, said.content, {**said.headers, **headers, **_limits(0, seconds)})

    def unauthorized(self, request: Request) -> Response:
        if request.bearer is None:
            return as_json(401, {"error": {**_blank(NO_KEY), "code": None}}, _own())
        text = f"Incorrect API key provided: {masked(request.bearer)}."
        return self.error(401, f"{text} You can find your API key at {KEYS_AT}.")

    def forbidden(self, request: Request) -> Response:
        text = f"Project `proj_tests` does not have access to model `{self.model_of(request)}`"
        error = {**_blank(text), "code": "model_not_found"}
        return as_json(403, {"error": error}, _own())

    def unknown_model(self, request: Request) -> Response:
        """Chat completions say 404, responses 400."""
        name = self.model_of(request)
        if request.path == RESPONSES:
            text = f"The requested model '{name}' does not exist."
            return self.error(400, text, "model", "model_not_found")
        text = f"The model `{name}` does not exist or you do not have access to it."
        return self.error(404, text, code="model_not_found")

    def too_long(self, request: Request) -> Response:
        place = PLACES.get(request.path, openai_chat)
        text = place.too_long(self.limits_of(request), request)
        return self.error(400, text, place.READS, "context_length_exceeded")

    def _wrong(self, request: Request, place: Any) -> Response | None:
        if not isinstance(request.body, dict):
            text = "We could not parse the JSON body of your request."
            return self.error(400, f"{text} The OpenAI API expects a JSON payload.")
        if not self.model_of(request):
            return self.error(400, "you must provide a model parameter")
        model = self.models.get(self.model_of(request))
        if model is None:
            return self.unknown_model(request)
        if model.responses_only and request.path == CHAT:
            return self.error(404, openai_chat.RESPONSES_ONLY, "model")
        wrong = place.wrong(request.body, model)
        if wrong:
            return self.error(400, *wrong)
        return self.too_long(request) if place.beyond(model, request) else None

    def _completed(self, request: Request, place: Any) -> Response:
        model = self.models[self.model_of(request)]
        said = reply(model, place.limit(request.body))
        body = place.completed(request, said)
        return as_json(200, body, {**_own(), **_limits(499, 0.12)})


def duration(seconds: float) -> str:
    """As in `x-ratelimit-reset-requests`: `6m0s`, `1.2s`, `120ms`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    clock = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{clock}{rest:g}s"


def masked(key: str) -> str:
    """The way that the API repeats a wrong key: `sk-proj-********abcd`."""
    return f"{key[:8]}{'*' * max(len(key) - 12, 3)}{key[-4:]}" if len(key) > 12 else "*" * len(key)


def _blank(text: str) -> dict[str, Any]:
    return {"message": text, "type": "invalid_request_error", "param": None}


def _own() -> dict[str, str]:
    return {
        "x-request-id": f"req_{hexes(32)}",
        "openai-organization": "tests",
        "openai-processing-ms": "312",
        "openai-version": "2020-10-01",
    }


def _limits(left: int, seconds: float) -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-limit-tokens": "30000",
        "x-ratelimit-remaining-requests": str(left),
        "x-ratelimit-remaining-tokens": "29000",
        "x-ratelimit-reset-requests": duration(seconds),
        "x-ratelimit-reset-tokens": "2s",
    }
