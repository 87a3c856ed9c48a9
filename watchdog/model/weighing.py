"""Evidence weighed: what else could explain it, how rare that is, and how rare it must be."""

import math

from msgspec import Struct

from watchdog.model.told import Text

NOT_ENOUGH = 0.99
"""The most that is suspected where there is too little to say anything."""
TOLD = 0.5
"""The suspicion from which on evidence is told."""


class Explanation(Struct, frozen=True):
    """A way in which it may pass by itself, and how often the fleet sees one as bad as this."""

    name: str
    expected_per_week: float
    """Expected number per week."""
    tolerated: float
    """False pages per week that this explanation may cost."""
    text: Text

    @property
    def ratio(self) -> float:
        """How many times too common it is to be ruled out; 1 and below is ruled out."""
        return self.expected_per_week / self.tolerated


class Rise(Struct, frozen=True):
    """Suspicion that grows by time alone: 1 once `limit` seconds have passed since `since`."""

    since: float
    limit: float
    enough: bool = True

    def at(self, now: float) -> float:
        """The suspicion at `now`, in seconds since the epoch."""
        suspicion = max(0.0, (now - self.since) / self.limit)
        return suspicion if self.enough else min(suspicion, NOT_ENOUGH)

    def turns_after(self, now: float) -> float:
        """When it next reaches a suspicion from which on something else is said; or never."""
        steps = (TOLD, 1.0) if self.enough else (TOLD,)
        instants = (self.since + step * self.limit for step in steps)
        return next((instant for instant in instants if instant > now), math.inf)


class Weighing(Struct, frozen=True):
    """What is weighed for one sample by one rule.

    Attributes:
        subject: what it is about, in words.
        explanations: the harmless ones; all must be ruled out together.
        initial_ratio: the sum of their ratios when it began: the prior odds, so to say.
        enough: whether there is enough of it to say anything at all.
        lasted: for something that has not ended yet, since how many seconds it has lasted.
        limit: and how many it may, where that decides: the duration at which the ratio is 1, or
            what was declared.
        change: what would change the verdict, in words.
        since: since when it lasts, where time alone makes it longer.
    """

    subject: Text
    explanations: tuple[Explanation, ...]
    initial_ratio: float
    enough: bool = True
    lasted: float | None = None
    limit: float | None = None
    change: tuple[Text, ...] = ()
    since: float | None = None

    @property
    def ratio(self) -> float:
        """The harmless explanations together, over what is tolerated of each."""
        return sum(explanation.ratio for explanation in self.explanations)

    @property
    def expected_per_week(self) -> float:
        """How often a week it comes about and passes by itself, one way or another."""
        return sum(explanation.expected_per_week for explanation in self.explanations)

    @property
    def bound(self) -> float:
        """The weight of evidence (natural logarithm) at which the verdict falls."""
        return math.log(max(self.initial_ratio, math.e))

    @property
    def weight(self) -> float:
        """The weight of the evidence so far: the logarithm of how much rarer it has become."""
        return self.bound - math.log(max(self.ratio, 1e-300))

    @property
    def suspicion(self) -> float:
        """Evidence over bound: 1 and above is stuck."""
        if self.limit is not None:
            suspicion = max(0.0, (self.lasted or 0.0) / self.limit)
        else:
            suspicion = max(0.0, self.weight / self.bound)
        return suspicion if self.enough else min(suspicion, NOT_ENOUGH)

    @property
    def rise(self) -> Rise | None:
        """How the suspicion grows by time alone; None where it doesn't."""
        if self.since is None or self.limit is None:
            return None
        return Rise(self.since, self.limit, self.enough)
