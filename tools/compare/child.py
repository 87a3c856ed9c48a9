"""Runs one side's program: `python -m tools.compare.child TREE CALLS OUTPUTS`.

Each call is one of `watchdog.cli.main` of that tree: what it prints, its exit status and the files
that it writes are its output.
"""

import contextlib
import hashlib
import io
import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.compare.serving import KEY, LOOPBACK, Main, served

SHOWN = (".md", ".json")
EVERY = 100


class Clock:
    """The wall clock, which stands still."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


def main(tree: str, calls: str, outputs: str) -> None:
    """Make all calls, and write a JSON object of their outputs."""
    clock = Clock()
    # before the program is imported: a default argument may hold it
    time.time = clock
    sys.addaudithook(_refuse_network)
    run = _program(Path(tree))
    todo, done = json.loads(Path(calls).read_text("utf-8")), {}
    for number, call in enumerate(todo, start=1):
        clock.now = call["now"]
        done[call["name"]] = _output(run, call)
        if number % EVERY == 0 or number == len(todo):
            sys.stderr.write(f"{Path.cwd().name}: {number} of {len(todo)}\n")
    Path(outputs).write_text(json.dumps(done), "utf-8")


def _program(tree: Path) -> Main:
    sys.path.insert(0, str(tree))
    from watchdog import cli  # noqa: PLC0415 - only now it is the side's own

    if not Path(cli.__file__).is_relative_to(tree):
        raise SystemExit(f"{cli.__file__} was imported, which is not in {tree}")
    return cli.main


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else LOOPBACK
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host not in {LOOPBACK, "localhost", None}:
        raise OSError("no network while two commits are compared")


def _output(run: Main, call: dict[str, Any]) -> str:
    printed, complaints = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complaints):
        said = _said(run, call["argv"], serves=call["serves"])
    if call["serves"]:
        # its log lines hold the time of day
        return said
    folder = Path(call["folder"]) if call["folder"] else None
    parts = [said, "\n", printed.getvalue(), "stderr:\n", complaints.getvalue()]
    return "".join((*parts, *_written(folder)))


def _said(run: Main, argv: list[str], *, serves: bool) -> str:
    try:
        return served(run, argv) if serves else f"exit status: {run(argv)}"
    except SystemExit as ended:
        return f"SystemExit {ended.code}"
    except Exception as error:  # noqa: BLE001 - what it raises is its output
        return f"{type(error).__name__}: {error}"


def _written(folder: Path | None) -> Iterator[str]:
    """The files of a directory that was written: reports in full, of others their digests."""
    if folder is None or not folder.is_dir():
        return
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        shown = path.parent == folder and path.suffix in SHOWN
        text = _shown(path) if shown else hashlib.sha256(path.read_bytes()).hexdigest()
        yield f"file {path.relative_to(folder)}:\n{text}\n"
    shutil.rmtree(folder)


def _shown(path: Path) -> str:
    """A file's text; JSON that is all one line with a line for each key."""
    text = path.read_bytes().decode("utf-8", "backslashreplace")
    one_line = path.suffix == ".json" and "\n" not in text.strip()
    return KEY.sub(",\n", text) if one_line else text


if __name__ == "__main__":
    main(*sys.argv[1:])
