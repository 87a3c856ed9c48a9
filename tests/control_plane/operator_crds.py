"""The kinds that prometheus-operator adds to a cluster, from its own Go module."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml

from tests.control_plane.api import Object
from tests.control_plane.build import MissingPartError, Module

OPERATOR = Module("prometheus-operator", "github.com/prometheus-operator/prometheus-operator", {})
FOLDER = "example/prometheus-operator-crd"
KINDS = ("prometheusrules", "servicemonitors", "podmonitors")


def operator_crds() -> list[Object]:
    """Give the CRDs, or raise `MissingPartError`."""
    folder = _module() / FOLDER
    files = [folder / f"monitoring.coreos.com_{kind}.yaml" for kind in KINDS]
    return [yaml.safe_load(file.read_text()) for file in files]


def _module() -> Path:
    """Give the module's folder in Go's cache, downloaded if need be and checked by `go.sum`."""
    what, go = f"{OPERATOR.main}@{OPERATOR.version}", shutil.which("go")
    if go is None:
        raise MissingPartError(f"there is no Go to get {what}")
    env = os.environ | {"GOWORK": "off", "GOFLAGS": ""}
    command = [go, "mod", "download", "-json", what]
    done = subprocess.run(command, cwd=OPERATOR.path, env=env, capture_output=True, check=False)
    if done.returncode:
        raise MissingPartError(f"{what} can't be had: {_reason(done)}")
    return Path(json.loads(done.stdout)["Dir"])


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Go's own words: in the JSON, or beside it."""
    said = json.loads(done.stdout).get("Error") if done.stdout else None
    return str(said or done.stderr.decode(errors="replace").strip() or "go gave no reason")
