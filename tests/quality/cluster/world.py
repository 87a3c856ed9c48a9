"""A simulated cluster as the real source reads it: a cache of its objects, and a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

from tests.quality.cluster.fleets import Cluster
from tests.quality.cluster.happenings import HAPPENINGS
from tests.quality.cluster.life import Life
from tests.quality.cluster.truth import Happening, Standstill
from tests.quality.fleets import HOUR
from tests.quality.world import START, WEEK, moments
from watchdog.collect.kubernetes.eval_set_objects import Objects
from watchdog.collect.kubernetes.runner_logs import RunnerLogs
from watchdog.collect.kubernetes.source import ClusterSource, ClusterState
from watchdog.collect.source import Emit, PollResult
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import ResourceKind
from watchdog.model.facts import Fact, Listing, SpecRead, TaskRead

KNOWN: frozenset[ResourceKind] = frozenset({"pods", "jobs", "namespaces", "events"})


class ClusterWorld:
    """All eval sets of a cluster, and the truth about them."""

    def __init__(self, cluster: Cluster, seed: int, weeks: float) -> None:
        self.cluster = cluster
        self.now = START
        self._random = Random(f"{cluster.name} {seed}")
        horizon = weeks * WEEK
        self._until = START + horizon
        gaps = moments(self._random, cluster.fleet.gaps, horizon)
        self._blind = [(at, at + self._random.uniform(600, 2 * HOUR)) for at in gaps]
        self.restarts = list(moments(self._random, cluster.restarts, horizon))
        """When the watchdog is started anew."""
        self.lives: list[Life] = []
        self.life_of: dict[str, Life] = {}
        self.stores: dict[str, list[Fact]] = {}
        """All that the store and the runner's log of each eval set ever said, in order."""
        self._drawn: Counter[Happening] = Counter()
        self._begun = 0

    def polls(self) -> Iterator[float]:
        """The instants of the polls; before each, all comes to pass that came meanwhile."""
        at = START + self.cluster.poll
        while at < self._until:
            self._advance(at)
            if not any(since <= at < until for since, until in self._blind):
                yield at
            at += self.cluster.poll

    @property
    def standstills(self) -> Iterator[Standstill]:
        """All that people must hear of, or had to."""
        for life in self.life_of.values():
            yield from life.standstills

    def _advance(self, now: float) -> None:
        self.now = now
        for life in self.lives:
            life.advance(now)
        self.lives = [life for life in self.lives if not life.is_left_alone]
        while sum(life.is_at_work for life in self.lives) < self.cluster.fleet.eval_sets:
            self.lives.append(self._new(now))

    def _new(self, now: float) -> Life:
        self._begun += 1
        random = Random(self._random.random())
        happening = self.cluster.happening(random, self._drawn)
        self._drawn[happening] += 1
        life = Life(f"set-{self._begun}", self.cluster, happening, now, random)
        HAPPENINGS[happening](life)
        life.begin()
        self.life_of[life.name] = life
        self.stores[life.name] = life.facts
        return life

    def objects(self, watched_since: float) -> Objects:
        """What the API server holds, and what was deleted while it was watched."""
        known = set(KNOWN)
        known |= {"nodes"} if self.cluster.knows_nodes else set()
        known |= {"workloads"} if self.cluster.knows_queue else set()
        releases = [life.release for life in self.lives]
        gone = [life.release for life in self.life_of.values()]
        return Objects(
            knows=lambda kind, _: kind in known,
            jobs=[job for release in releases for job in release.jobs()],
            pods=[pod for release in releases for pod in release.pods()],
            namespaces=[place for release in releases for place in release.places()],
            events=[event for release in releases for event in release.told(self.now)],
            nodes=[r.node for r in releases if r.node is not None and self.cluster.knows_nodes],
            workloads=[w for r in releases for w in r.workloads() if self.cluster.knows_queue],
            departed=[
                job for release in gone for job in release.gone_jobs(watched_since, self.now)
            ],
        )

    def source(self) -> ClusterSource:
        """The real source over it, as it is after a start."""
        logs = RunnerLogs(lambda *_: b"", "inspect-eval-set", 10_000)
        return ClusterSource(
            SimulatedCache(self),
            Kubernetes(),
            lambda name: SimulatedStore(name, self.stores[name]),  # type: ignore[arg-type,return-value]
            logs,
        )


class SimulatedCache:
    """Implements the source's `Cache`."""

    def __init__(self, world: ClusterWorld) -> None:
        self._world = world
        self._began = world.now

    async def state(self, now: float) -> ClusterState:
        """What it holds; of Jobs that were deleted before it began it never heard."""
        objects = self._world.objects(self._began)
        return ClusterState(objects, now, listed=True)

    async def aclose(self) -> None:
        """Nothing to release."""


class SimulatedStore:
    """What `ClusterSource` needs of an eval set's logs."""

    def __init__(self, name: str, facts: list[Fact]) -> None:
        self._name = name
        self._facts = facts
        self._read = 0
        self._listed: tuple[str, ...] = ()
        self._finished: set[str] = set()

    @property
    def settled(self) -> bool:
        """Whether all its logs are finished."""
        return set(self._listed) <= self._finished

    spent = 0.0
    """Seconds of CPU: nothing is decoded."""
    late_since: float | None = None
    """A poll comes to all of it."""

    @property
    def count(self) -> int:
        """Logs that are followed."""
        return len(self._listed)

    def is_suspicious(self, _now: float) -> bool:
        """As without a rhythm: all is read at each poll."""
        return True

    def is_urgent(self, _now: float) -> bool:
        """A poll comes to all of it."""
        return True

    def wake(self, task: str | None = None) -> None:
        """It is read at each poll anyway."""

    def poll_began(self, at: float) -> None:
        """No share of a poll is counted."""

    async def poll(self, now: float, emit: Emit) -> PollResult:
        """What is new."""
        new, self._read = self._facts[self._read :], len(self._facts)
        if not self._listed and not any(isinstance(fact, Listing) for fact in new):
            emit(Listing(self._name, ()))
        for fact in new:
            if isinstance(fact, Listing):
                self._listed = fact.logs
            if isinstance(fact, SpecRead) and fact.status != "started":
                self._finished.add(fact.log)
            emit(fact)
        for log in self._listed:
            emit(TaskRead(self._name, log, now))
        return PollResult()

    def place_of(self, _eval_set_id: str, _log: str) -> None:
        """Nowhere: it is simulated."""
