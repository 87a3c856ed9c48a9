"""Why the API server did not give what was asked for."""

import re
import ssl
from collections.abc import Mapping
from typing import Literal

import msgspec
import urllib3.exceptions
from msgspec import Struct

from watchdog.collect import values
from watchdog.collect.kubernetes.resources import ListQuery
from watchdog.redaction import redact

Reason = Literal[
    "unauthorized",
    "forbidden",
    "not_found",
    "gone",
    "timeout",
    "unavailable",
    "too_many_requests",
    "other",
]

TRANSIENT: frozenset[Reason] = frozenset({"timeout", "unavailable", "too_many_requests"})
"""Reasons for which the same request may succeed a little later."""

BY_STATUS: dict[int, Reason] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    410: "gone",
    429: "too_many_requests",
    504: "timeout",
}

SECRET = re.compile(r"(?i)bearer\s+\S+")
"""Here even a short word is a token, not an instrument."""
FOREIGN = (urllib3.exceptions.HTTPError, OSError, ValueError)
"""What urllib3 raises for what the network and the other side do."""

TEXT_LIMIT = 400


class ApiError(Exception):
    """A request failed: `reason` for a metric's label, `text` for people."""

    def __init__(
        self, reason: Reason, status: int, text: str, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason: Reason = reason
        self.status = status
        """HTTP status, 0 where there was no answer."""
        self.text = text
        self.retry_after = retry_after
        """Seconds that the server asks to wait."""


UNFIT = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that aren't what they should be, or are nested too deeply."""


class Status(Struct):
    """What the API server sends in place of what was asked for (`kind: Status`)."""

    message: str = ""
    reason: str = ""
    code: int = 0


def reason_of(status: int) -> Reason:
    """The short reason of an HTTP status."""
    return BY_STATUS.get(status, "unavailable" if status >= 500 else "other")


# learned before threads are there: msgspec's first use of a type by two at once ends the process
_status = msgspec.json.Decoder(Status).decode


def refused(query: ListQuery, status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error of an answer that is none."""
    reason = reason_of(status)
    text = f"{query.what}: HTTP {status}: {_message(body)}"
    if reason == "forbidden":
        text = f"{text}; {query.rule}"
    return ApiError(reason, status, text, values.duration(headers.get("Retry-After")))


def _message(body: bytes) -> str:
    """What the API server, or a proxy before it, gives as the reason; on one line."""
    try:
        text = _status(body).message
    except UNFIT:
        text = body[:TEXT_LIMIT].decode("utf-8", "replace")
    return one_line(text) or "no reason given"


def broken(query: ListQuery, error: BaseException) -> ApiError:
    """The error of a request without an answer."""
    return ApiError(_network_reason(error), 0, f"{query.what}: {one_line(str(error))}")


def one_line(text: str) -> str:
    """A foreign text, short, harmless and without tokens."""
    searched = SECRET.sub("Bearer …", redact(text[: 4 * TEXT_LIMIT]))
    return values.printable(" ".join(searched.split())[:TEXT_LIMIT])


def _network_reason(error: BaseException) -> Reason:
    if isinstance(error, urllib3.exceptions.NewConnectionError):  # a ConnectTimeoutError too
        return "unavailable"
    if isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError):
        return "timeout"
    if isinstance(error, urllib3.exceptions.LocationValueError):
        return "other"
    return "unavailable"


def is_about_certificates(error: BaseException) -> bool:
    """Whether TLS failed: with new certificates, ours or the server's, it may work."""
    return isinstance(error, urllib3.exceptions.SSLError | ssl.SSLError)
