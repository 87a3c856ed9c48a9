"""Objects that are older than they are: written into the API server's own store.

No API changes a `creationTimestamp`, and an eval set of days can't be waited for. All times of an
object are moved together, so that it stays what it is; everybody who watches it sees the change.
"""

from __future__ import annotations

import base64
from typing import Self

import httpx

from tests.control_plane.waiting import wait_for
from tests.recordings.shift import moved

PLURALS = {"Pod": "pods", "Job": "jobs"}


class Ageing:
    """Moves what is stored; etcd is asked by the JSON form of its API. A context manager."""

    def __init__(self, etcd_url: str) -> None:
        self._http = httpx.Client(base_url=etcd_url, trust_env=False, timeout=10.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def age(self, kind: str, namespace: str, name: str, seconds: float) -> None:
        """Make an object older by so many seconds, whoever else is writing it."""
        key = _encoded(f"/registry/{PLURALS[kind]}/{namespace}/{name}".encode())
        wait_for(lambda: self._moved(key, seconds), f"{kind} {namespace}/{name} is older")

    def _moved(self, key: str, seconds: float) -> bool:
        (stored,) = self._ask("range", {"key": key})["kvs"]
        older = moved(base64.b64decode(stored["value"]), -seconds)
        unchanged = {"key": key, "target": "MOD", "modRevision": stored["mod_revision"]}
        put = {"requestPut": {"key": key, "value": _encoded(older)}}
        return bool(self._ask("txn", {"compare": [unchanged], "success": [put]}).get("succeeded"))

    def _ask(self, method: str, body: dict[str, object]) -> dict[str, list[dict[str, str]]]:
        answer = self._http.post(f"/v3/kv/{method}", json=body).raise_for_status()
        found: dict[str, list[dict[str, str]]] = answer.json()
        return found


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
