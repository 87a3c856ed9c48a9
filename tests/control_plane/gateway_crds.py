"""The kinds of the Gateway API, from its own Go module."""

from __future__ import annotations

import yaml

from tests.control_plane.api import Object
from tests.control_plane.build.modules import GATEWAY_API, folder_of

FILE = "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"


def gateway_crds() -> list[Object]:
    """Give the CRDs, or raise `MissingPartError`."""
    return [yaml.safe_load((folder_of(GATEWAY_API) / FILE).read_text())]
