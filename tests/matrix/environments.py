"""An environment for each release: made once with pip, kept outside the tree.

It stands below `WATCHDOG_MATRIX_CACHE`, else beside the other parts of the tests that are made
once (`tests/control_plane/build`). What is installed is settled by a day: nothing that was
uploaded later (the package index tells when; PyPI does, some mirrors don't).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from tests.control_plane.build.resolve import MissingPartError, cache_root, locked
from tests.matrix.versions import Version
from tests.paths import ROOT

Say = Callable[[str], None]

PACKAGES = ("openai",)
"""What is installed beside Inspect: the SDK whose errors the scenario raises."""


def environment(version: Version, say: Say = lambda _: None) -> Path:
    """Give the Python that has this release, installed if need be.

    Raises:
        MissingPartError: it can't be installed here.
    """
    folder = _folder(version)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / f".{folder.name}.lock"):
        if not (folder / "complete").exists():
            say(f"installing Inspect {version.number} (once; half a minute) …")
            _make(folder, version)
    return _python(folder)


def _folder(version: Version) -> Path:
    """The name differs for whatever would install something else."""
    chosen = os.environ.get("WATCHDOG_MATRIX_CACHE")
    root = Path(chosen).expanduser().resolve() if chosen else cache_root() / "inspect"
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(repr((_requirements(version), version.until)).encode()).hexdigest()[:8]
    return root / f"{version.number}-{python}-{digest}"


def _requirements(version: Version) -> list[str]:
    return [f"inspect_ai=={version.number}", *PACKAGES]


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _make(folder: Path, version: Version) -> None:
    """All of it or nothing counts: the mark comes last."""
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, symlinks=True)
    options = ["--quiet", "--only-binary", ":all:"]
    options += ["--uploaded-prior-to", version.until.isoformat()]
    done = _pip(_python(folder), "install", *options, *_requirements(version))
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["pip gave no reason"]
        raise MissingPartError(f"Inspect {version.number} can't be installed: {last[0]}")
    (folder / "complete").touch()


def newest_on_index() -> str:
    """Give the newest release of Inspect that can be installed; empty where nobody tells."""
    done = _pip(Path(sys.executable), "index", "versions", "inspect_ai", "--json")
    return str(json.loads(done.stdout)["versions"][0]) if done.returncode == 0 else ""


def _pip(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The pip that comes with the sources; an environment has none of its own."""
    pip = next((ROOT / "tools" / "vendor").glob("pip-*.whl")) / "pip"
    command = [str(python), str(pip), *arguments, "--disable-pip-version-check", "--no-input"]
    return subprocess.run(command, capture_output=True, text=True, check=False)
