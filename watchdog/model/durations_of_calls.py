"""How long a task's calls took, by name: seldom asked for, so they are kept as bytes."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from watchdog.model.histogram import Histogram
from watchdog.model.learned import CallName

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[CallName, Histogram]).decode


class CallDurations(Struct, frozen=True, gc=False):
    """Histograms by name: a mapping; a value. Who asks for several unpacks them once."""

    data: bytes = b""

    @staticmethod
    def of(durations: "CallDurations | dict[CallName, Histogram]") -> "CallDurations":
        """Packed; what is packed already stays as it is."""
        if isinstance(durations, CallDurations):
            return durations
        return CallDurations(_encode(durations) if durations else b"")

    def unpacked(self) -> dict[CallName, Histogram]:
        """All of them."""
        return _decode(self.data) if self.data else {}

    def __len__(self) -> int:
        return len(self.unpacked())

    def __bool__(self) -> bool:
        return bool(self.data)

    def __iter__(self) -> Iterator[CallName]:
        return iter(self.unpacked())

    def keys(self) -> Iterable[CallName]:
        """The names."""
        return self.unpacked().keys()

    def values(self) -> Iterable[Histogram]:
        """The histograms."""
        return self.unpacked().values()

    def items(self) -> Iterable[tuple[CallName, Histogram]]:
        """Both."""
        return self.unpacked().items()

    def __getitem__(self, name: CallName) -> Histogram:
        return self.unpacked()[name]

    def get(self, name: CallName, default: Histogram) -> Histogram:
        """The durations of a call, or what is given where there are none."""
        return self.unpacked().get(name, default)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, CallDurations):
            other = other.unpacked()
        return self.unpacked() == other if isinstance(other, dict) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]
