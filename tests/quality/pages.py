"""Who would have been paged when, and was it right? The same counting for all detectors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.quality.world import Kind, Sample

Subject = tuple[str, str]
"""Eval set and sample."""


@dataclass
class Truth:
    """A sample that got stuck."""

    kind: Kind
    onset: float
    error: str
    last_seen: float


@dataclass
class Page:
    """Somebody was paged."""

    at: float
    hanging: bool
    false: bool


@dataclass
class Score:
    """One detector's pages and delays."""

    pages: list[Page] = field(default_factory=list)
    found: dict[Subject, float] = field(default_factory=dict)
    """When each truly stuck sample was first called stuck."""

    def finds(self, subject: Subject, at: float) -> None:
        """A truly stuck sample is called stuck."""
        self.found.setdefault(subject, at)

    def false(self, hanging: bool | None = None) -> int:
        """False pages, of one family or of all."""
        return sum(p.false and hanging in {None, p.hanging} for p in self.pages)

    def delays(self, truths: dict[Subject, Truth], *, hanging: bool) -> list[float]:
        """Seconds from each onset to its verdict; one that was never found counts until its end."""
        return sorted(
            self.found.get(subject, truth.last_seen) - truth.onset
            for subject, truth in truths.items()
            if (truth.kind != "failing") is hanging
        )

    def misses(self, truths: dict[Subject, Truth]) -> int:
        """Stuck samples that were never found."""
        return len(truths.keys() - self.found.keys())


JOINED = 3600.0
"""Seconds; a simple rule's pages on one model within this are counted as one, in its favour."""


class RulePages:
    """Pages of a rule that only names samples: joined by model, as kindly as can be."""

    def __init__(self, *, hanging: bool) -> None:
        self.score = Score()
        self._hanging = hanging
        self._known: set[Subject] = set()
        self._last: dict[str, float] = {}

    def take(self, now: float, stuck: Iterable[tuple[Subject, str, Sample]]) -> None:
        """The samples that the rule calls stuck now, each with its model and the truth."""
        new: dict[str, list[bool]] = {}
        present: set[Subject] = set()
        for subject, model, sample in stuck:
            present.add(subject)
            true = is_stuck(sample, now)
            if true:
                self.score.finds(subject, now)
            if subject not in self._known:
                new.setdefault(model, []).append(true)
        self._known = present
        for model, verdicts in new.items():
            if now - self._last.get(model, float("-inf")) >= JOINED:
                self.score.pages.append(Page(now, self._hanging, not any(verdicts)))
            self._last[model] = now


def is_stuck(sample: Sample, now: float) -> bool:
    """The truth."""
    return sample.onset is not None and sample.onset <= now
