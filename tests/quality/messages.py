"""A simulated fleet through decisions and delivery: what people hear of each incident."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.quality.fleet import Works
from tests.quality.fleets import Fleet
from tests.quality.remembered import Remembered
from watchdog.config.notify import Notify
from watchdog.correlate import Notes
from watchdog.model.learned import Learned
from watchdog.model.report import Snapshot
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.database import memory_ledger
from watchdog.notify.notice import Notice
from watchdog.pipeline.degraded import DegradedRuns
from watchdog.pipeline.evaluate import evaluate

MAX_AGE = 1e9


@dataclass
class Heard:
    """A channel that keeps all that it is given."""

    name: str = "slack"
    digests: bool = True
    notices: list[Notice] = field(default_factory=list)

    async def send(self, notice: Notice, thread: str | None = None) -> Outcome:
        """Take it."""
        self.notices.append(notice)
        return Outcome("sent", "ok", thread=thread or notice.incident.id)

    async def check(self) -> Outcome:
        """Whether it works: it does."""
        return Outcome("sent", "ok")

    async def aclose(self) -> None:
        """Nothing to release."""


CALLING = frozenset({"opened", "updated", "escalated", "reminded", "reopened", "resolved"})
"""What calls people; `edited` changes only what a message shows."""


@dataclass(frozen=True)
class Story:
    """What is heard of one incident, from its beginning to its end."""

    notices: tuple[Notice, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What people were called for, in order."""
        return tuple(each.kind for each in self.notices if each.kind in CALLING)


def stories(notices: Iterable[Notice]) -> tuple[Story, ...]:
    """Notices by incident; an id that opens again begins another story."""
    found: dict[str, list[list[Notice]]] = {}
    for each in notices:
        told = found.setdefault(each.incident.id, [])
        if each.kind == "opened":
            told.append([])
        told[-1].append(each)
    return tuple(Story(tuple(story)) for told in found.values() for story in told)


class Eyes:
    """From what is remembered to a snapshot, poll for poll, as the service does it."""

    def __init__(self, max_age: float = MAX_AGE) -> None:
        self._max_age = max_age
        self._degraded_runs = DegradedRuns(Notify().degraded_after)

    def look(self, present: Sequence[EvalSetState], learned: Learned, now: float) -> Snapshot:
        """Judge all that is there."""
        notes = Notes(self._degraded_runs.since(now))
        seen = evaluate(present, (), now, Thresholds(), self._max_age, learned=learned, notes=notes)
        self._degraded_runs.take(seen.report.eval_sets, now)
        return seen


class Ears:
    """What people hear of snapshots: decisions, a ledger in memory, delivery to one channel."""

    def __init__(self, *, digests: bool = True) -> None:
        self.heard = Heard(digests=digests)
        self._now = 0.0
        self._deliverer = Deliverer(memory_ledger(), [self.heard], lambda: self._now)

    async def hear(self, seen: Snapshot, now: float) -> list[Notice]:
        """What is new to people."""
        self._now = now
        before = len(self.heard.notices)
        await self._deliverer.handle(seen, True)
        await self._deliverer.flush()
        return self.heard.notices[before:]

    async def aclose(self) -> None:
        """The end."""
        await self._deliverer.aclose()


def snapshots(fleet: Fleet, seed: int, weeks: float) -> Iterator[tuple[float, Snapshot]]:
    """What the watchdog sees of a fleet, poll for poll."""
    works = Works(fleet, seed, weeks)
    remembered, eyes = Remembered(), Eyes()
    for now in works.polls():
        present = remembered.take(works, now)
        yield now, eyes.look(present, remembered.learned, now)


def messages(fleet: Fleet, seed: int, weeks: float) -> list[Notice]:
    """All that a channel is given."""
    return asyncio.run(_messages(fleet, seed, weeks))


async def _messages(fleet: Fleet, seed: int, weeks: float) -> list[Notice]:
    ears = Ears()
    for now, seen in snapshots(fleet, seed, weeks):
        await ears.hear(seen, now)
    await ears.aclose()
    return ears.heard.notices
