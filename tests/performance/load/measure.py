"""One size and mood: the service over it for some polls, then the bare requests beside it."""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.performance import awscli, awscli_baseline
from tests.performance.load import process_tree, replay
from tests.performance.load.buffers import Shape
from tests.performance.load.fleets import Fleet, fleet
from tests.performance.load.service import Measured, Service
from tests.performance.load.store import URL, FleetStore, Request
from tests.performance.workers import Worker

CHANGED = 0.01
SYNC_MAX = 1_000
"""Tasks; more take `aws s3 sync` too long."""
FIRST_SECONDS = 3600.0
POLL_SECONDS = 900.0
ASK_SECONDS = 0.25


@dataclass(frozen=True)
class Plan:
    """What is measured."""

    size: int
    shape: Shape
    interval: float = 30.0
    settled_polls: int = 4
    """Polls after the first that are left out: all tasks were read at once, and fall due so."""
    polls: int = 8
    answered_polls: int = 3
    """Polls during which it is asked too how it is and what it knows of what changed."""
    profile: Path | None = None
    changed: float = CHANGED
    restart: bool = False
    """Whether it is started once more, with the state that it left."""


@dataclass
class Outcome:
    """What came of it."""

    plan: Plan
    objects: int
    first_cpu: float
    first_seconds: float
    first_pss: int
    polls: Measured = field(default_factory=Measured)
    requests: Counter[str] = field(default_factory=Counter)
    """Of all measured polls, by kind."""
    received: int = 0
    slowest_healthz: float = 0.0
    delays: list[float] = field(default_factory=list)
    """Seconds from a change to when the report shows it."""
    obstore_cpu: float = 0.0
    boto3_cpu: float = 0.0
    """Seconds of one poll's requests."""
    sync_cpu: float | None = None
    """Seconds of `aws s3 sync` of what changed, its start included; None where it wasn't tried."""
    reader_cpu: float | None = None
    """Seconds of Inspect's own reader over the tasks that changed."""
    restart_cpu: float | None = None
    restart_seconds: float | None = None
    """From its second start to the first complete poll; None where it wasn't tried."""

    @property
    def times_bare(self) -> float:
        """The service's CPU over the bare requests'."""
        return self.polls.cpu_a_poll / self.obstore_cpu

    def lines(self) -> list[str]:
        """For people."""
        plan, polls, scrapes = self.plan, self.polls, self.polls.scrapes
        n = max(1, polls.polls)
        kinds = (f"{kind} {count / n:,.0f}" for kind, count in sorted(self.requests.items()))
        held, waited = _most(s.block for s in scrapes), _most(s.seconds for s in scrapes)
        bare = f"obstore {self.obstore_cpu:.2f} CPU s (x {self.times_bare:.1f})"
        usual = f"aws s3 sync {_seconds(self.sync_cpu)}, Inspect's {_seconds(self.reader_cpu)}"
        about = f"{plan.size:,} tasks, {plan.shape.mood}, {plan.shape.events} events each"
        first = f"{self.first_cpu:.1f} CPU s, {self.first_seconds:.0f} s"
        delays = f"median {statistics.median(self.delays or [0]):.1f} s, {_most(self.delays):.1f} s"
        wire = f"{_most(s.size for s in scrapes) / 1e6:.2f} MB"
        return [
            f"{about}, {self.objects:,} objects, interval {plan.interval:.0f} s",
            f"  first poll: {first}, PSS {self.first_pss >> 20} MiB",
            f"  restart: {_seconds(self.restart_cpu)}, {_seconds(self.restart_seconds, 's')}",
            f"  a poll with a scrape: {polls.cpu_a_poll:.2f} CPU s ({n} in {polls.seconds:.0f} s)",
            f"  memory: PSS {polls.pss >> 20} MiB, RSS {polls.rss >> 20} MiB",
            f"  requests a poll: {', '.join(kinds)}; {self.received / n / 1e6:.2f} MB",
            f"  a scrape: {wire}, at most {waited:.2f} s; loop held at most {held:.3f} s",
            f"  /healthz at most {self.slowest_healthz:.3f} s; change to report: {delays} at most",
            f"  the same requests: {bare}, boto3 {self.boto3_cpu:.2f} CPU s; {usual}",
        ]


def _seconds(value: float | None, unit: str = "CPU s") -> str:
    return "not tried" if value is None else f"{value:.2f} {unit}"


def _most(values: object) -> float:
    return max(values, default=0.0)  # type: ignore[call-overload,no-any-return]


def measure(plan: Plan, say: Callable[[str], None]) -> Outcome:
    """Lay a fleet, run the service over it, then the bare requests."""
    with tempfile.TemporaryDirectory(prefix="watchdog-load-") as folder:
        base = Path(folder)
        (base / "service").mkdir()
        made = fleet(plan.size, plan.shape)
        with FleetStore(base / "s3") as store:
            began = time.monotonic()
            objects = store.lay(made)
            say(f"laid {objects:,} objects in {time.monotonic() - began:.0f} s")
            store.take_requests()
            service = Service(base / "service", store, plan.interval, profile=plan.profile)
            with service:
                outcome = _first(plan, objects, service)
                say(f"first poll: {outcome.first_cpu:.1f} CPU s in {outcome.first_seconds:.0f} s")
                asked = _polls(outcome, made, store, service)
                _answers(outcome, made, store, service)
            if plan.restart:
                _again(outcome, store, base / "service")
            _bare(outcome, asked, store)
            if plan.size <= SYNC_MAX:
                _usual_way(outcome, made, store, base / "synced")
    return outcome


def _first(plan: Plan, objects: int, service: Service) -> Outcome:
    service.until_complete(FIRST_SECONDS)
    cpu, seconds = service.cpu(), time.monotonic() - service.began
    pss, _ = process_tree.memory(service.pid)
    service.until_poll(service.polls + 1, POLL_SECONDS)
    return Outcome(plan, objects, cpu, seconds, pss)


def _again(outcome: Outcome, store: FleetStore, folder: Path) -> None:
    """Another life of the service, which goes on from what the first left behind."""
    with Service(folder, store, outcome.plan.interval, fresh=False) as service:
        service.until_complete(FIRST_SECONDS)
        outcome.restart_cpu = service.cpu()
        outcome.restart_seconds = time.monotonic() - service.began


def _polls(outcome: Outcome, made: Fleet, store: FleetStore, service: Service) -> list[Request]:
    """Some polls with nothing but changes and one scrape each; gives what was asked."""
    plan, measured = outcome.plan, outcome.polls
    count = max(1, round(plan.size * plan.changed))
    for _ in range(plan.settled_polls):
        store.change(made.changing(count), time.time(), plan.shape.mood)
        service.scrape()
        service.until_poll(service.polls + 1, POLL_SECONDS)
    store.take_requests()
    first, cpu, began = service.polls, service.cpu(), time.monotonic()
    for number in range(plan.polls):
        store.change(made.changing(count), time.time(), plan.shape.mood)
        measured.scrapes.append(service.scrape())
        pss, rss = process_tree.memory(service.pid)
        measured.pss, measured.rss = max(measured.pss, pss), max(measured.rss, rss)
        service.until_poll(first + number + 1, POLL_SECONDS)
    measured.polls = service.polls - first
    measured.cpu = service.cpu() - cpu
    measured.seconds = time.monotonic() - began
    asked = store.take_requests()
    outcome.requests = Counter(one.kind for one in asked)
    outcome.received = sum(one.size for one in asked)
    return asked


def _answers(outcome: Outcome, made: Fleet, store: FleetStore, service: Service) -> None:
    """Some polls during which its health and what it says of a change are asked all the while."""
    plan = outcome.plan
    count = max(1, round(plan.size * plan.changed))
    done = threading.Event()
    asking = threading.Thread(target=_ask_health, args=(service, done, outcome))
    asking.start()
    try:
        for _ in range(plan.answered_polls):
            changing = made.changing(count)
            time.sleep(random.uniform(0.0, plan.interval / 3))  # noqa: S311
            changed_at = time.time()
            store.change(changing, changed_at, plan.shape.mood)
            service.scrape()
            outcome.delays.append(_delay(service, changing[-1].eval_set_id, changed_at))
    finally:
        done.set()
        asking.join()


def _ask_health(service: Service, done: threading.Event, outcome: Outcome) -> None:
    while not done.wait(ASK_SECONDS):
        began = time.monotonic()
        service.get("/healthz")
        outcome.slowest_healthz = max(outcome.slowest_healthz, time.monotonic() - began)


def _delay(service: Service, eval_set_id: str, changed_at: float) -> float:
    """Seconds until the report's newest event of an eval set is about as new as the change."""
    import json  # noqa: PLC0415
    from datetime import datetime  # noqa: PLC0415

    deadline = time.time() + POLL_SECONDS
    while time.time() < deadline:
        body = service.get(f"/api/v1/report?eval_set_id={eval_set_id}")
        (one,) = json.loads(body)["eval_sets"]
        instants = [s["last_event_at"] for t in one["tasks"] for s in t["running"]]
        newest = max((datetime.fromisoformat(at).timestamp() for at in instants if at), default=0.0)
        if newest > changed_at - 1.0:
            return time.time() - changed_at
        time.sleep(1.0)
    raise RuntimeError(f"{eval_set_id}: its change was not seen within {POLL_SECONDS} s")


def _bare(outcome: Outcome, asked: list[Request], store: FleetStore) -> None:
    server = store.server
    keys = (server.access_key, server.secret_key)
    n = outcome.polls.polls
    with Worker() as worker:
        outcome.obstore_cpu = worker.run(replay.by_obstore, asked, server.url, keys) / n
    share = asked[: max(1, len(asked) // n)]
    with Worker() as worker:
        used = worker.run(replay.by_boto3, share, server.url, keys)
        outcome.boto3_cpu = used * len(asked) / n / len(share)


def _usual_way(outcome: Outcome, made: Fleet, store: FleetStore, folder: Path) -> None:
    """A sync that has all but what changes now, and Inspect's reader over that."""
    command = awscli.installed()
    store.link_into(folder)
    plan = outcome.plan
    changing = made.changing(max(1, round(plan.size * plan.changed)))
    count = store.change(changing, time.time(), plan.shape.mood)
    environment = dict(os.environ) | store.environment
    with Worker() as worker:
        outcome.sync_cpu, fetched = worker.run(
            awscli_baseline.sync, command, URL, folder, environment
        )
        assert fetched >= count, f"aws s3 sync fetched {fetched} objects, not {count}"
        logs = [str(folder / task.key) for task in changing]
        outcome.reader_cpu, _ = worker.run(awscli_baseline.read, logs)
