"""Install wheel and sdist into every Python at hand, and run the unit tests of the sdist.

`python -m tests.packages [3.13 …]`; without a version all, and docs/packages.md is written.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

from tests.packages.distributions import build, unpack
from tests.packages.environments import Environment, environment
from tests.packages.interpreters import VERSIONS, Interpreter, at_hand
from tests.packages.page import PAGE, Result, page

INSTALLED_ONLY = """\
import watchdog

assert "site-packages" in watchdog.__file__, watchdog.__file__
"""
"""A conftest.py: the tests see what is installed, not the sources beside them."""

PYTEST = ("python", "-P", "-m", "pytest", "tests/unit", "--import-mode=append", "-q")


def main(versions: list[str]) -> int:
    """0 where all that was asked for is there, installs and passes."""
    found = at_hand()
    chosen = versions or list(VERSIONS)
    absent = [version for version in versions if version not in found]
    results = []
    with tempfile.TemporaryDirectory(prefix="packages-") as name:
        wheel, sdist = build(Path(name, "dist"))
        for interpreter in (found[version] for version in chosen if version in found):
            _say(f"Python {interpreter.number} …")
            results.append(tried(interpreter, wheel, sdist, Path(name, interpreter.number)))
            _say(results[-1].line)
    for version in absent:
        _say(f"Python {version} isn't here")
    if not versions:
        PAGE.write_text(page(results))
    return 1 if absent or any(not result.well for result in results) else 0


def tried(interpreter: Interpreter, wheel: Path, sdist: Path, folder: Path) -> Result:
    """What became of it in one Python."""
    made = environment(interpreter, "test")
    made.project(sdist)
    of_sdist = made.record()
    made.project(wheel)
    same = of_sdist == made.record()
    sources = unpack(sdist, folder)
    (sources / "conftest.py").write_text(INSTALLED_ONLY)
    began = time.monotonic()
    return Result(interpreter.number, same, *tested(made, sources), time.monotonic() - began)


def tested(made: Environment, sources: Path) -> tuple[int, int, int]:
    """How many unit tests passed, failed and were skipped."""
    done = made.run(*PYTEST, cwd=sources)
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", _last(done.stdout))}
    failed = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
    if done.returncode:
        _say(done.stdout[-20_000:] + done.stderr[-4_000:])
        failed = failed or 1
    return counts.get("passed", 0), failed, counts.get("skipped", 0)


def _last(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if " in " in line), "")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
