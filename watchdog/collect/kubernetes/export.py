"""From the cluster to the files of a bundle: one eval set's objects as they are, without secrets.

Everything is listed as the service lists it, and discovery says what belongs to the eval set.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from watchdog.collect.kubernetes import events
from watchdog.collect.kubernetes.cache import OPTIONAL, Selectors
from watchdog.collect.kubernetes.connection import Api
from watchdog.collect.kubernetes.decoding import KINDS, Decoder
from watchdog.collect.kubernetes.discovery import discover
from watchdog.collect.kubernetes.errors import UNFIT, ApiError, one_line
from watchdog.collect.kubernetes.eval_set_objects import Objects
from watchdog.collect.kubernetes.files import FILES
from watchdog.collect.kubernetes.logs import NOTHING_YET
from watchdog.collect.kubernetes.objects import Entry, Key, Meta
from watchdog.collect.kubernetes.reflector import ABSENT
from watchdog.collect.kubernetes.resources import (
    EVENTS,
    JOBS,
    NAMESPACES,
    NODES,
    POD_LOG,
    PODS,
    WORKLOADS,
    ListQuery,
    Resource,
)
from watchdog.collect.kubernetes.runner_logs import whole_lines
from watchdog.collect.kubernetes.source import newest
from watchdog.collect.kubernetes.wire import Named, RawList
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import ClusterView, Pod, ResourceKind
from watchdog.model.verdict import Problem

RESOURCES: dict[ResourceKind, Resource] = {
    "namespaces": NAMESPACES,
    "jobs": JOBS,
    "pods": PODS,
    "events": EVENTS,
    "nodes": NODES,
    "workloads": WORKLOADS,
}
LOG_BYTES = 16 * 1024 * 1024
"""Of one container's log; of a longer one the end is kept."""
TAILS = (64_000, 16_000, 4_000, 1_000)
"""Last lines that are asked for of a longer one, until they fit."""
LISTINGS = 3
"""Tries of a listing that expires before its last page."""
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
HIDDEN = "…"

Keep = Callable[[Entry[Any]], bool]


class Exported(Struct, frozen=True):
    """What was written, and what was left out with the reason."""

    counts: dict[ResourceKind, int]
    """Objects in each list; a kind that is not known is missing."""
    logs: int
    left_out: tuple[Problem, ...]

    @property
    def objects(self) -> int:
        """Objects of the eval set in all."""
        return sum(self.counts.values())


def export(api: Api, settings: Kubernetes, eval_set_id: str, into: Path, now: float) -> Exported:
    """Write an eval set's lists and its runners' logs into a new directory.

    Raises:
        OSError: a file can't be written.
    """
    into.mkdir()
    lists = _Lists(api, settings, eval_set_id, now)
    view = lists.read()
    keys = _keys(view, lists)
    kinds: list[ResourceKind] = [kind for kind in FILES if kind in view.known]
    for kind in kinds:
        items = [lists.raw[kind][key] for key in sorted(keys[kind])]
        _write_list(into / f"{kind}.json", kind, items)
    logs, problems = _write_logs(api, settings, view, into / "logs")
    counts = {kind: len(keys[kind]) for kind in kinds}
    return Exported(counts, logs, (*lists.problems, *problems))


class _Lists:
    """What is listed of the cluster: all of it decoded, what may be the eval set's also raw."""

    def __init__(self, api: Api, settings: Kubernetes, eval_set_id: str, now: float) -> None:
        self._api = api
        self._settings = settings
        self._eval_set_id = eval_set_id
        self._now = now
        self._listed: set[tuple[ResourceKind, str]] = set()
        self.entries: dict[ResourceKind, dict[Key, Entry[Any]]] = {kind: {} for kind in FILES}
        self.raw: dict[ResourceKind, dict[Key, bytes]] = {kind: {} for kind in FILES}
        self.problems: list[Problem] = []

    def read(self) -> ClusterView:
        """List all kinds, the events last: which of them count depends on the others."""
        for kind in ("namespaces", "jobs", "pods", "workloads"):
            self._read(kind, self._mentions)
        self._read("nodes", lambda entry: not entry.record.ready)
        places = _places(self._view())
        self._read("events", lambda entry: entry.record.namespace in places)
        events.trim(self.entries["events"], self._now)
        return self._view()

    def _view(self) -> ClusterView:
        objects = Objects(
            knows=self._knows,
            jobs=self.entries["jobs"].values(),
            pods=self.entries["pods"].values(),
            namespaces=[entry.meta for entry in self.entries["namespaces"].values()],
            events=[entry.record for entry in self.entries["events"].values()],
            nodes=[entry.record for entry in self.entries["nodes"].values()],
            workloads=[entry.record for entry in self.entries["workloads"].values()],
        )
        view = discover(objects, self._settings, self._now).views.get(self._eval_set_id)
        return view or ClusterView(self._now, frozenset(k for k in FILES if self._knows(k, "")))

    def _knows(self, kind: ResourceKind, namespace: str) -> bool:
        return (kind, "") in self._listed or (kind, namespace) in self._listed

    def _mentions(self, entry: Entry[Any]) -> bool:
        """Whatever discovery goes by, an object of the eval set has its id somewhere in it."""
        meta: Meta = entry.meta
        texts = (meta.namespace, meta.name, *meta.labels.values())
        return any(self._eval_set_id in text for text in texts)

    def _read(self, kind: ResourceKind, keep: Keep) -> None:
        for namespace in ("",) if kind == "nodes" else self._settings.namespaces or ("",):
            try:
                self._list(kind, _query(kind, namespace), keep)
            except ApiError as error:
                if kind in OPTIONAL and error.reason in ABSENT:
                    continue
                self.problems.append(Problem(f"{kind}.json", f"{error.reason}: {error.text}"))
            else:
                self._listed.add((kind, namespace))

    def _list(self, kind: ResourceKind, query: ListQuery, keep: Keep) -> None:
        """Raises: ApiError."""
        for tries_left in reversed(range(LISTINGS)):
            try:
                return self._pages(
                    kind, query.adding(("limit", str(self._settings.page_size))), keep
                )
            except ApiError as error:
                if error.reason != "gone" or not tries_left:
                    raise
        return None

    def _pages(self, kind: ResourceKind, query: ListQuery, keep: Keep) -> None:
        """A whole listing, or nothing of it."""
        decoder = Decoder(KINDS[kind], self._settings.label_prefix)
        entries: dict[Key, Entry[Any]] = {}
        raw: dict[Key, bytes] = {}
        token: str | None = None
        while token != "":
            reply = self._api.get(query.adding(("continue", token)) if token else query)
            try:
                page = decoder.page(reply.body)
                raw.update(_raw(reply.body, {e.meta.key for e in page.entries if keep(e)}))
            except ValueError as error:
                text = f"{query.what}: no listing: {one_line(str(error))}"
                raise ApiError("other", reply.status, text) from error
            entries.update((entry.meta.key, entry) for entry in page.entries)
            token = page.token
        self.raw[kind].update(raw)
        self.entries[kind].update(entries)


# learned before threads are there: msgspec's first use of a type by two at once ends the process
_raw_list = msgspec.json.Decoder(RawList).decode
_named = msgspec.json.Decoder(Named).decode


def _raw(body: bytes, keys: set[Key]) -> Iterable[tuple[Key, bytes]]:
    items = _raw_list(body).items if keys else ()
    for item in items or ():
        key = _key(item)
        if key in keys:
            yield key, bytes(item)


def _query(kind: ResourceKind, namespace: str) -> ListQuery:
    """What the service asks."""
    resource, selectors = RESOURCES[kind], Selectors()
    if kind == "namespaces":
        by_name = (("fieldSelector", f"metadata.name={namespace}"),) if namespace else ()
        return ListQuery(resource, name=namespace, query=by_name)
    if kind == "events":
        return ListQuery(resource, namespace, query=(("fieldSelector", events.SELECTOR),))
    selector = {"pods": selectors.pods, "jobs": selectors.jobs}.get(kind)
    return ListQuery(resource, namespace, query=(("labelSelector", selector),) if selector else ())


def _key(item: msgspec.Raw) -> Key | None:
    try:
        meta = _named(item).metadata
    except UNFIT:
        return None
    return meta.namespace, meta.name


def _places(view: ClusterView) -> set[str]:
    """The namespaces whose events may be about the eval set."""
    pods = {pod.namespace for pod in (*view.runners, *view.sandboxes)}
    own = {namespace.name for namespace in view.namespaces}
    return own | pods | {job.namespace for job in view.jobs}


def _keys(view: ClusterView, lists: _Lists) -> dict[ResourceKind, set[Key]]:
    return {
        "namespaces": {("", namespace.name) for namespace in view.namespaces},
        "jobs": {(job.namespace, job.name) for job in view.jobs},
        "pods": {(pod.namespace, pod.name) for pod in (*view.runners, *view.sandboxes)},
        "events": {k for k, e in lists.entries["events"].items() if e.record in view.events}
        & lists.raw["events"].keys(),
        "nodes": {("", node.name) for node in view.nodes},
        "workloads": {(workload.namespace, workload.name) for workload in view.workloads},
    }


def _write_list(path: Path, kind: ResourceKind, items: Iterable[bytes]) -> None:
    document = {
        "apiVersion": "v1",
        "kind": "List",
        "metadata": {"resourceVersion": ""},
        "items": [cleaned(kind, json.loads(item)) for item in items],
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


def cleaned(kind: ResourceKind, item: dict[str, Any]) -> dict[str, Any]:
    """An object with its kind, and without what may hold secrets or says nothing."""
    resource = RESOURCES[kind]
    version = f"{resource.group}/{resource.version}" if resource.group else resource.version
    metadata = dict(item.get("metadata") or {})
    metadata.pop("managedFields", None)
    if metadata.get("annotations"):
        pairs = metadata["annotations"].items()
        metadata["annotations"] = {key: value for key, value in pairs if key != LAST_APPLIED}
    head = {"apiVersion": version, "kind": KINDS[kind].singular}
    body: dict[str, Any] = _hidden({**item, "metadata": metadata})
    return head | body


def _hidden(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same without the values of environment variables."""
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: [_variable(v) for v in part]
        if key == "env" and isinstance(part, list)
        else _hidden(part)
        for key, part in value.items()
    }


def _variable(variable: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(variable, dict) or "value" not in variable:
        return variable
    return {**variable, "value": HIDDEN}


def _write_logs(
    api: Api, settings: Kubernetes, view: ClusterView, into: Path
) -> tuple[int, tuple[Problem, ...]]:
    """The logs that a check reads; how many, and what is missing of them."""
    if not settings.logs:
        return 0, (Problem("logs", "runners' logs are not read here (kubernetes.logs)"),)
    count, problems = 0, []
    for pod in newest(view.runners):
        if pod.phase in {"", "Pending"}:
            continue
        where = f"logs/{pod.namespace}/{pod.name}.log"
        try:
            data, whole = read_logs(api, pod, settings.container)
        except ApiError as error:
            problems.append(Problem(where, f"{error.reason}: {error.text}"))
            continue
        if not whole:
            problems.append(Problem(where, f"longer than {LOG_BYTES} bytes: only its end"))
        folder = into / pod.namespace
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{pod.name}.log").write_bytes(data)
        count += 1
    return count, tuple(problems)


def read_logs(api: Api, pod: Pod, container: str, limit: int = LOG_BYTES) -> tuple[bytes, bool]:
    """A pod's log behind that of its container before the last restart, and whether it is whole.

    Raises:
        ApiError: it can't be read.
    """
    parameters = (("container", container), ("timestamps", "true"), ("limitBytes", str(limit)))
    query = ListQuery(POD_LOG, pod.namespace, pod.name, parameters, "*/*")
    restarted = any(c.name == container and c.restarts for c in pod.containers)
    previous = query.adding(("previous", "true"))
    before, all_before = _tail(api, previous, limit) if restarted else (b"", True)
    now, all_now = _tail(api, query, limit)
    return before + now, all_before and all_now


def _tail(api: Api, query: ListQuery, limit: int) -> tuple[bytes, bool]:
    """As much of the end as fits, in whole lines; the API itself cuts off the end."""
    data, whole = _log(api, query, limit), True
    for lines in TAILS:
        if len(data) < limit:
            break
        data, whole = _log(api, query.adding(("tailLines", str(lines))), limit), False
    text = "\n".join(whole_lines(data, limit)).encode()
    return (text + b"\n" if text else b""), whole


def _log(api: Api, query: ListQuery, limit: int) -> bytes:
    try:
        return api.get(query, limit).body
    except ApiError as error:
        previous = ("previous", "true") in query.query
        no_log = previous or any(text in error.text for text in NOTHING_YET)
        if error.status == 400 and no_log:
            return b""
        raise
