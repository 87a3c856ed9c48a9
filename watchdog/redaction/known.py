"""Values that are known to be secret, found in one pass however many they are.

The first bytes of all forms of all values are one pattern of RE2; where one of them stands, the
whole forms are compared.
"""

import json
import os
import re
import threading
from base64 import b64encode, urlsafe_b64encode
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from urllib.parse import quote, quote_plus, unquote

import re2  # type: ignore[import-untyped]

from watchdog.redaction.confirm import REDACTED
from watchdog.redaction.patterns import STEP, Stopped, build

SHORTEST = 6
"""Characters; what is shorter is found everywhere."""
KNOWN_MAX = 256
VALUE_MAX = 65_536
"""Characters of a value that are looked for."""
_HEAD = 12
"""Bytes of a form that the pattern holds."""
_ELLIPSIS = "…".encode()
_LINE = 40
"""Characters of a line of a value, such as a key's, that are a secret by themselves."""
_BASE64_LEAST = 8
"""Characters of base64 below which a part of it may be anything."""


class Matcher:
    """A set of values, ready to be looked for."""

    def __init__(self, values: Iterable[str]) -> None:
        self._by_head: dict[bytes, list[bytes]] = {}
        for value in values:
            for form in byte_forms(value):
                self._by_head.setdefault(form[:SHORTEST], []).append(form)
        for forms_of_head in self._by_head.values():
            forms_of_head.sort()
        self._lengths = {
            head: sorted({len(form) for form in group}, reverse=True)
            for head, group in self._by_head.items()
        }
        self._forms = {form for group in self._by_head.values() for form in group}
        heads = {form[:_HEAD] for group in self._by_head.values() for form in group}
        longest_first = sorted(heads, key=lambda head: (-len(head), head))
        escaped = "|".join(re2.escape(head).decode("latin-1") for head in longest_first)
        self._heads = build(escaped) if escaped else None

    def finds(self, data: bytes) -> bool:
        """Whether the beginning of a value stands in `data`."""
        return self._heads is not None and self._heads.search(data) is not None

    def without(self, data: bytes, stop: Callable[[], bool] | None = None) -> bytes:
        """`data` without the values.

        Raises:
            Stopped: `stop` says so.
        """
        if not self.finds(data):
            return data
        parts: list[bytes] = []
        end = 0
        for begin, beyond in _joined(self._spans(data, stop)):
            parts += (data[end:begin], REDACTED)
            end = beyond
        return b"".join((*parts, data[end:])) if parts else data

    def _spans(self, data: bytes, stop: Callable[[], bool] | None) -> Iterator[tuple[int, int]]:
        """Where whole values stand, overlapping ones too."""
        position, number = 0, 0
        while self._heads is not None and (match := self._heads.search(data, position)):
            number += 1
            if number % STEP == 0 and stop is not None and stop():
                raise Stopped
            begin = match.start()
            end = self._end(data, begin)
            if end is not None:
                yield begin, end
            position = begin + 1

    def _end(self, data: bytes, begin: int) -> int | None:
        """Where a form ends that begins in `data` at `begin`: whole, or cut off by an ellipsis."""
        head = data[begin : begin + SHORTEST]
        lengths = self._lengths[head]
        for length in lengths:
            if data[begin : begin + length] in self._forms:
                return begin + length
        cut_at = data.find(_ELLIPSIS, begin, begin + lengths[0])
        if cut_at - begin < _HEAD:
            return None
        part, group = data[begin:cut_at], self._by_head[head]
        place = bisect_left(group, part)
        return cut_at if place < len(group) and group[place].startswith(part) else None


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans in order, those that overlap as one."""
    current: tuple[int, int] | None = None
    for begin, end in spans:
        if current is not None and begin < current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current is not None:
            yield current
        current = (begin, end)
    if current is not None:
        yield current


class Secrets:
    """Values that are known to be secret; the newest ones, safe to use from several threads."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._values: OrderedDict[str, None] = OrderedDict()
        self._matcher: Matcher | None = None
        self._generation = 0
        for value in values:
            self.learn(value)

    def learn(self, value: str) -> None:
        """From now on this value is taken out of everything."""
        if len(value) < SHORTEST or value in REDACTED.decode():
            return
        with self._lock:
            if value[:VALUE_MAX] not in self._values:
                self._matcher = None
                self._generation += 1
            self._values[value[:VALUE_MAX]] = None
            self._values.move_to_end(value[:VALUE_MAX])
            while len(self._values) > KNOWN_MAX:
                self._values.popitem(last=False)

    def forget(self, value: str) -> None:
        """It is no secret any more."""
        with self._lock:
            self._values.pop(value, None)
            self._matcher = None
            self._generation += 1

    @property
    def generation(self) -> int:
        """Another number whenever a value was learned or forgotten."""
        return self._generation

    @property
    def matcher(self) -> Matcher:
        """What finds them, made when it is first asked for."""
        with self._lock:
            if self._matcher is None:
                self._matcher = Matcher(self._values)
            return self._matcher

    def __iter__(self) -> Iterator[str]:
        """The values, longest first: one may hold another."""
        with self._lock:
            known = list(self._values)
        return iter(sorted(known, key=len, reverse=True))


KNOWN = Secrets()
"""What this process holds of credentials, wherever it read them: looked for in all that leaves."""


def learn_credential(value: str | None) -> None:
    """A credential that the process came by: a token, a password, a key.

    A short word in small letters is left out: as a password of a test's server it would be missing
    from every text.
    """
    if value and len(value) >= 8 and not (len(value) < 12 and value.isalpha() and value.islower()):
        KNOWN.learn(value)


def learn_address(address: str) -> None:
    """The password of an address, or the token in its place, as it stands and decoded."""
    userinfo = address.partition("://")[2].partition("/")[0].rpartition("@")[0]
    user, colon, password = userinfo.partition(":")
    for text in {password if colon else user, unquote(password if colon else user)}:
        learn_credential(text)


def learn_environment(environment: Mapping[str, str] = os.environ) -> None:
    """What this process was given by names that tell a secret, and proxies' passwords."""
    for name, value in environment.items():
        if _SECRET_NAME.search(name):
            learn_credential(value)
        elif "://" in value and len(value) < VALUE_MAX:
            learn_address(value)


_SECRET_NAME = re.compile(
    r"(?i)(?:token|secret|passw(?:or)?d|api_?key|secret_access_key|routing_key|private_key)\Z"
)


def forms(secret: str) -> tuple[str, ...]:
    """A value as it may be written: plain, in JSON (also within JSON), HTML, a URL, a shell."""
    if len(secret) < SHORTEST:
        return ()
    written = [secret]
    for ascii_only in (True, False):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        twice = json.dumps(once, ensure_ascii=ascii_only)[1:-1]
        written += [once, twice, json.dumps(twice, ensure_ascii=ascii_only)[1:-1]]
        # as JavaScript writes it
        written.append(once.replace("/", "\\/"))
    for quoted in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        written += [quoted, _lower_escapes(quoted), quote(quoted, safe="")]
    written += [escape(secret), escape(secret, quote=False), secret.replace("'", "'\"'\"'")]
    written += [repr(secret)[1:-1]]
    return tuple(sorted(set(written), key=len, reverse=True))


def _lower_escapes(quoted: str) -> str:
    """`%2f` for `%2F`."""
    first, *rest = quoted.split("%")
    return first + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def byte_forms(secret: str) -> set[bytes]:
    """A value as bytes, in base64 too, and each of its lines that is long enough."""
    texts = [secret, *(line for line in secret.split() if len(line) >= _LINE)]
    plain = {form.encode("utf-8", "surrogatepass") for text in texts for form in forms(text)}
    return plain | set(_base64(secret.encode("utf-8", "surrogatepass")))


def _base64(secret: bytes) -> Iterator[bytes]:
    """A value in base64 whatever stands before and behind it: by where it begins, three ways."""
    for before in range(3):
        padded = bytes(before) + secret
        for encoded in (b64encode(padded), urlsafe_b64encode(padded)):
            begin = (before * 8 + 5) // 6
            certain = len(padded) * 8 // 6
            if certain - begin >= _BASE64_LEAST:
                yield encoded[begin:certain]
