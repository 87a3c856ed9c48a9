"""The page docs/packages.md, made of a run with every Python at hand."""

from __future__ import annotations

from dataclasses import dataclass

from tests.packages.interpreters import VERSIONS
from tests.paths import ROOT

PAGE = ROOT / "docs" / "packages.md"

WORDS = """\
# Which Pythons it runs on

From 3.11 on. `make packages` made this page: it builds wheel and sdist, installs both into an
environment of each Python at hand, with the locked packages, compares what they install file by
file, and runs the unit tests that the sdist holds on what the wheel installed. CI does the first
half with the newest Python at hand, and runs `watchdog check` there; all tests run on 3.11.
"""


@dataclass(frozen=True)
class Result:
    """What became of the packages in one Python."""

    number: str
    same: bool
    """Whether wheel and sdist install the same files."""
    passed: int
    failed: int
    skipped: int
    seconds: float

    @property
    def well(self) -> bool:
        """Whether it may be released."""
        return self.same and not self.failed and self.passed > 0

    @property
    def line(self) -> str:
        """A row of the table."""
        same = "the same files" if self.same else "DIFFERENT files"
        counts = f"{self.passed:,} | {self.skipped} | {self.failed}"
        return f"| {self.number} | {same} | {counts} | {self.seconds:.0f} s |"


def page(results: list[Result]) -> str:
    """The page's text."""
    tested = {result.number.rpartition(".")[0] for result in results}
    rows = [result.line for result in results]
    rows += [
        f"| {version} | not at hand: untested | | | | |"
        for version in VERSIONS
        if version not in tested
    ]
    head = "| Python | wheel and sdist install | passed | skipped | failed | took |\n"
    return f"{WORDS}\n{head}| --- | --- | --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
