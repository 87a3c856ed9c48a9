"""The local sample buffer of a real Inspect evaluation, read while it is written."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from inspect_ai.log import list_eval_logs, read_eval_log

from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.inspect.sqlite_buffer import SqliteBuffer, find
from watchdog.collect.stores.opening import open_store
from watchdog.config.s3 import S3
from watchdog.model.facts import (
    Fact,
    ManifestRead,
    Row,
    RowsRead,
    SampleKey,
    WriterProcess,
    WriterRead,
)
from watchdog.model.verdict import Problem

pytestmark = pytest.mark.acceptance

PATIENCE = 240
"""Seconds until a condition counts as never met."""

SCENARIO = """
import asyncio, sys
from pathlib import Path
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelAPI, ModelOutput, modelapi
from inspect_ai.solver import generate

DOOR = Path(sys.argv[2])

@modelapi(name="gated")
def gated():
    class Gated(ModelAPI):
        async def generate(self, input, tools, tool_choice, config):
            door = DOOR / str(sum(message.role == "assistant" for message in input))
            while not door.exists():
                await asyncio.sleep(0.01)
            return ModelOutput.from_content(self.model_name, "42")
    return Gated

samples = [Sample(input="?", target="42", id=one) for one in (1, "HumanEval/7")]
task = Task(name="gates", dataset=MemoryDataset(samples), solver=[generate(), generate()])
[log] = eval(task, model="gated/m", log_dir=sys.argv[1], display="none", log_realtime=True)
sys.exit(log.status != "success")
"""

KEYS = {SampleKey("1", 1), SampleKey("HumanEval/7", 1)}


class Runner:
    """A process that runs an evaluation whose model answers when a door is opened."""

    def __init__(self, folder: Path) -> None:
        self.logs, self.data, self._doors = (folder / one for one in ("logs", "data", "doors"))
        self._doors.mkdir()
        environment = {**os.environ, "XDG_DATA_HOME": str(self.data), "INSPECT_DISPLAY": "none"}
        command = [sys.executable, "-c", SCENARIO, str(self.logs), str(self._doors)]
        self.errors = folder / "errors"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(command, env=environment, stderr=errors)

    def open(self, door: int) -> None:
        (self._doors / str(door)).touch()

    def database(self) -> Path | None:
        logs = list(self.logs.glob("*.eval"))
        return find(logs[0], self.data / "inspect_ai") if logs else None

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    runner = Runner(tmp_path)
    yield runner
    runner.end()


class Reader:
    """All that a buffer has said so far."""

    def __init__(self, path: Path) -> None:
        self._buffer = SqliteBuffer(path)
        self.facts: list[Fact] = []
        self.problems: tuple[Problem, ...] = ()

    def read(self) -> None:
        self.problems = asyncio.run(self._buffer.read("es", "x.eval", self.facts.append))

    @property
    def keys(self) -> set[SampleKey]:
        manifests = [fact for fact in self.facts if isinstance(fact, ManifestRead)]
        return {sample.key for sample in manifests[-1].samples} if manifests else set()

    def rows(self, key: SampleKey) -> list[Row]:
        own = [fact for fact in self.facts if isinstance(fact, RowsRead) and fact.key == key]
        return [row for fact in own for row in fact.rows]

    def calls(self, key: SampleKey) -> dict[str, Row]:
        return {row.event_id: row for row in self.rows(key) if row.kind == "model"}

    def outcomes(self, key: SampleKey) -> list[bool]:
        """For each model call, whether it is pending."""
        return [row.pending for row in self.calls(key).values()]

    def all_are_at(self, *pending: bool) -> bool:
        self.read()
        return all(self.outcomes(key) == list(pending) for key in KEYS)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def opened(runner: Runner) -> Reader:
    """A reader of the buffer, once both samples wait for their first answer."""
    wait_for(runner.database)
    path = runner.database()
    assert path
    reader = Reader(path)
    wait_for(lambda: reader.all_are_at(True))
    return reader


def files(runner: Runner) -> dict[str, tuple[int, int, int]]:
    """What lies in the buffers' directory, and whether it has been touched."""
    found = (one for one in (runner.data / "inspect_ai/samplebuffer").rglob("*"))
    status = {str(one): one.stat() for one in found}
    return {name: (one.st_size, one.st_mtime_ns, one.st_ino) for name, one in status.items()}


def test_a_real_evaluation_is_followed_to_its_end(runner: Runner) -> None:
    reader = opened(runner)
    assert reader.keys == KEYS
    assert not reader.problems

    before = files(runner)
    known = len(reader.facts)
    reader.read()
    assert files(runner) == before
    assert [type(fact) for fact in reader.facts[known:]] == [ManifestRead]

    runner.open(0)
    wait_for(lambda: reader.all_are_at(False, True))
    for key in KEYS:
        ids = [row.id for row in reader.rows(key)]
        assert ids == sorted(set(ids))
        first = next(iter(reader.calls(key).values()))
        assert first.final
        assert first.completed_at

    runner.open(1)
    while runner.process.poll() is None:
        reader.read()
    assert runner.process.returncode == 0, runner.errors.read_text()
    assert not files(runner)
    [log] = list_eval_logs(str(runner.logs))
    assert read_eval_log(log).status == "success"
    reader.read()
    assert "No such file" in reader.problems[0].text
    assert not files(runner)


def test_a_killed_runner_is_gone_and_one_at_work_is_not(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(runner.data))
    opened(runner)
    assert [writer.gone for writer in writers(runner)] == [False]
    runner.process.kill()  # nobody has waited for it yet: its entry is still there
    wait_for(lambda: [writer.gone for writer in writers(runner)] == [True])
    runner.process.wait()
    assert [(writer.pid, writer.gone) for writer in writers(runner)] == [(runner.process.pid, True)]


def writers(runner: Runner) -> list[WriterProcess]:
    """What a first look at the log directory says of the process that writes there."""
    facts: list[Fact] = []
    asyncio.run(
        LogsSource(open_store(str(runner.logs), S3()), LogsOptions()).poll(0.0, facts.append)
    )
    return [fact.writer for fact in facts if isinstance(fact, WriterRead) and fact.writer]


def test_what_a_killed_runner_leaves_is_read_and_left_as_it_is(runner: Runner) -> None:
    opened(runner)
    runner.end()
    before = files(runner)
    assert any(name.endswith("-wal") for name in before)
    path = runner.database()
    assert path
    reader = Reader(path)
    assert reader.all_are_at(True)
    assert (reader.keys, reader.problems) == (KEYS, ())
    assert files(runner) == before
