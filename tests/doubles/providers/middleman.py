"""Middleman: checks a bearer token and passes requests on with the provider's own key.

The paths and the bearer token are those of the guide's curl commands (which send no
`anthropic-version`: Middleman adds it). That an error of its own is `{"error": "…"}` is what
Hawk's client for it reads; the wording is ours.
"""

import ssl
from typing import Any, ClassVar

import httpx

from tests.doubles.providers.conditions import VIA
from tests.doubles.providers.server import FakeApi, nginx
from tests.doubles.providers.tokens import jwt
from tests.doubles.providers.wire import Request, Response, Stream, as_json

HOP_BY_HOP = "connection content-length host keep-alive te trailer transfer-encoding upgrade"
HOP = frozenset(HOP_BY_HOP.split())
CREDENTIALS = frozenset({"authorization", "x-api-key", "x-goog-api-key"})
ERRORS = {
    400: "Bad request",
    401: "Invalid access token",
    403: "Forbidden",
    404: "Not found",
    429: "Too many requests",
    500: "Internal server error",
    503: "Service unavailable",
}
WAITS = httpx.Timeout(None, connect=5)
"""For an answer as long as its own client does."""
TRUST = ssl.create_default_context()
EXPIRED = "Invalid access token: Signature has expired"


class Middleman(FakeApi):
    """`<url>/<provider>/…` with `Authorization: Bearer …`, whatever the dialect."""

    STATUSES: ClassVar = frozenset({*ERRORS, 502, 504})

    def __init__(self, providers: dict[str, FakeApi], tls: ssl.SSLContext | None = None) -> None:
        super().__init__(jwt(), tls)
        self.providers = providers
        self._client: httpx.AsyncClient | None = None
        self._own_keys: dict[str, str] = {}
        self._expired: set[str] = set()
        self._denied: set[str] = set()

    @property
    def token(self) -> str:
        """The newest that was given out."""
        return self.key

    def expire(self) -> None:
        """The token expires: 401 from now on, until `renew`."""
        self.keys.discard(self.key)
        self._expired.add(self.key)

    def renew(self) -> str:
        """A new token, as after a log-in; older ones that did not expire stay valid."""
        self.key = jwt()
        self.keys.add(self.key)
        return self.key

    def deny(self, model: str) -> None:
        """The token's owner has no access to a model: 403."""
        self._denied.add(model)

    async def start(self) -> None:
        """Listen, with a key of its own for each provider."""
        self._client = httpx.AsyncClient(timeout=WAITS, trust_env=False, verify=TRUST)
        for name, provider in self.providers.items():
            self._own_keys[name] = f"{provider.key[:12]}-of-middleman-{jwt()[-16:]}"
            provider.keys.add(self._own_keys[name])
        await super().start()

    async def stop(self) -> None:
        """Listen no more."""
        try:
            await super().stop()
        finally:
            if self._client is not None:
                await self._client.aclose()

    async def serve(self, request: Request, stream: Stream) -> None:
        """Pass on what comes with a valid token, and the answer as it comes."""
        refusal = self._refusal(request)
        if refusal is not None:
            await stream.send(refusal)
            return
        try:
            async with self._client.stream(**self._onward(request)) as response:
                await _pass_back(response, stream)
        except httpx.TransportError:
            if stream.begun:
                stream.cut()
            else:
                await stream.send(nginx(502))

    def _refusal(self, request: Request) -> Response | None:
        if request.bearer not in self.keys:
            return self.unauthorized(request)
        if request.path.split("/")[1] not in self.providers:
            return self.error(404)
        return self.forbidden(request) if self.model_of(request) in self._denied else None

    def _onward(self, request: Request) -> dict[str, Any]:
        _, name, rest = request.path.split("/", 2)
        provider = self.providers[name]
        dropped = HOP | CREDENTIALS
        kept = {n: value for n, value in request.headers.items() if n not in dropped}
        own = {"via": VIA, **_credentials(name, self._own_keys[name])}
        return {
            "method": request.method,
            "url": f"{provider.url}/{rest}",
            "headers": {**_defaults(name), **kept, **own},
            "content": request.content,
        }

    def error(self, status: int, message: str = "") -> Response:
        if status in {502, 504}:
            return nginx(status)
        return as_json(status, {"error": message or ERRORS[status]})

    def rate_limited(self, seconds: float, request: Request) -> Response:  # noqa: ARG002
        said = self.error(429)
        return Response(429, said.content, {**said.headers, "retry-after": str(round(seconds))})

    def unauthorized(self, request: Request) -> Response:
        """An expired token, also where a fault asks for it; else an unknown one or none."""
        known = request.bearer in self._expired or request.bearer in self.keys
        text = EXPIRED if known else ERRORS[401]
        if request.bearer is None:
            text = "Missing access token"
        said = self.error(401, text)
        challenge = f'Bearer error="invalid_token", error_description="{text}"'
        return Response(401, said.content, {**said.headers, "www-authenticate": challenge})

    def forbidden(self, request: Request) -> Response:
        return self.error(403, f"You do not have access to model {self.model_of(request)}")

    def unknown_model(self, request: Request) -> Response:
        return self.error(404, f"Model {self.model_of(request)} not found")

    def too_long(self, request: Request) -> Response:  # noqa: ARG002
        return self.error(400, "Request too long")

    def model_of(self, request: Request) -> str:
        provider = self.providers.get(request.path.split("/")[1])
        if provider is None:
            return ""
        path = "/" + request.path.split("/", 2)[-1]
        inner = Request(**{**_fields(request), "path": path})
        return provider.model_of(inner)


def _fields(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in Request.__dataclass_fields__}


def _defaults(provider: str) -> dict[str, str]:
    return {"anthropic-version": "2023-06-01"} if provider == "anthropic" else {}


def _credentials(provider: str, key: str) -> dict[str, str]:
    if provider == "openai":
        return {"authorization": f"Bearer {key}"}
    return {"x-api-key" if provider == "anthropic" else "x-goog-api-key": key}


async def _pass_back(response: httpx.Response, stream: Stream) -> None:
    headers = {n.lower(): value for n, value in response.headers.items()}
    dropped = HOP - {"content-length"}
    await stream.head(
        response.status_code, {n: value for n, value in headers.items() if n not in dropped}
    )
    async for chunk in response.aiter_raw():
        await stream.chunk(chunk)
    await stream.end()
