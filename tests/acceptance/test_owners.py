"""What an owner says in the metadata of a real evaluation stands in the report on it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from watchdog.config.load import load
from watchdog.pipeline.once import check

pytestmark = pytest.mark.acceptance

TASK = """
import os, shutil
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.solver import generate, solver

@solver
def copies_its_log():
    async def solve(state, generate):
        shutil.copytree("logs", "running")
        return state
    return solve

@task
def builds():
    own = {"stuck_eval_watchdog/patience": 4} if os.environ.get("OWN") else None
    sample = Sample(input="?", target="42")
    return Task(dataset=[sample], solver=[copies_its_log(), generate()], metadata=own)
"""
PYTHON = """
from inspect_ai import eval
from task import builds
said = {"expected_silence": "6h", "page": False, "reason": "slow, long builds", "patience": 3}
[log] = eval(
    builds(), model="mockllm/model", log_dir="logs", display="none",
    metadata={"stuck_eval_watchdog": said},
)
"""
COMMAND_LINE = [
    *("-m", "inspect_ai", "eval", "task.py", "--model", "mockllm/model", "--display", "none"),
    *("--log-dir", "logs", "--metadata", "stuck-eval-watchdog/expected-silence=6h"),
    *("--metadata", "stuck-eval-watchdog/page=false"),
    *("--metadata", "stuck-eval-watchdog/patience=3"),
    *("--metadata", "stuck-eval-watchdog/reason=slow, long builds"),
]


def run(folder: Path, arguments: list[str], **environment: str) -> None:
    (folder / "task.py").write_text(TASK)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "XDG_DATA_HOME": str(folder), "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout


async def told(logs: Path) -> list[str]:
    now = time.time()
    report = await check([str(logs)], load({}), now, now)
    return [item.text for e in report.eval_sets for item in e.evidence if item.kind == "told"]


@pytest.mark.parametrize(
    ("arguments", "own", "factor"),
    [(["-c", PYTHON], "", 3), (COMMAND_LINE, "", 3), (COMMAND_LINE, "yes", 4)],
    ids=["python", "command line", "the task's own weighs more"],
)
async def test_it_is_read_from_the_first_moment_on_and_ends_with_the_evaluation(
    tmp_path, arguments, own, factor
):
    run(tmp_path, arguments, OWN=own)
    (text,) = await told(tmp_path / "running")
    begin = (
        f"its owner expects up to 6 h of silence, asks for {factor} times the usual patience, "
        "wants a warning in place of a page until "
    )
    assert text.startswith(begin)
    assert text.endswith("(metadata of the log): slow, long builds")
    assert await told(tmp_path / "logs") == []
