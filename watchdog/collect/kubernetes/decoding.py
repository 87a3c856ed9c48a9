"""Listings and watch events, decoded. What doesn't fit is a problem, and the others count."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from watchdog.collect.kubernetes import pods, records
from watchdog.collect.kubernetes.errors import UNFIT, Status, one_line
from watchdog.collect.kubernetes.objects import Context, Entry, Key
from watchdog.collect.kubernetes.wire import (
    EventObject,
    JobObject,
    ListMeta,
    Name,
    Named,
    NodeObject,
    Object,
    ObjectMeta,
    PodObject,
    RawList,
    UsageObject,
    WatchEvent,
    WorkloadObject,
)
from watchdog.model.cluster import Job, Node, Pod, PodEvent, PodUsage, ResourceKind, Workload
from watchdog.model.verdict import Problem

R = TypeVar("R")
S = TypeVar("S", bound=Struct)
W = TypeVar("W", bound=Object)

PROBLEM_LIMIT = 20
DEFAULT_PREFIX = "inspect-ai.metr.org/"


class Kind(Struct, Generic[W, R], frozen=True):
    """How objects of a kind are read."""

    name: ResourceKind
    singular: str
    wire: type[W]
    convert: Callable[[W, Context], Entry[R] | None]


POD = Kind[PodObject, Pod]("pods", "Pod", PodObject, pods.pod)
JOB = Kind[JobObject, Job]("jobs", "Job", JobObject, records.job)
NAMESPACE = Kind[Object, None]("namespaces", "Namespace", Object, records.namespace)
EVENT = Kind[EventObject, PodEvent]("events", "Event", EventObject, records.event)
USAGE = Kind[UsageObject, PodUsage]("metrics", "PodMetrics", UsageObject, records.usage)
NODE = Kind[NodeObject, Node]("nodes", "Node", NodeObject, records.node)
WORKLOAD = Kind[WorkloadObject, Workload]("workloads", "Workload", WorkloadObject, records.workload)
KINDS: dict[ResourceKind, Kind[Any, Any]] = {
    kind.name: kind for kind in (POD, JOB, NAMESPACE, EVENT, USAGE, NODE, WORKLOAD)
}


class Page(Struct, Generic[R], frozen=True):
    """A page of a listing."""

    entries: tuple[Entry[R], ...]
    problems: tuple[Problem, ...] = ()
    resource_version: str = ""
    token: str = ""
    """Continues the listing; empty on the last page."""
    kind: str = ""
    """What the answer says that it is: `PodList`."""


class Change(Struct, Generic[R], frozen=True):
    """A watch event. `entry` is None where the object is of no interest."""

    type: Literal["put", "delete", "bookmark", "error", "problem", "foreign"]
    """`foreign`: it is no watch event at all."""
    key: Key = ("", "")
    resource_version: str = ""
    entry: Entry[R] | None = None
    status: Status | None = None
    problem: Problem | None = None


# msgspec learns a type at its first use and without a lock: two threads at once end the process
_event = msgspec.json.Decoder(WatchEvent).decode
_status = msgspec.json.Decoder(Status).decode
_named = msgspec.json.Decoder(Named).decode


class Decoder(Generic[W, R]):
    """Decodes objects of one kind. Used by one thread at a time."""

    def __init__(self, kind: Kind[W, R], label_prefix: str = DEFAULT_PREFIX) -> None:
        self._kind = kind
        self._context = Context(label_prefix)
        self._list = msgspec.json.Decoder(_list_of(kind.wire))
        self._item = msgspec.json.Decoder(kind.wire)

    @property
    def list_kind(self) -> str:
        """What a listing says that it is."""
        return f"{self._kind.singular}List"

    def page(self, data: bytes, cached: Mapping[Key, Entry[R]] | None = None) -> Page[R]:
        """A page of a listing; objects that are `cached` in the same version stay as they are.

        Raises:
            ValueError: it is no listing.
        """
        self._context.trim()
        with _uncollected():
            try:
                listing = self._list.decode(data)
            except UNFIT:
                return self._piecemeal(data)
            page = self._page(listing.items or (), listing.metadata, cached or {})
            return replace(page, kind=listing.kind)

    def change(self, line: bytes) -> Change[R]:
        """A watch event."""
        try:
            event = _event(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Change("foreign", problem=self._problem(line, error))
        except RecursionError as error:
            return Change("problem", problem=self._problem(line, error))
        try:
            return self._change(event)
        except (*UNFIT, ValueError) as error:
            return Change("problem", problem=self._problem(line, error))

    def _change(self, event: WatchEvent) -> Change[R]:
        if event.type == "ERROR":
            return Change("error", status=_status(event.object))
        if event.type == "BOOKMARK":
            meta = _named(event.object).metadata
            return Change("bookmark", resource_version=meta.resource_version)
        return self._object(event)

    def _object(self, event: WatchEvent) -> Change[R]:
        meta = _named(event.object).metadata
        key, version = (meta.namespace, meta.name), meta.resource_version
        if event.type == "DELETED":
            return Change("delete", key, version, self._last_words(event))
        try:
            entry = self._kind.convert(self._item.decode(event.object), self._context)
        except (*UNFIT, ValueError) as error:
            return Change("problem", key, version, problem=self._problem(event.object, error))
        return Change("put", key, version, entry)

    def _last_words(self, event: WatchEvent) -> Entry[R] | None:
        """An object as it was when it was deleted; None where that doesn't fit."""
        try:
            return self._kind.convert(self._item.decode(event.object), self._context)
        except (*UNFIT, ValueError):
            return None

    def _piecemeal(self, data: bytes) -> Page[R]:
        """Object by object: slower, and one that is garbage costs no other."""
        listing = _as(RawList, data)
        items: list[W] = []
        problems: list[Problem] = []
        for raw in listing.items or ():
            try:
                items.append(self._item.decode(raw))
            except UNFIT as error:
                problems.append(self._problem(raw, error))
        return replace(self._page(items, listing.metadata, {}, problems), kind=listing.kind)

    def _page(
        self,
        items: Iterable[W],
        meta: ListMeta | None,
        cached: Mapping[Key, Entry[R]],
        problems: Iterable[Problem] = (),
    ) -> Page[R]:
        entries: list[Entry[R]] = []
        all_problems = list(problems)
        for wire in items:
            try:
                entry = (cached and _unchanged(wire, cached)) or self._converted(wire)
            except ValueError as error:
                all_problems.append(Problem(self._where(wire.metadata), one_line(str(error))))
            else:
                if entry is not None:
                    entries.append(entry)
        list_meta = meta or ListMeta()
        version, token = list_meta.resource_version, list_meta.token
        return Page(tuple(entries), _few(all_problems), version, token)

    def _converted(self, wire: W) -> Entry[R] | None:
        if wire.kind not in {"", self._kind.singular}:
            return None
        return self._kind.convert(wire, self._context)

    def _problem(self, item: bytes | msgspec.Raw, error: Exception) -> Problem:
        try:
            meta = _named(item).metadata
        except UNFIT:
            return Problem(self._kind.name, one_line(str(error)))
        return Problem(self._where(meta), one_line(str(error)))

    def _where(self, meta: ObjectMeta | Name) -> str:
        parts = (self._kind.name, meta.namespace, meta.name)
        return one_line("/".join(part for part in parts if part))


def decode_list(
    kind: ResourceKind, data: bytes, label_prefix: str = DEFAULT_PREFIX
) -> tuple[tuple[Entry[Any], ...], tuple[Problem, ...]]:
    """What `kubectl get … -o json` prints, or a page of the API: entries, and what didn't fit.

    Objects of other kinds (`kubectl get pods,jobs`) are passed over; a single object is a list
    of one.
    """
    decoder = Decoder(KINDS[kind], label_prefix)
    try:
        page = decoder.page(_wrapped(KINDS[kind].singular, data))
    except ValueError as error:
        return (), (Problem(kind, one_line(str(error))),)
    return page.entries, page.problems


def _wrapped(singular: str, data: bytes) -> bytes:
    kind = _as(_Kinded, data).kind
    return b'{"items":[' + data + b"]}" if kind == singular else data


def _as(kind: type[S], data: bytes) -> S:
    """Raises: ValueError: it isn't one, or is nested too deeply."""
    try:
        return msgspec.json.decode(data, type=kind)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


class _Kinded(Struct):
    kind: str = ""


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: a page makes thousands of objects and not one cycle.

    It would walk all that there is several times over: a fifth of what a listing costs.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _list_of(wire: type[W]) -> Any:  # noqa: ANN401 - a type made at run time
    """A listing decoded at one go."""
    items: Any = list[wire] | None  # type: ignore[valid-type]
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [
        ("items", items),
        ("metadata", ListMeta | None, None),
        ("kind", str, ""),
    ]
    return msgspec.defstruct(f"{wire.__name__}List", fields, gc=False)


def _unchanged(wire: Object, cached: Mapping[Key, Entry[R]]) -> Entry[R] | None:
    meta = wire.metadata
    old = cached.get((meta.namespace, meta.name))
    if old is None or old.meta.uid != meta.uid:
        return None
    return old if old.meta.resource_version == meta.resource_version else None


def _few(problems: list[Problem]) -> tuple[Problem, ...]:
    more = len(problems) - PROBLEM_LIMIT
    if more <= 0:
        return tuple(problems)
    return (*problems[:PROBLEM_LIMIT], Problem("kubernetes", f"and {more} more like these"))
