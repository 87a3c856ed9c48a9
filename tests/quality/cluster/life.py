"""One eval set's life: from `helm install` to the janitor, with its log, its pods and the truth.

What comes is planned to the second (`plan`), and done when the next poll comes by.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random

from msgspec.structs import replace

from tests.quality.cluster.fleets import Cluster
from tests.quality.cluster.release import Release
from tests.quality.cluster.truth import Happening, Standstill
from tests.quality.fleet import EvalSet
from tests.quality.fleets import HOUR, MINUTE
from tests.quality.world import Sample, Weather
from watchdog.model.cluster import Container, Pod, Termination
from watchdog.model.facts import (
    ApproverPolicy,
    EndedRead,
    Fact,
    InteractionsRead,
    Listing,
    LogStatus,
    ManifestRead,
    RunnerLogRead,
    SampleKey,
    SpecRead,
    TaskSpec,
)

TTL = HOUR
"""Of a Job that has ended (Hawk's ttlSecondsAfterFinished)."""
KILLED_AFTER = 6 * HOUR
"""Somebody ends a sample that is stuck."""
RUNNER = "inspect-eval-set"

Then = Callable[[float], None]


@dataclass
class Run(EvalSet):
    """One runner's log of the eval set: samples begin once their sandboxes are ready."""

    ids: tuple[str, ...] = ()
    """Of its samples, by number."""
    slots: int | None = None
    approvers: tuple[ApproverPolicy, ...] = ()
    ready: list[tuple[int, float]] = field(default_factory=list)

    def beginning(self) -> list[Fact]:
        """Its log, without any sample."""
        return [
            Listing(self.name, (self.log,)),
            SpecRead(self.name, self.log, self.spec(), "started"),
            ManifestRead(self.name, self.log, ()),
        ]

    def spec(self) -> TaskSpec:
        """With a sandbox, and perhaps how many samples run at once."""
        return replace(
            super().spec(), max_samples=self.slots, has_sandbox=True, approval=self.approvers
        )

    def fill(self, now: float) -> bool:
        """Whose sandboxes are ready."""
        begun = [(number, at) for number, at in self.ready if at <= now]
        for number, at in begun:
            self.begin(number, at)
        self.ready = [pair for pair in self.ready if pair not in begun]
        return bool(begun)


class Life:
    """An eval set. `advance` brings it to an instant; what is new of its store is in `facts`."""

    def __init__(
        self, name: str, cluster: Cluster, happening: Happening, began: float, random: Random
    ) -> None:
        self.name = name
        self.cluster = cluster
        self.happening = happening
        self.random = random
        self.began = began
        self.release = Release(name, random, older=random.random() < cluster.older_layout)
        self.facts: list[Fact] = []
        """Its store, and its runner's log, as one reads them."""
        self.standstills: list[Standstill] = []
        self.happened = False
        """Whether what was to happen did; one that ended before is an ordinary one."""
        self.is_at_work = True
        """Whether it takes a place among those that run; it may be dead, and not yet gone."""
        self.is_over = False
        """Whether nothing of it is in the cluster any more."""
        self.run: Run | None = None
        self.suspended_for = 0.0
        self.gated_until = -math.inf
        self.frozen_until = -math.inf
        """Until then its runner's node is away: nothing is written, and nothing begins."""
        self.lingers_for: float | None = None
        self.is_approved = False
        """Whether a person approves calls of tools."""
        self.parked = 0
        """How many samples wait for that, as its runner said last."""
        self.start_trouble: Callable[[Life, Pod, float], float] | None = None
        """What delays the runner's container: gives the seconds that it takes to run."""
        self.box_trouble: Callable[[Life, Pod, float], Pod] | None = None
        """What keeps the next sandbox from starting, for ever."""
        self.install_seconds = random.uniform(20, 5 * MINUTE)
        self.after_log: list[Then] = []
        """What is to be planned once the first log is there."""
        self.todo = [
            str(number) for number in range(1, random.randint(2, 2 * cluster.fleet.samples))
        ]
        self.setting_up: dict[str, str] = {}
        self.box_of: dict[str, str] = {}
        self.runs = 0
        self._agenda: list[tuple[float, int, int | None, Then]] = []
        self._numbers = count()
        self._generation = 0
        self._weather = Weather(random, (), 1, 0)

    def begin(self) -> None:
        """It is installed."""
        self.install(self.began)

    def plan(self, at: float, then: Then, *, always: bool = False) -> None:
        """Do something at an instant; unless something cuts it short before, where not `always`."""
        generation = None if always else self._generation
        heapq.heappush(self._agenda, (at, next(self._numbers), generation, then))

    @property
    def is_left_alone(self) -> bool:
        """Whether nothing of it is there, and nothing comes."""
        plans = (generation for _, _, generation, _ in self._agenda)
        return self.is_over and all(g is not None and g != self._generation for g in plans)

    def advance(self, now: float) -> None:
        """Up to now."""
        while self._agenda and self._agenda[0][0] <= now:
            at, _, generation, then = heapq.heappop(self._agenda)
            if generation is None or generation == self._generation:
                then(at)
        self._write(now)
        if self.run is not None:
            self._set_up(now)

    def cut(self, at: float) -> None:
        """Its runner writes no more, and nothing that was planned for it comes."""
        self._write(at, cut=True)
        self.run = None
        self._generation += 1
        self.setting_up = {}

    def freeze(self, at: float, seconds: float) -> None:
        """Its runner's machine stands still for a while."""
        self._write(at)
        for sample in self.run.running.values() if self.run is not None else ():
            sample.pauses.append((at, seconds))
        self.frozen_until = at + seconds

    def stands(self, since: float, due: float, **more: object) -> Standstill:
        """People must hear that it stands still."""
        standstill = Standstill(self.happening, self.name, since, due, **more)  # type: ignore[arg-type]
        self.standstills.append(standstill)
        return standstill

    def moves(self, at: float) -> None:
        """It stands still no more."""
        for standstill in self.standstills:
            standstill.until = min(standstill.until, at)

    def truth(self, now: float, grace: float = 0.0) -> list[Standstill]:
        """What stands still, or did a moment ago."""
        return [standstill for standstill in self.standstills if standstill.is_true(now, grace)]

    def install(self, at: float) -> None:
        """Namespaces and Job; a suspended one waits for Kueue."""
        release = self.release
        release.install(at, suspended=bool(self.suspended_for))
        if self.suspended_for:
            self.plan(at + self.suspended_for, self.admit)
        else:
            self.plan(at + self.random.uniform(0.2, 3), self.start_pod)

    def admit(self, at: float) -> None:
        """Kueue lets it run."""
        job = self.release.job
        if job is not None:
            self.release.job = replace(job, suspended=False, suspended_since=None, started_at=at)
            self.plan(at + self.random.uniform(0.2, 3), self.start_pod)

    def start_pod(self, at: float) -> None:
        """The Job makes a pod."""
        pod = self.release.make_runner(at)
        if self.release.job is not None:
            self.release.job = replace(self.release.job, active=1)
        seconds = self.random.uniform(5, 90)
        if self.start_trouble is not None:
            seconds = self.start_trouble(self, pod, at)
        if math.isfinite(seconds):
            self.plan(at + seconds, lambda then: self.run_pod(pod.name, then))

    def run_pod(self, name: str, at: float) -> None:
        """Its container runs, and installs packages."""
        pod = self.release.runners[name]
        self.release.repeating = {}
        self.release.runners[name] = replace(
            pod,
            phase="Running",
            ready=True,
            unschedulable="",
            node=f"{self.name}-node",
            containers=(Container(RUNNER, ready=True, running_since=at),),
        )
        self.log_line(at + 1)
        self.plan(at + self.install_seconds, self.start_log)

    def log_line(self, at: float) -> None:
        """A line in the runner's own log."""
        self.facts.append(RunnerLogRead(self.name, at))

    def start_log(self, at: float) -> None:
        """Inspect begins to write."""
        self.runs += 1
        run, fleet = self.runs, self.cluster.fleet
        ids = tuple(self.todo)

        def make(number: int, started_at: float) -> Sample:
            key = SampleKey(ids[number], 1)
            uuid = f"{self.name}-{run}-{key.id}"
            return Sample(
                key,
                uuid,
                fleet.models[0],
                started_at,
                Random(self.random.random()),
                self._weather,
                fleet,
                killed_after=KILLED_AFTER,
                names_calls=True,
            )

        slots = fleet.concurrent if self.cluster.tells_slots else None
        self.run = Run(
            self.name,
            fleet.models[0],
            make,
            at,
            fleet.concurrent,
            len(ids),
            log=f"log-{run}.eval",
            ids=ids,
            slots=slots,
            approvers=(ApproverPolicy(("*",), by_person=True),) if self.is_approved else (),
        )
        for then in self.after_log:
            then(at)
        self.after_log = []

    def _write(self, now: float, *, cut: bool = False) -> None:
        run = self.run
        if run is None or now < self.frozen_until:
            return
        facts = run.facts(now)
        self.facts += facts[:-1]  # that it was read is said by whoever reads it
        self._clean_up(facts, now)
        if self.is_approved and self.cluster.counts_parked:
            self._count_parked(run, now)
        if run.is_over and not self.setting_up and not cut:
            self._finish(run, now)

    def _count_parked(self, run: Run, now: float) -> None:
        """Hawk's runner writes the count at each change."""
        parked = sum(sample.is_parked(now) for sample in run.running.values())
        if parked != self.parked:
            self.parked = parked
            self.facts.append(InteractionsRead(self.name, parked, now))

    def _clean_up(self, facts: list[Fact], now: float) -> None:
        """Ended samples' sandboxes go within seconds."""
        for fact in facts:
            for summary in fact.samples if isinstance(fact, EndedRead) else ():
                self.todo.remove(summary.key.id)
                box = self.box_of.pop(summary.key.id, "")
                if box in self.release.boxes:
                    pod = self.release.boxes[box]
                    self.release.boxes[box] = replace(pod, deleting_at=now)
                    self.plan(
                        now + self.random.uniform(1, 40),
                        lambda _, b=box: self._drop(b),
                        always=True,
                    )

    def _drop(self, box: str) -> None:
        self.release.boxes.pop(box, None)

    def _set_up(self, now: float) -> None:
        run = self.run
        if run is None or now < self.frozen_until:
            return
        while run.number < len(run.ids) and (
            len(run.running) + len(run.ready) + len(self.setting_up) < run.concurrent
        ):
            self._set_up_one(run, now)

    def _set_up_one(self, run: Run, now: float) -> None:
        number = run.number
        run.number += 1
        sample_id = run.ids[number]
        gated = now < self.gated_until
        pod = self.release.make_box(now, sample_id, gated=gated)
        self.setting_up[sample_id] = self.box_of[sample_id] = pod.name
        if self.box_trouble is not None and not gated:
            self.release.boxes[pod.name] = self.box_trouble(self, pod, now)
            return
        self.release.boxes[pod.name] = pod
        starts = self.gated_until + self.random.uniform(0, 20) if gated else now
        self.plan(starts, lambda at: self._ungate(pod.name, at))
        ready = starts + self.random.uniform(10, 100)
        self.plan(ready, lambda at: self._start_box(pod.name, at), always=True)
        self.plan(ready, lambda at: self.box_ready(run, number, at))

    def _ungate(self, name: str, at: float) -> None:
        pod = self.release.boxes.get(name)
        if pod is not None and pod.gates:
            waiting = (Container("default", waiting="ContainerCreating"),)
            self.release.boxes[name] = replace(
                pod,
                gates="",
                node=f"{self.name}-box-node",
                scheduling_since=None,
                scheduled_at=at,
                containers=waiting,
            )

    def _start_box(self, name: str, at: float) -> None:
        """A sandbox runs, whatever its runner does."""
        pod = self.release.boxes.get(name)
        if pod is not None and pod.phase == "Pending":
            self.release.boxes[name] = running_box(pod, at)

    def box_ready(self, run: Run, number: int, at: float) -> None:
        """A sandbox runs, and its sample begins."""
        sample_id = run.ids[number]
        del self.setting_up[sample_id]
        run.ready.append((number, max(at + 1, self.frozen_until)))

    def finish_log(self, log: str, status: LogStatus, at: float) -> None:
        """The log's end is written."""
        fleet = self.cluster.fleet
        spec = TaskSpec("task", "id", fleet.models[0].name, has_sandbox=True)
        known = [f.spec for f in self.facts if isinstance(f, SpecRead) and f.log == log]
        spec = known[-1] if known else spec
        self.facts.append(SpecRead(self.name, log, spec, status, completed_at=at))

    def _finish(self, run: Run, now: float) -> None:
        self.finish_log(run.log, "success", now)
        self.run = None
        self._generation += 1
        self.is_at_work = False
        seconds = self.random.uniform(5, 12 * MINUTE)
        if self.lingers_for is not None:
            self.happened = True
            seconds = self.lingers_for
            self.stands(now, 50 * MINUTE, severity="warning")
        self.plan(now + seconds, self.complete)

    def complete(self, at: float) -> None:
        """The runner ends well; TTL and janitor follow."""
        self.moves(at)
        self.release.runners = {n: ended(p, at, 0) for n, p in self.release.runners.items()}
        if self.release.job is not None:
            self.release.job = replace(
                self.release.job, active=0, succeeded=1, finished="Complete", completed_at=at
            )
        self.release.boxes = {}
        self.plan(at + TTL, self.take_job)
        self.plan(at + TTL + self.random.uniform(0, HOUR), self.uninstall)

    def take_job(self, at: float) -> None:
        """The TTL takes the Job, and with it its pods."""
        self.release.take_job(at, seen=self.random.random() < 0.8)
        self.release.runners = {}

    def uninstall(self, at: float) -> None:
        """The janitor takes what is left: Terminating for a while, or gone at once."""
        release = self.release
        release.namespaces = dict.fromkeys(release.namespaces, at)
        release.boxes = {n: replace(p, deleting_at=at) for n, p in release.boxes.items()}
        self.plan(at + self.random.choice((0.0, self.random.uniform(5, 200))), self.gone)

    def gone(self, at: float) -> None:
        """Nothing is left of it in the cluster."""
        self.release.clear(at)
        self.is_over = True


def running_box(pod: Pod, at: float) -> Pod:
    """A sandbox that runs."""
    containers = (Container("default", ready=True, running_since=at),)
    return replace(pod, phase="Running", ready=True, containers=containers)


def ended(pod: Pod, at: float, exit_code: int, reason: str = "") -> Pod:
    """A runner's pod whose container ended."""
    reason = reason or ("Completed" if exit_code == 0 else "Error")
    end = Termination(reason, exit_code, at)
    return replace(
        pod,
        phase="Succeeded" if exit_code == 0 else "Failed",
        ready=False,
        containers=(Container(RUNNER, terminated=end),),
    )
