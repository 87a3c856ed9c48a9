"""A bundle's lists of Kubernetes objects, as `kubectl get … -o json` prints them.

An absent file says that the kind is not known; a list without items, that there is none.
"""

from pathlib import Path
from typing import Any

from watchdog.collect.kubernetes.decoding import decode_list
from watchdog.collect.kubernetes.discovery import discover
from watchdog.collect.kubernetes.eval_set_objects import Objects
from watchdog.collect.kubernetes.objects import Entry
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import ClusterView, ResourceKind
from watchdog.model.verdict import Problem

FILES: tuple[ResourceKind, ...] = ("namespaces", "jobs", "pods", "events", "nodes", "workloads")
LIMIT = 256 * 1024 * 1024
"""Bytes of one list."""


def read_view(
    directory: Path, settings: Kubernetes, eval_set_id: str, at: float
) -> tuple[ClusterView | None, tuple[Problem, ...]]:
    """The eval set as the lists in `directory` show it; None where there are none."""
    lists: dict[ResourceKind, tuple[Entry[Any], ...]] = {}
    problems: list[Problem] = []
    for kind in FILES:
        path = directory / f"{kind}.json"
        if path.is_file():
            entries, list_problems = _read(kind, path, settings)
            problems += list_problems
            if entries is not None:
                lists[kind] = entries
    if not lists:
        return None, tuple(problems)
    return _view(lists, settings, eval_set_id, at), tuple(problems)


def _read(
    kind: ResourceKind, path: Path, settings: Kubernetes
) -> tuple[tuple[Entry[Any], ...] | None, tuple[Problem, ...]]:
    try:
        if path.stat().st_size > LIMIT:
            return None, (Problem(path.name, f"larger than {LIMIT} bytes"),)
        entries, problems = decode_list(kind, path.read_bytes(), settings.label_prefix)
    except OSError as error:
        return None, (Problem(path.name, error.strerror or "unreadable"),)
    whole = not any(problem.where == kind for problem in problems)
    file_problems = tuple(Problem(f"{path.name}: {p.where}", p.text) for p in problems)
    return (entries if whole else None), file_problems


def _view(
    lists: dict[ResourceKind, tuple[Entry[Any], ...]],
    settings: Kubernetes,
    eval_set_id: str,
    at: float,
) -> ClusterView:
    objects = Objects(
        knows=lambda kind, _: kind in lists,
        jobs=lists.get("jobs", ()),
        pods=lists.get("pods", ()),
        namespaces=tuple(entry.meta for entry in lists.get("namespaces", ())),
        events=tuple(entry.record for entry in lists.get("events", ())),
        nodes=tuple(entry.record for entry in lists.get("nodes", ())),
        workloads=tuple(entry.record for entry in lists.get("workloads", ())),
    )
    view = discover(objects, settings, at).views.get(eval_set_id)
    return view if view is not None else ClusterView(at, frozenset(lists))
