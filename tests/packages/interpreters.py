"""The Pythons of this machine, from the oldest that is supported on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
ASKED = "import platform, sys, venv; print(platform.python_version(), *sys.version_info[:2])"


@dataclass(frozen=True)
class Interpreter:
    """A Python that is there: `version` is 3.13, `number` 3.13.0."""

    version: str
    number: str
    path: Path


def at_hand() -> dict[str, Interpreter]:
    """The first of each version: on the path, else pyenv's newest."""
    found = {version: _first(version) for version in VERSIONS}
    return {version: one for version, one in found.items() if one is not None}


def _first(version: str) -> Interpreter | None:
    return next((one for path in _candidates(version) if (one := _asked(path, version))), None)


def _candidates(version: str) -> Iterator[Path]:
    for name in (f"python{version}", "python3", "python"):
        path = shutil.which(name)
        if path:
            yield Path(path)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(pyenv.glob(f"{version}.*/bin/python{version}"), reverse=True)


def _asked(path: Path, version: str) -> Interpreter | None:
    """None where it is another version, or starts nothing at all, as pyenv's shims may."""
    try:
        done = subprocess.run([path, "-c", ASKED], capture_output=True, text=True, check=False)
    except OSError:
        return None
    number, *pair = done.stdout.split() or [""]
    return Interpreter(version, number, path) if ".".join(pair) == version else None
