"""An API server that has no room for one client: priority and fairness answers it 429.

Source: Kubernetes, "API Priority and Fairness". A level without seats still lets one request in
where none is under way; so one is kept under way, whose body doesn't come to its end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.control_plane.api import Api, Object
from tests.control_plane.plane import ControlPlane
from tests.control_plane.waiting import wait_for

GROUP = "flowcontrol.apiserver.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
"""What everybody may post."""
HELD_SECONDS = 10.0
"""Less than the client's and the server's own time-outs."""
PAUSE = 0.02


@contextmanager
def crowded_out(plane: ControlPlane, namespace: str, account: str) -> Iterator[None]:
    """Refuse whatever a service account asks, with 429, as long as this lasts."""
    plane.api.create(_level(account))
    plane.api.create(_flow(namespace, account))
    over = threading.Event()
    own, other = (plane.api_as(namespace, account) for _ in range(2))
    holder = threading.Thread(target=_hold, args=(own, over))
    holder.start()
    try:
        wait_for(lambda: other.status_of("/api/v1/pods?limit=1") == 429, "it is refused")
        yield
    finally:
        over.set()
        holder.join()
        own.close()
        other.close()
        plane.api.delete("FlowSchema", account)
        plane.api.delete("PriorityLevelConfiguration", account)


def _hold(own: Api, over: threading.Event) -> None:
    """Keep a request under way, also over a restart of the server."""

    def body() -> Iterator[bytes]:
        until = time.monotonic() + HELD_SECONDS
        while time.monotonic() < until and not over.wait(PAUSE):
            yield b" "  # soon tells that the server is gone

    while not over.is_set():
        try:
            own.http.post(REVIEWS, content=body())
        except httpx.TransportError:
            over.wait(PAUSE)


def _level(name: str) -> Object:
    limited = {
        "nominalConcurrencyShares": 0,
        "borrowingLimitPercent": 0,
        "limitResponse": {"type": "Reject"},
    }
    return {
        "apiVersion": GROUP,
        "kind": "PriorityLevelConfiguration",
        "metadata": {"name": name},
        "spec": {"type": "Limited", "limited": limited},
    }


def _flow(namespace: str, account: str) -> Object:
    holder = {"name": account, "namespace": namespace}
    everything = {
        "verbs": ["*"],
        "apiGroups": ["*"],
        "resources": ["*"],
        "clusterScope": True,
        "namespaces": ["*"],
    }
    rule = {
        "subjects": [{"kind": "ServiceAccount", "serviceAccount": holder}],
        "resourceRules": [everything],
    }
    return {
        "apiVersion": GROUP,
        "kind": "FlowSchema",
        "metadata": {"name": account},
        "spec": {
            "priorityLevelConfiguration": {"name": account},
            "matchingPrecedence": 2,
            "rules": [rule],
        },
    }
