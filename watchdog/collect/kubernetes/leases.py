"""One Lease of coordination.k8s.io, read and written under its resourceVersion.

Each call is one request: who asks again is `service/leadership`, which counts the seconds.
"""

from math import ceil
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from watchdog.collect.kubernetes.connection import Connection
from watchdog.collect.kubernetes.errors import UNFIT, ApiError
from watchdog.collect.kubernetes.resources import ListQuery, Resource
from watchdog.collect.kubernetes.wire import Count, Short, Wire
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.lease import Lease

LEASES = Resource("coordination.k8s.io", "v1", "leases", ("get", "update"), by_name=True)
NEW_LEASES = Resource("coordination.k8s.io", "v1", "leases", ("create",))
NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
ELSEWHERE = "default"
"""The namespace of who runs in no pod."""
ANSWER_BYTES = 1_048_576
CONFLICT = 409
NOT_FOUND = 404

Seconds = Annotated[int, Meta(ge=0, le=2**31 - 1)]


def own_namespace() -> str:
    """Of the pod that we run in."""
    try:
        return NAMESPACE_FILE.read_text(encoding="utf-8").strip() or ELSEWHERE
    except OSError:
        return ELSEWHERE


class _Spec(Wire):
    holder_identity: Short | None = None
    lease_duration_seconds: Seconds | None = None
    acquire_time: Short | None = None
    renew_time: Short | None = None
    lease_transitions: Count | None = None


class _Metadata(Wire):
    name: Short
    namespace: Short
    resource_version: Short = ""
    uid: Short = ""


class _Object(Wire, omit_defaults=True):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)
    api_version: str = ""
    kind: str = ""


class KubernetesLease:
    """The Lease of one name. Used from threads.

    Raises:
        ConfigError: there are no credentials to begin with.
    """

    def __init__(
        self, settings: Kubernetes, namespace: str, name: str, request_seconds: float
    ) -> None:
        bounded = settings.model_copy(update={"timeout": request_seconds})
        self._connection = Connection(bounded)
        self._namespace, self._name = namespace, name
        self._all = ListQuery(NEW_LEASES, namespace)
        self._one = ListQuery(LEASES, namespace, name)

    @property
    def where(self) -> str:
        """Namespace and name."""
        return f"{self._namespace}/{self._name}"

    def read(self) -> Lease | None:
        """How it stands; None where there is none.

        Raises:
            ApiError: it isn't known.
        """
        try:
            reply = self._connection.ask(self._one, ANSWER_BYTES)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return decode_lease(reply.body, self._one.what)

    def write(self, lease: Lease) -> Lease:
        """Make it, or replace the version that it names; how it stands then.

        Raises:
            ApiError: of status 409 where somebody else was quicker; of any other it may have been
                written.
        """
        body = msgspec.json.encode(self._encoded(lease))
        change = (
            replace(self._one, method="PUT", body=body)
            if lease.version
            else replace(self._all, method="POST", body=body)
        )
        return decode_lease(self._connection.ask(change, ANSWER_BYTES).body, self._one.what)

    def close(self) -> None:
        """End what is under way."""
        self._connection.close()

    def _encoded(self, lease: Lease) -> _Object:
        return _Object(
            _Metadata(self._name, self._namespace, lease.version, lease.uid),
            _Spec(
                lease.holder,
                ceil(lease.duration or 1),
                lease.acquired_at or None,
                lease.renewed_at or None,
                lease.transitions,
            ),
            "coordination.k8s.io/v1",
            "Lease",
        )


# learned before threads are there: msgspec's first use of a type by two at once ends the process
_object = msgspec.json.Decoder(_Object).decode


def decode_lease(body: bytes, what: str) -> Lease:
    """What the API server answered about a Lease, which `what` names.

    Raises:
        ApiError: it is none.
    """
    try:
        found = _object(body)
    except UNFIT as error:
        raise ApiError("other", 0, f"{what}: not a Lease: {type(error).__name__}") from error
    spec, seconds = found.spec, found.spec.lease_duration_seconds
    return Lease(
        holder=spec.holder_identity or "",
        duration=None if seconds is None else float(seconds),
        acquired_at=spec.acquire_time or "",
        renewed_at=spec.renew_time or "",
        transitions=spec.lease_transitions or 0,
        version=found.metadata.resource_version,
        uid=found.metadata.uid,
    )
