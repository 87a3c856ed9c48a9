"""`make bench`: measure, print the table, and tell by the exit status whether goals are met."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.paths import ROOT
from tests.performance import (
    awscli,
    conversations,
    decoding,
    evaluate_cost,
    fleet,
    polling,
    sections,
    table,
)
from tests.performance.load import __main__ as load

PAGE = ROOT / "docs" / "performance.md"


def main() -> int:
    """Run it all: 0 where all goals are met, 1 where one is not, 2 where something is missing.

    With `--size` only the service over fleets of such sizes (`tests.performance.load`).
    """
    if "--size" in sys.argv:
        return load.main()
    parser = argparse.ArgumentParser(prog="python -m tests.performance", description=__doc__)
    parser.add_argument("--markdown", action="store_true", help=f"write docs/{PAGE.name} too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="watchdog-bench-") as work:
        try:
            found = measure(Path(work))
        except awscli.Missing as missing:
            print(missing, file=sys.stderr)  # noqa: T201
            return 2
    print(table.as_text(found))  # noqa: T201
    if options.markdown:
        PAGE.write_text(table.as_markdown(found))
    return 0 if all(line.met for section in found for line in section.lines) else 1


def measure(work: Path) -> list[table.Section]:
    """Take all measurements."""
    awscli.installed()
    recorded = fleet.recorded_tasks(work / "recordings")
    runs = {}
    for shape in conversations.SHAPES:
        say(f"running an evaluation: {shape}")
        runs[shape] = conversations.recorded(work / shape, shape)
    say("decoding")
    decoded = {
        "recordings": decoding.compare(recorded),
        "long conversations": decoding.compare([runs["long"]]),
        "100 samples at once": decoding.compare([runs["wide"]]),
        "200 samples at once": decoding.compare([runs["wider"]]),
    }
    thought = evaluate_cost.measure(runs["long"])
    polls = polling.compare(fleet.fleet(recorded), work, say)
    return [
        sections.poll(polls),
        sections.decode(decoded),
        sections.think(thought),
        sections.memory(polls),
    ]


def say(text: str) -> None:
    """Tell what happens, on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
