"""Whether what a pattern found is a secret: words, numbers and paths are none.

Patterns alone would take `token: expected` for one, and a report without its words is worthless.
"""

import re

REDACTED = b"[redacted]"

_WORDS = frozenset(
    b"null none nil true false undefined required invalid incorrect missing wrong expired empty "
    b"unset set not given denied failed failure error unauthorized forbidden unknown default "
    b"string secretstr authentication authorization optional present absent rejected revoked "
    b"bytes str redacted hidden masked value type object".split()
)
_PLACEHOLDER = re.compile(rb"[$<{*]|\.\.\.|%[({]|xxx|your[-_ ]|\\?[\"']", re.IGNORECASE)
_PATH = re.compile(rb"[~.]{0,2}(?:/[\w. -]+)+/?\Z")
_WEAK = re.compile(rb"(?i)(?:token|credentials?|_?auth)\W*\Z")
_PASSWORD = re.compile(rb"(?i)(?:passw(?:or)?d|passphrase|pwd)\W*\Z")
_VARIABLE = re.compile(rb"[A-Z][A-Z0-9_]*\s?=['\"]?\Z")
_SCHEME = re.compile(
    rb"(?i)(?:bearer|basic|token|api-?key|negotiate|ntlm|key|ssws|digest|oauth|hawk|signature|"
    rb"genie-?key|splunk|aws4-[\w-]+|[\w-]*key)(?:\s|%20|\+)+(?P<rest>\S.*)\Z",
    re.DOTALL,
)
_AMBIGUOUS = re.compile(rb"(?i)[?&;](?:key|code|state|auth|signature|assertion|token)=\Z")
_LETTERS = re.compile(rb"[A-Za-z]+\Z")
_DIGIT = re.compile(rb"[0-9]")
_MIXED = re.compile(rb"[a-z].*[A-Z]|[A-Z]{2}.*[a-z]", re.DOTALL)
_LONG = 24
_BETWEEN = re.compile(rb"[-_.]")
_PART = 10
"""Characters of a part of a token."""
_COLON = re.compile(rb":\s*\Z")


def looks_random(value: bytes) -> bool:
    """Whether chance made it: letters with digits or in both cases, or very long and whole."""
    if b" " in value.strip():
        return False
    has_letter = any(65 <= byte <= 122 for byte in value)
    if has_letter and _DIGIT.search(value):
        return True
    return bool(_MIXED.search(value)) or (len(value) >= _LONG and value.isalnum() and has_letter)


def _is_none(value: bytes) -> bool:
    """Whether it is a word, a placeholder, a path, or was taken out before."""
    return (
        value.startswith(REDACTED)
        or value.lower().rstrip(b".:!") in _WORDS
        or _PLACEHOLDER.match(value) is not None
        or (_PATH.match(value) is not None and len(value) != 40)
    )


def token(_keeps: bytes, value: bytes, _after: bytes = b"") -> bool:
    """One of its parts looks like chance made it: words between dashes may end in a number."""
    return any(len(part) >= _PART and looks_random(part) for part in _BETWEEN.split(value))


def named(name: bytes, value: bytes, after: bytes) -> bool:
    """A value behind a name.

    Args:
        name: the name with what separates both, quotes included.
        value: what is behind it.
        after: what follows the value.
    """
    value = value.strip()
    if not value or _is_none(value):
        return False
    if _PASSWORD.search(name):
        return not _is_prose(name, value, after)
    if len(value) < 4 or (value.isdigit() and len(value) < 20):
        return False
    if _VARIABLE.search(name):
        return True
    if _WEAK.search(name):
        return len(value) >= 8 and looks_random(value)
    return not _is_prose(name, value, after) and len(value) >= 6


def _is_prose(name: bytes, value: bytes, after: bytes) -> bool:
    """A sentence goes on: `secret: whatever it was`."""
    goes_on = after[:1] == b" " and after[1:2].isalpha()
    return _COLON.search(name) is not None and goes_on and _LETTERS.match(value) is not None


def header(name: bytes, value: bytes, _after: bytes) -> bool:
    """A value behind a header's name: a scheme and what belongs to it, a cookie, a key."""
    value = value.strip()
    scheme = _SCHEME.match(value)
    rest = scheme["rest"] if scheme else value
    if _is_none(rest) or _is_none(value):
        return False
    if b"cookie" in name.lower():
        return b"=" in value
    return len(rest) >= 4 if scheme else len(rest) >= 8 and looks_random(rest)


def query(name: bytes, value: bytes, _after: bytes) -> bool:
    """A value of an address's query: of a name that means other things too, only what is random."""
    if not _AMBIGUOUS.search(name):
        return not _is_none(value)
    return len(value) >= 6 and not _is_none(value) and looks_random(value)


def option(name: bytes, value: bytes, _after: bytes) -> bool:
    """A value of a command's option, or behind a scheme."""
    if _is_none(value):
        return False
    lowered = name.lower().strip()
    if lowered.startswith((b"bearer", b"basic", b"negotiate", b"ssws")):
        return looks_random(value) or value.endswith(b"=")
    if lowered.startswith(b"login"):
        return not _LETTERS.match(value) or len(value) > 3
    user, colon, password = value.partition(b":")
    if lowered.startswith((b"-u", b"--user", b"--proxy-user")):
        return bool(colon) and not (user.isdigit() and password.isdigit())
    return not value.isdigit()


def address(keeps: bytes, value: bytes, after: bytes) -> bool:
    """What lets in whoever knows the address: no image's digest is a password's host."""
    if keeps.endswith((b"/webhook/", b"/ping/", b"/with/key/")) and not looks_random(value):
        return False
    if value.endswith(b"@"):
        return not after.startswith((b"sha256:", b"sha512:")) and value != REDACTED + b"@"
    return not value.startswith(REDACTED)
