"""The real `watchdog run` under pressure: it goes on, says so once, and ends when told to."""

import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.acceptance.inbox import Inbox
from tests.acceptance.kill_service import HINDERED
from tests.acceptance.playback import Playback
from tests.acceptance.service_process import ServiceProcess

pytestmark = pytest.mark.acceptance
END_SECONDS = 10.0


@pytest.fixture
def logs(tmp_path):
    playback = Playback("hung_tool_call", tmp_path)
    playback.play(len(playback.bundles) - 1)
    return str(playback.logs.parent)


@pytest.fixture
def start(tmp_path, logs):
    services = []

    def start(**more):
        services.append(ServiceProcess(tmp_path, [logs], arguments=["--interval", "1"], **more))
        return services[-1]

    yield start
    for service in services:
        service.kill()


def ends_well(service, number=signal.SIGTERM):
    status, seconds = service.stop(number)
    text = service.output.read_text()
    assert status == 0, text[-2000:]
    assert seconds < END_SECONDS
    assert "Traceback" not in text, text[-6000:]
    assert "never awaited" not in text


def test_a_second_service_is_refused_and_commands_go_on(start, tmp_path):
    first = start()
    assert first.until_ready()
    second = start()
    assert second.process.wait(30) == 3
    (line,) = second.output.read_text().splitlines()
    assert f"process {first.process.pid}" in line
    assert "--state" in line
    own = [sys.executable, "-m", "watchdog"]
    state = str(tmp_path / "state.sqlite3")
    mute = [*own, "mute", "x", "--for", "1h", "--state", state, "--force"]
    assert subprocess.run(mute, check=False).returncode == 0
    first.kill()
    third = start()
    assert third.until_ready()
    ends_well(third)


def test_clients_that_take_all_descriptors_are_one_log_line(start):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    service = start(prepare=few)
    assert service.until_ready()
    clients = [socket.create_connection(("127.0.0.1", service.port), 2) for _ in range(60)]
    time.sleep(5)
    for client in clients:
        client.close()
    assert service.until_ready()
    assert service.count("out_of_descriptors") <= 1
    assert len(service.lines) < 30
    ends_well(service)


def test_a_page_goes_out_while_the_ledger_is_locked(start, tmp_path):
    with Inbox() as inbox:
        (tmp_path / "state.sqlite3").touch()
        lock = sqlite3.connect(tmp_path / "state.sqlite3", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        service = start(environment={"WATCHDOG_WEBHOOK_URL": inbox.url})
        assert service.until(lambda: inbox.heard("opened"))
        assert "ledger" in service.get("/readyz")[1]
        lock.execute("ROLLBACK")
        lock.close()
        assert service.until(lambda: service.count("ledger_written_again"))
        assert '"failing_channels":[]' in service.get("/readyz")[1]
        ends_well(service)
        again = start(environment={"WATCHDOG_WEBHOOK_URL": inbox.url})
        assert again.until_ready()
        time.sleep(2)
        ends_well(again)
        assert list(inbox.heard("opened").values()) == [1]


@pytest.mark.parametrize("trouble", ["hung-disk", "slow-names"])
def test_what_hangs_holds_neither_health_nor_the_end(start, tmp_path, trouble):
    gate = tmp_path / "gate"
    gate.touch()
    service = start(
        program=(str(HINDERED), trouble, str(gate), "--"),
        environment={"WATCHDOG_WEBHOOK_URL": "http://hooks.example.test/x"},
    )
    assert service.until(lambda: service.get("/healthz")[0] == 200)
    time.sleep(3)
    assert service.get("/healthz")[0] == 200
    ends_well(service)


def test_a_channel_that_never_answers_does_not_hold_the_end(start):
    with Inbox() as inbox:
        inbox.answers.clear()
        service = start(environment={"WATCHDOG_WEBHOOK_URL": inbox.url})
        assert service.until(lambda: service.count("decided"))
        ends_well(service)


def test_a_second_signal_ends_at_once(start):
    with Inbox() as inbox:
        inbox.answers.clear()
        service = start(environment={"WATCHDOG_WEBHOOK_URL": inbox.url})
        assert service.until(lambda: service.count("decided"))
        service.process.send_signal(signal.SIGINT)
        assert service.until(lambda: service.count("stopping"))
        ends_well(service, signal.SIGINT)


def test_a_log_that_nobody_can_write_stops_nothing(start, tmp_path):
    (tmp_path / "full").symlink_to("/dev/full")
    service = start(output=tmp_path / "full")
    assert service.until_ready()
    assert service.stop()[0] == 0
