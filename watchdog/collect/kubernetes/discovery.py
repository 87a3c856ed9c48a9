"""From the cluster's objects to its eval sets: pure.

Two layouts (the project's domain notes): a namespace `inspect-<job-id>` for each runner with its
sandboxes in `inspect-<job-id>-s`; or one runner namespace for all, with the sandboxes of an eval
set in a namespace named like it. Labels tell first, names where labels are missing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchdog.collect.kubernetes.eval_set_objects import (
    Around,
    EvalSetObjects,
    Objects,
    view_of,
)
from watchdog.collect.kubernetes.objects import Entry, Meta
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import (
    ClusterView,
    Job,
    Namespace,
    Pod,
    ResourceKind,
)

APP_NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
RUNNER = "runner"
KINDS: tuple[ResourceKind, ...] = (
    "pods",
    "jobs",
    "namespaces",
    "events",
    "metrics",
    "nodes",
    "workloads",
)
SANDBOX = "sandbox"
ACCESS = "model-access"


class Discovered(Struct, frozen=True):
    """The eval sets of a cluster, and what is left out."""

    views: dict[str, ClusterView]
    departed: dict[str, tuple[Job, ...]] = {}
    """Jobs that were deleted lately, by eval set; it may have left with them."""
    not_watched: int = 0
    """Scans and other jobs that aren't watched."""


def discover(objects: Objects, settings: Kubernetes, at: float) -> Discovered:
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
            runner = at_its_container(pod.record, settings.container)
            _take_runner(eval_sets, ignored, rules, pod.meta).runners.append(runner)
    for namespace in objects.namespaces:
        _take_namespace(eval_sets, ignored, rules, namespace)
    for pod in pods:
        name = rules.of_sandbox(pod.meta, eval_sets) if rules.is_sandbox(pod.meta) else ""
        if name and name not in ignored:
            eval_sets[name].sandboxes.append(pod.record)
    departed = _take_departed(eval_sets, objects, rules)
    gone = {name: tuple(jobs) for name, jobs in departed.items() if name not in ignored}
    views = _views(eval_sets, ignored, objects, at)
    container = settings.container
    views = {name: replace(view, runner_container=container) for name, view in views.items()}
    return Discovered(views, gone, len(ignored))


def at_its_container(pod: Pod, container: str) -> Pod:
    """A runner's pod by its own container: once that has ended, others keep it Running in vain."""
    main = next((status for status in pod.containers if status.name == container), None)
    end = main.terminated if main is not None and pod.phase == "Running" else None
    if end is None:
        return pod
    return replace(pod, phase="Succeeded" if end.exit_code == 0 else "Failed")


def _take_departed(
    eval_sets: dict[str, EvalSetObjects], objects: Objects, rules: "_Rules"
) -> dict[str, list[Job]]:
    """What was deleted lately goes to those that are still there; all such Jobs, by eval set."""
    for pod in objects.given_up:
        name = rules.of_pod(pod.meta, eval_sets)
        if name in eval_sets:
            eval_sets[name].given_up.append(pod.record)
    departed = _departed(objects.departed, rules)
    for name in eval_sets.keys() & departed.keys():
        eval_sets[name].departed += departed[name]
    return departed


def _departed(entries: Iterable[Entry[Job]], rules: "_Rules") -> dict[str, list[Job]]:
    jobs: dict[str, list[Job]] = defaultdict(list)
    for entry in entries:
        if rules.is_runner(entry.meta) and rules.is_watched(entry.meta):
            jobs[rules.of_runner(entry.meta)].append(entry.record)
    return jobs


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

    def of_pod(self, meta: Meta, eval_sets: Mapping[str, EvalSetObjects]) -> str:
        """Whose runner or sandbox it is; empty for neither."""
        if self.is_runner(meta):
            return self.of_runner(meta)
        return self.of_sandbox(meta, eval_sets) if self.is_sandbox(meta) else ""

    def of_namespace(self, namespace: str) -> str:
        """The job id in a namespace's name; empty where it is not one of an eval set's own."""
        prefix, suffix = self._settings.namespace_prefix, self._settings.sandbox_namespace_suffix
        if not prefix or not namespace.startswith(prefix):
            return ""
        return namespace.removeprefix(prefix).removesuffix(suffix)

    def is_of_runner(self, meta: Meta) -> bool:
        """Whether a namespace is that of a runner alone, not of its sandboxes."""
        component, suffix = meta.labels.get(COMPONENT), self._settings.sandbox_namespace_suffix
        if component in {RUNNER, SANDBOX}:
            return component == RUNNER
        is_own = bool(self.of_namespace(meta.name))
        return is_own and not (suffix and meta.name.endswith(suffix))

    def of_namespace_object(self, meta: Meta, eval_sets: Mapping[str, EvalSetObjects]) -> str:
        label = meta.labels.get(self._eval_set_id) or meta.labels.get(self._job_id)
        job_id = self.of_namespace(meta.name)
        return label or _if_in(job_id, eval_sets) or _if_in(meta.name, eval_sets)

    def notes(self, meta: Meta) -> dict[str, str]:
        prefix = self._settings.label_prefix
        texts = {**meta.labels, **meta.annotations}
        names = ("created-by", "email", ACCESS, "team")
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
    notes = rules.notes(meta)
    _restrict(eval_set, notes.pop(ACCESS, ""))
    eval_set.notes.update(notes)
    return eval_set


def _restrict(eval_set: EvalSetObjects, access: str) -> None:
    """Take in who may see it; where its objects say different things, all of it counts."""
    before = eval_set.notes.get(ACCESS, "")
    if access and access not in before:
        eval_set.notes[ACCESS] = before + access


def _take_namespace(
    eval_sets: dict[str, EvalSetObjects], ignored: set[str], rules: _Rules, meta: Meta
) -> None:
    """A namespace that is being deleted tells that a person, or the janitor, deletes it."""
    name = rules.of_namespace_object(meta, eval_sets)
    if not name:
        return
    if not rules.is_watched(meta):
        ignored.add(name)
        return
    _restrict(eval_sets[name], rules.notes(meta).get(ACCESS, ""))
    namespace = Namespace(meta.name, rules.is_of_runner(meta), meta.deleting_at)
    eval_sets[name].namespaces[meta.name] = namespace
    if namespace.is_runner and not eval_sets[name].runner_namespace:
        eval_sets[name].runner_namespace = meta.name


def _views(
    eval_sets: Mapping[str, EvalSetObjects], ignored: set[str], objects: Objects, at: float
) -> dict[str, ClusterView]:
    around = Around(objects, eval_sets.values())
    return {
        name: view_of(eval_set, around, _kinds(eval_set, objects), at)
        for name, eval_set in eval_sets.items()
        if name not in ignored
    }


def _kinds(eval_set: EvalSetObjects, objects: Objects) -> frozenset[ResourceKind]:
    """The kinds that are known where the runner is, or was."""
    place = eval_set.runner_namespace or min(eval_set.namespaces, default="")
    return frozenset(kind for kind in KINDS if objects.knows(kind, place))
