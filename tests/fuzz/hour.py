"""All targets one after the other, each in a process of its own, within a given time."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.target import Target
from tests.paths import ROOT

HOUR = 3600
HEAVY = frozenset(
    {"check", "member", "eval_log", "manifest", "runner_log", "failing_request", "zip_members"}
)
"""These get three parts of the time."""
_COVERED = re.compile(r"cov: (\d+)")


class Result(NamedTuple):
    """What became of one target."""

    name: str
    executions: int
    taken: int
    seconds: float
    covered: tuple[int, int]
    """Edges of our own code that the corpus reaches, and that were reached at the end."""
    slowest: float
    rss: tuple[float, float, float]
    """MiB after a thousand inputs, at the end, and at most."""
    failures: dict[str, str]
    crash: str

    def line(self) -> str:
        """For people."""
        begin, end, _ = self.rss
        before, after = self.covered
        return (
            f"{self.name:20} {self.executions:>9,} inputs in {self.seconds:.0f} s, edges {before}"
            f" to {after}, slowest {self.slowest * 1000:.0f} ms, {begin:.0f} to {end:.0f} MiB"
        )


def fuzz_all(
    targets: Sequence[Target], seconds: int, folder: Path, say: Callable[[Result], None]
) -> list[Result]:
    """Every target's result, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [3 if target.name in HEAVY else 1 for target in targets]
    results = []
    for target, part in zip(targets, parts, strict=True):
        results.append(fuzz(target, max(2, seconds * part // sum(parts)), folder))
        say(results[-1])
    return results


def fuzz(target: Target, seconds: int, folder: Path) -> Result:
    """One target's result."""
    found = folder / f"corpus-{target.name}"
    found.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.child", target.name, str(seconds)]
    log = folder / f"{target.name}.log"
    with log.open("wb") as file:
        try:
            process = subprocess.run(
                [*command, str(folder), str(found)],
                cwd=ROOT,
                stdout=file,
                stderr=file,
                timeout=seconds + 180,
                check=False,
            )
            status = process.returncode
        except subprocess.TimeoutExpired:
            status = -1
    return _result(target.name, folder, log.read_text("utf-8", "replace"), status)


def _result(name: str, folder: Path, log: str, status: int) -> Result:
    path = folder / f"{name}.json"
    figures = json.loads(path.read_text()) if path.is_file() else {}
    covered = [int(edges) for edges in _covered(log)]
    crash = "" if status == 0 and figures else f"status {status}: {_last(log.splitlines())}"
    return Result(
        name,
        figures.get("executions", 0),
        figures.get("taken", 0),
        figures.get("seconds", 0.0),
        (covered[0], covered[-1]) if covered else (0, 0),
        figures.get("slowest", 0.0),
        tuple(figures.get(f"rss_{when}", 0.0) for when in ("begin", "end", "most")),
        figures.get("failures", {}),
        crash,
    )


def _covered(log: str) -> list[str]:
    """What libFuzzer says after its `INITED` line."""
    _, _, after = log.partition("INITED")
    return _COVERED.findall(after or log)


def _last(lines: Iterable[str]) -> str:
    return next((line for line in reversed(list(lines)) if line.strip()), "no output")[:300]
