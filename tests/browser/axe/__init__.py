"""axe-core (https://github.com/dequelabs/axe-core, MPL-2.0): whether everybody can use a page.

Fetched with npm once, by the hash in `package-lock.json`, and kept in the cache of the tests' real
parts (`tests/control_plane/build`).
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.control_plane.build.resolve import MissingPartError, cache_root, locked

HERE = Path(__file__).resolve().parent
INSIDE = "node_modules/axe-core/axe.min.js"
RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations
    .filter(one => one.impact !== "minor")
    .map(one => one.id + ": " + one.help + ": " + one.nodes.map(n => n.target + " " + n.html)[0]);
}"""
FILES = ("package.json", "package-lock.json")


def axe_core() -> str:
    """Its source. Where it can't be had the test is skipped, in CI it fails."""
    try:
        return _fetched().read_text("utf-8")
    except MissingPartError as reason:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(str(reason))
        pytest.skip(str(reason))


def violations(reader, axe: str) -> list[str]:
    """What of a page, with all its folds open, somebody could not use."""
    # as developer tools do it: the page's own policy lets no foreign script in
    reader.page.evaluate(axe)
    reader.page.evaluate(
        "document.querySelectorAll('details').forEach(one => { one.open = true; })"
    )
    return reader.page.evaluate(RUN)


def _fetched() -> Path:
    lock = (HERE / "package-lock.json").read_bytes()
    version = json.loads(lock)["packages"]["node_modules/axe-core"]["version"]
    folder = cache_root() / "npm" / f"axe-core-{version}-{hashlib.sha256(lock).hexdigest()[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        if not (folder / INSIDE).is_file():
            _fetch(folder, version)
    return folder / INSIDE


def _fetch(folder: Path, version: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise MissingPartError(f"axe-core {version} is not cached, and there is no npm to fetch it")
    for name in FILES:
        shutil.copyfile(HERE / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["npm gave no reason"]
        raise MissingPartError(f"axe-core {version} can't be had: {last[0]}")
