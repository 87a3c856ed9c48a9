"""Wheel and sdist, built from the tree; and the wheel that comes of the sdist."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

from tests.paths import ROOT


def build(folder: Path, source: Path = ROOT, *targets: str) -> list[Path]:
    """Build `wheel`, `sdist` or both into a folder."""
    chosen = [word for target in targets for word in ("--target", target)]
    command = [sys.executable, "-m", "hatchling", "build", *chosen, "--directory", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"nothing was built:\n{done.stdout}{done.stderr}")
    return sorted(folder.glob("*.whl")) + sorted(folder.glob("*.tar.gz"))


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist; gives the folder of the project in it."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (project,) = folder.iterdir()
    return project
