"""`make bench ARGS="--size 1000"`: the service over a fleet in a real store, beside others' ways.

Sizes and moods are measured one after the other. Nothing of it is judged: a poll's CPU depends on
the machine. `--markdown` keeps the figures and puts them into docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.control_plane.build import MissingPartError
from tests.paths import ROOT
from tests.performance import awscli
from tests.performance.load import page, results
from tests.performance.load.buffers import Shape
from tests.performance.load.measure import Plan, measure
from tests.performance.page_sections import replace_section

PAGE = ROOT / "docs" / "performance.md"


@dataclass(frozen=True)
class _Case:
    size: int
    mood: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and perhaps keep; 2 where a part is missing."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.markdown and options.profile:
        parser.error("--profile costs CPU of its own, so --markdown keeps nothing of such a run")
    for case in (_Case(size, mood) for size in options.size for mood in options.mood):
        shape = Shape(options.samples, options.events, mood=case.mood)
        profile = options.profile and options.profile.with_suffix(f".{case.size}.{case.mood}.txt")
        how = {"profile": profile, "restart": options.restart}
        plan = Plan(case.size, shape, options.interval, options.polls, **how)
        try:
            outcome = measure(plan, say)
        except (MissingPartError, awscli.Missing) as missing:
            say(str(missing))
            return 2
        print("\n".join(outcome.lines()), flush=True)  # noqa: T201
        if options.markdown:
            results.keep(results.result(outcome))
    if options.markdown:
        replace_section(PAGE, page.markdown(results.read()))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.performance.load", description=__doc__)
    parser.add_argument("--size", type=int, nargs="+", default=[1000], help="tasks")
    parser.add_argument("--mood", nargs="+", choices=("quiet", "outage"), default=["quiet"])
    parser.add_argument("--samples", type=int, default=15, help="running ones of a task")
    parser.add_argument("--events", type=int, default=100, help="of a task, over its samples")
    parser.add_argument("--interval", type=float, default=30.0, help="seconds")
    parser.add_argument("--polls", type=int, default=8)
    parser.add_argument("--restart", action="store_true", help="start it once more, with its state")
    parser.add_argument("--profile", type=Path, help="where the service's threads spend their time")
    parser.add_argument("--markdown", action="store_true", help=f"write docs/{PAGE.name} too")
    return parser


def say(text: str) -> None:
    """Tell what happens, on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
