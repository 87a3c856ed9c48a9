"""`python -m tools.compare BEFORE [AFTER]`: does the program still say the same, byte for byte?

Both commits' programs are called by their command lines on all recordings of this checkout. What
differs on purpose stands in `expected.py`. Exit status: 0 all else is equal, 1 something differs.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.compare.calls import Call, calls_of, services_of
from tools.compare.comparison import Comparison, compare
from tools.compare.expected import EXPECTED
from tools.compare.inputs import NoRecordingError, Series, all_series
from tools.compare.listing import agrees, listing
from tools.compare.sides import Side, SideFailedError, outputs
from tools.compare.trees import NoCommitError, source_tree

SERVICES = 2
"""Processes of each side that run the service."""


def main() -> int:
    """Compare, tell, and say by the exit status whether anything differs."""
    arguments = _arguments()
    whole = arguments.serve and not arguments.only
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="compare-") as folder:
            comparison = _compared(arguments, Path(folder).resolve())
    except (NoCommitError, SideFailedError, NoRecordingError) as error:
        sys.stderr.write(f"compare: {error}\n")
        return 2
    sys.stdout.writelines(f"{line}\n" for line in listing(comparison, EXPECTED, whole=whole))
    sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
    return 0 if agrees(comparison, EXPECTED, whole=whole) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.compare", description=__doc__)
    parser.add_argument("before", metavar="BEFORE", help="a commit")
    parser.add_argument("after", metavar="AFTER", nargs="?", help="default: what is checked out")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="some recordings")
    parser.add_argument(
        "--bundles",
        type=Path,
        metavar="DIR",
        help="more to judge: bundles, log directories, or tar archives that hold them",
    )
    parser.add_argument(
        "--no-service", dest="serve", action="store_false", help="leave `watchdog run` out"
    )
    return parser.parse_args()


def _compared(arguments: argparse.Namespace, folder: Path) -> Comparison:
    commits = {"before": arguments.before, "after": arguments.after}
    sides = [
        Side(name, source_tree(commit, folder / f"{name}-tree"), folder / name)
        for name, commit in commits.items()
    ]
    series = all_series(folder / "recordings", arguments.bundles, arguments.only)
    shares = list(_shares(series, serve=arguments.serve))
    count = sum(len(share) for share in shares)
    sys.stderr.write(f"{count} calls on {len(series)} recordings\n")
    before, after = outputs(sides, shares)
    return compare(before, after, EXPECTED)


def _shares(series: Sequence[Series], *, serve: bool) -> Iterator[list[Call]]:
    """What a process each is to do: all that looks once, and the service, which mostly waits."""
    yield [call for one in series for call in calls_of(one)]
    for number in range(SERVICES if serve else 0):
        yield [call for one in series[number::SERVICES] for call in services_of(one)]


if __name__ == "__main__":
    sys.exit(main())
