"""From the cluster's objects to its eval sets: pure.

Two layouts (the project's domain notes): a namespace `inspect-<job-id>` for each runner with its
sandboxes in `inspect-<job-id>-s`; or one runner namespace for all, with the sandboxes of an eval
set in a namespace named like it. Labels tell first, names where labels are missing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

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


class EvalSetObjects(Struct):
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
    eval_sets: dict[str, EvalSetObjects] = defaultdict(EvalSetObjects)
    ignored: set[str] = set()
    for job in objects.jobs:
        if rules.is_runner(job.meta):
            _take_runner(eval_sets, ignored, rules, job.meta).jobs.append(job.record)
    pods = list(objects.pods)
    for pod in pods:
        if rules.is_runner(pod.meta):
            _take_runner(eval_sets, ignored, rules, pod.meta).runners.append(pod.record)
    for namespace in objects.namespaces:
        _take_namespace(eval_sets, ignored, rules, namespace)
    for pod in pods:
        name = rules.of_sandbox(pod.meta, eval_sets) if rules.is_sandbox(pod.meta) else ""
        if name and name not in ignored:
            eval_sets[name].sandboxes.append(pod.record)
    views = _views(eval_sets, ignored, objects, at)
    container = settings.container
    return {name: replace(view, runner_container=container) for name, view in views.items()}


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
        by_name = labels.get(APP_NAME) in self._settings.sandbox_app_names
        return by_name or labels.get(COMPONENT) == SANDBOX

    def is_watched(self, meta: Meta) -> bool:
        """Scans are left out unless asked for; what has no job type is an eval set."""
        kind = meta.labels.get(self._job_type)
        return kind is None or kind in self._settings.job_types

    def of_runner(self, meta: Meta) -> str:
        labels = meta.labels
        return labels.get(self._eval_set_id) or labels.get(self._job_id) or meta.name

    def of_sandbox(self, meta: Meta, eval_sets: Mapping[str, EvalSetObjects]) -> str:
        labels = meta.labels
        label = labels.get(self._eval_set_id) or labels.get(self._job_id)
        return label or self.of_namespace(meta.namespace) or _if_in(meta.namespace, eval_sets)

    def of_namespace(self, namespace: str) -> str:
        """The job id in a namespace's name; empty where it is not one of an eval set's own."""
        prefix, suffix = self._settings.namespace_prefix, self._settings.sandbox_namespace_suffix
        if not prefix or not namespace.startswith(prefix):
            return ""
        return namespace.removeprefix(prefix).removesuffix(suffix)

    def of_namespace_object(self, meta: Meta, eval_sets: Mapping[str, EvalSetObjects]) -> str:
        label = meta.labels.get(self._eval_set_id) or meta.labels.get(self._job_id)
        job_id = self.of_namespace(meta.name)
        return label or _if_in(job_id, eval_sets) or _if_in(meta.name, eval_sets)

    def notes(self, meta: Meta) -> dict[str, str]:
        prefix = self._settings.label_prefix
        texts = {**meta.labels, **meta.annotations}
        names = ("created-by", "email", "model-access", "team")
        notes = {name: texts[f"{prefix}{name}"] for name in names if f"{prefix}{name}" in texts}
        # Hawk knows no teams; a label of that name is what clusters usually have for them
        return {"team": meta.labels["team"], **notes} if "team" in meta.labels else notes


def _if_in(name: str, eval_sets: Mapping[str, EvalSetObjects]) -> str:
    return name if name in eval_sets else ""


def _take_runner(
    eval_sets: dict[str, EvalSetObjects], ignored: set[str], rules: _Rules, meta: Meta
) -> EvalSetObjects:
    name = rules.of_runner(meta)
    if not rules.is_watched(meta):
        ignored.add(name)
        return EvalSetObjects()
    eval_set = eval_sets[name]
    eval_set.runner_namespace = meta.namespace
    eval_set.notes.update(rules.notes(meta))
    return eval_set


def _take_namespace(
    eval_sets: dict[str, EvalSetObjects], ignored: set[str], rules: _Rules, meta: Meta
) -> None:
    """A namespace that is being deleted is no sign of an eval set any more."""
    name = rules.of_namespace_object(meta, eval_sets)
    if not name or meta.deleting_at is not None:
        return
    if not rules.is_watched(meta):
        ignored.add(name)
    else:
        eval_sets[name].namespaces.add(meta.name)


def _views(
    eval_sets: Mapping[str, EvalSetObjects], ignored: set[str], objects: Objects, at: float
) -> dict[str, ClusterView]:
    events = _by_object(objects.events)
    usage = {(use.namespace, use.name): use for use in objects.usage}
    return {
        name: _view(eval_set, events, usage, _kinds(eval_set, objects), at)
        for name, eval_set in eval_sets.items()
        if name not in ignored
    }


def _kinds(eval_set: EvalSetObjects, objects: Objects) -> frozenset[ResourceKind]:
    """The kinds that are known where the runner is, or was."""
    place = eval_set.runner_namespace or min(eval_set.namespaces, default="")
    return frozenset(kind for kind in KINDS if objects.knows(kind, place))


def _by_object(events: Iterable[PodEvent]) -> dict[tuple[str, str], list[PodEvent]]:
    groups: dict[tuple[str, str], list[PodEvent]] = defaultdict(list)
    for event in events:
        groups[event.namespace, event.object].append(event)
    return groups


def _view(
    eval_set: EvalSetObjects,
    events: Mapping[tuple[str, str], list[PodEvent]],
    usage: Mapping[tuple[str, str], PodUsage],
    kinds: frozenset[ResourceKind],
    at: float,
) -> ClusterView:
    pods = (*eval_set.runners, *eval_set.sandboxes)
    keys = [(pod.namespace, f"Pod/{pod.name}") for pod in pods]
    keys += [(job.namespace, f"Job/{job.name}") for job in eval_set.jobs]
    own_events = [event for key in keys for event in events.get(key, ())]
    runners = [(pod.namespace, pod.name) for pod in eval_set.runners]
    return ClusterView(
        at=at,
        known=kinds,
        jobs=tuple(eval_set.jobs),
        runners=tuple(eval_set.runners),
        sandboxes=tuple(eval_set.sandboxes),
        events=tuple(sorted(own_events, key=lambda event: event.at or 0.0)[-50:]),
        usage=tuple(usage[key] for key in runners if key in usage),
        namespaces=tuple(sorted(eval_set.namespaces)),
        runner_namespace=eval_set.runner_namespace,
        created_by=eval_set.notes.get("created-by", ""),
        email=eval_set.notes.get("email", ""),
        model_access=eval_set.notes.get("model-access", ""),
        team=eval_set.notes.get("team", ""),
    )
