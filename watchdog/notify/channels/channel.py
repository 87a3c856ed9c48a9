"""The protocol behind which every channel stands."""

from typing import Literal, Protocol

from msgspec import Struct

from watchdog.notify.notice import Notice


class Outcome(Struct, frozen=True):
    """What became of one message. `detail` is for people and holds no secrets."""

    result: Literal["sent", "retry", "refused"]
    """`retry`: it may work later. `refused`: it won't work until somebody changes something."""
    detail: str
    retry_after: float | None = None
    """Seconds that the other side asks to wait."""
    thread: str | None = None
    """What the channel needs to go on with this incident's message: the ledger keeps it."""

    @property
    def sent(self) -> bool:
        """The channel confirmed it."""
        return self.result == "sent"


NOTHING = "left out: nothing for this channel"
"""What a message's outcome says that its channel does not tell at all."""
UNTRIED = Outcome("sent", "set up; only a message tells whether it arrives")
"""What a channel says of itself that can't be asked."""


class Channel(Protocol):
    """Somewhere to tell people. It remembers nothing: the ledger does."""

    @property
    def name(self) -> str:
        """Stable and short: a metric's label, and the ledger's."""
        ...

    @property
    def digests(self) -> bool:
        """Whether many incidents at once are told in one message; programs want each."""
        ...

    async def send(self, notice: Notice, thread: str | None = None) -> Outcome:
        """Tell it, within bounded time. Never raises for what the outside does.

        Args:
            notice: what to tell.
            thread: what this channel returned for the incident's first message; None for that.
        """
        ...

    async def check(self) -> Outcome:
        """Whether it would take a message, as far as that can be told without one; never raises.

        `sent` says that nothing speaks against it.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
