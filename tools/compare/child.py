"""Runs one side's program: `python -P child.py TREE JOBS OUTPUTS`, in a directory of its own.

Stands alone, since nothing but the side's own source tree may be imported here. Each job is a call
of `watchdog.cli.main`; what it prints, its exit status and the files that it writes are its output.
"""

import contextlib
import hashlib
import io
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SHOWN = (".md", ".json")
EVERY = 100

Main = Callable[[list[str]], int]


def main(tree: str, jobs: str, outputs: str) -> None:
    """Run all jobs, and write a JSON object of their outputs."""
    sys.addaudithook(_refuse_network)
    run = _program(Path(tree))
    todo = json.loads(Path(jobs).read_text("utf-8"))
    done = {}
    for number, job in enumerate(todo, start=1):
        done[job["name"]] = _output(run, job)
        if number % EVERY == 0 or number == len(todo):
            sys.stderr.write(f"{Path.cwd().name}: {number} of {len(todo)}\n")
    Path(outputs).write_text(json.dumps(done), "utf-8")


def _program(tree: Path) -> Main:
    sys.path.insert(0, str(tree))
    from watchdog import cli  # noqa: PLC0415 - only now it is the side's own

    if not Path(cli.__file__).is_relative_to(tree):
        raise SystemExit(f"{cli.__file__} was imported, which is not in {tree}")
    return cli.main


def _refuse_network(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.getaddrinfo"}:
        raise OSError("no network while two commits are compared")


def _output(run: Main, job: dict[str, Any]) -> str:
    printed, complaints = io.StringIO(), io.StringIO()
    with (
        _clock_at(job["now"]),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complaints),
    ):
        status = _status(run, job["argv"])
    parts = [f"exit status: {status}\n", printed.getvalue(), "stderr:\n", complaints.getvalue()]
    return "".join((*parts, *_written(Path(job["folder"]) if job["folder"] else None)))


@contextlib.contextmanager
def _clock_at(instant: float) -> Iterator[None]:
    """The wall clock stands still: the program asks it once, when it is called."""
    real = time.time
    time.time = lambda: instant
    try:
        yield
    finally:
        time.time = real


def _status(run: Main, argv: list[str]) -> str:
    try:
        return str(run(argv))
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
    return text.replace(',"', ',\n"') if one_line else text


if __name__ == "__main__":
    main(*sys.argv[1:])
