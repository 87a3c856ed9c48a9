"""Go modules that are read, not built: their folder in Go's cache, checked by `go.sum`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.control_plane.build.parts import OPERATOR, Module
from tests.control_plane.build.resolve import MissingPartError

KUEUE = Module("kueue", "sigs.k8s.io/kueue", {})
GATEWAY_API = Module("gateway-api", "sigs.k8s.io/gateway-api", {})
READ = (OPERATOR, KUEUE, GATEWAY_API)


def folder_of(module: Module) -> Path:
    """Give the module's folder, downloaded if need be, or raise `MissingPartError`."""
    what, go = f"{module.main}@{module.version}", shutil.which("go")
    if go is None:
        raise MissingPartError(f"there is no Go to get {what}")
    env = os.environ | {"GOWORK": "off", "GOFLAGS": ""}
    command = [go, "mod", "download", "-json", what]
    done = subprocess.run(command, cwd=module.path, env=env, capture_output=True, check=False)
    if done.returncode:
        raise MissingPartError(f"{what} can't be had: {_reason(done)}")
    return Path(json.loads(done.stdout)["Dir"])


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Go's own words: in the JSON, or beside it."""
    said = json.loads(done.stdout).get("Error") if done.stdout else None
    return str(said or done.stderr.decode(errors="replace").strip() or "go gave no reason")
