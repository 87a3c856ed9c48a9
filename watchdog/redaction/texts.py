"""Takes secrets out of one text: known values first, then what looks like one."""

from collections.abc import Callable, Iterable

from watchdog.redaction.confirm import REDACTED as _REDACTED
from watchdog.redaction.known import KNOWN, Secrets
from watchdog.redaction.patterns import TooManyFinds, without_patterns

REDACTED = _REDACTED.decode()
TEXT_MAX = 16 * 1024 * 1024
"""Bytes of a text that is shown; the rest is left out, and said."""
_LEFT_OUT = "[the rest is left out: too much to search for secrets]"


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without known secrets, and without what looks like one.

    Args:
        text: what is to leave; beyond `TEXT_MAX`, or with more than 200,000 secrets, its rest is
            replaced by a sentence.
        secrets: values beside those that the process knows; found also as JSON, a URL, HTML, a
            shell or base64 write them.
    """
    data = text.encode("utf-8", "surrogatepass")
    kept, rest = data[:TEXT_MAX], _LEFT_OUT if len(data) > TEXT_MAX else ""
    try:
        searched = redact_bytes(kept, secrets)
    except TooManyFinds:
        return _LEFT_OUT
    return text if searched == data else _decoded(searched) + rest


def redact_bytes(
    data: bytes, secrets: Iterable[str] = (), stop: Callable[[], bool] | None = None
) -> bytes:
    """The same for bytes, whatever they are, and however many.

    Args:
        data: what is to leave.
        secrets: values beside those that the process knows.
        stop: is asked between finds.

    Raises:
        TooManyFinds: more than 200,000 secrets.
        Stopped: `stop` says so.
    """
    asked = secrets if isinstance(secrets, Secrets) else Secrets(secrets)
    for known in (KNOWN, asked):
        data = known.matcher.without(data, stop)
    return without_patterns(data, stop)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")
