"""Finds what looks like a secret, in time that is linear in the text: RE2, over bytes.

One pattern of all formats asks whether there is anything: of most texts nothing. Only then each
kind is looked for by itself, to know what of a find stays.
"""

import re
from collections.abc import Callable
from functools import cache

import re2  # type: ignore[import-untyped]
from msgspec import Struct

from watchdog.redaction import confirm
from watchdog.redaction.confirm import REDACTED
from watchdog.redaction.formats import FORMATS, Kind

MATCHES_MAX = 200_000
"""Finds in one text; one with more is no text that a person or a program reads on."""
STEP = 1024
"""Finds between two questions whether to stop."""
_MEMORY = 64 * 1024 * 1024
"""Bytes that a pattern's automaton may take; it is built as texts ask for it."""
_AFTER = 8
"""Bytes behind a find that tell whether it is one."""
_SHOWN = 255
"""Bytes of a find that tell whether it is one, and its last."""

_QUOTE = r"""(?:\\{0,7}["']|&(?:quot|#34|#39|#x27);|%22|%27)"""
_EQUALS = r"(?:[:=]|=>|%3[DdAa]|\\u003[DdAa])"
_ASSIGNS = rf"{_QUOTE}?\s{{0,8}}{_EQUALS}\s{{0,8}}"
_SEPARATOR = rf"(?:{_ASSIGNS}|{_QUOTE},\s{{0,4}}b?)"
_VALUE = (
    r"""(?:"(?:[^"\\\r\n]|\\[^\r\n])+|'(?:[^'\\\r\n]|\\[^\r\n])+|\\{1,7}["'][^"'\\\r\n]+|"""
    r"""(?:&(?:quot|#34|#39|#x27);|%22|%27)[^&%\s]+|[^\s"'`\\,;&<>{}$()\[\]|]+)"""
)
_HEADER_VALUE = (
    r"""(?:"(?:[^"\\\r\n]|\\[^\r\n])+|\\{1,7}["'][^"'\\\r\n]+|'[^'\\\r\n]+|"""
    r"""(?i:aws4-hmac-sha256|digest|hawk|oauth|signature)\s(?:="[^"\r\n\\]*"|[^\r\n"'\\])+|"""
    r"""(?i:[a-z][a-z0-9-]{1,30})(?:\s|%20|\+){1,4}[^\s"'`\\,;]+|[^\s"'`\\,;]+)"""
)
_COOKIE_VALUE = r"""(?:\\{0,7}["'])?[^\r\n"'\\]+"""
_QUERY_VALUE = r"""[^&\s"'`<>\\{}\[\]]+"""

_KEEPS_NAME = re.compile(
    rb"""["':]?[\w-]*+(?:\\{0,7}["']|&(?:quot|#34|#39|#x27);|%22|%27)?+"""
    rb"""\s{0,8}(?:[:=]>?|%3[DdAa]|\\u003[DdAa]|,)\s{0,8}b?(?:\\{0,7}["']|&(?:quot|#34|#39|#x27);|%22|%27)?+"""
)
_KEEPS_QUERY = re.compile(rb"[^=]*=")
_KEEPS_OPTION = re.compile(
    rb"""(?i)\s?(?:(?:bearer|basic|negotiate|ssws)(?:\s|%20|\+)+|"""
    rb"""(?:signature|credential)=|login\s+[^\s]+\s+password\s+|<[a-z]+>|api key provided:\s+|"""
    rb"""sshpass\s+-p\s+["']?|(?:sshpass|mysql|mysqldump|mysqladmin|mariadb)(?:\s+\S+)*?\s+-p|"""
    rb"""-{1,2}[a-z-]+(?:\s+|=)["']?)"""
)

_COLOUR = r"(?:\x1b|\\u001[bB]|\\x1[bB]|\\033)\[[0-9;]{0,20}m"
"""What a terminal is told: its last character is none of a word's."""
_ESCAPE = rf"{_COLOUR}|\\[nrtbf]|\\u[0-9A-Fa-f]{{4}}|%[0-9A-Fa-f]{{2}}"
_BOUNDARY = rf"(?:\b|{_ESCAPE})"
_KEEPS_ESCAPE = re.compile(rf"(?:{_ESCAPE})?".encode())
_CUT_OFF = (
    r"\b(?:gh[opusr]_|github_pat_|glpat-|sk-[a-z]+-|sk-|sk_live_|xox[a-z]-|AIza|hf_|gsk_|eyJ|npm_|"
    r"AKIA|ASIA|dckr_pat_|pypi-|SG\.|hvs\.)[A-Za-z0-9_.-]{6,}\xe2\x80\xa6"
)
"""A token that was cut off, with the ellipsis in UTF-8 that says so."""

Confirm = Callable[[bytes, bytes, bytes], bool]


class Scan(Struct, frozen=True):
    """One kind as a pattern of all its formats."""

    pattern: str
    keeps: re.Pattern[bytes] | None = None
    """The beginning of a find that stays."""
    confirm: Confirm | None = None
    suffix: bytes = b""
    """What stays at the end of a find."""


class TooManyFinds(Exception):  # noqa: N818 - a limit
    """A text holds more than can be told from it in bounded time."""


class Stopped(Exception):  # noqa: N818 - a wish
    """Whoever asked for it doesn't want it any more."""


def _patterns(*kinds: Kind) -> str:
    found = (f"(?:{one.keeps}){one.pattern}" for one in FORMATS if one.kind in kinds)
    return "|".join(found)


def _bounded(kind: Kind) -> str:
    """Tokens begin where a word does, or behind an escape, whose last character looks like one.

    They may end at an underscore: Inspect's members are called `<sample id>_<epoch>.json`.
    """
    parts = (_open_ended(one.pattern) for one in FORMATS if one.kind == kind)
    return "|".join(part.replace(r"\b", _BOUNDARY) for part in parts)


def _open_ended(pattern: str) -> str:
    for end in (r"\b)", r"\b"):
        if pattern.endswith(end):
            return pattern.removesuffix(end) + end.replace(r"\b", "(?:\\b|_)")
    return pattern


@cache
def scans() -> tuple[Scan, ...]:
    """Each kind, in the order in which they are looked for: what is certain goes first."""
    names, headers = _patterns("named"), _patterns("header")
    keeps = "|".join(one.keeps for one in FORMATS if one.kind == "address")
    return (
        Scan(_patterns("block")),
        Scan(_bounded("token") + "|" + _CUT_OFF, _KEEPS_ESCAPE),
        Scan(_bounded("random"), _KEEPS_ESCAPE, confirm.token),
        Scan(_patterns("address"), re.compile(keeps.encode()), confirm.address, b"@"),
        Scan(
            rf"(?i:cookie){_SEPARATOR}{_COOKIE_VALUE}|(?i:{headers}){_SEPARATOR}{_HEADER_VALUE}",
            _KEEPS_NAME,
            confirm.header,
        ),
        Scan(_patterns("option"), _KEEPS_OPTION, confirm.option),
        Scan(
            rf"(?:[?&;]|\\u0026)(?i:{_patterns('query')})={_QUERY_VALUE}",
            _KEEPS_QUERY,
            confirm.query,
        ),
        # not as two texts of a list: a pod called `no-secret` is followed by the next key
        Scan(rf"[A-Za-z0-9_-]*(?i:{names}){_ASSIGNS}{_VALUE}", _KEEPS_NAME, confirm.named),
    )


def build(pattern: str) -> "re2._Regexp":
    """A pattern over bytes, without groups: its automaton alone decides, in linear time."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MEMORY
    # not by re2.compile, which keeps patterns: one of known values is gone with them
    return re2._Regexp(pattern.encode("latin-1"), options)  # noqa: SLF001


compiled = cache(build)


@cache
def anything() -> "re2._Regexp":
    """Whether a text holds anything of any kind."""
    return compiled("|".join(f"(?:{scan.pattern})" for scan in scans()))


def without_patterns(data: bytes, stop: Callable[[], bool] | None = None) -> bytes:
    """`data` without what looks like a secret.

    Raises:
        TooManyFinds: it holds more than `MATCHES_MAX`.
        Stopped: `stop` says so.
    """
    if anything().search(data) is None:
        return data
    for scan in scans():
        data = _without(data, scan, stop)
    return data


def _without(data: bytes, scan: Scan, stop: Callable[[], bool] | None) -> bytes:
    parts: list[bytes] = []
    end = 0
    for number, match in enumerate(compiled(scan.pattern).finditer(data)):
        if number % STEP == 0:
            _go_on(len(parts) // 2, stop)
        begin, beyond = match.span()
        value_at = _value_at(scan, data, begin, beyond)
        if value_at is not None:
            parts += (data[end:value_at], REDACTED)
            kept = bool(scan.suffix) and data.endswith(scan.suffix, begin, beyond)
            end = beyond - len(scan.suffix) if kept else beyond
    return b"".join((*parts, data[end:])) if parts else data


def _go_on(number: int, stop: Callable[[], bool] | None) -> None:
    if number > MATCHES_MAX:
        raise TooManyFinds
    if stop is not None and stop():
        raise Stopped


def _value_at(scan: Scan, data: bytes, begin: int, beyond: int) -> int | None:
    """Where in a find the secret begins; None where it is none."""
    kept = scan.keeps.match(data, begin, beyond) if scan.keeps else None
    at = kept.end() if kept else begin
    if scan.confirm is None:
        return at
    value = data[at : min(beyond, at + _SHOWN)]
    if beyond - at > _SHOWN:
        value += data[beyond - 1 : beyond]
    name = data[max(begin, at - _SHOWN) : at]
    return at if scan.confirm(name, value, data[beyond : beyond + _AFTER]) else None
