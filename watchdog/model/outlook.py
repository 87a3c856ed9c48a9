"""What the last judgment expects of a task: it decides how soon the task is read again."""

from msgspec import Struct

from watchdog.model.report import Ramp
from watchdog.model.verdict import Verdict


class Outlook(Struct, frozen=True):
    """Of one task. Instants are seconds since the epoch."""

    verdict: Verdict
    suspicion: float = 0.0
    """Evidence for stuck over the bound at which the verdict falls, the highest in it."""
    rising: tuple[Ramp, ...] = ()
    """Suspicions that grow by time alone."""
    failing: bool = False
    """Whether the last attempt of one of its samples failed."""
    next_attempt_at: float | None = None
    """Before this instant nothing is tried in it, as all its samples wait; None where some don't.
    """
    ending: bool = False
    """Whether its last few samples run: between two reads of a long silence all may end."""
    near_end: bool = False
    """Whether its last sample runs: the next thing to be written may be its end."""

    def suspicion_at(self, now: float) -> float:
        """The suspicion at `now`, be it by time alone, while the judgment holds."""
        return max(self.suspicion, *(ramp.at(now) for ramp in self.rising), 0.0)
