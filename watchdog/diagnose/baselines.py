"""What is normal in this fleet, and how rare a thing must be before it is told.

Everything is an expected number per week: how many streaks of failures, or calls, as bad as this
one pass by themselves. A verdict falls where that number is below what is tolerated; as each
family of rules has its share of the tolerated pages, the whole stays within them.
Sources: docs/detection.md.
"""

import math
from typing import Literal, get_args

from msgspec import Struct

from watchdog.diagnose.provider_timeouts import client_timeout
from watchdog.diagnose.typical import chance_longer
from watchdog.diagnose.usual_errors import UsualErrors
from watchdog.model.histogram import Histogram
from watchdog.model.learned import (
    Attempts,
    CallFamily,
    CallName,
    Learned,
    RunFamily,
    TroubleGroup,
    TroubleKind,
    TroubleName,
    call_name,
    is_of_family,
    trouble_name,
)
from watchdog.model.state import INDEPENDENT_SECONDS
from watchdog.model.thresholds import Thresholds

Family = Literal["own", "shared"] | CallFamily
"""Rules that have a share of the tolerated pages of their own."""

Lasting = CallFamily | RunFamily
"""What takes its time and then ends."""

SHARES: dict[Family, float] = {
    "own": 0.25,
    "shared": 0.35,
    "model": 0.10,
    "tool": 0.10,
    "setup": 0.05,
    "scoring": 0.05,
    "step": 0.05,
}
"""Shares of the tolerated pages; what is left over is a margin."""

WARNING_SHARES: dict[RunFamily, float] = {"loop": 0.2, "poll": 0.1}
"""Shares of the tolerated warnings of what is worth no more than one."""
ERRORS_SHARE = 0.2
"""The share of the tolerated warnings that samples which err may cause."""

PRIOR_WEEKS = 0.5
"""So much observation a prior is worth: after a week the fleet's own experience weighs more."""

OUTAGE_WEEKS = (PRIOR_WEEKS, 2.0)
"""For outages the more cautious of two: what was seen raises a rate at once, and that nothing was
seen lowers it slowly, as the long ones are rare."""

_ROBUST_RANK = 3
"""The tail of a call's durations begins at its third longest: two strays teach nothing."""

_TAIL_INDEX = 4.0
"""How fast durations of one kind of call thin out beyond the longest seen (Pareto's index)."""

_UNKNOWN_CALLS = 300
"""So many calls of a name weigh as much as what is assumed of a name never seen."""

_ALIKE_CALLS: dict[Lasting, float] = {"model": 20.0, "tool": 30.0}
"""So many do where one as long would be unlike all of them. A model's calls are alike: which kind
of model it is shows in the first dozens. A tool does now this, now that."""

_CALL_WEEKS = 0.05
"""Calls seen in the first hours are taken to come in as fast as if within eight."""

_LONGEST_LIMIT = 30 * 86_400.0
_SHORTEST_LIMIT = 300.0
_SHORTEST: dict[Lasting, float] = {"model": 2000.0, "tool": 3600.0}
"""Seconds before which no call is told, however short those seen were. Most clients ask three times
for ten minutes each by themselves, so a provider that is silent for everybody looks hung until
then; and a tool that does short things all day may be asked for a long one."""


class Prior(Struct, frozen=True):
    """Events per week longer than d: `expected_per_week · (1 + d/scale)^-index` (Lomax's law)."""

    expected_per_week: float
    scale: float
    index: float

    def above(self, seconds: float) -> float:
        """Expected number per week that last longer."""
        return self.expected_per_week * math.pow(1.0 + seconds / self.scale, -self.index)


TROUBLES: dict[TroubleName, Prior] = {
    trouble_name("own", "failed"): Prior(14.0, 180.0, 2.5),
    trouble_name("own", "refused"): Prior(4.7, 360.0, 2.0),
    trouble_name("shared", "failed"): Prior(6.0, 100.0, 1.144),
    trouble_name("shared", "refused"): Prior(4.9, 300.0, 1.2),
    trouble_name("partial", "failed"): Prior(10.0, 600.0, 1.1),
    trouble_name("partial", "refused"): Prior(10.0, 600.0, 1.1),
}
"""Trouble that passes: of one sample alone, of everybody on a model, or of many while some get
through; by what the provider says: refused for the rate (429), or failed otherwise."""

ANCHORS: dict[Lasting, float] = {
    "model": 7200.0,
    "tool": 7200.0,
    "setup": 3600.0,
    "scoring": 7200.0,
    "step": 3600.0,
    "loop": 3600.0,
    "poll": 86_400.0,
}
"""On day one, and with the tolerances as they come, a call, or the same again and again, may take
so many seconds. What is judged by runs never gets less: an hour of them is no news."""

ANSWERS_IN_PIECES = 2.0
"""A streamed answer may take longer than a client waits for a piece of it: so many times."""

_DEFAULTS = Thresholds()
_ALIKE_FROM = 1800.0
"""Seconds; what is shorter is told only where the calls seen say so by themselves: conversations
grow, and their calls with them."""
_PRIOR_FAILING = 0.05
_PRIOR_ATTEMPTS = 20.0
_PRIOR_STREAKS = 100.0


class _Trouble(Struct, frozen=True):
    """What is known of one kind of trouble."""

    prior: Prior
    seen: Histogram | None
    weeks: tuple[float, ...]
    """So much observation its priors are worth."""


_KINDS: tuple[TroubleKind, ...] = get_args(TroubleKind)
_GROUPS: tuple[TroubleGroup, ...] = get_args(TroubleGroup)


class Limit(Struct, frozen=True):
    """How long a call may take, and why."""

    seconds: float
    expected_per_week: float
    """Calls per week that are expected to take longer and still return."""
    tolerated: float
    seen: int
    """Calls of this name that it was learned from."""
    longest: float
    """The third longest of them, in seconds."""


class Baselines:
    """The fleet's experience and the tolerated pages, as the rules ask for them."""

    def __init__(self, learned: Learned, limits: Thresholds) -> None:
        self._learned = learned
        self._limits = limits
        self._cache: dict[tuple[CallName, bool, bool], Limit] = {}
        self.errors = UsualErrors(learned)
        self._troubles = {
            (kind, group): _Trouble(
                TROUBLES[name],
                learned.troubles.get(name),
                (PRIOR_WEEKS,) if kind == "own" else OUTAGE_WEEKS,
            )
            for kind in _KINDS
            for group in _GROUPS
            for name in (trouble_name(kind, group),)
        }
        self._tolerated = {
            family: _share(family) * _tolerance(limits, family)
            for family in (*SHARES, *WARNING_SHARES)
        }
        self._weeks = learned.weeks if math.isfinite(learned.weeks) else 0.0
        self._names = {family: _names(learned, family) for family in ANCHORS}

    @property
    def weeks(self) -> float:
        """Weeks of observation behind it."""
        return self._learned.weeks

    @property
    def independent_seconds(self) -> float:
        """Seconds; failures closer together are one piece of evidence."""
        return INDEPENDENT_SECONDS * self._limits.scale

    def tolerated(self, family: Family | RunFamily) -> float:
        """False pages per week that this family of rules may cause; of runs, false warnings."""
        return self._tolerated[family]

    @property
    def warnings(self) -> float:
        """False warnings tolerated per week."""
        return self._limits.false_warnings_per_week

    @property
    def error_warnings(self) -> float:
        """False warnings of samples that err tolerated per week."""
        return ERRORS_SHARE * self.warnings

    def trouble(self, kind: TroubleKind, group: TroubleGroup, seconds: float) -> float:
        """Troubles per week that last longer than `seconds` and pass by themselves.

        The mean of the Gamma distribution that is left of the prior after so many weeks with so
        many troubles as long (a Poisson process; Gelman et al., Bayesian Data Analysis, 2.6).
        """
        trouble = self._troubles[kind, group]
        prior = trouble.prior.above(seconds / self._limits.scale)
        longer = trouble.seen.above(seconds) if trouble.seen is not None else 0.0
        return self._posterior(prior, longer, trouble.weeks)

    def usual_failing(self, model: str, ok: int = 0, failed: int = 0) -> float:
        """The chance that an attempt fails in normal times, by the model's and these outcomes."""
        attempts = self._learned.attempts.get(model, Attempts())
        base = (_PRIOR_ATTEMPTS * _PRIOR_FAILING + attempts.failed) / (
            _PRIOR_ATTEMPTS + attempts.failed + attempts.ok
        )
        return (_PRIOR_ATTEMPTS * base + failed) / (_PRIOR_ATTEMPTS + ok + failed)

    def streaks(self, model: str) -> float:
        """Runs of failures per week that a model's calls begin in normal times."""
        attempts = self._learned.attempts.get(model, Attempts())
        return self._posterior(_PRIOR_STREAKS, attempts.streaks, (PRIOR_WEEKS,))

    def limit(
        self, family: Lasting, name: str, *, alike: bool = True, bounded: bool = True
    ) -> Limit:
        """How long a call, or a run, of this name may take.

        `alike` where it is one more of those seen; a sample's first may be of another kind.
        `bounded` where its client's usual time-out holds (`provider_timeouts.py`).
        """
        key = call_name(family, name), alike, bounded
        if key not in self._cache:
            self._cache[key] = self._find_limit(family, name, alike, bounded)
        return self._cache[key]

    def calls(
        self,
        family: Lasting,
        name: str,
        seconds: float,
        *,
        alike: bool = True,
        bounded: bool = True,
    ) -> float:
        """Calls of this name per week that take longer than `seconds` and return.

        What is assumed fades with the calls seen, not with time: weeks without a single call of
        this name tell nothing of how long it takes.
        """
        histogram = self._learned.durations.get(call_name(family, name), Histogram())
        seconds, weeks = max(seconds, 1.0), _CALL_WEEKS + self._weeks
        anchor = _anchor(family, name, histogram) if bounded else ANCHORS[family]
        prior = self._assumed(family, anchor, histogram, seconds, alike=alike)
        return prior + _robustly_above(histogram, seconds) / weeks

    def _assumed(
        self, family: Lasting, anchor: float, histogram: Histogram, seconds: float, *, alike: bool
    ) -> float:
        """Calls per week, longer than so many seconds, that are assumed before they were seen.

        Others' calls tell less of a sample's first than its client's time-out does.
        """
        client = math.pow(anchor * self._limits.scale / seconds, 2)
        usual = math.pow(ANCHORS[family] * self._limits.scale / seconds, 2)
        share = _share(family) * _tolerance(_DEFAULTS, family)
        unknown = _unknown(histogram)
        if not alike:
            return share * min(client, unknown * usual)
        if seconds >= _ALIKE_FROM * self._limits.scale:
            weeks = _CALL_WEEKS + self._weeks
            unknown = _left(family, histogram, seconds, weeks)
        return share * unknown * client

    def _tolerated_of(self, family: Lasting, histogram: Histogram) -> float:
        """Well-known names share what their family may cost; one never seen has all of it."""
        other_names = max(0, self._names[family] - 1)
        return self.tolerated(family) / (1 + other_names * (1 - _unknown(histogram)))

    def _find_limit(self, family: Lasting, name: str, alike: bool, bounded: bool) -> Limit:
        """The shortest duration that is rare enough, by bisection on the logarithmic scale."""
        histogram = self._learned.durations.get(call_name(family, name), Histogram())
        tolerated = self._tolerated_of(family, histogram)
        is_warning = family in WARNING_SHARES
        shortest = ANCHORS[family] if is_warning else _SHORTEST.get(family, _SHORTEST_LIMIT)
        low, high = shortest * self._limits.scale, _LONGEST_LIMIT
        for _ in range(40):
            middle = (low * high) ** 0.5
            if self.calls(family, name, middle, alike=alike, bounded=bounded) <= tolerated:
                high = middle
            else:
                low = middle
        expected_per_week = self.calls(family, name, high, alike=alike)
        longest = histogram.largest(_rank(histogram))
        return Limit(high, expected_per_week, tolerated, round(histogram.total), longest)

    def _posterior(
        self, prior_weekly: float, count: float, prior_weeks: tuple[float, ...]
    ) -> float:
        watched, most = self._weeks, 0.0
        for weeks in prior_weeks:
            # asked many times for each failing sample: faster than max() of a generator
            mean = (weeks * prior_weekly + count) / (weeks + watched)
            most = max(most, mean)
        return most


def _share(family: Family | RunFamily) -> float:
    return WARNING_SHARES[family] if family in WARNING_SHARES else SHARES[family]  # type: ignore[index]


def _tolerance(limits: Thresholds, family: Family | RunFamily) -> float:
    """What is tolerated of all rules of this kind together."""
    is_warning = family in WARNING_SHARES
    return limits.false_warnings_per_week if is_warning else limits.false_pages_per_week


def _anchor(family: Lasting, name: str, histogram: Histogram) -> float:
    """Seconds that a call of a name never seen may take, with one false page tolerated a week.

    Where a call took longer than its client waits for an answer, the answers come in pieces.
    """
    client = client_timeout(name) if family == "model" else None
    if client is None or histogram.above(client.gives_up_after) > 0:
        return ANCHORS[family]
    return min(ANCHORS[family], ANSWERS_IN_PIECES * client.gives_up_after)


def _unknown(histogram: Histogram) -> float:
    """How much of a name is still assumed: 1 for one never seen."""
    return _UNKNOWN_CALLS / (_UNKNOWN_CALLS + histogram.total)


def _left(family: Lasting, histogram: Histogram, seconds: float, weeks: float) -> float:
    """How much is still assumed of calls as long: less, where those seen are nothing like it.

    As much as if their durations went on like those seen, and between what either number of calls
    leaves.
    """
    most = _unknown(histogram)
    calls = _ALIKE_CALLS.get(family)
    if calls is None or not histogram.total:
        return most
    alike = histogram.total * chance_longer(histogram, seconds) / weeks
    return min(most, max(calls / (calls + histogram.total), alike / _share(family)))


def _names(learned: Learned, family: Lasting) -> int:
    return sum(is_of_family(name, family) for name in learned.durations)


def _rank(histogram: Histogram) -> float:
    return max(1.0, min(_ROBUST_RANK, histogram.total))


def _robustly_above(histogram: Histogram, seconds: float) -> float:
    """How many of the calls seen would be longer: counted, and beyond the third longest by a tail.

    Weissman's estimator (Journal of the American Statistical Association 73, 1978) with a fixed
    index: k · (d / x_k)^-index beyond the k-th longest x_k.
    """
    if not histogram.total:
        return 0.0
    rank = _rank(histogram)
    start = histogram.largest(rank)
    if seconds <= start:
        return max(rank, histogram.above(seconds))
    return rank * math.pow(seconds / start, -_TAIL_INDEX)
