"""The kinds that prometheus-operator adds to a cluster, from its own Go module."""

from __future__ import annotations

import yaml

from tests.control_plane.api import Object
from tests.control_plane.build.modules import OPERATOR, folder_of

FOLDER = "example/prometheus-operator-crd"
KINDS = ("prometheusrules", "servicemonitors", "podmonitors")
NEEDED = (*KINDS, "probes", "prometheuses")
"""What the operator itself needs to look after a Prometheus."""


def operator_crds(kinds: tuple[str, ...] = KINDS) -> list[Object]:
    """Give the CRDs, or raise `MissingPartError`."""
    folder = folder_of(OPERATOR) / FOLDER
    files = [folder / f"monitoring.coreos.com_{kind}.yaml" for kind in kinds]
    return [yaml.safe_load(file.read_text()) for file in files]
