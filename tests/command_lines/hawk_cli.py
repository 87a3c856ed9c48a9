"""Hawk's own command line: its wheel and what that imports, in a Python of its own.

Made once from the hash-checked list `hawk.txt` (from `hawk.in`, by `make lock`) and kept in the
user's cache, beside the control plane's parts. Hawk needs Python 3.13.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.control_plane.build.resolve import cache_root

LOCK = Path(__file__).parent / "hawk.txt"
OLDEST = (3, 13)
NAMES = ("python3.13", "python3.14", "python3", "python")


class NoHawkError(Exception):
    """It can't be had here; the text says why."""


def python_with_hawk() -> Path:
    """A Python that can import Hawk's command line.

    Raises:
        NoHawkError: there is no Python 3.13, or its packages can't be fetched.
    """
    key = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = cache_root() / f"hawk-{key}"
    python = folder / "bin" / "python"
    if not python.is_file():
        _make(folder)
    return python


def _make(folder: Path) -> None:
    """Made beside its place and then moved there, so that half of one is never found."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_suffix(f".{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    _run(_interpreter(), "-m", "venv", unfinished)
    pip = (unfinished / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
    _run(*pip, "install", "--quiet", "--no-deps", "--require-hashes", "-r", LOCK)
    try:
        unfinished.replace(folder)
    except OSError:  # another run was faster
        shutil.rmtree(unfinished)


def _interpreter() -> Path:
    for candidate in _candidates():
        code = f"import sys, venv; sys.exit(sys.version_info < {OLDEST})"
        done = subprocess.run([candidate, "-c", code], capture_output=True, check=False)
        if done.returncode == 0:
            return candidate
    raise NoHawkError("Hawk's command line needs Python 3.13, and there is none here")


def _candidates() -> Iterator[Path]:
    yield from (Path(path) for name in NAMES if (path := shutil.which(name)))
    yield from sorted((Path.home() / ".pyenv" / "versions").glob("3.1[3-9]*/bin/python"))


def _run(*words: str | Path) -> None:
    done = subprocess.run(
        list(map(str, words)), capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        why = done.stderr.strip().splitlines()[-1:] or ["it says nothing"]
        raise NoHawkError(f"Hawk's command line can't be fetched: {why[0][:300]}")
