"""Made ledger_0_1.sql, with the program of commit 362fb2d, which is not the one beside it.

git archive 362fb2d | tar -x -C OLD
PYTHONPATH=OLD python tests/unit/notify/data/make_ledger_0_1.py ledger_0_1.sql
"""

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from tests.unit.publish.factory import NOW, eval_set, quiet, sample, snapshot, task
from watchdog.publish import experience, mutes
from watchdog.publish.audience import Audience, Route
from watchdog.publish.channels.channel import Outcome
from watchdog.publish.database import open_ledger
from watchdog.publish.deliver import Deliverer

from watchdog.model.cluster import ClusterView
from watchdog.model.histogram import Histogram, add
from watchdog.model.learned import Attempts, Learned
from watchdog.model.probe import Meaning, ProbeOutcome
from watchdog.model.report import (
    ConclusionReport,
    EvidenceItem,
    IncidentReport,
    OutsideReport,
    PendingItem,
    ProbeReport,
    timestamp,
)
from watchdog.model.state import ClusterState, EvalSetState
from watchdog.model.verdict import Cause, Verdict

MODEL = "vllm/My Model 70b"
EVERYBODY = Route(("slack", "pagerduty"))
EXCLUSIVE = Route(("slack:#secret", "pagerduty"), model_access="*secret*", exclusive=True)
AUDIENCE = Audience((EVERYBODY, EXCLUSIVE), fallback="webhook", storm=1)


class Channel:
    """Answers as its name and the hour have it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.digests = name.startswith("slack")
        self.is_down = False

    async def send(self, notice: Any, thread: str | None = None) -> Outcome:
        if self.is_down:
            return Outcome("retry", "503 down")
        if self.name == "pagerduty" and notice.incident.id in {"restricted", "refused"}:
            return Outcome("refused", "400 invalid key")
        shared = ',"shared":true' if notice.kind == "digest" else ""
        handle = f'{{"channel":"C1","ts":"{notice.at - NOW:.0f}"{shared}}}'
        return Outcome("sent", "ok", thread=handle if self.digests and thread is None else None)

    async def aclose(self) -> None:
        pass


class World:
    """What stands, turn by turn."""

    def __init__(self, ledger: Any) -> None:
        self.minute = 0.0
        self.incidents: dict[str, IncidentReport] = {}
        self.names: dict[str, None] = {}
        self.channels = {
            name: Channel(name) for name in ("slack", "slack:#secret", "pagerduty", "webhook")
        }
        self.deliverer = Deliverer(
            ledger, list(self.channels.values()), lambda: NOW + 60 * self.minute, audience=AUDIENCE
        )

    async def turn(
        self, minute: float, *news: IncidentReport, over: str = "", gone: str = ""
    ) -> None:
        """One look at everything; `over` and `gone` are incidents."""
        self.minute = minute
        self.incidents |= {incident.id: incident for incident in news}
        self.names |= dict.fromkeys(name for incident in news for name in incident.eval_sets)
        if over or gone:
            ended = self.incidents.pop(over or gone)
            for name in ended.eval_sets if gone else ():
                del self.names[name]
        incidents = {name: i for i in self.incidents.values() for name in i.eval_sets}
        eval_sets = [
            _stuck(name, incidents[name])
            if name in incidents
            else quiet(name, Verdict.PROGRESSING, tasks=())
            for name in self.names
        ]
        stands = tuple(self.incidents.values())
        await self.deliverer.handle(snapshot(*eval_sets, incidents=stands), True)
        await self.deliverer.flush()


def _stuck(name: str, incident: IncidentReport) -> Any:
    count = 9 if name == "swe-a" else 1
    evidence = (EvidenceItem(None, "call", "500"), EvidenceItem(None, "odds", "once in 67 years"))
    samples = tuple(
        sample(
            str(number + 1),
            cause=incident.cause,
            stuck_seconds=3600.0 - number,
            recent="FAIL FAIL OK",
            fail_streak=2,
            pending=PendingItem("model", MODEL, None, 60.0),
            evidence=evidence,
        )
        for number in range(count)
    )
    return eval_set(
        name,
        verdict=incident.verdict,
        last_progress_at=None,
        email="ada@example.org",
        actions=(f"look at {name}",),
        tasks=(task(model=MODEL, running=samples, cause=incident.cause),),
    )


def incident(id: str, minute: float, *names: str, **more: Any) -> IncidentReport:  # noqa: A002
    usual: dict[str, Any] = {
        "scope": "eval_set",
        "subject": names[0],
        "cause": Cause.HUNG_TOOL_CALL,
        "since": timestamp(NOW + 60 * minute),
        "eval_sets": names,
        "summary": f"{id}: {names[0]} is stuck.",
    }
    return IncidentReport(id=id, **(usual | more))


def wide() -> IncidentReport:
    """A warning about a sample, which grows into all that an incident can be."""
    return incident(
        "wide",
        -610,
        "swe-a",
        scope="sample",
        subject="swe/1/1",
        cause=Cause.API_SERVER_ERROR,
        severity="warning",
        verdict=Verdict.PARTIALLY_STUCK,
    )


def conclusion(model: str, meaning: Meaning) -> ConclusionReport:
    test = ProbeReport(
        "direct", "large", model, ProbeOutcome.SERVER_ERROR, timestamp(NOW), 1.5, 502, "bad gateway"
    )
    return ConclusionReport(
        model,
        meaning,
        "medium",
        f"{model}: {meaning}.",
        timestamp(NOW),
        timestamp(NOW + 600),
        (test,),
    )


FEED = OutsideReport(
    "acme", "Errors", "investigating", "https://status.acme.example/1", timestamp(NOW - 3600)
)
UNLINKED = OutsideReport("acme", "Elevated errors", "", "", None)
LATEST = replace(FEED, title="More errors", url="https://status.acme.example/2")


async def play(world: World) -> None:
    secret = ClusterState(ClusterView(NOW, model_access="__secret__"))
    (circle,) = AUDIENCE.circles([EvalSetState("red", cluster=secret)]).values()
    restricted = incident("restricted", -1810, "red", circle=circle)
    await world.turn(-1800, restricted)
    for hour in range(1, 25):
        await world.turn(-1800 + 60 * hour)
    await world.turn(-339, again := incident("again", -340, "math"))
    await world.turn(-330, over="again")
    await world.turn(-290, again)
    await world.turn(-280, wide())
    limps = {"severity": "warning", "verdict": Verdict.DEGRADED}
    await world.turn(-270, incident("degraded", -800, "trivia", **limps))
    joint = replace(
        wide(),
        scope="model",
        subject=MODEL,
        severity="page",
        verdict=Verdict.STUCK,
        eval_sets=("swe-a", "swe-b"),
        actions=("Tell the provider.",),
        models=(MODEL,),
        stuck_samples=10,
        peers="4 others progress",
        conclusions=(conclusion(MODEL, Meaning.PROVIDER_OR_MIDDLEMAN),),
        outside=(FEED,),
    )
    await world.turn(-260, joint)
    await world.turn(-250, incident("gone", -251, "left"))
    both = (*joint.conclusions, conclusion("openai/gpt-4o", Meaning.BACK))
    joint = replace(joint, conclusions=both, outside=(FEED, UNLINKED))
    await world.turn(-240, joint)
    await world.turn(-230, joint := replace(joint, eval_sets=("swe-a",)))
    await world.turn(-220, muted := incident("muted", -221, "bench"))
    shared = {"scope": "model", "subject": "acme/m", "models": ("acme/m",)}
    await world.turn(-200, incident("absent", -201, "gpqa-1", "gpqa-2", **shared))
    await world.turn(-180, back := incident("back", -181, "code"))
    await world.turn(-150, over="back")
    await world.turn(-140, back)
    await world.turn(-130, over="back")
    await world.turn(-114)
    await world.turn(-100, back)
    await world.turn(-95, incident("ended", -96, "quiz"))
    await world.turn(-90, incident("refused", -91, "maths"))
    await world.turn(-80, worse := incident("worse", -81, "essays", severity="warning"))
    await world.turn(-70, replace(worse, severity="page"))
    await world.turn(-60, *(incident(f"storm-{n}", -61, f"storm-{n}") for n in "12"))
    await world.turn(-40, incident("storm-1", -61, "storm-1", "storm-3"))
    mute = {"muted_until": timestamp(NOW + 7200), "muted_reason": "known, ticket 12"}
    await world.turn(-29, replace(muted, eval_sets=("bench", "bench-2"), **mute))
    await world.turn(-20, gone="gone")
    await world.turn(-15, over="ended")
    await world.turn(-10, over="absent")
    world.channels["slack"].is_down = True
    await world.turn(-2, *(incident(f"late-{n}", -3, f"late-{n}") for n in "12"))
    await world.turn(-1, replace(joint, outside=(FEED, UNLINKED, LATEST)), over="again")


LEARNED = Learned(
    weeks=2.5,
    until=NOW - 60,
    durations={"tool:bash": add(Histogram(), (1, 60, 7200))},
    troubles={"shared:failed": add(Histogram(), (900,))},
    attempts={"vllm/My Model 70b": Attempts(100.5, 3, 2)},
)


def dump(file: Path) -> Iterator[str]:
    """All tables as SQL, a value a line."""
    yield "-- The ledger of version 0.1.0 (commit 362fb2d), as make_ledger_0_1.py had it written."
    connection = sqlite3.connect(file)
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
    for name, sql in connection.execute(query).fetchall():
        yield f"{sql.strip()};"
        if not sql.startswith("CREATE TABLE"):
            continue
        rows = connection.execute(f"SELECT * FROM {name} ORDER BY rowid")  # noqa: S608
        columns = [column[0] for column in rows.description]
        for row in rows.fetchall():
            values = connection.execute(
                f"SELECT {', '.join('quote(?)' for _ in row)}",
                row,
            ).fetchone()
            pairs = zip(columns, values, strict=True)
            named = [(column, value) for column, value in pairs if value != "NULL"]
            names = ", ".join(column for column, _ in named)
            texts = ",\n  ".join(value for _, value in named)
            yield f"INSERT INTO {name} ({names}) VALUES (\n  {texts});"  # noqa: S608
    connection.close()


async def make(file: Path) -> None:
    ledger = open_ledger(file, NOW, "fleet").ledger
    world = World(ledger)
    await play(world)
    experience.save(ledger, LEARNED, NOW)
    mutes.mute(ledger, mutes.Mute("bench*", NOW + 7200, "known, ticket 12"), NOW - 1800)
    await world.deliverer.aclose()
    other = open_ledger(file, NOW, "another fleet").ledger
    theirs = World(other)
    await theirs.turn(-5, incident("theirs", -6, "theirs"))
    await theirs.deliverer.aclose()


with tempfile.TemporaryDirectory() as folder:
    asyncio.run(make(Path(folder) / "ledger"))
    Path(sys.argv[1]).write_text("\n".join(dump(Path(folder) / "ledger")) + "\n")
