"""A simulated cluster through the whole program: source, fold, judgment, decisions, messages."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from tests.quality.cluster.fleets import Cluster
from tests.quality.cluster.truth import Happening, Standstill, Wrong
from tests.quality.cluster.world import ClusterWorld
from tests.quality.fleets import HOUR, MINUTE
from tests.quality.messages import Ears, Eyes
from watchdog.model.report import IncidentReport, Snapshot
from watchdog.model.verdict import Verdict
from watchdog.notify.notice import Notice
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.source_state import SourceState, all_states

GRACE = 5 * MINUTE
"""What was true so long ago may still be told, or widen a message."""
STANDS_LONG = 2 * HOUR
"""So long after its end an incident must be over: a model's own takes 35 minutes."""
BEGINS = frozenset({"opened", "reopened", "escalated", "updated"})


@dataclass
class ClusterResult:
    """What came out of one cluster and seed."""

    cluster: str
    seed: int
    weeks: float
    happenings: Counter[Happening] = field(default_factory=Counter)
    """Eval sets by what happened to them."""
    standstills: list[Standstill] = field(default_factory=list)
    wrongs: list[Wrong] = field(default_factory=list)
    ended: float = 0.0
    pages: int = 0
    warnings: int = 0
    restarts: int = 0

    @property
    def missed(self) -> list[Standstill]:
        """What nobody heard of in time, or ever."""
        return [standstill for standstill in self.standstills if standstill.is_missed(self.ended)]


def run_cluster(cluster: Cluster, seed: int, weeks: float) -> ClusterResult:
    """Run it. The same arguments give the same result."""
    return asyncio.run(_Run(cluster, seed, weeks).run())


class _Run:
    def __init__(self, cluster: Cluster, seed: int, weeks: float) -> None:
        self.world = ClusterWorld(cluster, seed, weeks)
        self.result = ClusterResult(cluster.name, seed, weeks)
        self.ears = Ears(digests=False)
        self.learner = Learner()
        self._open: dict[str, IncidentReport] = {}
        self._stale: set[str] = set()
        self._false: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        """The watchdog starts; what it learned and its ledger outlive that."""
        learner = self.learner
        self.source = SourceState(self.world.source(), learned_until=lambda: learner.learned_until)
        self.eyes = Eyes(3 * self.world.cluster.poll)

    async def run(self) -> ClusterResult:
        """Poll for poll."""
        restarts = list(self.world.restarts)
        for now in self.world.polls():
            if restarts and restarts[0] <= now:
                del restarts[0]
                self.result.restarts += 1
                self._begin()
            seen = await self._look(now)
            self._judge(await self.ears.hear(seen, now), seen, now)
        await self.ears.aclose()
        for life in self.world.life_of.values():
            self.result.happenings[life.happening if life.happened else Happening.ORDINARY] += 1
        self.result.standstills = list(self.world.standstills)
        self.result.ended = self.world.now
        return self.result

    async def _look(self, now: float) -> Snapshot:
        await self.source.poll(now)
        states = all_states([self.source])
        self.learner.take(states, now)
        return self.eyes.look(states, self.learner.learned, now)

    def _judge(self, notices: list[Notice], seen: Snapshot, now: float) -> None:
        for notice in notices:
            incident = notice.incident
            if notice.kind == "resolved":
                self._open.pop(incident.id, None)
                self._if_too_early(notice, now)
                continue
            self._open[incident.id] = incident
            if notice.kind in BEGINS:
                self._if_false(notice, now)
        self._hear(seen, now)
        self._if_stands_long(now)

    def _truth(self, incident: IncidentReport, now: float, grace: float) -> list[Standstill]:
        lives = [self.world.life_of[name] for name in incident.eval_sets]
        return [standstill for life in lives for standstill in life.truth(now, grace)]

    def _if_false(self, notice: Notice, now: float) -> None:
        incident = notice.incident
        is_page = incident.severity == "page"
        self.result.pages += is_page and notice.kind != "updated"
        self.result.warnings += not is_page and notice.kind != "updated"
        truth = self._truth(incident, now, GRACE)
        if truth and (not is_page or any(one.severity == "page" for one in truth)):
            return
        self._false.add(incident.id)
        self._wrong("false page" if is_page else "false warning", incident, now, notice.kind)

    def _if_too_early(self, notice: Notice, now: float) -> None:
        """It is told to be over, and nothing else tells of what stands still."""
        elsewhere = {name for other in self._open.values() for name in other.eval_sets}
        for standstill in self._truth(notice.incident, now, 0.0):
            lasts = now - standstill.since > standstill.due and not standstill.optional
            if lasts and standstill.eval_set not in elsewhere:
                self._wrong("ended too early", notice.incident, now, "resolved")
                return

    def _hear(self, seen: Snapshot, now: float) -> None:
        """Which of what stands still people have heard of by now."""
        told = {name for incident in self._open.values() for name in incident.eval_sets}
        stuck = {
            (eval_set.eval_set_id, sample.id)
            for eval_set in seen.report.eval_sets
            for task in eval_set.tasks
            for sample in task.running
            if sample.verdict is Verdict.STUCK
        }
        for standstill in self.world.standstills:
            if standstill.heard_at is None and standstill.is_true(now):
                named = (
                    standstill.sample is None or (standstill.eval_set, standstill.sample) in stuck
                )
                if standstill.eval_set in told and named:
                    standstill.heard_at = now

    def _if_stands_long(self, now: float) -> None:
        for incident in self._open.values():
            if incident.id not in self._stale | self._false and not self._truth(
                incident, now, STANDS_LONG
            ):
                self._stale.add(incident.id)
                self._wrong("stands too long", incident, now, "open")

    def _wrong(self, kind: str, incident: IncidentReport, now: float, notice: str) -> None:
        life = self.world.life_of[incident.eval_sets[0]]
        happening = life.happening if life.happened else Happening.ORDINARY
        text = f"{notice} {incident.cause.value}: {incident.summary}"
        self.result.wrongs.append(Wrong(kind, now, happening, life.name, text))  # type: ignore[arg-type]
