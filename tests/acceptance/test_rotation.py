"""A secret is rotated, and limits become others, while the service runs: no restart, no loss."""

import asyncio
import os
import signal

import httpx
import pytest

from tests.acceptance.playback import Playback
from tests.acceptance.service_process import ServiceProcess
from tests.doubles.program_api import HOOK, HOOK_SECRET, HOOK_TOKEN
from tests.doubles.raw_http import RawServer
from watchdog.config.origin import Origin
from watchdog.service import app
from watchdog.service.run import serve

OLD, NEW = "https://hooks.slack.com/services/T/B/old", "https://hooks.slack.com/services/T/B/new"
TOKENS = [f"token-of-prometheus-{number}" for number in range(2)]


class Files:
    """What an operator has: a configuration file, and a directory of secrets."""

    def __init__(self, folder, slack):
        self.playback = Playback("one_sample_500", folder)
        self.playback.play(3)
        self.config, self.secrets = folder / "c.yaml", folder / "secrets"
        self.secrets.mkdir()
        self._slack = slack
        self._state = folder / "state.sqlite3"
        self.write()
        self.rotate(OLD, TOKENS[0])

    def write(self, more=""):
        self.config.write_text(
            f"logs: [{self.playback.logs.parent}]\nlisten: 127.0.0.1:0\nstate: {self._state}\n"
            f"status_feeds: []\nslack: {{api_url: '{self._slack.server.url}'}}\n{more}\n"
        )

    def rotate(self, hook, token):
        (self.secrets / "WATCHDOG_SLACK_WEBHOOK_URL").write_text(hook)
        (self.secrets / "WATCHDOG_WEB_TOKENS").write_text(f'[{{"token": "{token}"}}]')


@pytest.fixture
def impatient(monkeypatch):
    """It looks at once whether a canary or a heartbeat is due, not after seconds."""
    monkeypatch.setattr(app, "_CANARY_SECONDS", 0.1)
    monkeypatch.setattr(app, "LOOK_SECONDS", 0.1)


@pytest.fixture
async def service(tmp_path, slack):
    files = Files(tmp_path, slack)
    slack.script = [(404, "no_service", {})] * 50
    origin = Origin({}, files.config, files.secrets)
    stop, started = asyncio.Event(), asyncio.get_running_loop().create_future()
    snapshots = []
    serving = asyncio.create_task(
        serve(
            origin.load(),
            files.playback.clock,
            snapshots.append,
            started.set_result,
            stop,
            origin=origin,
        )
    )
    files.url = await asyncio.wait_for(started, 60)
    files.snapshots = snapshots
    yield files
    stop.set()
    assert await asyncio.wait_for(serving, 60) == 0
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


async def until(condition):
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 - what is awaited happens elsewhere
            await asyncio.sleep(0.05)


async def test_a_rotated_secret_is_taken_up(service, slack):
    async def refused():
        return slack.requests

    await until(refused)
    assert {path for _, path in slack.requests} == {"/services/T/B/old"}
    slack.script.clear()
    service.rotate(NEW, TOKENS[1])
    os.kill(os.getpid(), signal.SIGHUP)

    async def told():
        return slack.messages

    await until(told)
    assert slack.requests[-1] == ("POST", "/services/T/B/new")
    assert len(slack.messages) == 1
    async with httpx.AsyncClient(base_url=service.url) as client:
        answers = [
            (await client.get("/api/v1/report", headers={"Authorization": f"Bearer {token}"}))
            for token in TOKENS
        ]
        assert [answer.status_code for answer in answers] == [401, 200]
        metrics = (await client.get("/metrics")).text
    assert "eval_watchdog_config_last_reload_successful 1.0" in metrics


@pytest.mark.usefixtures("impatient")
async def test_a_heartbeat_and_a_canary_are_taken_up(service, slack):
    slack.script.clear()
    async with RawServer() as heard_at:
        address = service.secrets / "WATCHDOG_HEARTBEAT_URL"
        address.write_text(f"{heard_at.url}/your-secret-check")
        service.write(
            f"canary: {{url: '{slack.server.url}{HOOK}', token: {HOOK_TOKEN}}}\n"
            f"webhook: {{secret: {HOOK_SECRET}}}"
        )
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(60):
            await heard_at.asked.wait()
        assert heard_at.taken[0].line == "GET /your-secret-check HTTP/1.1"
        await until(lambda: has(service, 'eval_watchdog_canary_total{outcome="delivered"} 1.0'))
        assert [told["kind"] for told in slack.programs.notices] == ["canary"]
        assert await has(service, "eval_watchdog_heartbeat_interval_seconds 60.0")
        assert await has(service, "eval_watchdog_config_last_reload_successful 1.0")
        assert await has(service, "eval_watchdog_config_restart_pending_settings 0.0")
        address.write_text("https://:443/another-secret")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: has(service, "eval_watchdog_config_last_reload_successful 0.0"))
        assert await has(service, "eval_watchdog_heartbeat_interval_seconds 60.0")


async def has(service, line):
    async with httpx.AsyncClient(base_url=service.url) as client:
        return line in (await client.get("/metrics")).text


async def test_limits_and_mutes_of_the_configuration_are_taken_up(service):
    async def muted():
        service.playback.now += 1
        last = service.snapshots[-1].report if service.snapshots else None
        return last is not None and any(i.muted_reason == "known" for i in last.incidents)

    async def seen():
        return any(s.report.incidents for s in service.snapshots)

    await until(seen)
    assert not await muted()
    entry = "{eval_set: one_*, mute_until: 9999-01-01T00:00:00Z, mute_reason: known}"
    service.write(f"interval: 31\noverrides: [{entry}]")
    os.kill(os.getpid(), signal.SIGHUP)
    await until(muted)
    async with httpx.AsyncClient(base_url=service.url) as client:

        async def pending():
            metrics = (await client.get("/metrics")).text
            return "eval_watchdog_config_restart_pending_settings 1.0" in metrics

        # verdicts take settings up before what needs a restart is counted
        await until(pending)


@pytest.mark.acceptance
def test_the_program_refuses_what_is_faulty_and_goes_on(tmp_path):
    config, logs = tmp_path / "c.yaml", tmp_path / "logs"
    logs.mkdir()
    config.write_text("webhook: {url: 'https://hooks.example/first-secret'}\n")
    service = ServiceProcess(tmp_path, [str(logs)], arguments=["--config", str(config)])
    try:
        assert service.until_ready()
        config.write_text("webhook: {url: second-secret}\n")
        service.process.send_signal(signal.SIGHUP)
        assert service.until(lambda: service.count("config_refused"))
        config.write_text("webhook: {url: 'https://hooks.example/third-secret'}\n")
        service.process.send_signal(signal.SIGHUP)
        assert service.until(lambda: service.count("config_reloaded"))
        assert service.count("config_refused") == 1
        log = service.output.read_text()
        assert "webhook.url: should be an http(s) address" in log
        assert not any(f"{number}-secret" in log for number in ("first", "second", "third"))
        assert service.stop()[0] == 0
    finally:
        service.kill()
