"""Runs the matrix and writes its page: `python -m tests.matrix [--ci] [--build] [version…]`.

Where not all releases are run no page is written. 1 where something wrong was said.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.control_plane.build.resolve import MissingPartError
from tests.matrix.environments import environment
from tests.matrix.judge import FACTS, Result, result
from tests.matrix.page import PAGE, page
from tests.matrix.run import FORMS, Form, RunFailedError, run
from tests.matrix.versions import CI, VERSIONS, Version


def main(arguments: list[str]) -> int:
    """Run what is asked for."""
    options = _parser().parse_args(arguments)
    asked = CI if options.ci else tuple(v for v in VERSIONS if v.number in options.versions)
    versions = asked or VERSIONS
    try:
        for version in versions:
            environment(version, _say)
        results = [] if options.build else _results(versions)
    except MissingPartError as reason:
        _say(str(reason))
        return 1
    if results and versions == VERSIONS:
        PAGE.write_text(page(results))
    return 1 if any(one.faults for one in results) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    numbers = [version.number for version in VERSIONS]
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=", ".join(numbers))
    parser.add_argument("--ci", action="store_true", help="only those that the test suite runs")
    parser.add_argument("--build", action="store_true", help="make the environments, run nothing")
    return parser


def _results(versions: tuple[Version, ...]) -> list[Result]:
    """Both forms of a release at a time: a run needs hardly more than one core."""
    with ThreadPoolExecutor(len(FORMS)) as pool:
        pairs = [(version, form) for version in versions for form in FORMS]
        return list(pool.map(lambda pair: _result(*pair), pairs))


def _result(version: Version, form: Form) -> Result:
    try:
        one = result(version, form, run(environment(version), form))
    except RunFailedError as reason:
        one = Result(version, form, {fact: [str(reason)] for fact in FACTS}, {})
    for line in one.lines or [f"Inspect {version.number}, {form}: all as it should be"]:
        _say(line)
    return one


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
