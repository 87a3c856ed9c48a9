"""From the cluster's objects to its eval sets: pure.

Two layouts (the project's domain notes): a namespace `inspect-<job-id>` for each runner with its
sandboxes in `inspect-<job-id>-s`; or one runner namespace for all, with the sandboxes of an eval
set in a namespace named like it. Labels tell first, names where labels are missing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field

from watchdog.collect.kubernetes.objects import Entry, Meta
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import ClusterView, Job, Pod, PodEvent, PodUsage, ResourceKind

APP_NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
RUNNER = "runner"
KINDS: tuple[ResourceKind, ...] = ("pods", "jobs", "namespaces", "events", "metrics")
SANDBOX = "sandbox"


class Objects(Struct, frozen=True):
    """The cluster's objects that matter, each with its metadata."""

    knows: Callable[[ResourceKind, str], bool]
    """Whether objects of a kind in a namespace are known; empty for cluster-wide ones."""
    jobs: Iterable[Entry[Job]] = ()
    pods: Iterable[Entry[Pod]] = ()
    namespaces: Iterable[Meta] = ()
    events: Iterable[PodEvent] = ()
    usage: Iterable[PodUsage] = ()


class Found(Struct):
    """The objects of one eval set, as they are gathered."""

    jobs: list[Job] = field(default_factory=list)
    runners: list[Pod] = field(default_factory=list)
    sandboxes: list[Pod] = field(default_factory=list)
    namespaces: set[str] = field(default_factory=set)
    runner_namespace: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    """Annotations and labels about people and access."""


def discover(objects: Objects, settings: Kubernetes, at: float) -> dict[str, ClusterView]:
    """The eval sets of a cluster by id, each as the cluster shows it at `at`."""
    rules = _Rules(settings)
    found: dict[str, Found] = defaultdict(Found)
    ignored: set[str] = set()
    for job in objects.jobs:
        if rules.is_runner(job.meta):
            _take_runner(found, ignored, rules, job.meta).jobs.append(job.record)
    pods = list(objects.pods)
    for pod in pods:
        if rules.is_runner(pod.meta):
            _take_runner(found, ignored, rules, pod.meta).runners.append(pod.record)
    for namespace in objects.namespaces:
        _take_namespace(found, ignored, rules, namespace)
    for pod in pods:
        name = rules.of_sandbox(pod.meta, found) if rules.is_sandbox(pod.meta) else ""
        if name and name not in ignored:
            found[name].sandboxes.append(pod.record)
    return _views(found, ignored, objects, at)


class _Rules:
    """How the settings tell runners, sandboxes and their eval sets."""

    def __init__(self, settings: Kubernetes) -> None:
        self._settings = settings
        self._job_id = f"{settings.label_prefix}job-id"
        self._eval_set_id = f"{settings.label_prefix}eval-set-id"
        self._job_type = f"{settings.label_prefix}job-type"

    def is_runner(self, meta: Meta) -> bool:
        labels = meta.labels
        return labels.get(COMPONENT) == RUNNER and labels.get(APP_NAME) in self._settings.app_names

    def is_sandbox(self, meta: Meta) -> bool:
        if self.is_runner(meta):
            return False
        labels = meta.labels
        named = labels.get(APP_NAME) in self._settings.sandbox_app_names
        return named or labels.get(COMPONENT) == SANDBOX

    def is_watched(self, meta: Meta) -> bool:
        """Scans are left out unless asked for; what has no job type is an eval set."""
        kind = meta.labels.get(self._job_type)
        return kind is None or kind in self._settings.job_types

    def of_runner(self, meta: Meta) -> str:
        labels = meta.labels
        return labels.get(self._eval_set_id) or labels.get(self._job_id) or meta.name

    def of_sandbox(self, meta: Meta, found: Mapping[str, Found]) -> str:
        labels = meta.labels
        told = labels.get(self._eval_set_id) or labels.get(self._job_id)
        return told or self.of_namespace(meta.namespace) or _if_known(meta.namespace, found)

    def of_namespace(self, namespace: str) -> str:
        """The job id in a namespace's name; empty where it is not one of an eval set's own."""
        prefix, suffix = self._settings.namespace_prefix, self._settings.sandbox_namespace_suffix
        if not prefix or not namespace.startswith(prefix):
            return ""
        return namespace.removeprefix(prefix).removesuffix(suffix)

    def of_namespace_object(self, meta: Meta, found: Mapping[str, Found]) -> str:
        told = meta.labels.get(self._eval_set_id) or meta.labels.get(self._job_id)
        known = _if_known(self.of_namespace(meta.name), found) or _if_known(meta.name, found)
        return told or known

    def notes(self, meta: Meta) -> dict[str, str]:
        prefix = self._settings.label_prefix
        told = {**meta.labels, **meta.annotations}
        names = ("created-by", "email", "model-access", "team")
        found = {name: told[f"{prefix}{name}"] for name in names if f"{prefix}{name}" in told}
        # Hawk knows no teams; a label of that name is what clusters usually have for them
        return {"team": meta.labels["team"], **found} if "team" in meta.labels else found


def _if_known(name: str, found: Mapping[str, Found]) -> str:
    return name if name in found else ""


def _take_runner(found: dict[str, Found], ignored: set[str], rules: _Rules, meta: Meta) -> Found:
    name = rules.of_runner(meta)
    if not rules.is_watched(meta):
        ignored.add(name)
        return Found()
    entry = found[name]
    entry.runner_namespace = meta.namespace
    entry.notes.update(rules.notes(meta))
    return entry


def _take_namespace(found: dict[str, Found], ignored: set[str], rules: _Rules, meta: Meta) -> None:
    """A namespace that is being deleted is no sign of an eval set any more."""
    name = rules.of_namespace_object(meta, found)
    if not name or meta.deleting_at is not None:
        return
    if not rules.is_watched(meta):
        ignored.add(name)
    else:
        found[name].namespaces.add(meta.name)


def _views(
    found: Mapping[str, Found], ignored: set[str], objects: Objects, at: float
) -> dict[str, ClusterView]:
    events = _by_object(objects.events)
    usage = {(use.namespace, use.name): use for use in objects.usage}
    return {
        name: _view(entry, events, usage, _known(entry, objects), at)
        for name, entry in found.items()
        if name not in ignored
    }


def _known(entry: Found, objects: Objects) -> frozenset[ResourceKind]:
    """The kinds that are known where the runner is, or was."""
    place = entry.runner_namespace or min(entry.namespaces, default="")
    return frozenset(kind for kind in KINDS if objects.knows(kind, place))


def _by_object(events: Iterable[PodEvent]) -> dict[tuple[str, str], list[PodEvent]]:
    grouped: dict[tuple[str, str], list[PodEvent]] = defaultdict(list)
    for event in events:
        grouped[event.namespace, event.object].append(event)
    return grouped


def _view(
    entry: Found,
    events: Mapping[tuple[str, str], list[PodEvent]],
    usage: Mapping[tuple[str, str], PodUsage],
    known: frozenset[ResourceKind],
    at: float,
) -> ClusterView:
    pods = (*entry.runners, *entry.sandboxes)
    named = [(pod.namespace, f"Pod/{pod.name}") for pod in pods]
    named += [(job.namespace, f"Job/{job.name}") for job in entry.jobs]
    about = [event for key in named for event in events.get(key, ())]
    used = [usage[pod.namespace, pod.name] for pod in entry.runners if _key(pod) in usage]
    return ClusterView(
        at=at,
        known=known,
        jobs=tuple(entry.jobs),
        runners=tuple(entry.runners),
        sandboxes=tuple(entry.sandboxes),
        events=tuple(sorted(about, key=lambda event: event.at or 0.0)[-50:]),
        usage=tuple(used),
        namespaces=tuple(sorted(entry.namespaces)),
        runner_namespace=entry.runner_namespace,
        created_by=entry.notes.get("created-by", ""),
        email=entry.notes.get("email", ""),
        model_access=entry.notes.get("model-access", ""),
        team=entry.notes.get("team", ""),
    )


def _key(pod: Pod) -> tuple[str, str]:
    return pod.namespace, pod.name
