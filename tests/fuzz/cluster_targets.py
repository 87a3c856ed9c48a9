"""Parsers of what a cluster says."""

import json
import tempfile
from pathlib import Path

from tests.fuzz.inspect_targets import _quick
from tests.fuzz.promises import kept
from tests.fuzz.target import Target
from watchdog.collect import bundle
from watchdog.collect.kubernetes import stream
from watchdog.collect.kubernetes.annotations import allowance
from watchdog.collect.kubernetes.decoding import KINDS, Decoder, decode_list
from watchdog.collect.kubernetes.errors import ApiError, refused
from watchdog.collect.kubernetes.files import FILES, read_view
from watchdog.collect.kubernetes.leases import decode_lease
from watchdog.collect.kubernetes.quantities import quantity
from watchdog.collect.kubernetes.resources import POD_LOG, ListQuery
from watchdog.config.kubernetes import Kubernetes
from watchdog.service.leadership.election import Election

_KINDS = tuple(sorted(KINDS))
_DECODERS = {name: Decoder(KINDS[name]) for name in _KINDS}


def listing(data: bytes) -> None:
    """The first byte chooses the kind."""
    kind = _KINDS[data[0] % len(_KINDS)] if data else "pods"
    entries, problems = decode_list(kind, data[1:])
    kept(problems)
    for entry in entries:
        kept((entry.meta, entry.record))


def watch(data: bytes) -> None:
    """Lines of a watch, in chunks whose size the first byte chooses."""
    size = data[0] + 1 if data else 1
    chunks = (data[at : at + size] for at in range(1, len(data), size))
    for line in stream._lines(chunks):
        for decoder in _DECODERS.values():
            change = decoder.change(line)
            kept((change.key, change.resource_version, change.problem))


def view(data: bytes) -> None:
    """A bundle's `kubernetes/`, the lists parted by zeros, and what an eval set's view is."""
    with tempfile.TemporaryDirectory(dir=_quick()) as folder:
        for kind, part in zip(FILES, data.split(b"\0"), strict=False):
            (Path(folder) / f"{kind}.json").write_bytes(part)
        cluster, problems = read_view(Path(folder), Kubernetes(), "one-sample-500", 1_795_000_000.0)
    kept((cluster, problems))


def refusal(data: bytes) -> None:
    """An API server's error, or that of a proxy before it."""
    query = ListQuery(POD_LOG, "n", "p", (), "*/*")
    status = 200 + (data[0] if data else 0) * 2
    error = refused(query, status, {"Retry-After": data[1:9].decode("latin-1")}, data[1:])
    assert len(error.text) < 2000
    assert "\n" not in error.text
    kept(error.retry_after)


def lease(data: bytes) -> None:
    """Also what follows from it: who leads, and whether one may be begun."""
    found = decode_lease(data, "leases a")
    kept(found)
    election = Election("own").told(found, 0.0)
    kept(election.step(1e6, 0.0))


def quantities(data: bytes) -> None:
    kept(quantity(data.decode("utf-8", "replace")))


def annotations(data: bytes) -> None:
    """Annotations as JSON: `{key: value}` of texts, as the API guarantees."""
    content = json.loads(data)
    if isinstance(content, dict):
        kept(allowance({key: str(value) for key, value in content.items()}))


def manifest(data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=_quick()) as folder:
        (Path(folder) / bundle.MANIFEST).write_bytes(data)
        kept(bundle.read_bundle(Path(folder)))


TARGETS = (
    Target(
        "kubernetes_list",
        listing,
        (),
        (
            "kubernetes.decoding",
            "kubernetes.wire",
            "kubernetes.pods",
            "kubernetes.requests",
            "kubernetes.records",
            "kubernetes.events",
            "kubernetes.objects",
            "kubernetes.hawk_version",
        ),
    ),
    Target("lease", lease, (ApiError,), ("kubernetes.leases",), is_json=True),
    Target("kubernetes_watch", watch, (), ("kubernetes.stream",)),
    Target(
        "kubernetes_view",
        view,
        (),
        ("kubernetes.files", "kubernetes.discovery", "kubernetes.eval_set_objects"),
        slow=True,
    ),
    Target("kubernetes_refusal", refusal, (), ("kubernetes.errors",)),
    Target("quantity", quantities, (), ("kubernetes.quantities",)),
    Target(
        "annotations",
        annotations,
        (ValueError, RecursionError),  # of json.loads here
        ("kubernetes.annotations",),
        is_json=True,
    ),
    Target("bundle", manifest, (bundle.BundleError,), ("bundle",), is_json=True, slow=True),
)
