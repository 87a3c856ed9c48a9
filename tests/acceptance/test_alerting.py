"""A recorded evaluation gets stuck and recovers: all that anybody hears of it, on every way.

Real Inspect data, the service, a real Prometheus with the rules of deploy/, a real Alertmanager
with its example, a webhook behind it; beside them Slack's thread. What is unexpected is a failure.
"""

import re
import time
from dataclasses import dataclass, field

import httpx
import pytest

from tests.acceptance.alerting import Inbox, Play, Running, faster, programs
from tests.control_plane.waiting import wait_for
from tests.deploy.binaries import run as run_program
from tests.deploy.expressions import every
from tests.doubles.providers import Status

pytestmark = pytest.mark.acceptance

RECORDING = "outage_40min"
NAME = "outage-40min-7f3a"
"""Its eval set."""
ENDED = "flaky_429"
"""Ended in time: its runner counted retries."""
QUIET = 40
"""Scrapes after which whatever would come has come: most of the rules wait for less."""
STEP = 4
"""Scrapes after which all expressions are asked again that had no data yet."""
SEEN_TWICE = 2400.0
"""The recovered store is read as early as this before it was recorded: an outage counts as over
when it has been away for 35 minutes, and the recording has one instant after it."""
ELSEWHERE = (
    "eval_watchdog_canary_",
    "eval_watchdog_heartbeat_",
    "eval_watchdog_doctor_check",
    "eval_watchdog_slack_",
)
"""Begin the names of metrics of what is not set up here."""


@dataclass
class Heard:
    """What was heard, and what was found, by the phase in which it came."""

    alerts: dict[str, list] = field(default_factory=dict)
    heads: dict[str, list] = field(default_factory=dict)
    replies: dict[str, list] = field(default_factory=dict)
    details: list = field(default_factory=list)
    received: list = field(default_factory=list)
    unanswered: list = field(default_factory=list)
    exposition: str = ""
    complaints: list = field(default_factory=list)


class Timeline:
    """Phases of one run, and the notes that are taken at the end of each."""

    def __init__(self, running, inbox, prometheus):
        self.running, self.inbox, self.prometheus = running, inbox, prometheus
        self.heard = Heard()
        self.open = [
            each._replace(text=faster(each.text)) if each.kind in {"record", "alert"} else each
            for each in every(NAME, interval="10s")
        ]

    def until(self, what, look):
        wait_for(look, what, timeout=120)

    def quiet(self, scrapes=QUIET):
        """Let so many scrapes pass, with all rules evaluated after each."""
        for _ in range(0, scrapes, STEP):
            end = self.prometheus.scrapes() + STEP
            self.until(f"{STEP} scrapes", lambda end=end: self.prometheus.scrapes() >= end)
            self.answer()

    def answer(self):
        """Ask what had no data yet."""
        self.open = [each for each in self.open if not self.prometheus.has_data(each)]

    def note(self, phase):
        self.answer()
        slack = self.running.slack.api
        self.heard.alerts[phase] = list(self.inbox.told)
        self.heard.heads[phase] = [post.shown for post in slack.heads]
        self.heard.details = [slack.details(post.ts).shown for post in slack.heads]
        threads = [reply.text for post in slack.heads for reply in slack.replies(post.ts)]
        self.heard.replies[phase] = threads


def is_firing(timeline):
    return any(status == "firing" for _, status, _ in timeline.inbox.told)


def is_resolved(timeline):
    return any(status == "resolved" for _, status, _ in timeline.inbox.told)


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alerting")
    began = time.time()
    play, ended = Play(RECORDING, folder), Play(ENDED, folder)
    play.begin(0, began)
    ended.begin(-1, began)
    targets = [play.target, ended.target]
    with (
        Running(targets, folder / "state.sqlite3", began) as running,
        Inbox() as inbox,
        programs(running, inbox, folder) as prometheus,
    ):
        timeline = Timeline(running, inbox, prometheus)
        healthy(timeline)
        stuck(timeline, play)
        recovered(timeline, play)
        blind_for_a_moment(timeline, play)
        timeline.heard.received = inbox.received
        timeline.heard.unanswered = [f"{each.where}: {each.text}" for each in timeline.open]
        timeline.heard.complaints = running.slack.api.complaints
        return timeline.heard


def healthy(timeline):
    timeline.quiet()
    timeline.note("healthy")


def stuck(timeline, play):
    """The provider answers 500 to everybody; Slack is busy at first."""
    running = timeline.running

    def happen():
        running.world.openai.fault(Status(500))
        running.slack.api.errors = ["503"]
        running.set_to(play.to(3))

    running.do(happen)
    timeline.until("Slack is told", lambda: running.slack.api.heads)
    timeline.until("the webhook is told", lambda: is_firing(timeline))
    timeline.heard.exposition = httpx.get(
        f"{running.url}/metrics", trust_env=False, timeout=60.0
    ).text
    timeline.quiet()
    timeline.note("stuck")


def recovered(timeline, play):
    running = timeline.running

    def happen(early):
        running.world.clear()
        running.set_to(play.to(4) - early)

    running.do(lambda: happen(SEEN_TWICE))
    running.polled()
    running.do(lambda: happen(0.0))
    timeline.until("the thread says so", lambda: replies(running))
    timeline.until("the webhook is told", lambda: is_resolved(timeline))
    timeline.quiet()
    timeline.note("recovered")


def replies(running):
    return [
        reply for head in running.slack.api.heads for reply in running.slack.api.replies(head.ts)
    ]


def blind_for_a_moment(timeline, play):
    """A manifest is cut off and mended: errors in the metrics, and nothing for people."""
    (manifest,) = play.target.glob("store/.buffer/*/manifest.json")
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[: len(whole) // 2])
    timeline.until("the metrics say so", lambda: timeline.prometheus(ERRORS))
    timeline.answer()
    manifest.write_bytes(whole)
    timeline.quiet()
    timeline.note("seen again")


ERRORS = "increase(eval_watchdog_source_errors_total[15s]) > 0"


PAGE = ("evals-page", "firing", "EvalSetStuck")
OVER = ("evals-page", "resolved", "EvalSetStuck")


def test_alertmanager_s_webhook_hears_of_the_beginning_and_the_end_and_of_nothing_else(heard):
    assert heard.alerts == {
        "healthy": [],
        "stuck": [PAGE],
        "recovered": [PAGE, OVER],
        "seen again": [PAGE, OVER],
    }


def test_the_page_says_what_where_why_and_what_next(heard):
    firing, resolved = heard.received
    (alert,) = firing[1]["alerts"]
    labels, said = alert["labels"], alert["annotations"]
    assert (labels["eval_set_id"], labels["cause"]) == (NAME, "api_server_error")
    assert (labels["severity"], labels["provider"]) == ("critical", "scripted")
    assert said["summary"] == "An eval set is stuck."
    assert f"eval set {NAME} has got anything done" in said["description"]
    assert "Cause: api_server_error (model provider scripted)." in said["description"]
    assert said["runbook_url"].endswith("/api_server_error.md")
    assert said["dashboard_url"].endswith(f"?var-eval_set_id={NAME}")
    assert resolved[1]["groupKey"] == firing[1]["groupKey"]
    assert resolved[1]["alerts"][0]["fingerprint"] == alert["fingerprint"]


def test_slack_has_one_message_that_ends_as_resolved_and_a_reply(heard):
    assert {phase: len(heads) for phase, heads in heard.heads.items()} == {
        "healthy": 0,
        "stuck": 1,
        "recovered": 1,
        "seen again": 1,
    }
    (stuck_head,), (head,) = heard.heads["stuck"], heard.heads["seen again"]
    assert f":red_circle: Stuck: {NAME}" in stuck_head
    assert "(`api_server_error`)" in heard.details[0]
    tested = "Middleman fails (500), provider direct fails (500): the provider's API."
    assert tested in heard.details[0]
    assert "*Tests* Middleman fails (500)" in stuck_head
    over = rf":large_green_circle: `?{NAME}`? resolved after \d+ min"
    assert re.search(over, head)
    assert "Now progressing." in head
    assert heard.heads["recovered"] == [head]
    assert (heard.replies["healthy"], heard.replies["stuck"]) == ([], [])
    (reply,) = heard.replies["seen again"]
    assert re.search(rf"{over}: now progressing", reply)
    assert heard.complaints == []


def test_every_expression_of_rules_and_dashboards_had_data(heard):
    # not set up here: `test_canary`, `test_heartbeat` and `test_doctor` have their metrics
    unanswered = [each for each in heard.unanswered if not any(n in each for n in ELSEWHERE)]
    assert unanswered == []


def test_promtool_has_no_complaint_about_the_metrics(heard):
    assert (
        f'eval_watchdog_eval_set_stuck_seconds{{cause="api_server_error",eval_set_id="{NAME}"}}'
        in heard.exposition
    )
    said = run_program("promtool", "check", "metrics", standard_input=heard.exposition)
    assert said == (0, "")
