"""Fuzzes every parser, one after the other: python -m tests.fuzz [SECONDS [NAME…]].

An hour by default, in parts by what the targets weigh. Writes its figures into docs/security.md
where it ran for an hour, and fails where something was found. Failing inputs, minimised, go into
the corpus as `regression-*`.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz import http, page
from tests.fuzz.hour import HOUR, Result, fuzz_all
from tests.fuzz.targets import BY_NAME, TARGETS


def main(arguments: list[str]) -> int:
    """Exit status: 1 where something was found."""
    seconds = int(arguments[0]) if arguments else HOUR
    targets = [BY_NAME[name] for name in arguments[1:]] or list(TARGETS)
    folder = Path(os.environ.get("WATCHDOG_FUZZ_FOLDER") or tempfile.mkdtemp(prefix="fuzz-"))
    began = time.time()
    results = fuzz_all(targets, seconds, folder, _say)
    status = max([_http(seconds)] + [_verdict(result) for result in results])
    if seconds >= HOUR and len(targets) == len(TARGETS):
        page.write(results, began)
    print(f"figures, slowest and failing inputs: {folder}")  # noqa: T201
    return status


def _verdict(result: Result) -> int:
    return 1 if result.failures or result.crash else 0


def _http(seconds: int) -> int:
    """The HTTP surface has a fuzzer of its own, which raises what it finds."""
    try:
        figures = http.main(max(10, seconds // 12))
    except Exception as error:  # noqa: BLE001 - told like what the parsers' fuzzing finds
        print(f"    FAILED HTTP: {type(error).__name__}: {error}")  # noqa: T201
        return 1
    print(f"HTTP surface: {figures['calls']:,} requests in {figures['rounds']} rounds")  # noqa: T201
    return 0


def _say(result: Result) -> None:
    print(result.line(), flush=True)  # noqa: T201
    for key, text in result.failures.items():
        print(f"    FAILED {key}: {text}", flush=True)  # noqa: T201
    if result.crash:
        print(f"    CRASHED {result.crash}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
