"""The kinds that prometheus-operator adds to a cluster, from its own Go module."""

from __future__ import annotations

import yaml

from tests.control_plane.api import Object
from tests.control_plane.build.modules import OPERATOR, folder_of

FOLDER = "example/prometheus-operator-crd"
KINDS = ("prometheusrules", "servicemonitors", "podmonitors")


def operator_crds() -> list[Object]:
    """Give the CRDs, or raise `MissingPartError`."""
    folder = folder_of(OPERATOR) / FOLDER
    files = [folder / f"monitoring.coreos.com_{kind}.yaml" for kind in KINDS]
    return [yaml.safe_load(file.read_text()) for file in files]
