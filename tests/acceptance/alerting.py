"""The whole way of an alert: the service over recordings, Prometheus, Alertmanager, receivers.

A recording is played within minutes, so rules and routes run at `SPEED` times their pace. Bounds on
values stay as they are: how long a sample is stuck is said in the recording's own time.
"""

import asyncio
import json
import re
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import yaml

from tests.acceptance.playback import captured_at
from tests.control_plane.processes import Process, free_ports, quiet_environment
from tests.control_plane.waiting import wait_for
from tests.deploy.binaries import need
from tests.deploy.expressions import DEPLOY, RULES, Expression, metrics
from tests.doubles.loopback import Loopback
from tests.doubles.providers import Providers
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_api import CHANNEL, TOKEN
from tests.recordings.shift import shift
from tests.recordings.unpack import unpack
from watchdog.collect.targets import open_target
from watchdog.config.load import load
from watchdog.pipeline.targets import logs_options
from watchdog.redaction import Secrets
from watchdog.service.build import build, site_of
from watchdog.surfaces.web.access import Access
from watchdog.surfaces.web.server import WebServer

SPEED = 60
SCRAPE = "1s"
EXAMPLE = DEPLOY / "alertmanager" / "alertmanager.yaml"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
DURATION = re.compile(r"\b(\d+)([smhd])\b")


def faster(text):
    """A duration, or an expression with durations in it, at `SPEED`."""
    return DURATION.sub(lambda m: f"{int(m[1]) * UNITS[m[2]] * 1000 // SPEED}ms", text)


def fast_rules():
    found = yaml.safe_load(RULES.read_text())
    for rule in (rule for group in found["groups"] for rule in group["rules"]):
        rule["expr"] = faster(rule["expr"])
        if "for" in rule:
            rule["for"] = faster(rule["for"])
    return found


def fast_routes(inbox):
    """The example's routes and inhibitions; every receiver is a webhook of the inbox."""
    found = yaml.safe_load(EXAMPLE.read_text())
    hurry(found["route"])
    found["receivers"] = [
        {
            "name": each["name"],
            "webhook_configs": [{"url": f"{inbox.url}/{each['name']}", "send_resolved": True}],
        }
        for each in found["receivers"]
    ]
    return found


def hurry(route):
    for key in ("group_wait", "group_interval"):
        if key in route:
            route[key] = faster(route[key])
    for each in route.get("routes", ()):
        hurry(each)


class Inbox(Loopback):
    """Receivers behind Alertmanager: keeps each notification with the receiver's name."""

    def __init__(self):
        super().__init__()
        self.received = []

    def answer(self, request):
        self.received.append((request.path.strip("/"), json.loads(request.body)))
        return b"", "text/plain"

    @property
    def url(self):
        return f"http://{self.address}"

    @property
    def told(self):
        """Every alert that arrived: receiver, status, name, in order."""
        return [
            (receiver, alert["status"], alert["labels"]["alertname"])
            for receiver, notification in self.received
            for alert in notification["alerts"]
        ]

    @property
    def alerts(self):
        return [each for _, notification in self.received for each in notification["alerts"]]


class Play:
    """A bundle that plays a recording, moved in time so that it begins at the present."""

    def __init__(self, name, folder):
        self.bundles = unpack(name, folder / "recording" / name)
        self.target = folder / name

    def begin(self, number, at):
        """Instant `number` is at `at`, in seconds since the epoch."""
        seconds = at - captured_at(self.bundles[number])
        for bundle in self.bundles:
            shift(bundle, seconds)
        self.to(number)

    def to(self, number):
        """All of it as it was at an instant; when that was."""
        kept = self.target.with_name(f"{self.target.name}.next")
        shutil.copytree(self.bundles[number], kept)
        shutil.rmtree(self.target, ignore_errors=True)
        kept.rename(self.target)
        return captured_at(self.target)


class Running:
    """The service in a thread of its own, with providers and Slack beside it; it always polls.

    Its clock goes on by the second from where it is `set_to`. What else is to happen in its event
    loop goes through `do`.
    """

    def __init__(self, targets: list[Path], state: Path, now: float) -> None:
        self._set = (now, time.monotonic())
        self.slack = SlackDouble()
        self.world = Providers()
        self.url = ""
        self.polls = 0
        self._targets, self._state = targets, state
        self._trouble: BaseException | None = None
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            self._trouble = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self):
        await self.slack.server.start()
        async with self.world:
            settings = self._settings()
            sources = [
                open_target(each, settings.s3, logs_options(settings))[0] for each in settings.logs
            ]
            self.app = build(settings, sources, self.clock)
            access = Access(settings.web, self.clock)
            page = site_of(self.app, settings, self.clock, Secrets(), access).app()
            site = WebServer(page, "127.0.0.1", 0)
            await site.start()
            self.url = site.url
            try:
                await self._poll()
            finally:
                await site.stop()
                await self.app.aclose()
                await self.slack.server.stop()

    async def _poll(self):
        while not self._stop.is_set():
            await self.app.tick()
            self.polls += 1
            self._ready.set()
            await asyncio.sleep(0.1)

    def _settings(self):
        openai, middleman = self.world.openai, self.world.middleman
        provider = {
            "api": "openai",
            "url": f"{openai.url}/v1",
            "middleman_path": "/openai/v1",
            "key": openai.key,
        }
        return load(
            {
                "logs": tuple(map(str, self._targets)),
                "listing_interval": 0.001,
                "state": str(self._state),
                "status_feeds": (),
                # the recorded outage is told only where false pages are put up with
                "detection": {"false_pages_per_week": 20},
                "slack": {
                    "bot_token": TOKEN,
                    "channel": CHANNEL,
                    "api_url": self.slack.server.url,
                },
                "probes": {
                    "middleman_url": middleman.url,
                    "middleman_token": middleman.token,
                    "providers": {"scripted": provider},
                    "models": [{"model": "scripted/*", "middleman": "gpt-4o", "direct": "gpt-4o"}],
                },
            }
        )

    def clock(self) -> float:
        """Seconds since the epoch, as the recording has it."""
        at, since = self._set
        return at + time.monotonic() - since

    def set_to(self, at: float) -> None:
        """It is another time now."""
        self._set = (at, time.monotonic())

    def do(self, work: Callable[[], None]) -> None:
        """Something that must happen between two polls."""

        async def done() -> None:
            work()

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(60)

    def polled(self, times=2):
        """Wait until it has polled so often again."""
        target = self.polls + times
        wait_for(lambda: self._alive() and self.polls >= target, f"{times} polls")

    def _alive(self):
        if self._trouble is not None:
            raise self._trouble
        return True

    def __enter__(self):
        self._thread.start()
        self._ready.wait(60)
        self._alive()
        return self

    def __exit__(self, *_):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        self._alive()


class Asked:
    """A Prometheus that answers."""

    def __init__(self, client):
        self.client = client

    def __call__(self, text):
        answer = self.client.post("/api/v1/query", data={"query": text}).json()
        if answer["status"] != "success":
            raise ValueError(f"{answer.get('error')}: {text}")
        return answer["data"]["result"]

    def scrapes(self):
        found = self("count_over_time(up{job='watchdog'}[1h])")
        return int(found[0]["value"][1]) if found else 0

    def has_data(self, each: Expression):
        """Where it has some only now and then, every metric that it reads must have some."""
        if each.always:
            return bool(self(each.text))
        self(each.text)
        return all(self(name) for name in metrics(each.text))


@contextmanager
def programs(running, inbox, folder):
    """Prometheus over the service, and Alertmanager behind it."""
    prometheus, alertmanager = free_ports(2)
    (folder / "rules.yaml").write_text(json.dumps(fast_rules()))
    config = scraping(running.url, alertmanager)
    with ExitStack() as stack:
        start_alertmanager(stack, folder, alertmanager, inbox)
        yield Asked(start_prometheus(stack, folder, prometheus, config))


def scraping(url, alertmanager):
    watchdog = {
        "job_name": "watchdog",
        "static_configs": [{"targets": [url.removeprefix("http://").strip("/")]}],
    }
    return {
        "global": {"scrape_interval": SCRAPE, "evaluation_interval": SCRAPE},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [watchdog],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]
        },
    }


def start_alertmanager(stack, folder, port, inbox):
    """Alertmanager, which tells the inbox without waiting."""
    config = folder / "alertmanager.yaml"
    config.write_text(json.dumps(fast_routes(inbox)))
    storage = folder / "alertmanager"
    arguments = (f"--config.file={config}", f"--storage.path={storage}")
    start(stack, folder, "prometheus-alertmanager", port, *arguments, "--cluster.listen-address=")


def start_prometheus(stack, folder, port, config, program=None):
    """Prometheus with a configuration, as a client of it; `program` as for `start`."""
    file = folder / "prometheus.yaml"
    file.write_text(json.dumps(config))
    arguments = (f"--config.file={file}", f"--storage.tsdb.path={folder / 'prometheus'}")
    return start(stack, folder, "prometheus", port, *arguments, program=program)


def start(stack, folder, name, port, *arguments, program=None):
    """A program that is ready, as a client of it; `program` where it isn't an installed one."""
    address = f"127.0.0.1:{port}"
    command = [str(program or need(name)), *arguments, f"--web.listen-address={address}"]
    process = Process(name, command, folder, quiet_environment(folder))
    process.start()
    stack.callback(process.stop)
    client = stack.enter_context(
        httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=60.0)
    )

    def ready():
        process.check()
        try:
            return client.get("/-/ready").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    wait_for(ready, f"{name} is ready")
    return client
