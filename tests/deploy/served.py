"""The program's own exposition over HTTP: a fleet in trouble, whose counters grow."""

from msgspec.structs import replace

from tests.builders.snapshots import (
    NOW,
    degraded,
    eval_set,
    finished,
    incident,
    partially_stuck,
    snapshot,
)
from tests.doubles.loopback import Loopback
from watchdog.model.instants import timestamp
from watchdog.model.probe import ProbeOutcome, ProbeResult
from watchdog.model.report import SourceReport
from watchdog.surfaces.metrics import Exposition, SelfMetrics

STUCK = "mmlu-2026-11-22-x7k2"
"""An eval set of the fleet that is stuck on openai."""

TESTS = (
    ProbeResult("middleman", "small", "openai", "openai/gpt-4o", ProbeOutcome.OK, NOW, tokens=20),
    ProbeResult("direct", "large", "openai", "openai/gpt-4o", ProbeOutcome.SERVER_ERROR, NOW),
)


class Served(Loopback):
    """Answers `/metrics` on loopback; every scrape finds that more has happened."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.scrapes = 0
        self.own = SelfMetrics()
        self.exposition = Exposition(self.snapshot, self.own)

    def answer(self, request):
        return self.scrape(request.headers.get("Accept", ""))

    def scrape(self, accept):
        self.scrapes += 1
        self.happen()
        return self.exposition.render(accept)

    def happen(self):
        """One more poll, with errors, a message, a refusal and a direct API test."""
        self.own.stage_took("collect", 0.2)
        self.own.stage_took("evaluate", 0.01)
        self.own.poll_complete(self.clock())
        at = timestamp(self.clock())
        self.own.sources([SourceReport("s3://bucket/evals", "answers", last_complete_at=at)])
        self.own.learned(3600.0 * self.scrapes)
        self.own.late("s3://bucket/evals", 3, 12.0)
        self.own.source_error("s3://bucket/evals", "timeout")
        self.own.notification("slack", "sent")
        self.own.notification("webhook", "refused")
        self.own.channels_failing(["slack", "webhook"], ["webhook"])
        self.own.heartbeat_interval(60)
        self.own.heartbeat("sent", self.clock())
        self.own.examined({"tokens": "failed", "clock": "ok"})
        self.own.config_reloaded(self.clock(), 0)
        self.own.canary_interval(604_800)
        self.own.canary("delivered")
        self.own.canary_arrived(self.clock() - 3600, 0.5)
        for test in TESTS:
            self.own.probe(test)

    def snapshot(self):
        sets = (finished(), degraded(), eval_set(STUCK), eval_set("again"), partially_stuck())
        shared = incident(scope="model", subject="openai/gpt-4o", eval_sets=(STUCK, "again"))
        seen = snapshot(*sets, incidents=(shared, incident(id="other", scope="sample")))
        figures = tuple(replace(each, tasks=self.grown(each.tasks)) for each in seen.figures)
        return replace(seen, figures=figures, tests=TESTS)

    def grown(self, tasks):
        return tuple(
            replace(
                task,
                calls=replace(
                    task.calls,
                    ok=task.calls.ok + 5 * self.scrapes,
                    fail={cause: n + self.scrapes for cause, n in task.calls.fail.items()},
                ),
                report=replace(task.report, http_retries=5710 + 2 * self.scrapes),
            )
            for task in tasks
        )
