"""A bundle's lists of Kubernetes objects, as `kubectl get … -o json` prints them.

An absent file says that the kind is not known; a list without items, that there is none.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw, Struct

from watchdog.collect.json_bounds import UNFIT, Tally
from watchdog.collect.kubernetes.decoding import PROBLEM_LIMIT, decode_list
from watchdog.collect.kubernetes.discovery import discover
from watchdog.collect.kubernetes.errors import one_line
from watchdog.collect.kubernetes.eval_set_objects import Objects
from watchdog.collect.kubernetes.objects import Entry
from watchdog.collect.limits import LIST_BYTES, LIST_ITEMS, LOOSE_BYTES, OBJECT_BYTES
from watchdog.collect.stores.reading import exists, read_file
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import ClusterView, ResourceKind
from watchdog.model.verdict import Problem

FILES: tuple[ResourceKind, ...] = ("namespaces", "jobs", "pods", "events", "nodes", "workloads")
_TALLY = Tally(LIST_ITEMS)


class _Item(Struct, gc=False):
    def __post_init__(self) -> None:
        _TALLY.take(LIST_ITEMS)


class _Counted(Struct, gc=False):
    items: list[_Item] | None = None


class _RawItems(Struct, gc=False):
    items: list[Raw] | None = None


_counted = msgspec.json.Decoder(_Counted)
_raw_items = msgspec.json.Decoder(_RawItems)


def read_view(
    directory: Path, settings: Kubernetes, eval_set_id: str, at: float
) -> tuple[ClusterView | None, tuple[Problem, ...]]:
    """The eval set as the lists in `directory` show it; None where there are none."""
    lists: dict[ResourceKind, tuple[Entry[Any], ...]] = {}
    problems: list[Problem] = []
    for kind in FILES:
        if exists(directory, f"{kind}.json"):
            entries, list_problems = _read(kind, directory, settings)
            problems += list_problems
            if entries is not None:
                lists[kind] = entries
    if not lists:
        return None, tuple(problems)
    return _view(lists, settings, eval_set_id, at), tuple(problems)


def _read(
    kind: ResourceKind, directory: Path, settings: Kubernetes
) -> tuple[tuple[Entry[Any], ...] | None, tuple[Problem, ...]]:
    name = f"{kind}.json"
    try:
        data = read_file(directory, name, LIST_BYTES)
        entries, problems = _decoded(kind, data, settings.label_prefix)
    except OSError as error:
        return None, (Problem(name, error.strerror or "unreadable"),)
    except ValueError as error:
        return None, (Problem(name, one_line(str(error))),)
    whole = not any(problem.where == kind for problem in problems)
    file_problems = tuple(Problem(f"{name}: {p.where}", p.text) for p in problems)
    return (entries if whole else None), file_problems


def _decoded(
    kind: ResourceKind, data: bytes, label_prefix: str
) -> tuple[tuple[Entry[Any], ...], tuple[Problem, ...]]:
    """Entries and problems; a large list is decoded in parts.

    Raises:
        ValueError: it is no list, or one of too many objects (`Beyond`).
    """
    if len(data) <= LOOSE_BYTES.value:
        return decode_list(kind, data, label_prefix)
    entries: list[Entry[Any]] = []
    problems: list[Problem] = []
    for part in _parts(kind, data, problems):
        more, part_problems = decode_list(kind, part, label_prefix)
        entries += more
        problems += part_problems
    return tuple(entries), tuple(problems[:PROBLEM_LIMIT])


def _parts(kind: ResourceKind, data: bytes, problems: list[Problem]) -> Iterator[bytes]:
    """Lists of no more bytes than are decoded at once; an object that is too large is left out."""
    try:
        _TALLY.counting(_counted, data)
        items = _raw_items.decode(data).items or []
    except UNFIT as error:
        raise ValueError(str(error)) from error
    part: list[bytes] = []
    size = 0
    for place, raw in enumerate(items):
        item = bytes(raw)
        if len(item) > OBJECT_BYTES.value:
            text = f"left out: {OBJECT_BYTES.text(len(item))}"
            problems.append(Problem(f"{kind}/{place}", text))
            continue
        if size + len(item) > LOOSE_BYTES.value:
            yield _list_of(part)
            part, size = [], 0
        part.append(item)
        size += len(item)
    yield _list_of(part)


def _list_of(items: list[bytes]) -> bytes:
    return b'{"items":[' + b",".join(items) + b"]}"


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
