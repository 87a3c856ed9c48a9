"""What both programs judge: recordings and other bundles, unpacked once."""

import json
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tools.compare.trees import ROOT, extract

SCENARIOS = ROOT / "tests" / "scenarios"
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")
MANIFEST = "bundle.json"


class NoRecordingError(Exception):
    """A recording was named that isn't there."""


@dataclass(frozen=True)
class Target:
    """A bundle, or an Inspect log directory."""

    path: Path
    instant: float
    """When it was captured; of a log directory, when its last file was written."""
    eval_set_id: str | None
    """What a bundle says of itself."""


@dataclass(frozen=True)
class Series:
    """A recording: its targets in the order of time."""

    name: str
    folder: Path
    targets: tuple[Target, ...]


def all_series(into: Path, more: Path | None, only: Sequence[str]) -> list[Series]:
    """Recordings, and what a directory of bundles or of archives holds; only some, where named.

    Raises:
        NoRecordingError: one is named that isn't there.
    """
    packed = {path.parent.name: path for path in SCENARIOS.glob("*/recording.tar.xz")}
    packed |= dict(_named(more)) if more else {}
    missing = sorted(set(only) - set(packed))
    if missing:
        raise NoRecordingError(f"no such recording: {', '.join(missing)}")
    return [_series(name, packed[name], into / name) for name in sorted(only or packed)]


def _named(folder: Path) -> Iterator[tuple[str, Path]]:
    """Under names that no recording has: the folder stands before them."""
    for path in folder.iterdir():
        ending = next((end for end in ARCHIVES if path.name.endswith(end)), None)
        if path.is_dir() or ending:
            yield f"{folder.name}.{path.name.removesuffix(ending or '')}", path


def _series(name: str, path: Path, into: Path) -> Series:
    if path.is_dir():
        # under its own name in a folder of its own, as it lies in an archive
        shutil.copytree(path, into / path.name)
    else:
        with tarfile.open(path) as tar:
            extract(tar, into)
    targets = tuple(_target(inner) for inner in sorted(into.iterdir()) if inner.is_dir())
    return Series(name, into, targets)


def _target(path: Path) -> Target:
    manifest = path / MANIFEST
    about = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
    if "captured_at" in about:
        instant = datetime.fromisoformat(about["captured_at"]).timestamp()
    else:
        files = (file for file in path.rglob("*") if file.is_file())
        instant = max((file.stat().st_mtime for file in files), default=0.0)
    return Target(path, instant, about.get("eval_set_id"))
