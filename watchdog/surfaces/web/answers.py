"""Answers that every route gives alike."""

from collections.abc import Mapping

import msgspec
from starlette.responses import PlainTextResponse, Response

JSON = "application/json"


class Refusal(msgspec.Struct, frozen=True):
    """Body of an API's answer that is none."""

    error: str
    """Why, for people."""


def json(body: msgspec.Struct, status: int) -> Response:
    """A record as JSON."""
    return Response(msgspec.json.encode(body), status, media_type=JSON)


def error(path: str, status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal: JSON where the API is asked, else a plain text."""
    response = (
        json(Refusal(text), status) if path.startswith("/api/") else PlainTextResponse(text, status)
    )
    response.headers.update(headers or {})
    return response


def head(status: int, content_type: str, headers: Mapping[str, str] | None = None) -> Response:
    """The head of an answer whose body nobody asked for; it costs nothing."""
    names = {"Content-Type": content_type, **(headers or {})}
    response = Response(status_code=status, headers=names)
    del response.headers["content-length"]  # of a body that was not made
    return response
