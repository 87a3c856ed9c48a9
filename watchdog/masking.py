"""Stands in for names that who looks may not see: everywhere, under the same stand-in.

A stand-in is `model-` and a keyed hash (HMAC-SHA-256, RFC 2104) of the name: the same name has the
same one as long as the key stays, and nobody without the key can try names against it. Names are
found by google-re2, in time that is linear in the text whatever the names are.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar

import msgspec
import re2  # type: ignore[import-untyped]
from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.lazy_samples import LazySamples, plain
from watchdog.model.texts import clean

STAND_IN_DIGITS = 12
NAMES_MAX = 20_000
"""Names that are looked for at once, in 20 MB; where there are more, texts are left out whole."""
LEFT_OUT = "[not shown to you]"
CUT = "…"
LEAST_BEGUN = 4
"""Letters; a shorter beginning of a name tells nothing."""
PARTS_MAX = 8
_ORDINARY = 8
"""Letters; a shorter part of a name that is but letters is a word of the language."""
_WORDS = frozenset({"model", "models", "default", "none"})
_CLOSED = frozenset(
    {"kind", "scope", "severity", "verdict", "cause", "phase", "route", "size", "outcome"}
    | {"meaning", "confidence", "at", "since", "now", "recent", "model_groups", "model_access"}
)
"""Fields whose values no evaluation writes, or that hold no name."""

Key = bytes
T = TypeVar("T")


def stand_in(name: str, key: Key, kind: str = "model") -> str:
    """What is shown in place of a name."""
    digest = hmac.new(key, name.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    return f"{kind}-{digest[:STAND_IN_DIGITS]}"


class Mask:
    """Replaces some names in texts, and leaves the others alone that hold one of them."""

    def __init__(self, key: Key, models: Iterable[str], shown: Iterable[str] = ()) -> None:
        """Args: models: whose names are replaced; shown: names that stay as they are."""
        self._replaced: dict[str, str] = {}
        self._hidden: set[str] = set()
        for model in dict.fromkeys(models):
            self._add(stand_in(model, key), (*forms(model), clean(model)))
        self._shown_forms = {form for name in shown for form in forms(name)}
        self._shown = {_folded(form) for form in self._shown_forms}
        self._pattern: Any = None
        self._finder: Any = None

    def add_ids(self, key: Key, ids: Iterable[str]) -> None:
        """Replace names of eval sets too."""
        for name in ids:
            self._add(stand_in(name, key, "eval-set"), (_unicode(name), clean(name)))
        self._pattern = self._finder = None

    def _add(self, token: str, ways: Iterable[str]) -> None:
        for way in filter(None, ways):
            self._replaced.setdefault(_folded(way), token)
            self._hidden.add(way)

    @property
    def hidden(self) -> frozenset[str]:
        """The names that are replaced, as they may be written."""
        return frozenset(self._hidden)

    @property
    def spared(self) -> frozenset[str]:
        """The names that stay as they are though they hold one that is replaced."""
        if not 0 < len(self._replaced) <= NAMES_MAX:
            return frozenset()
        return frozenset(form for form in self._shown_forms if self._found_in(form))

    def touches(self, record: Struct) -> bool:
        """Whether a text of a record may be another without these names; seldom said in vain.

        The record is searched as a whole: most hold none of them.
        """
        if not 0 < len(self._replaced) <= NAMES_MAX:
            return bool(self._replaced)
        try:
            text = msgspec.json.encode(record, enc_hook=plain).decode()
        except UnicodeEncodeError:  # a broken file name
            return True
        # the beginning of a name may stand where a text was cut
        return f'{CUT}"' in text or self._found_in(text)

    def _found_in(self, text: str) -> bool:
        """Whether a name that is replaced stands in a text, or in one written as JSON."""
        if self._finder is None:
            self._finder = _compiled(self._hidden | {_in_json(name) for name in self._hidden})
        return self._finder.search(text) is not None

    def __call__(self, text: str) -> str:
        """The text without these names."""
        if not self._replaced or not text:
            return text
        if len(self._replaced) > NAMES_MAX:
            return LEFT_OUT
        if self._pattern is None:
            self._pattern = _compiled(self._hidden | self.spared)
        return str(self._pattern.sub(self._stand_in, self._whole(_unicode(text))))

    def _whole(self, text: str) -> str:
        """Without the beginning of a name at the end of a text that was cut."""
        if not text.endswith(CUT):
            return text
        head = _folded(text[: -len(CUT)])
        hidden = (name for name in self._replaced if name not in self._shown)
        begun = max((_begun(head, name) for name in hidden), default=0)
        return text[: len(text) - len(CUT) - begun] + CUT if begun else text

    def _stand_in(self, match: Any) -> str:  # noqa: ANN401 - re2 has no types
        word = str(match.group(0))
        name = _folded(word)
        return word if name in self._shown else self._replaced.get(name, LEFT_OUT)

    def record(self, value: T) -> T:
        """A record (msgspec's, a tuple, a mapping) with every text in it masked."""
        return _walked(value, self) if self._replaced else value


def _begun(head: str, name: str) -> int:
    """How much of a name stands at the end of a text."""
    sizes = range(min(len(name), len(head)), LEAST_BEGUN - 1, -1)
    return next((size for size in sizes if head.endswith(name[:size])), 0)


def forms(model: str) -> tuple[str, ...]:
    """How texts name a model: `openai/azure/gpt-x` whole, `azure/gpt-x`, `gpt-x`."""
    parts = _unicode(model).split("/")[:PARTS_MAX]
    tails = ("/".join(parts[place:]) for place in range(1, len(parts)))
    return (_unicode(model), *(tail for tail in tails if _is_telling(tail)))


def _is_telling(tail: str) -> bool:
    if tail.casefold() in _WORDS or len(tail) < 2:
        return False
    return len(tail) >= _ORDINARY or not tail.isalpha()


def _folded(name: str) -> str:
    return _unicode(name).casefold()


def _unicode(text: str) -> str:
    """A text that can be written: a broken file name holds what no Unicode text can."""
    return text.encode("utf-8", "replace").decode()


def _in_json(name: str) -> str:
    return msgspec.json.encode(_unicode(name)).decode()[1:-1]


def _compiled(names: Collection[str]) -> Any:  # noqa: ANN401
    options = re2.Options()
    options.longest_match = True
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 64 << 20
    return re2.compile("|".join(re2.escape(name) for name in sorted(names) if name), options)


def _walked(value: Any, mask: Callable[[str], str]) -> Any:  # noqa: ANN401
    if type(value) is str:
        return mask(value)
    if isinstance(value, Struct):
        changes = dict(_changes(value, mask))
        return replace(value, **changes) if changes else value
    if isinstance(value, LazySamples):
        return value.mapped(lambda sample: _walked(sample, mask))
    if isinstance(value, tuple):
        return tuple(_walked(item, mask) for item in value)
    if isinstance(value, dict):
        return {_walked(name, mask): _walked(item, mask) for name, item in value.items()}
    return value


def _changes(record: Struct, mask: Callable[[str], str]) -> Iterator[tuple[str, Any]]:
    for name in record.__struct_fields__:
        if name in _CLOSED:
            continue
        before = getattr(record, name)
        after = _walked(before, mask)
        if isinstance(after, LazySamples) or after != before:
            yield name, after
