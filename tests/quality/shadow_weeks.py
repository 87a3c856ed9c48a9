"""Two weeks in the shadow: a simulated fleet through the whole service, and the fleet's own truth.

Samples hang in calls of models and tools until somebody ends them; half of the eval sets have pods
with requests. The service is built from its settings, with its ledger in a file, and is started
anew in the middle. `python -m tests.quality.shadow_weeks 4 7` does four weeks of the fleet of seed
7, and prints the last week's report.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from msgspec.structs import replace

from tests.doubles.slack import SlackDouble
from tests.quality.fleet import EvalSet, Works
from tests.quality.fleets import HOUR, Fleet, Lengths, Model
from tests.quality.world import START, Sample
from watchdog.collect.source import Emit, PollResult
from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.model.acts import Act
from watchdog.model.cluster import ClusterView, Job, Namespace, Pod
from watchdog.model.facts import ClusterRead, Fact
from watchdog.notify.ledger import acts
from watchdog.service.app import App
from watchdog.service.build import build
from watchdog.surfaces.weekly.markdown import weekly_lines

STEP = 1800.0
"""Seconds between two polls."""
SAVE_STEPS = 12
"""Polls between two savings: a crash loses what came since."""
SANDBOX = (("cpu", 2.0), ("memory", 4 * 2.0**30), ("nvidia.com/gpu", 1.0))
RUNNER = (("cpu", 1.0), ("memory", 2 * 2.0**30))
EVERY = 3
"""Every third incident is judged by nobody, every third of the others called false."""

FLEET = Fleet(
    name="shadow",
    eval_sets=6,
    concurrent=1,
    samples=6,
    turns=30,
    models=tuple(Model(f"maker{n}/model-{n}", 1, Lengths(90, 0.8), 0.0) for n in range(60)),
    tools=Lengths(45, 1.0),
    outages=(),
    own=(),
    stuck_failing=0.0,
    stuck_model=8.0,
    stuck_tool=8.0,
    gaps=0.0,
)


@dataclass(frozen=True)
class Spell:
    """Some time for which an eval set got nothing done, by the fleet's own word."""

    eval_set: str
    kind: str
    since: float
    until: float
    has_pods: bool

    def within(self, begin: float, end: float) -> float:
        """Seconds of it between two instants."""
        return max(0.0, min(self.until, end) - max(self.since, begin))


class ShadowWorks(Works):
    """The fleet, which ends each stuck sample after hours of its own."""

    def __init__(self, seed: int, weeks: float) -> None:
        self.lots = Random(f"shadow {seed}")
        self.spells: dict[str, Spell] = {}
        super().__init__(FLEET, seed, weeks)

    def polls(self) -> Iterator[float]:
        """Without gaps."""
        at = START + STEP
        while at < START + self.horizon:
            yield at
            at += STEP

    def note(self) -> None:
        """What got stuck since the last poll."""
        for eval_set, sample in self.samples():
            if sample.onset is not None and sample.uuid not in self.spells:
                sample.killed_after = self.lots.uniform(8, 30) * HOUR
                self.spells[sample.uuid] = Spell(
                    eval_set,
                    str(sample.kind),
                    sample.onset,
                    sample.onset + sample.killed_after,
                    has_pods(eval_set),
                )


def has_pods(eval_set: str) -> bool:
    """Half of the eval sets show their pods."""
    return int(eval_set.rsplit("-", 1)[-1]) % 2 == 0


class FleetSource:
    """Implements `Source`: a new one, as after a start, tells all from the beginning."""

    name = "fleet"

    def __init__(self, works: ShadowWorks, told: dict[str, list[Fact]]) -> None:
        self._works = works
        self._told = told
        self._read: dict[str, int] = {}

    async def poll(self, now: float, emit: Emit) -> PollResult:
        """What is new in each eval set."""
        for name, facts in self._works.turn(now):
            if facts is None:
                self._told.pop(name, None)
                self._read.pop(name, None)
            else:
                self._told.setdefault(name, []).extend(facts)
                self._works.note()
        for eval_set in self._works.eval_sets:
            facts = self._told.get(eval_set.name, [])
            for fact in facts[self._read.get(eval_set.name, 0) :]:
                emit(fact)
            self._read[eval_set.name] = len(facts)
            if facts and has_pods(eval_set.name):
                emit(ClusterRead(eval_set.name, view_of(eval_set, now)))
        names = frozenset(name for name in self._told)
        return PollResult(watched=names, occupied=True)

    def place_of(self, _eval_set_id: str, _log: str) -> None:
        """Nowhere."""

    async def aclose(self) -> None:
        """Nothing to release."""


def view_of(eval_set: EvalSet, now: float) -> ClusterView:
    """Its pods: the runner's, and one sandbox for each sample that runs."""
    place, name = f"inspect-{eval_set.name}", eval_set.name
    since = eval_set.created_at
    runner = Pod(place, "runner", f"{name}-r", "Running", node="node-1", created_at=since)
    sandboxes = (_sandbox(place, sample) for sample in eval_set.running.values())
    return ClusterView(
        now,
        frozenset({"pods", "jobs", "namespaces", "events"}),
        jobs=(Job(place, "runner", f"{name}-j", created_at=since, active=1),),
        runners=(_requesting(runner, RUNNER),),
        sandboxes=tuple(sandboxes),
        namespaces=(Namespace(place, is_runner=True),),
        runner_namespace=place,
        created_by=f"owner-{int(name.rsplit('-', 1)[-1]) % 3}",
        team="red",
        model_access="",
    )


def _sandbox(place: str, sample: Sample) -> Pod:
    pod = Pod(
        f"{place}-s",
        f"box-{sample.uuid}",
        f"{sample.uuid}-p",
        "Running",
        node="node-1",
        created_at=sample.started_at,
        sample_uuid=sample.uuid,
        sample_id=sample.key.id,
    )
    return _requesting(pod, SANDBOX)


def _requesting(pod: Pod, requests: tuple[tuple[str, float], ...]) -> Pod:
    return replace(pod, requests=requests)


@dataclass
class Weeks:
    """What came of it."""

    works: ShadowWorks
    settings: Settings
    marked: dict[tuple[str, int], bool | None] = field(default_factory=dict)
    """What people said of each opening; None where they said nothing."""
    restarted_at: float = 0.0
    now: float = START

    @property
    def spells(self) -> list[Spell]:
        """The fleet's truth; those that go on at the end reach until then."""
        spells = self.works.spells.values()
        return [s for s in spells if s.since < self.now]


async def live(
    settings: Settings, seed: int, weeks: float, end: Callable[[Weeks], object]
) -> Weeks:
    """Live through it; `end` is called before the last service ends."""
    works = ShadowWorks(seed, weeks)
    lived = Weeks(works, settings)
    told: dict[str, list[Fact]] = {}

    def start() -> App:
        return build(settings, [FleetSource(works, told)], lambda: lived.now)

    app = start()
    await app.start()
    half = START + works.horizon / 2
    for number, now in enumerate(works.polls()):
        lived.now = now
        await app.tick()
        _judge(app, lived)
        await app.weekly.turn()
        if number % SAVE_STEPS == 0:
            await app.save()
        if now >= half and not lived.restarted_at:
            lived.restarted_at = now
            await app.aclose()
            app = start()
            await app.start()
    await app.save()
    end(lived)
    await app.aclose()
    return lived


def _judge(app: App, lived: Weeks) -> None:
    """People say what it was worth, once each, by `watchdog mark`'s way."""
    for one in app.desk.standing:
        key = one.kept.incident.id, one.kept.opening
        if not one.kept.opening or key in lived.marked:
            continue
        place = len(lived.marked)
        judged = None if place % EVERY == 0 else place % EVERY != 1 or place % 2 == 0
        lived.marked[key] = judged
        if judged is not None:
            act = Act("judgement", "ann", False, lived.now, None, "", judged)
            acts.judge(app.ledger_worker._ledger, *key, act)


def shadowed(folder: Path, address: str) -> Settings:
    """Slack, PagerDuty and a webhook are set up, and only a quiet address is told."""
    return load(
        {
            "state": str(folder / "state.sqlite3"),
            "interval": STEP,
            "logs": ["fleet"],
            "slack": {"webhook_url": f"{address}/services/on-call"},
            "pagerduty": {"routing_key": "R0GEHEIM" * 4, "url": f"{address}/v2/enqueue"},
            "webhook": {"url": f"{address}/on-call-hook"},
            "notify": {
                "shadow": "slack",
                "shadow_url": f"{address}/services/quiet",
                "weekly_report": "mon 09:00",
                "time_zone": "Europe/Berlin",
            },
        }
    )


def main(arguments: list[str]) -> None:
    """So many weeks of the fleet of a seed; nobody hears the quiet channel."""
    weeks, seed = (float(arguments[0]), int(arguments[1])) if arguments else (2.0, 1)
    from watchdog.notify.ledger.weekly import week_records  # noqa: PLC0415
    from watchdog.pipeline.weekly import sum_up  # noqa: PLC0415
    from watchdog.pipeline.weekly.weeks import week_until  # noqa: PLC0415

    def end(lived: Weeks) -> None:
        from watchdog.notify.ledger.database import open_ledger  # noqa: PLC0415

        opened = open_ledger(lived.settings.state_url, lived.now, lived.settings.watch)
        span = week_until(lived.now, lived.settings.notify.time_zone)
        report = sum_up(week_records(opened.ledger, span), span, lived.now, shadow="slack")
        opened.ledger.close()
        sys.stdout.write("\n".join(weekly_lines(report)) + "\n")

    async def lived(folder: str) -> None:
        slack = SlackDouble()
        await slack.server.start()
        await live(shadowed(Path(folder), slack.server.url), seed=seed, weeks=weeks, end=end)
        await slack.server.stop()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(lived(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
