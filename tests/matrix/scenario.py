"""The process of one run: a real evaluation under the fake clock, in a release's environment.

Started by `run.py` with libfaketime preloaded:
`python -m tests.matrix.scenario WORK FORM BEGIN`. It needs Inspect, the OpenAI SDK and Python's
own library only, and what it uses of Inspect is the same in all releases of the matrix.

At each instant it lets the clock go at its real pace, gives the files their times on the fake
clock, says so with a file `at-<instant>.json`, and waits for `judged-<instant>`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval_set
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelAPI, ModelOutput, modelapi
from inspect_ai.scorer import includes
from inspect_ai.solver import generate, use_tools
from inspect_ai.tool import tool
from openai import InternalServerError, _exceptions

from tests.matrix.truth import DONE, INSTANTS, SAMPLES, STARTED, Instant
from tests.recordings.clock import Clock, mend_condition

TURNS = {name: 2 + 2 * index for index, name in enumerate(DONE)}
"""Tool calls of the samples that complete: one after the other, as two that do at the same moment
may leave the buffer before they are in the log (`forms.FLUSH`)."""

WRITTEN = 240.0
"""The seconds on the fake clock after which a sample that was answered is in the log."""


class FakeClock(Clock):
    """Begins when it is started: processes and files of this machine are no older."""

    begin = 0.0

    def offset(self) -> float:
        """Give the fake seconds since the beginning."""
        return time.time() - self.begin


CLOCK = FakeClock(Path(sys.argv[1]))

ANSWERED: set[str] = set()
"""The samples that got their last answer."""


@tool
def step():  # type: ignore[no-untyped-def]
    """Work that takes twenty seconds."""

    async def execute(number: int) -> str:
        """Do one step.

        Args:
            number: Which step.
        """
        await asyncio.sleep(20)
        return f"step {number} is done"

    return execute


@tool
def wait_for_nothing():  # type: ignore[no-untyped-def]
    """A call that never returns."""

    async def execute(what: str) -> str:
        """Wait.

        Args:
            what: For what.
        """
        await asyncio.Event().wait()
        return what

    return execute


def server_error() -> InternalServerError:
    """The exception that the SDK makes of a 500."""
    http: Any = getattr(_exceptions, "httpx2", None) or _exceptions.httpx
    request = http.Request("POST", "https://api.openai.com/v1/chat/completions")
    body = {"message": "The server had an error while processing your request.", "code": None}
    text = f"Error code: 500 - {{'error': {body}}}"
    return InternalServerError(text, response=http.Response(500, request=request), body=body)


class Scripted(ModelAPI):
    """Answers each sample as its name says."""

    def should_retry(self, ex: Exception) -> bool:
        """What Inspect's own provider says of a 500."""
        return isinstance(ex, InternalServerError)

    async def generate(self, input: list[Any], *_: Any, **__: Any) -> ModelOutput:  # noqa: A002
        """Answer, fail or hang."""
        CLOCK.loop = asyncio.get_running_loop()
        name = next(message.text for message in input if message.role == "user")
        turn = sum(message.role == "assistant" for message in input)
        await asyncio.sleep(10)
        if turn and name == "hang":
            await asyncio.Event().wait()
        if turn and name == "fail":
            raise server_error()
        if turn and name == "tool":
            return self._call("wait_for_nothing", {"what": "nothing"})
        if turn >= TURNS.get(name, turn + 1):
            ANSWERED.add(name)
            return ModelOutput.from_content(self.model_name, "42")
        return self._call("step", {"number": turn + 1})

    def _call(self, name: str, arguments: dict[str, Any]) -> ModelOutput:
        return ModelOutput.for_tool_call(self.model_name, name, arguments)


@modelapi(name="scripted")
def scripted() -> type[ModelAPI]:
    """Register the provider."""
    return Scripted


def task() -> Task:
    """Samples of every kind."""
    samples = [Sample(input=name, target="42", id=name) for name in SAMPLES]
    return Task(
        name="matrix",
        dataset=MemoryDataset(samples),
        solver=[use_tools([step(), wait_for_nothing()]), generate()],
        scorer=includes(),
    )


def direct(work: Path, log_dir: Path) -> None:
    """Change the clock's rate, and stop at each instant until it was judged."""
    while CLOCK.loop is None:
        CLOCK.nap()
    given: dict[Path, int] = {}
    complete(INSTANTS[0])
    for instant in INSTANTS:
        CLOCK.run(instant.rate)
        CLOCK.sleep_until(instant.at)
        CLOCK.run(1)
        date_files([log_dir, work / "data"], given)
        told = {"now": CLOCK.now(), "pid": os.getpid()}
        part = work / "part"
        part.write_text(json.dumps(told))
        part.replace(work / f"at-{instant.name}.json")
        while not (work / f"judged-{instant.name}").exists():
            CLOCK.nap()
    threading.Event().wait()


def complete(first: Instant) -> None:
    """Go on until the samples that complete are in the log, before the first instant.

    What the machine needs for a turn is taken times the rate. Where it is busy the clock goes
    slowly for the rest of the turns, so that they end in time by the clock.
    """
    CLOCK.run(first.rate)
    CLOCK.sleep_until(first.at / 2)
    CLOCK.run(first.rate / 10)
    while len(ANSWERED) < len(DONE):
        CLOCK.nap()
    CLOCK.run(first.rate / 2)
    CLOCK.sleep_until(CLOCK.offset() + WRITTEN)


def date_files(folders: list[Path], given: dict[Path, int]) -> None:
    """Give the files that were written since last time their times on the fake clock."""
    now = CLOCK.now()
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        written = path.stat().st_mtime_ns
        if given.get(path) != written:
            fake = min(CLOCK.fake(written / 1e9), now)
            os.utime(path, (fake, fake))
            given[path] = path.stat().st_mtime_ns


def main(work: Path, form: str, begin: float) -> None:
    """Run the evaluation, for ever."""
    mend_condition(CLOCK)
    CLOCK.begin = begin
    CLOCK.run(STARTED, at=begin)
    log_dir = work / "logs"
    threading.Thread(target=direct, args=(work, log_dir), daemon=True).start()
    eval_set(
        task(),
        model="scripted/model",
        log_dir=str(log_dir),
        log_shared=60 if form == "store" else None,
        display="log",  # type: ignore[arg-type]
        log_level="http",
        retry_attempts=0,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
