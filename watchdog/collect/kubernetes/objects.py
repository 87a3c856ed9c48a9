"""From the API's objects to the records of the model, with what discovery needs beside them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Generic, TypeVar

from msgspec import Struct

from watchdog.collect import values
from watchdog.collect.kubernetes.wire import ObjectMeta, Owner

R_co = TypeVar("R_co", covariant=True)

Key = tuple[str, str]
"""Namespace and name."""

INSTANCE = "app.kubernetes.io/instance"
QUEUE = "kueue.x-k8s.io/queue-name"
SAMPLE_UUID = "inspectSampleUUID"
"""What inspect_k8s_sandbox labels a sandbox's pods with."""
LABELS = frozenset(
    {
        "app.kubernetes.io/name",
        "app.kubernetes.io/component",
        INSTANCE,
        QUEUE,
        "inspect/service",
        "team",
        SAMPLE_UUID,
    }
)
"""Labels that are kept beside the ones with the configured prefix."""
ANNOTATIONS = ("email", "model-access", "inspect-version", "team")
"""Annotations that are kept, without the configured prefix."""
MESSAGE_LIMIT = 1000
STRINGS_LIMIT = 50_000


class Meta(Struct, frozen=True, gc=False):
    """What is known of an object of any kind. Keys keep their prefix."""

    namespace: str
    name: str
    uid: str = ""
    resource_version: str = ""
    created_at: float | None = None
    deleting_at: float | None = None
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    owner: str = ""
    """`Job/name`, `StatefulSet/name`, …: its controller."""

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.namespace, self.name


class Entry(Struct, Generic[R_co], frozen=True, gc=False):
    """An object: its metadata and its record."""

    meta: Meta
    record: R_co


class Strings(dict[str, str]):
    """Keeps one of each of the strings that repeat: names of nodes and namespaces, labels.

    What is too long for any of these is cut: legacy events' reasons and statuses' are unbounded.
    """

    def __missing__(self, text: str) -> str:
        if len(text) > values.NAME_LIMIT:
            return values.text(text, values.NAME_LIMIT) or ""
        self[text] = text
        return text

    def trim(self) -> None:
        """Forget them where they are too many; what uses them keeps its own."""
        if len(self) > STRINGS_LIMIT:
            self.clear()


class LabelKeys(Strings):
    """A label's key where it is kept, else empty."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def __missing__(self, text: str) -> str:
        self[text] = key = text if text in LABELS or text.startswith(self._prefix) else ""
        return key


class Context:
    """What conversions share."""

    def __init__(self, label_prefix: str) -> None:
        self.prefix = label_prefix
        self.shared = Strings()
        self.label_keys = LabelKeys(label_prefix)
        self.annotation_keys = tuple(f"{label_prefix}{name}" for name in ANNOTATIONS)
        self.sample_id = f"{label_prefix}sample-id"
        self.task_name = f"{label_prefix}task-name"
        self.human = f"{label_prefix}human"

    def trim(self) -> None:
        """Keep memory bounded."""
        self.shared.trim()
        self.label_keys.trim()


def meta_of(wire: ObjectMeta, context: Context, namespace: str = "") -> Meta:
    """An object's metadata.

    Raises:
        ValueError: it has no name.
    """
    if not wire.name:
        raise ValueError("an object without a name")
    shared = context.shared
    return Meta(
        shared[wire.namespace or namespace],
        wire.name,
        wire.uid,
        wire.resource_version,
        at(wire.creation_timestamp),
        at(wire.deletion_timestamp),
        _labels(wire.labels, context) if wire.labels else {},
        _annotations(wire.annotations, context) if wire.annotations else {},
        _owner(wire.owner_references) if wire.owner_references else "",
    )


def _labels(labels: dict[str, str], context: Context) -> dict[str, str]:
    keys, shared = context.label_keys, context.shared
    return {name: shared[value] for key, value in labels.items() if (name := keys[key])}


def _annotations(annotations: dict[str, str], context: Context) -> dict[str, str]:
    return {
        key: context.shared[values.name(annotations[key]) or ""]
        for key in context.annotation_keys
        if key in annotations
    }


def _owner(owners: list[Owner]) -> str:
    owner = owners[0]
    if not owner.controller:
        owner = next((other for other in owners if other.controller), owner)
    return f"{owner.kind}/{owner.name}"


def at(value: datetime | None) -> float | None:
    """Seconds since the epoch, None where there is no such instant."""
    if value is None:
        return None
    seconds = (value if value.tzinfo is UTC else _in_utc(value)).timestamp()
    return seconds if seconds >= 0 else None


def _in_utc(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def message(text: str) -> str:
    """A message, cut short."""
    return (values.text(text, MESSAGE_LIMIT) or "") if text else ""
