"""Each `watchdog` command of the documents is run: beside a service that watches a recording."""

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import yaml

from tests.acceptance.service_process import ServiceProcess
from tests.control_plane.waiting import wait_for
from tests.documents.ways import commands_of
from tests.doubles.program_api import HOOK, HOOK_SECRET, HOOK_TOKEN
from tests.doubles.providers import Providers
from tests.paths import ROOT
from tests.recordings.unpack import unpack
from watchdog import cli

pytestmark = pytest.mark.acceptance

COMMANDS = commands_of("service")
NAME = "swe-bench-x7k2"
"""An eval set's id, as the documents have it."""
ENDLESS = re.compile(r"watchdog watch\b|watchdog logs .* -f$")
SERVICE_ITSELF = "watchdog run --logs ./logs"
"""What all others ask."""
TARGETS = {"check", "explain"}
PLACES = {
    **dict.fromkeys(
        ("EVAL_SET", "[EVAL_SET]", "<eval-set-id>", "my-eval-set", "EVAL_SET_ID"), NAME
    ),
    **dict.fromkeys(("SAMPLE", "[SAMPLE]", "42/1", "<sample-id>"), "3/1"),
    "<provider/model>": "openai/gpt-4o",
}
SAYS = {"watch": NAME, "logs": "Pod UID mismatch"}
"""What those that go on say sooner or later."""
EXAMPLES = {"one-sample-500/01": "./bundles/01", "one-sample-500": "./bundles"}
INCIDENT = "INCIDENT"


def words_of(command):
    """What is typed, with this machine's names in place of the documents'."""
    _, name, *rest = shlex.split(command)
    places = {**PLACES, **EXAMPLES, "BUNDLE…": "./bundles", "3f2a9c41d07b": INCIDENT}
    if name in TARGETS:
        places |= {place: f"./logs/{NAME}" for place, is_one in PLACES.items() if is_one == NAME}
    return (name, *(places.get(word, word) for word in rest))


def typed(*, endless):
    """All of them that end by themselves, or don't; what comes to the same once."""
    chosen = (c for c in COMMANDS if c != SERVICE_ITSELF and bool(ENDLESS.match(c)) is endless)
    return list(dict.fromkeys(map(words_of, chosen)))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder as a person has it: logs, and bundles of a series."""
    folder = tmp_path_factory.mktemp("person")
    bundles = unpack("one_sample_500", folder / "recording")
    shutil.copytree(bundles[-1] / "store", folder / "logs" / NAME)
    for number, bundle in enumerate(bundles, 1):
        copy = shutil.copytree(bundle, folder / "bundles" / f"{number:02}")
        about = copy / "bundle.json"
        about.write_text(about.read_text().replace("one-sample-500-7f3a", NAME))
    return folder


@pytest.fixture(scope="module")
def service(place):
    """`watchdog run --logs ./logs`, until it has an incident; its id."""
    assert SERVICE_ITSELF in COMMANDS
    environment = {"WATCHDOG_KUBERNETES_ENABLED": "no", "WATCHDOG_INTERVAL": "1"}
    life = ServiceProcess(place, ["./logs"], environment=environment)
    try:
        assert life.until(lambda: ids(life)), life.lines[-20:]
        yield life
    finally:
        life.kill()


def ids(life):
    status, text = life.get("/api/v1/incidents")
    return re.findall(r'"id": ?"(\w+)"', text) if status == 200 else []


@contextmanager
def nothing_of_the_person_s(monkeypatch):
    for name in [name for name in os.environ if name.startswith("WATCHDOG_")]:
        monkeypatch.delenv(name)
    yield


@pytest.fixture
async def settings(place, service, slack, monkeypatch):
    """The service's settings, and who is asked and told."""
    async with Providers() as world:
        apis = {
            "openai": {"url": f"{world.openai.url}/v1", "key": world.openai.key},
            "anthropic": {
                "api": "anthropic",
                "url": f"{world.anthropic.url}/v1",
                "key": world.anthropic.key,
            },
        }
        values = {
            "logs": [str(place / "logs")],
            "listen": f"127.0.0.1:{service.port}",
            "state": str(place / "state.sqlite3"),
            "slack": {"webhook_url": f"{slack.server.url}/services/T/B/x"},
            "webhook": {
                "url": slack.server.url + HOOK,
                "token": HOOK_TOKEN,
                "secret": HOOK_SECRET,
            },
            "canary": {"channel": "webhook"},
            "kubernetes": {"enabled": "no"},
            "probes": {
                "middleman_url": world.middleman.url,
                "middleman_token": world.middleman.token,
                "providers": apis,
            },
        }
        file = place / "watchdog.yaml"
        file.write_text(yaml.safe_dump(values))
        with nothing_of_the_person_s(monkeypatch):
            monkeypatch.setenv("WATCHDOG_CONFIG", str(file))
            monkeypatch.setenv("COLUMNS", "160")
            monkeypatch.chdir(place)
            yield


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("words", typed(endless=False), ids=" ".join)
async def test_it_is_done(words, service, capsys):
    given = [ids(service)[0] if word == INCIDENT else word for word in words]
    status = await asyncio.to_thread(cli.main, given)
    said = capsys.readouterr()
    assert status in {0, 1, 2}, said.err
    assert said.out.strip(), said.err


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("words", typed(endless=True), ids=" ".join)
def test_one_that_goes_on_does_until_it_is_ended(words, place, tmp_path):
    own = {
        "WATCHDOG_LISTEN": "127.0.0.1:9",
        "WATCHDOG_LOGS": str(max((place / "bundles").iterdir())),
    }
    file = tmp_path / "said"
    with file.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "watchdog", *words],
            stdout=said,
            stderr=said,
            cwd=place,
            # a runner's log is in a bundle alone
            env={**os.environ, "PYTHONPATH": str(ROOT), **(own if words[0] == "logs" else {})},
            preexec_fn=_takes_ctrl_c,  # noqa: PLW1509 - before any thread
        )
        with process:
            try:
                wait_for(
                    lambda: process.poll() is not None or SAYS[words[0]] in file.read_text(),
                    "it says what it is for",
                )
                process.send_signal(signal.SIGINT)
                assert process.wait(60) == 0, file.read_text()
            finally:
                process.kill()


def _takes_ctrl_c():
    """Whatever starts the tests may have it ignored, as a shell does for what it starts behind."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
