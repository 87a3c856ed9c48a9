"""Each row of the cheat sheet is run: the command, or the page, in place of the guide's."""

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

import httpx
import pytest
import yaml

from tests.acceptance.recorded_site import bundled_site
from tests.doubles.providers import Providers
from tests.paths import ROOT
from tests.recordings.unpack import unpack
from watchdog import cli

pytestmark = pytest.mark.acceptance

PAGE = (ROOT / "docs" / "cheatsheet.md").read_text()
ROWS = [
    [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\) \| ", line.strip("| "))]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| the guide", "| ---"))
]
SPANS = [span for _, now in ROWS for span in re.findall(r"`([^`]+)`", now)]
COMMANDS = sorted({span for span in SPANS if span.startswith("watchdog ")})
ADDRESSES = sorted({span for span in SPANS if span.startswith("/")})
GUIDE = (
    *("hawk auth access-token", "hawk status", "hawk logs <", "hawk logs -f", "hawk list samples"),
    *("hawk transcript", "hawk delete", "hawk eval-set", "aws s3 ls", "aws s3 sync"),
    *("read_eval_log", "total_events", "$.state", "FAIL", "$.pending", "curl", "kubectl get pods"),
    *("kubectl logs", "kubectl describe", "Pod UID mismatch", "OOMKilled", "token limit"),
    *("HTTP retries", "retry count", "gather evidence", "scope", "external status", "timeline"),
)
"""What the guide has people type or do; each stands on the left of a row."""
SAYS = {
    "watchdog doctor": "store",
    "watchdog status": "partially stuck",
    "watchdog status EVAL_SET": "retries x waits: 88 min",
    "watchdog status EVAL_SET --json": '"verdict": "partially_stuck"',
    "watchdog watch": "one-sample-500-7f3a",
    "watchdog logs EVAL_SET": "Pod UID mismatch",
    "watchdog logs EVAL_SET -f": "Pod UID mismatch",
    "watchdog samples EVAL_SET": "8 samples: 1 stuck, 7 running",
    "watchdog samples EVAL_SET --state stuck --state errored": "FAIL x12 OK x4",
    "watchdog samples EVAL_SET --state completed": "8 samples",
    "watchdog transcript EVAL_SET SAMPLE": "Error code: 500",
    "watchdog transcript EVAL_SET SAMPLE -v": "failed",
    "watchdog transcript EVAL_SET SAMPLE --content": "Step 4.",
    "watchdog check EVAL_SET": "PARTIALLY STUCK",
    "watchdog explain EVAL_SET": "Weighed",
    "watchdog probe --model PROVIDER/MODEL": "curl",
    "watchdog probe --model PROVIDER/MODEL --size large": "curl",
    "watchdog evidence EVAL_SET": "one-sample-500-7f3a",
    "watchdog evidence EVAL_SET --content": "one-sample-500-7f3a",
    "watchdog evidence EVAL_SET --output DIR": "DIR",
    "watchdog evidence EVAL_SET --output evidence.tar.gz": "evidence.tar.gz",
    "watchdog replay BUNDLE": "stuck at 2026-11-20 08:36 UTC",
}
"""What each says of a recording."""
WRITES = {
    "watchdog evidence EVAL_SET": {"one-*/report.md": b"## The failing request"},
    "watchdog evidence EVAL_SET --content": {"one-*/report.md": b"\nStep 4."},
    "watchdog evidence EVAL_SET --output DIR": {
        "DIR/report.md": b"## Timeline",
        "DIR/store/*.eval": b"PK",
        "DIR/store/.buffer/*/segment.1.zip": b"PK",
    },
    "watchdog evidence EVAL_SET --output evidence.tar.gz": {"evidence.tar.gz": b"\x1f\x8b"},
}
"""What files of a bundle hold."""
ENDLESS = {"watchdog watch", "watchdog logs EVAL_SET -f"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return unpack("one_sample_500", tmp_path_factory.mktemp("recording"))[1]


@pytest.fixture(scope="module")
def directory(bundle, tmp_path_factory):
    """A log directory with the eval set in a folder of its name."""
    folder = tmp_path_factory.mktemp("logs")
    shutil.copytree(bundle / "store", folder / "one-sample-500-7f3a")
    return folder


@pytest.fixture
async def settings(bundle, tmp_path, monkeypatch):
    """A configuration as a machine has it: what is watched, and how APIs are reached."""
    async with Providers() as world:
        openai = {
            "api": "openai",
            "url": f"{world.openai.url}/v1",
            "middleman_path": "/openai/v1",
            "key": world.openai.key,
        }
        probes = {
            "middleman_url": world.middleman.url,
            "middleman_token": world.middleman.token,
            "providers": {"openai": openai},
        }
        file = tmp_path / "watchdog.yaml"
        file.write_text(yaml.safe_dump({"logs": [str(bundle)], "probes": probes}))
        for name, value in {
            "WATCHDOG_CONFIG": str(file),
            "WATCHDOG_STATE": str(tmp_path / "state.sqlite3"),
            "WATCHDOG_LISTEN": "127.0.0.1:9",  # nobody
            "COLUMNS": "160",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield


def called(command, bundle):
    """The words of a command, about the recording."""
    names = {
        "EVAL_SET": "one-sample-500-7f3a",
        "SAMPLE": "3/1",
        "PROVIDER/MODEL": "openai/gpt-4o",
        "BUNDLE": str(bundle),
    }
    if command.split()[1] in {"check", "explain"}:
        names["EVAL_SET"] = str(bundle)
    return [names.get(word, word) for word in shlex.split(command)[1:]]


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ENDLESS])
async def test_a_command_of_the_page_does_what_the_row_says(  # noqa: PLR0917 - fixtures
    command, bundle, directory, monkeypatch, capsys, tmp_path
):
    if "evidence" in command:
        monkeypatch.setenv("WATCHDOG_LOGS", str(directory))
    status = await asyncio.to_thread(cli.main, called(command, bundle))
    out = capsys.readouterr().out
    assert status in {0, 1, 2}, out
    assert SAYS[command] in " ".join(out.split())
    for name, part in WRITES.get(command, {}).items():
        (file,) = tmp_path.glob(name)
        assert part in file.read_bytes()


@pytest.mark.parametrize("command", sorted(ENDLESS))
def test_one_that_goes_on_does_until_it_is_ended(command, bundle, tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "WATCHDOG_LOGS": str(bundle),
        "WATCHDOG_LISTEN": "127.0.0.1:9",
        "COLUMNS": "160",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "watchdog", *called(command, bundle)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env=environment,
        preexec_fn=_takes_ctrl_c,  # noqa: PLW1509 - before any thread
    )
    with process:
        try:
            said = next((line for line in process.stdout if SAYS[command] in line), None)
            process.send_signal(signal.SIGINT)
            assert (process.wait(60), said is not None) == (0, True)
        finally:
            process.kill()


def _takes_ctrl_c():
    """Whatever starts the tests may have it ignored, as a shell does for what it starts behind."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_address_of_the_page_is_served(address, tmp_path):
    async with bundled_site("one_sample_500", tmp_path, 1) as web:
        answer = await web.get(address.replace("EVAL_SET", "one-sample-500-7f3a"))
    assert answer.status_code == httpx.codes.OK


def test_all_that_the_guide_has_people_do_stands_there():
    left = " ".join(guide for guide, _ in ROWS)
    assert [one for one in GUIDE if one not in left] == []


def test_each_row_names_what_replaces_it():
    named = re.compile(r"`(?:watchdog |/|hawk )|\bstays\b")
    assert [guide for guide, now in ROWS if not named.search(now)] == []
    assert set(SAYS) == set(COMMANDS)
