"""How attempts at model calls ended: a few bytes for each, read like a tuple of records.

A fleet remembers millions of them, and goes through all of them when it judges: so they stand in
columns, and what asks about times or models reads those instead of making a record for each.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from math import nan
from struct import Struct as Layout
from typing import NamedTuple, overload

from msgspec import Struct
from msgspec.structs import force_setattr

from watchdog.model.names import shared
from watchdog.model.verdict import Cause

DIGEST_BYTES = 8
"""Of an event's id. Two of the few dozen ids that are compared share one with 1 in 10^17."""
_WIDE = 8 + 1 + DIGEST_BYTES
_NARROW = 8 + 1
_LONG = Layout("<Hd")
KINDS_MAX = 256
"""Model and cause are one byte, so no more outcomes are kept in one sequence."""


class Outcome(NamedTuple):
    """The end of one model-call attempt, in row order."""

    ok: bool
    at: float | None
    """For a success its end; for a failure the attempt's start (its end is not recorded)."""
    cause: Cause | None
    model: str
    event_id: str = ""
    """Empty in what comes out of `Outcomes`: of that only a digest is kept."""
    began: float | None = None
    """Of a success that took longer than a minute, when that attempt began: the model took it on
    then, which says nothing of those that came after."""


Kind = tuple[str, Cause | None]
"""A model, and what an attempt failed by; None where it didn't."""


def digest(event_id: str) -> bytes:
    """What is kept of an event's id: whether a row tells of the same one."""
    text = event_id.encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=DIGEST_BYTES).digest()


class Outcomes(Struct, frozen=True, gc=False):
    """Outcomes, oldest first: a sequence of `Outcome`, at most `KINDS_MAX`; a value."""

    columns: bytes = b""
    """Times (float64, none is NaN), then numbers of kinds (a byte), then digests of ids."""
    kinds: tuple[Kind, ...] = ()
    long: bytes = b""
    """Of those that took long: place (two bytes) and when they began (float64)."""
    identified: bool = True
    """Whether there are digests: those of samples that ended are not asked for any more."""

    def __post_init__(self) -> None:
        force_setattr(self, "kinds", shared(self.kinds))

    @staticmethod
    def of(outcomes: "Iterable[Outcome]") -> "Outcomes":
        """Packed; what is packed already stays as it is."""
        if isinstance(outcomes, Outcomes):
            return outcomes
        items = tuple(outcomes)
        return packed(
            [item.at for item in items],
            [(item.model, item.cause) for item in items],
            [digest(item.event_id) for item in items],
            {n: item.began for n, item in enumerate(items) if item.began is not None},
        )

    def __len__(self) -> int:
        return len(self.columns) // (_WIDE if self.identified else _NARROW)

    def __iter__(self) -> Iterator[Outcome]:
        return self._records(slice(None))

    @overload
    def __getitem__(self, place: int) -> Outcome: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Outcome, ...]: ...
    def __getitem__(self, place: int | slice) -> Outcome | tuple[Outcome, ...]:
        if isinstance(place, slice):
            return tuple(self._records(place))
        return next(self._records(slice(range(len(self))[place], None)))

    def _records(self, places: slice) -> Iterator[Outcome]:
        of_kind = [self.kinds[number] for number in self.numbers[places]]
        began = self.began if self.long else {}
        for number, at, (model, cause) in zip(
            range(len(self))[places], self.times[places], of_kind, strict=True
        ):
            instant = None if at != at else at  # noqa: PLR0124 - NaN
            yield Outcome(cause is None, instant, cause, model, "", began.get(number))

    def __reversed__(self) -> Iterator[Outcome]:
        return reversed(tuple(self))

    def index(self, outcome: Outcome) -> int:
        """Where the first is that says the same.

        Raises:
            ValueError: none does.
        """
        return tuple(self).index(outcome)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, tuple):
            other = Outcomes.of(other)
        if not isinstance(other, Outcomes):
            return NotImplemented
        if (self.columns, self.kinds, self.long) == (other.columns, other.kinds, other.long):
            return True
        # kinds may be numbered otherwise
        return self.digests == other.digests and tuple(self) == tuple(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((len(self), bytes(self.columns[: 8 * len(self)])))

    @property
    def times(self) -> list[float]:
        """When they ended; NaN where that isn't known."""
        return array("d", self.columns[: 8 * len(self)]).tolist()

    @property
    def numbers(self) -> bytes:
        """Of each the number of its kind."""
        count = len(self)
        return self.columns[8 * count : 9 * count]

    @property
    def digests(self) -> bytes:
        """Of each the digest of its event's id; none where they aren't kept."""
        return self.columns[9 * len(self) :]

    @property
    def began(self) -> dict[int, float]:
        """Of those that took long, by place, when they began."""
        return dict(_LONG.iter_unpack(self.long)) if self.long else {}

    @property
    def models(self) -> frozenset[str]:
        """The models that were called."""
        return frozenset(self.kinds[number][0] for number in set(self.numbers))

    @property
    def any_ok(self) -> bool:
        """Whether one succeeded."""
        return any(self.kinds[number][1] is None for number in set(self.numbers))

    @property
    def oks(self) -> list[bool]:
        """Of each whether it succeeded."""
        is_ok = [cause is None for _, cause in self.kinds]
        return [is_ok[number] for number in self.numbers]

    def failed_at(self, model: str, last: int | None = None) -> list[float]:
        """When attempts on a model failed, in order, as far as that is known; the last so many."""
        kinds = {n for n, (name, cause) in enumerate(self.kinds) if name == model and cause}
        if not kinds:
            return []
        times = [at for at, n in zip(self.times, self.numbers, strict=True) if n in kinds]
        if last is not None:
            times = times[-last:] if last else []
        return [at for at in times if at == at]  # noqa: PLR0124 - NaN

    def by_kind(self) -> Iterator[tuple[Kind, list[float]]]:
        """The times of each kind, in order, where they are known."""
        times, numbers = self.times, self.numbers
        for number in set(numbers):
            if len(self.kinds) == 1:
                own = times
            else:
                own = [at for at, one in zip(times, numbers, strict=True) if one == number]
            if known := [at for at in own if at == at]:  # noqa: PLR0124 - NaN
                yield self.kinds[number], known

    def sent(self) -> Iterator[tuple[str, float]]:
        """Of each model the latest instant that one of its successes was sent, as far as is known.

        One that didn't take long was sent when it ended.
        """
        for (model, cause), times in self.by_kind():
            if cause is None and not self.long:
                yield model, max(times)
        for outcome in self if self.long else ():
            if outcome.ok and outcome.at is not None:
                yield outcome.model, outcome.began or outcome.at

    def moved(self, by: float) -> "Outcomes":
        """The same in another clock's time; when long ones began stays as it was told."""
        count = len(self)
        times = array("d", (at + by for at in self.times)).tobytes()
        columns = times + self.columns[8 * count :]
        return Outcomes(columns, self.kinds, self.long, self.identified)


def packed(
    times: Iterable[float | None],
    kinds: Iterable[Kind],
    digests: Iterable[bytes] | None,
    began: Mapping[int, float],
) -> Outcomes:
    """Outcomes of columns; without digests they are not identified."""
    table: dict[Kind, int] = {}
    numbers = bytes(table.setdefault(kind, len(table)) for kind in kinds)
    instants = array("d", (nan if at is None else at for at in times)).tobytes()
    ids = None if digests is None else b"".join(digests)
    return in_columns(instants, numbers, tuple(table), ids, began)


def in_columns(
    times: bytes,
    numbers: bytes,
    kinds: Iterable[Kind],
    digests: bytes | None,
    began: Mapping[int, float],
) -> Outcomes:
    """The same, of columns that are bytes already."""
    long = b"".join(_LONG.pack(place, at) for place, at in began.items()) if began else b""
    columns = times + numbers + (digests or b"")
    return Outcomes(columns, tuple(kinds), long, digests is not None)


def renumbered(numbers: bytes | bytearray, kinds: Sequence[Kind]) -> tuple[bytearray, list[Kind]]:
    """Without the kinds that no number stands for any more."""
    used = sorted(set(numbers))
    if len(used) == len(kinds):
        return bytearray(numbers), list(kinds)
    table = bytearray(KINDS_MAX)
    for new, old in enumerate(used):
        table[old] = new
    return bytearray(numbers.translate(table)), [kinds[number] for number in used]


def last_of(parts: Iterable[Outcomes], most: int) -> Outcomes:
    """The last outcomes of several sequences, one after the other, without their digests.

    None of them is longer than `most`.
    """
    times, numbers = bytearray(), bytearray()
    kinds: list[Kind] = []
    began: dict[int, float] = {}
    for part in parts:
        left_out = max(0, len(numbers) + len(part) - most)  # room first: kinds are one byte
        if left_out:
            del times[: 8 * left_out], numbers[:left_out]
            began = {place - left_out: at for place, at in began.items() if place >= left_out}
            numbers, kinds = renumbered(numbers, kinds)
        began.update({len(numbers) + place: at for place, at in part.began.items()})
        times += part.columns[: 8 * len(part)]
        numbers += part.numbers.translate(_into(kinds, part.kinds))
    return in_columns(bytes(times), bytes(numbers), kinds, None, began)


def _into(kinds: list[Kind], more: Sequence[Kind]) -> bytearray:
    """Adds kinds to a list of them, and gives the numbers that they have there."""
    table = bytearray(KINDS_MAX)
    for number, kind in enumerate(more):
        if kind not in kinds:
            kinds.append(kind)
        table[number] = kinds.index(kind)
    return table
