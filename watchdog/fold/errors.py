"""From a provider's error to a cause.

An Inspect model event carries the exception's text (`Error code: 500 - {…}`, `Request timed out.`),
without status or class; the class is the last line of the traceback. The status decides where
there is one: a bare 500 is no time-out, whatever its text says.
"""

import re
from typing import Any

import re2  # type: ignore[import-untyped]

from watchdog.model.quota import is_used_up
from watchdog.model.verdict import Cause

CANCELLED = ("Cancelled by operator", "Cancelled by limit", "Cancelled by system")
"""Inspect's texts for calls that somebody ended on purpose: no failures."""

_SCANNED = 4096
_STATUS = re2.compile(
    r"(?i)(?:error code|status(?:[ _]code)?|http(?:/\d(?:\.\d)?)?)[\s:='\"]{1,4}(\d{3})\b"
    r"|^\s*(\d{3})\b|<(?:title|h1)>\s*(\d{3})\b"
)
_TOO_LONG = re2.compile(
    r"(?i)context[ _](?:length|window)|maximum context|(?:prompt|input) is too long"
    r"|input token count|exceeds? the (?:model'?s )?max"
    r"|(?:maximum|max) (?:number of )?(?:input )?tokens|reduce the length"
)
"""By RE2, as all that is asked of every failure: its text is chosen by who makes it fail."""
_TOO_MANY = re.compile(r"too many (?:input )?tokens(?!, please wait)", re.IGNORECASE)
_CLASSES: tuple[tuple[str, Cause], ...] = (
    ("ratelimit", Cause.RATE_LIMITED),
    ("toomanyrequests", Cause.RATE_LIMITED),
    ("resourceexhausted", Cause.RATE_LIMITED),
    ("throttl", Cause.RATE_LIMITED),
    ("connecttimeout", Cause.CONNECTION),
    ("timeout", Cause.CLIENT_TIMEOUT),
    ("deadlineexceeded", Cause.CLIENT_TIMEOUT),
    ("authentication", Cause.AUTH),
    ("permissiondenied", Cause.AUTH),
    ("unauthorized", Cause.AUTH),
    ("unauthenticated", Cause.AUTH),
    ("forbidden", Cause.AUTH),
    ("connect", Cause.CONNECTION),
    ("ssl", Cause.CONNECTION),
    ("gaierror", Cause.CONNECTION),
    ("remoteprotocol", Cause.CONNECTION),
    ("readerror", Cause.CONNECTION),
    ("internalserver", Cause.API_SERVER_ERROR),
    ("serviceunavailable", Cause.API_SERVER_ERROR),
    ("overloaded", Cause.API_SERVER_ERROR),
    ("servererror", Cause.API_SERVER_ERROR),
    ("badrequest", Cause.BAD_REQUEST),
    ("notfounderror", Cause.BAD_REQUEST),
    ("unprocessable", Cause.BAD_REQUEST),
    ("requesttoolarge", Cause.BAD_REQUEST),
)
_TEXTS: tuple[tuple[Any, Cause], ...] = (
    (re2.compile(r"(?i)rate.?limit|too many requests|quota|throttl"), Cause.RATE_LIMITED),
    (re2.compile(r"(?i)overloaded|internal server error|bad gateway|service unavailable"),
     Cause.API_SERVER_ERROR),
    (re2.compile(r"(?i)connection (?:error|reset|refused|aborted|closed)|name or service not known"
                r"|name resolution|getaddrinfo|\bssl\b|\btls\b|certificate|server disconnected"
                r"|network is unreachable|no route to host"), Cause.CONNECTION),
    (re2.compile(r"(?i)timed? ?out"), Cause.CLIENT_TIMEOUT),
    (re2.compile(r"(?i)unauthorized|invalid api key|permission denied|authentication"),
     Cause.AUTH),
)  # fmt: skip


def status_of(text: str) -> int | None:
    """The HTTP status that an error text names, or None."""
    match = _STATUS.search(text[:_SCANNED])
    if match is None:
        return None
    status = int(match[1] or match[2] or match[3])
    return status if 400 <= status <= 599 else None


def classify(text: str, error_class: str | None = None) -> Cause:
    """The cause that an error of a model call tells; `unexplained` where it tells none."""
    text = text[:_SCANNED]
    status = status_of(text)
    if is_used_up(text, status):
        return Cause.PROVIDER_QUOTA
    cause = _by_status(status) if status else _by_class(error_class) or _by_text(text)
    if cause is Cause.BAD_REQUEST and status != 404 and _is_too_long(text):
        return Cause.CONTEXT_LENGTH
    return cause or Cause.UNEXPLAINED


def _by_status(status: int) -> Cause:
    if status == 429:
        return Cause.RATE_LIMITED
    if status in (401, 403):
        return Cause.AUTH
    if status == 408:
        return Cause.CLIENT_TIMEOUT
    return Cause.API_SERVER_ERROR if status >= 500 else Cause.BAD_REQUEST


def _by_class(error_class: str | None) -> Cause | None:
    name = (error_class or "").rsplit(".", 1)[-1].lower()
    return next((cause for part, cause in _CLASSES if part in name), None) if name else None


def _by_text(text: str) -> Cause | None:
    if _is_too_long(text):
        return Cause.CONTEXT_LENGTH
    return next((cause for pattern, cause in _TEXTS if pattern.search(text)), None)


def _is_too_long(text: str) -> bool:
    return _TOO_LONG.search(text) is not None or _TOO_MANY.search(text) is not None
