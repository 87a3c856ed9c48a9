"""A real Inspect run with long conversations, left while it runs: `python -m … FOLDER SHAPE`.

Samples talk to Inspect's own mock model and call a tool that answers at length, so that message
pools and attachments grow as an agent's do. The process ends itself in mid-run: the buffer stays.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.performance.fleet import Recorded


@dataclass(frozen=True)
class Shape:
    """How many samples run at once, for how many turns, and how long each tool call takes.

    A new segment is written every second, and holds a member for each sample that did something.
    """

    samples: int
    turns: int
    pause: float


SHAPES = {
    "long": Shape(samples=10, turns=30, pause=0.2),
    "wide": Shape(samples=100, turns=20, pause=1.0),
    "wider": Shape(samples=200, turns=15, pause=1.0),
}
"""Few samples with long conversations; and a task as Hawk runs it, all its samples at once."""
SYNC = 3.0
THOUGHT, ANSWER = 1_500, 12_000
"""Characters of what the model says and of what a tool answers."""


def recorded(into: Path, shape: str) -> Recorded:
    """Run it, and give the task as it was left."""
    into.mkdir(parents=True)
    home = {name: str(into / "home") for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    command = [sys.executable, "-m", __spec__.name, str(into / "logs"), shape]
    done = subprocess.run(
        command, env={**os.environ, **home}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (buffer,) = (into / "logs" / ".buffer").iterdir()
    return Recorded(into / "logs" / f"{buffer.name}.eval", buffer)


def _texts(length: int) -> Iterator[str]:
    """Passages of real program text, a different one each time."""
    source = "".join(
        path.read_text() for path in sorted(Path(asyncio.__file__).parent.glob("*.py"))
    )
    jitter = random.Random(0)  # noqa: S311
    while True:
        begin = jitter.randrange(len(source) - length)
        yield source[begin : begin + length]


def _run(folder: str, shape: Shape) -> None:
    # Inspect takes seconds to import, and only the run's own process needs it
    from inspect_ai import Task, eval  # noqa: A004, PLC0415
    from inspect_ai.dataset import Sample  # noqa: PLC0415
    from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: PLC0415
    from inspect_ai.solver import basic_agent  # noqa: PLC0415
    from inspect_ai.tool import Tool, tool  # noqa: PLC0415

    thoughts, answers = _texts(THOUGHT), _texts(ANSWER)
    calls = 0

    @tool
    def look() -> Tool:
        async def execute(path: str) -> str:
            """Look at a file.

            Args:
                path: The file.
            """
            nonlocal calls
            calls += 1
            await asyncio.sleep(shape.pause)
            if calls >= shape.samples * shape.turns:
                await asyncio.sleep(SYNC)
                os._exit(0)
            return f"{path}\n{next(answers)}"

        return execute

    def outputs() -> Iterator[ModelOutput]:
        while True:
            output = ModelOutput.for_tool_call(
                "mockllm/model", "look", {"path": f"/src/{calls}.py"}
            )
            output.choices[0].message.content = next(thoughts)
            output.usage = ModelUsage(input_tokens=9_000, output_tokens=400, total_tokens=9_400)
            yield output

    task = Task(
        dataset=[Sample(input=next(answers), target="0", id=n) for n in range(shape.samples)],
        solver=basic_agent(tools=[look()], message_limit=10 * shape.turns),
        name="conversations",
    )
    model = get_model("mockllm/model", custom_outputs=outputs())
    at_once = {"max_samples": shape.samples, "max_connections": shape.samples}
    eval(task, model=model, log_dir=folder, log_shared=1, display="none", **at_once)


if __name__ == "__main__":
    _run(sys.argv[1], SHAPES[sys.argv[2]])
