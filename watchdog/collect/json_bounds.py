"""JSON that is larger than it looks: what it costs is found out before it is built.

A list of `{}` takes three bytes an entry and twenty times as much in memory. So what is large is
counted first, or read by msgspec into the few fields that are needed; Python's own reader, which
alone takes `NaN`, gets no more than `LOOSE_BYTES`.
"""

import json
import re
import threading
from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from watchdog.collect.limits import LOOSE_BYTES, ROW_BYTES, SPEC_BYTES, Beyond, Limit

T = TypeVar("T")

UNFIT = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for what it can't read."""
NOT_FINITE = re.compile(rb"(?:NaN|-?Infinity)(?=\s{0,64}[,}\]])")
BEFORE = re.compile(rb"[:,\[] ?\Z")
TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
"""A text, without looking back: in time and memory that don't grow with what it holds."""
SPOTS_MAX = 1_000_000
"""Of them that are replaced."""


def loads(data: bytes | bytearray | Raw) -> Any:  # noqa: ANN401 - any JSON
    """JSON as Python's standard library has it: `NaN` and lone surrogates included.

    Raises:
        ValueError: it is none, nested too deeply, or too large to be read so (`Beyond`).
    """
    size = len(memoryview(data))
    if size > LOOSE_BYTES.value and (size > ROW_BYTES.value or not _is_sparse(data)):
        raise Beyond(f"{LOOSE_BYTES.text(size)} where it isn't strict JSON, or of another shape")
    try:
        return json.loads(bytes(data))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _is_sparse(data: bytes | bytearray | Raw) -> bool:
    """Whether JSON is texts for the most part: a conversation of many megabytes is."""
    most = LOOSE_BYTES.value // 8
    return values_in(memoryview(data), most) <= most


def strict(data: bytes | bytearray) -> bytearray:
    """The same with `0` for `NaN` and infinities, which msgspec refuses; in place if it can be.

    One within a text that looks as if it stood in a list becomes `0` as well.
    """
    content = data if isinstance(data, bytearray) else bytearray(data)
    if b"NaN" not in content and b"Infinity" not in content:
        return content
    spots = [match.span() for match in islice(NOT_FINITE.finditer(content), SPOTS_MAX)]
    for begin, end in spots:
        if BEFORE.search(content[max(0, begin - 2) : begin]):
            content[begin:end] = b"0".ljust(end - begin)
    return content


def values_in(data: bytes | bytearray | memoryview, enough: int) -> int:
    """At least as many values as JSON holds: it is built of no more objects than that.

    What only looks like a value, within a text, counts as one unless there would be more than
    `enough`: then texts are passed over, as long as there are no more of them than that.
    """
    data = bytes(data) if isinstance(data, memoryview) else data
    count = _marks(data)
    if count <= enough or data.count(b'"') > 2 * enough:
        return count
    return _marks(TEXT.sub(b"", data))


def _marks(data: bytes | bytearray) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{") + 1


class Tally(threading.local):
    """Counts what a decoder builds in this thread, and stops it: its records call `take`."""

    def __init__(self, *limits: Limit) -> None:
        self._limits = limits
        self._left = {limit.name: 0 for limit in limits}

    def begin(self) -> None:
        """Nothing is built yet."""
        self._left = {limit.name: limit.value for limit in self._limits}

    def take(self, limit: Limit, amount: int = 1) -> None:
        """Raises: Beyond: with this one there are more than its limit."""
        self._left[limit.name] -= amount
        if self._left[limit.name] < 0:
            raise Beyond(limit.more)

    def counting(
        self,
        decoder: "msgspec.json.Decoder[T]",
        data: bytes | bytearray,
    ) -> T:
        """Decode; where it is too large for Python's reader, also what isn't strict JSON.

        Raises:
            Beyond: there is more than a limit.
            msgspec.DecodeError, UnicodeDecodeError, RecursionError: it doesn't fit.
        """
        try:
            return self._decoded(decoder, data)
        except UNFIT:
            if len(data) <= LOOSE_BYTES.value:
                raise
        return self._decoded(decoder, strict(data))

    def _decoded(self, decoder: "msgspec.json.Decoder[T]", data: bytes | bytearray) -> T:
        self.begin()
        try:
            return decoder.decode(data)
        except msgspec.ValidationError as error:
            if isinstance(error.__cause__, Beyond):
                raise error.__cause__ from error
            raise


def fields_of(data: bytes | bytearray, names: Iterable[str]) -> dict[str, Any]:
    """The named fields of a JSON object, each of at most `SPEC_BYTES`; empty where it is none.

    Raises:
        ValueError: it is no JSON, or a field is too large (`Beyond`).
    """
    if len(data) <= LOOSE_BYTES.value:
        content = loads(data)
        return content if isinstance(content, dict) else {}
    fields = _fields(data, tuple(names))
    found: dict[str, Any] = {}
    for name, raw in fields.items():
        size = len(memoryview(raw))
        if size > SPEC_BYTES.value:
            raise Beyond(f"its {name} has {SPEC_BYTES.text(size)}")
        found[name] = loads(raw)
    return found


def _fields(data: bytes | bytearray, names: tuple[str, ...]) -> dict[str, Raw]:
    wanted = msgspec.defstruct("Wanted", [(name, Raw, Raw(b"null")) for name in names])
    try:
        record = msgspec.json.decode(data, type=wanted)
    except UNFIT:
        try:
            record = msgspec.json.decode(strict(data), type=wanted)
        except UNFIT as error:
            raise ValueError(str(error)[:120]) from error
    return {name: getattr(record, name) for name in names}
