"""Numbers by minute of the last day, in a ring. Pure."""

from array import array

MINUTE = 60.0
KEPT = 1440
"""Minutes."""
_WIDTHS = {"B": 0xFF, "I": 0xFFFF_FFFF}


class Minutes:
    """One number for each of the last `KEPT` minutes, by number of the minute since the epoch."""

    def __init__(self, width: str = "I", data: bytes = b"", newest: int = 0) -> None:
        """Args: width: `B` for numbers up to 255, `I` up to 2^32; data, newest: as `kept` has it.

        Raises:
            ValueError: `data` is not of this width.
        """
        self._most = _WIDTHS[width]
        size = KEPT * array(width).itemsize
        if len(data) not in {0, size} or newest < 0:
            raise ValueError(f"{len(data)} bytes of minutes up to {newest}")
        self._ring = array(width, data or bytes(size))
        self.newest = newest

    def add(self, minute: int, number: int = 1) -> None:
        """Count more; what is older than a day is not counted any more."""
        if minute > self.newest:
            self._go_to(minute)
        if minute > self.newest - KEPT:
            place = minute % KEPT
            self._ring[place] = min(self._most, self._ring[place] + number)

    def total(self, minute: int, minutes: int) -> int:
        """The sum of the last so many minutes up to one, both counted."""
        first = max(minute - minutes, self.newest - KEPT) + 1
        last = min(minute, self.newest)
        if first > last:
            return 0
        begin, end = first % KEPT, last % KEPT + 1
        if begin < end:
            return sum(self._ring[begin:end])
        return sum(self._ring[begin:]) + sum(self._ring[:end])

    def first(self, minute: int) -> int | None:
        """The first minute with a number, of the day up to one; None where there is none."""
        begin = max(minute, self.newest) - KEPT + 1
        minutes = range(begin, self.newest + 1)
        return next((one for one in minutes if self._ring[one % KEPT]), None)

    def kept(self) -> bytes:
        """As a later life takes it, with `newest`."""
        return self._ring.tobytes()

    def _go_to(self, minute: int) -> None:
        for gone in range(max(self.newest + 1, minute - KEPT + 1), minute + 1):
            self._ring[gone % KEPT] = 0
        self.newest = minute


def minute_of(instant: float) -> int:
    """The number of an instant's minute."""
    return int(instant // MINUTE)
