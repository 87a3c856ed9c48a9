"""Which requests a fault hits."""

from collections.abc import Callable

from tests.doubles.providers.wire import Request

When = Callable[[Request], bool]

VIA = "1.1 middleman"


def large(tokens: int) -> When:
    """Requests of more than so many tokens."""
    return lambda request: request.tokens > tokens


def small(tokens: int) -> When:
    """Requests of at most so many tokens."""
    return lambda request: request.tokens <= tokens


def of_model(name: str) -> When:
    """Requests for one model."""
    return lambda request: f"/{name}:" in request.path or _body_model(request) == name


def at_path(part: str) -> When:
    """Requests with this in their path: `/responses`."""
    return lambda request: part in request.path


def direct(request: Request) -> bool:
    """Requests that did not come through Middleman."""
    return request.headers.get("via") != VIA


def _body_model(request: Request) -> str | None:
    return request.body.get("model") if isinstance(request.body, dict) else None
