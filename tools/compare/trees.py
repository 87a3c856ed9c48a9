"""The source tree of a commit."""

import io
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class NoCommitError(Exception):
    """What was named is no commit; the text says why."""


def source_tree(commit: str | None, into: Path) -> Path:
    """A directory with a commit's files without its tests; without a commit, what is checked out.

    Raises:
        NoCommitError: there is none of that name.
    """
    if commit is None:
        return ROOT
    archive = ["git", "archive", "--format=tar", commit, "--", ".", ":(exclude)tests"]
    done = subprocess.run(archive, cwd=ROOT, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise NoCommitError(f"{commit}: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        extract(tar, into)
    return into


def extract(tar: tarfile.TarFile, into: Path) -> None:
    """Unpack an archive, with the safe filter where Python has it (from 3.11.4)."""
    into.mkdir(parents=True)
    safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    tar.extractall(into, **safe)  # type: ignore[arg-type]  # noqa: S202
