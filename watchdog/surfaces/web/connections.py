"""Which connections are held, and which one makes room for a new one.

uvicorn's own bound (`limit_concurrency`) counts every connection, also those that only wait, and
then answers everybody with 503, probes too. Here a new connection always gets a place: the one
that goes belongs to the peer that holds the most, waits for a request rather than for an answer,
and has done so for the longest.
"""

import resource
from collections import Counter
from collections.abc import Collection
from typing import Protocol, TypeVar

DESCRIPTORS_EACH = 4
"""One of so many file descriptors of the process may be a connection."""


class Connection(Protocol):
    """What must be known of a connection to choose among them."""

    peer: str
    """The other side's address, without its port."""
    since: float
    """Since when it waits, or is being answered; on the loop's clock."""

    @property
    def answering(self) -> bool:
        """Whether a request is being answered."""


C = TypeVar("C", bound=Connection)


def to_close(connections: Collection[C]) -> C:
    """The connection that is missed the least."""
    held = Counter(connection.peer for connection in connections)
    return min(connections, key=lambda one: (-held[one.peer], one.answering, one.since))


def places(wanted: int) -> int:
    """As many connections as are wanted, or as the process has descriptors for."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return wanted
    return max(8, min(wanted, descriptors // DESCRIPTORS_EACH))
