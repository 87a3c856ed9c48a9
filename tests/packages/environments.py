"""Environments of locked packages, made once for each Python and kept outside the tree."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.control_plane.build.resolve import cache_root, locked
from tests.packages.interpreters import Interpreter
from tests.paths import ROOT

PIP = next((ROOT / "tools" / "vendor").glob("pip-*.whl")) / "pip"
QUIET = ("--quiet", "--disable-pip-version-check", "--no-input")


class Environment:
    """A virtual environment without pip."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"

    def install(self, *arguments: str | Path) -> None:
        """Install by the pip that comes with the sources."""
        command = [sys.executable, PIP, "--python", self.python, "install", *QUIET, *arguments]
        _checked(command)

    def run(self, *command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run one of its programs, which finds what is installed and nothing that lies about."""
        kept = {
            name: os.environ[name] for name in ("HOME", "LANG", "TZ", "CI") if name in os.environ
        }
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        env = {**kept, "PATH": path, "PYTHONSAFEPATH": "1"}
        return subprocess.run(
            [self.folder / "bin" / command[0], *command[1:]],
            cwd=cwd, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def project(self, distribution: Path) -> None:
        """Put the project into it, from a wheel or an sdist, in place of what was there."""
        options = ("--force-reinstall", "--no-deps", "--no-build-isolation")
        self.install(*options, distribution)

    def record(self) -> dict[str, str]:
        """What is installed of the project, file by file, but for what tells of the installing."""
        (record,) = self.folder.glob("lib/*/site-packages/stuck_eval_watchdog-*.dist-info/RECORD")
        rows = [line.rsplit(",", 2) for line in record.read_text().splitlines()]
        own = ("direct_url.json", "INSTALLER", "REQUESTED", "RECORD", "bin/watchdog")
        return {
            name: digest
            for name, digest, _ in rows
            if not name.endswith(own) and "__pycache__" not in name
        }


def environment(interpreter: Interpreter, *sets: str) -> Environment:
    """An environment with locked sets of packages, of which the project is none."""
    locks = [ROOT / "requirements" / f"{name}.txt" for name in ("build", *sets)]
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()[:8]
    folder = cache_root() / "packages" / f"{'-'.join(sets)}-{interpreter.number}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(f"{folder.name}.lock")):
        made, done = Environment(folder), folder / "complete"
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _checked([interpreter.path, "-m", "venv", "--without-pip", folder])
            made.install("--require-hashes", *(word for lock in locks for word in ("-r", lock)))
            done.touch()
    return made


def _checked(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
