"""What the cluster holds of one eval set: its namespaces, Job, pods and events."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from msgspec.structs import replace

from watchdog.collect.kubernetes.objects import Entry, Meta
from watchdog.model.cluster import Container, Job, Node, Pod, PodEvent, Workload

PREFIX = "inspect-ai.metr.org/"
RUNNERS = "runners"
"""The runner namespace of the older layout."""
EVENT_TTL = 3600.0
DEPARTED_SECONDS = 900.0
GATE = "kueue.x-k8s.io/admission"
QUEUE = "research"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


class Release:
    """The objects, as they are at an instant."""

    def __init__(self, name: str, random: Random, *, older: bool) -> None:
        self.name = name
        self.older = older
        self.runner_place = RUNNERS if older else f"inspect-{name}"
        self.box_place = name if older else f"inspect-{name}-s"
        self.random = random
        self.namespaces: dict[str, float | None] = {}
        """Its own ones, and since when they are Terminating."""
        self.job: Job | None = None
        self.departed: list[tuple[float, Job]] = []
        self.runners: dict[str, Pod] = {}
        self.boxes: dict[str, Pod] = {}
        self.events: list[PodEvent] = []
        self.repeating: dict[str, PodEvent] = {}
        """Events that are told again and again, by a key."""
        self.node: Node | None = None
        """The runner's, where it isn't ready."""
        self._count = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it is there."""
        return not (self.namespaces or self.job or self.runners or self.boxes)

    def install(self, at: float, *, suspended: bool) -> None:
        """`helm install`: namespaces and Job; an earlier Job of the name is taken away before."""
        own = (self.box_place,) if self.older else (self.runner_place, self.box_place)
        self.namespaces = dict.fromkeys(own)
        self.runners = {}
        self.job = Job(
            self.runner_place,
            self.name,
            self.uid("job"),
            created_at=at,
            started_at=None if suspended else at,
            suspended=suspended,
            suspended_since=at if suspended else None,
            backoff_limit=3,
            queue=QUEUE if suspended else "",
        )

    def uid(self, kind: str) -> str:
        """A new one."""
        self._count += 1
        return f"{self.name}-{kind}-{self._count}"

    def make_runner(self, at: float) -> Pod:
        """The Job's next pod, which is being created."""
        suffix = "".join(self.random.choices(_ALPHABET, k=5))
        pod = Pod(
            self.runner_place,
            f"{self.name}-{suffix}",
            self.uid("pod"),
            "Pending",
            created_at=at,
            node=f"{self.name}-node",
            owner=f"Job/{self.name}",
            containers=(Container("inspect-eval-set", waiting="ContainerCreating"),),
        )
        self.runners[pod.name] = pod
        return pod

    def make_box(self, at: float, sample_id: str, *, gated: bool) -> Pod:
        """A sandbox's pod."""
        uid = self.uid("box")
        return Pod(
            self.box_place,
            f"agent-env-{uid}-default-0",
            uid,
            "Pending",
            created_at=at,
            node="" if gated else f"{self.name}-box-node",
            owner=f"StatefulSet/agent-env-{uid}-default",
            service="default",
            sample_id=sample_id,
            task_name="task",
            instance=f"agent-env-{uid}",
            containers=() if gated else (Container("default", waiting="ContainerCreating"),),
            gates=GATE if gated else "",
            queue=QUEUE if gated else "",
            scheduling_since=at if gated else None,
        )

    def tell(self, about: str, reason: str, at: float, message: str = "", **more: object) -> None:
        """An event."""
        place = self.box_place if about.startswith("Pod/agent-env") else self.runner_place
        self.events.append(
            PodEvent(place, about, reason, message, at, first_at=at, **more)  # type: ignore[arg-type]
        )

    def take_job(self, at: float, *, seen: bool = True) -> None:
        """The Job is removed; whether the watch sees its last state."""
        if self.job is not None and seen:
            self.departed.append((at, self.job))
        self.job = None

    def clear(self, at: float, *, seen: bool = True) -> None:
        """All is gone."""
        self.take_job(at, seen=seen)
        self.runners, self.boxes, self.namespaces, self.repeating = {}, {}, {}, {}
        self.node = None

    def jobs(self) -> Iterator[Entry[Job]]:
        """Its Job."""
        if self.job is not None:
            yield Entry(self._meta(self.runner_place, self.name, "runner"), self.job)

    def gone_jobs(self, since: float, now: float) -> Iterator[Entry[Job]]:
        """Jobs that were deleted lately, and after the watch began."""
        self.departed = [(at, job) for at, job in self.departed if now - at < DEPARTED_SECONDS]
        for job in (job for at, job in self.departed if at >= since):
            yield Entry(self._meta(job.namespace, job.name, "runner"), job)

    def pods(self) -> Iterator[Entry[Pod]]:
        """Its pods."""
        for pod in self.runners.values():
            yield Entry(self._meta(pod.namespace, pod.name, "runner"), pod)
        for pod in self.boxes.values():
            yield Entry(self._meta(pod.namespace, pod.name, "sandbox", "agent-env"), pod)

    def places(self) -> Iterator[Meta]:
        """Its own namespaces."""
        for place, deleting_at in self.namespaces.items():
            part = "runner" if place == self.runner_place else "sandbox"
            labels = self._meta("", place, part)
            yield replace(labels, deleting_at=deleting_at, labels={} if self.older else labels.labels)

    def told(self, now: float) -> Iterator[PodEvent]:
        """Its events, as far as the API server keeps them."""
        self.events = [event for event in self.events if now - (event.at or 0.0) < EVENT_TTL]
        yield from self.events
        for event in self.repeating.values():
            rounds = int((now - (event.first_at or 0.0)) // 120)
            yield replace(event, at=(event.first_at or 0.0) + 120.0 * rounds, count=1 + rounds)

    def workloads(self) -> Iterator[Workload]:
        """Kueue's word on what it holds back."""
        message = "couldn't assign flavors to pod set main: insufficient unused quota"
        if self.job is not None and self.job.suspended:
            name = f"Job/{self.name}"
            yield Workload(self.runner_place, f"job-{self.name}", name, QUEUE, message=message)
        for pod in self.boxes.values():
            if pod.gates:
                yield Workload(
                    self.box_place, f"pod-{pod.name}", f"Pod/{pod.name}", QUEUE, message=message
                )

    def _meta(self, place: str, name: str, part: str, app: str = "inspect-ai") -> Meta:
        labels = {
            "app.kubernetes.io/name": app,
            "app.kubernetes.io/component": part,
            f"{PREFIX}job-id": self.name,
            f"{PREFIX}eval-set-id": self.name,
            f"{PREFIX}job-type": "eval-set",
        }
        return Meta(place, name, labels=labels)
