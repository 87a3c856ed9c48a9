"""What stuck eval sets cost: time, and what their pods held meanwhile; and what was watched.

Kept day by day, so that any week can be summed up. Instants are seconds since the epoch, amounts
are multiplied by seconds: core seconds, byte seconds, GPU seconds.
"""

from collections.abc import Mapping

from msgspec import Struct


class Held(Struct, frozen=True):
    """What pods requested over some time. What is not known is counted as such, never as 0."""

    known: float = 0.0
    """Seconds for which the pods of the eval set were known."""
    unknown: float = 0.0
    """Seconds for which they were not: no cluster, or pods that couldn't be listed."""
    sandboxes: float = 0.0
    """Sandbox pods times seconds."""
    runners: float = 0.0
    """Pods of the runner times seconds."""
    unread: float = 0.0
    """Pods times seconds whose requests are not known: they are in no amount below."""
    requests: Mapping[str, float] = {}
    """Amounts times seconds, by the resource's name in Kubernetes: `cpu` in cores, `memory` in
    bytes, each kind of GPU under its own name."""

    def plus(self, more: "Held", share: float = 1.0) -> "Held":
        """Both together; of the other only a share."""
        names = {*self.requests, *more.requests}
        return Held(
            self.known + share * more.known,
            self.unknown + share * more.unknown,
            self.sandboxes + share * more.sandboxes,
            self.runners + share * more.runners,
            self.unread + share * more.unread,
            {n: self.requests.get(n, 0.0) + share * more.requests.get(n, 0.0) for n in names},
        )


class LostTime(Struct, frozen=True):
    """What one eval set lost by one cause on one day."""

    day: int
    """When the day began, in the service's time zone (`notify.time_zone`)."""
    eval_set: str
    cause: str
    since: float
    """The first instant of it that is counted."""
    until: float
    """The last one."""
    seconds: float = 0.0
    """For which it was stuck as a whole."""
    partial: float = 0.0
    """For which only some of its running samples were."""
    owner: str = ""
    team: str = ""
    groups: tuple[str, ...] | None = ()
    """What whoever sees it needs, as its report has it (`model_groups`)."""
    secret_models: tuple[str, ...] = ()
    """Its models that not everybody may see: its name may hold theirs."""
    held: Held = Held()

    @property
    def key(self) -> tuple[int, str, str]:
        """Names it."""
        return self.day, self.eval_set, self.cause


class WatchedTime(Struct, frozen=True):
    """How much of one day the service watched."""

    day: int
    since: float
    until: float
    seconds: float = 0.0
    """For which all sources answered and what they told was judged."""
    polls: int = 0
    """Of all sources."""
    incomplete: int = 0
    """Of these, those that did not read their source in full."""
