"""What an answer, or the lack of one, says. Pure.

Sources of the reset headers: Anthropic's and OpenAI's guides to rate limits, RFC 9110 for
`Retry-After`, Google's `google.rpc.RetryInfo`.
"""

import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from msgspec import Struct

from watchdog.collect.probes.dialects import Dialect
from watchdog.model.probe import ProbeOutcome
from watchdog.model.quota import is_used_up
from watchdog.model.texts import clean

DETAIL_MAX = 300
SCANNED = 4096
"""Bytes of an answer that are searched for words of a used-up quota."""
_RESET_MAX = 64
"""Characters of a reset's time: digits without end take the square of their number."""
LONGEST_RESET = 7 * 86_400.0

_TOO_LONG = re.compile(
    r"context[ _](?:length|window)|maximum context|too (?:long|large|many (?:input )?tokens)"
    r"|input token count|exceeds? the (?:model'?s )?max|reduce the length"
    r"|exceeds? (?:the configured|context) limit",
    re.IGNORECASE,
)
_STATUSES: dict[int, ProbeOutcome] = {
    401: ProbeOutcome.UNAUTHENTICATED,
    402: ProbeOutcome.FORBIDDEN,
    403: ProbeOutcome.FORBIDDEN,
    404: ProbeOutcome.NOT_FOUND,
    408: ProbeOutcome.TIMEOUT,
    429: ProbeOutcome.RATE_LIMITED,
}
_RESETS = (
    "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-tokens-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class RequestResult(Struct, frozen=True):
    """How one request ended."""

    outcome: ProbeOutcome
    detail: str = ""
    status: int | None = None
    again_at: float | None = None


def read_answer(
    status: int, headers: Mapping[str, str], body: bytes, dialect: Dialect, now: float
) -> RequestResult:
    """What a complete answer says."""
    document = _object(body)
    if 200 <= status < 300:
        if document is not None and dialect.understood(document):
            return RequestResult(ProbeOutcome.OK, status=status)
        return RequestResult(ProbeOutcome.GARBAGE, _cut(body.decode("utf-8", "replace")), status)
    if 300 <= status < 400:
        return RequestResult(ProbeOutcome.REDIRECTED, "redirects are not followed", status)
    detail = _cut(_message(document) or body.decode("utf-8", "replace"))
    outcome = _outcome(status, detail, document)
    if is_used_up(body[:SCANNED].decode("utf-8", "replace"), status):
        outcome = ProbeOutcome.QUOTA
    again_at = _again_at(headers, document, now) if status in (429, 503, 529) else None
    return RequestResult(outcome, detail, status, again_at)


def _outcome(status: int, detail: str, document: dict[str, Any] | None) -> ProbeOutcome:
    if status in (400, 413, 422) and (_TOO_LONG.search(detail) or _code(document) == _LENGTH):
        return ProbeOutcome.TOO_LONG
    if status == 400 and "api key" in detail.lower():
        return ProbeOutcome.UNAUTHENTICATED  # as Gemini says it
    if status == 400 and _code(document) == "model_not_found":
        return ProbeOutcome.NOT_FOUND  # as OpenAI's responses API says it
    default = ProbeOutcome.REFUSED if status < 500 else ProbeOutcome.SERVER_ERROR
    return _STATUSES.get(status, default)


_LENGTH = "context_length_exceeded"


def read_failure(error: BaseException) -> RequestResult:
    """What the lack of an answer says. No text of the client's: it may name what is secret."""
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return RequestResult(ProbeOutcome.CONNECTION, "no connection in time")
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return RequestResult(ProbeOutcome.TIMEOUT, "no complete answer in time")
    if isinstance(error, httpx.ConnectError):
        return _unconnected(list(_causes(error)))
    if isinstance(error, httpx.DecodingError):
        return RequestResult(ProbeOutcome.GARBAGE, "its body can't be decoded")
    text = f"the connection was cut ({type(error).__name__})"
    return RequestResult(ProbeOutcome.CONNECTION, text)


def _unconnected(causes: list[BaseException]) -> RequestResult:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return RequestResult(ProbeOutcome.DNS, "its name can't be resolved")
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls is not None:
        text = getattr(tls, "verify_message", "") or tls.reason or ""
        return RequestResult(ProbeOutcome.TLS, _cut(text))
    reasons = (c.strerror for c in causes if isinstance(c, OSError) and c.strerror)
    return RequestResult(ProbeOutcome.CONNECTION, _cut(next(reasons, "no connection")))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what led to it."""
    cause: BaseException | None = error
    for _ in range(10):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _error(document: dict[str, Any] | None) -> dict[str, Any]:
    error = (document or {}).get("error")
    return error if isinstance(error, dict) else {}


def _message(document: dict[str, Any] | None) -> str:
    """`rate_limit_error: …`, of the three providers' forms of an error."""
    error = _error(document)
    kind = error.get("code") if isinstance(error.get("code"), str) else None
    kind = kind or error.get("type") or error.get("status")
    message = error.get("message")
    if not isinstance(message, str):
        plain = (document or {}).get("error") or (document or {}).get("detail")
        return plain if isinstance(plain, str) else ""
    return f"{kind}: {message}" if isinstance(kind, str) else message


def _code(document: dict[str, Any] | None) -> object:
    return _error(document).get("code")


def _cut(text: str) -> str:
    return clean(text, DETAIL_MAX)


def _again_at(
    headers: Mapping[str, str], document: dict[str, Any] | None, now: float
) -> float | None:
    """When requests are taken again: what is said for certain first, then the latest reset."""
    retry_at = _retry_after(headers.get("retry-after", ""), now) or _retry_info(document, now)
    resets = [_reset(headers[name], now) for name in _RESETS if name in headers]
    times = [at for at in ([retry_at] if retry_at else resets) if at is not None]
    return next((at for at in sorted(times, reverse=True) if 0 <= at - now <= LONGEST_RESET), None)


def _retry_after(value: str, now: float) -> float | None:
    try:
        return now + float(value)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value[:_RESET_MAX]).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _reset(value: str, now: float) -> float | None:
    """An RFC 3339 instant, or a duration such as `6m0s`."""
    value = value[:_RESET_MAX]
    parts = _PART.findall(value)
    if parts and "".join(f"{count}{unit}" for count, unit in parts) == value.strip():
        return now + sum(float(count) * _UNITS[unit] for count, unit in parts)
    try:
        return datetime.fromisoformat(value).timestamp()
    except ValueError:
        return None


def _retry_info(document: dict[str, Any] | None, now: float) -> float | None:
    details = _error(document).get("details")
    for detail in details if isinstance(details, list) else []:
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str):
            return _reset(delay, now)
    return None
