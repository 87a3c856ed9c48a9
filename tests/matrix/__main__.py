"""Runs the matrix and writes its page: `python -m tests.matrix [--ci] [--build] [version…]`.

Where not all releases are run no page is written. 1 where something wrong was said.
"""

from __future__ import annotations

import argparse
import sys

from tests.control_plane.build.resolve import MissingPartError
from tests.matrix.environments import environment, newest_on_index
from tests.matrix.matrix import results
from tests.matrix.page import PAGE, page
from tests.matrix.versions import CI, NEWEST, VERSIONS


def main(arguments: list[str]) -> int:
    """Run what is asked for."""
    options = _parser().parse_args(arguments)
    chosen = CI if options.ci else tuple(v for v in VERSIONS if v.number in options.versions)
    versions = chosen or VERSIONS
    try:
        for version in versions:
            environment(version, _say)
        outcomes = [] if options.build else results(versions, _say)
    except MissingPartError as reason:
        _say(str(reason))
        return 1
    if outcomes and versions == VERSIONS:
        PAGE.write_text(page(outcomes))
        _look_for_newer()
    return 1 if any(one.faults for one in outcomes) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    numbers = [version.number for version in VERSIONS]
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=", ".join(numbers))
    parser.add_argument("--ci", action="store_true", help="only those that the test suite runs")
    parser.add_argument("--build", action="store_true", help="make the environments, run nothing")
    return parser


def _look_for_newer() -> None:
    newest = newest_on_index()
    if newest not in ("", NEWEST.number):
        _say(f"the package index has Inspect {newest}: add it to tests/matrix/versions.py")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
