"""Twenty eval sets of a real cluster, found and explained; every fault named, nothing else alerted.

Real Inspect recordings, moved to the present, lie behind them in a real S3 server. Waits that take
minutes in production are seconds here (`FAST`); an interval is one `tick`.
"""

import json
import time
from datetime import datetime
from functools import cache
from pathlib import Path

import httpx
import pytest
from backports.zstd import zipfile

from tests.acceptance.playback import captured_at
from tests.control_plane import hawk, hawk_runner
from tests.control_plane.crowding import crowded_out
from tests.control_plane.fixtures import found
from tests.control_plane.hawk_plan import Sample
from tests.control_plane.plane import ControlPlane
from tests.control_plane.waiting import wait_for
from tests.recordings.shift import shift
from tests.recordings.unpack import unpack
from watchdog.client.place import Asked, open_place
from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.evidence.bundle import evidence
from watchdog.pipeline.once import check
from watchdog.pipeline.targets import cluster_source
from watchdog.redaction import Secrets
from watchdog.service.app import App
from watchdog.service.build import build, site_of
from watchdog.surfaces.fleet.filters import filters_of
from watchdog.surfaces.web.access import Access
from watchdog.surfaces.web.health import ready

pytestmark = [pytest.mark.control_plane, pytest.mark.usefixtures("cluster")]

FAST = {
    "pod_waiting": 0.5,
    "unschedulable": 0.5,
    "pod_explains": 0.5,
    "runner_gone": 0.5,
    "orphaned": 0.5,
    "pod_rejected": 0.5,
    "node_not_ready": 0.5,
}
LATER = {**FAST, "orphaned": 1800}
"""Sandboxes of what was deleted a moment ago are no orphans."""

RULES = [
    {
        "apiGroups": [""],
        "resources": ["pods", "namespaces", "events"],
        "verbs": ["get", "list", "watch"],
    },
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
]
OPTIONAL_RULES = [
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
    {
        "apiGroups": ["kueue.x-k8s.io"],
        "resources": ["workloads"],
        "verbs": ["get", "list", "watch"],
    },
]
"""What can be done without (the chart's `rbac.nodes`, `rbac.kueue`)."""
HEALTHY = (
    ("all-500", "all_500", 0),
    ("finished", "finished", 0),
    ("slow", "slow_but_healthy", 1),
    ("slots", "slot_wait", 2),
    ("long-tool", "long_tool_ok", 0),
    ("human", "human", 1),
    ("flaky", "flaky_429", 1),
    ("two-tasks", "two_tasks", 0),
    ("sync-failed", "log_sync_failed_once", 0),
    ("written-again", "log_unwritable", 5),
    ("cancelled", "cancelled", 0),
)
"""Eval sets without a fault: id, recording, instant."""

FAULTY = (
    ("oom", "hung_tool_call", 0, "sandbox_oom_killed", "oom_killed"),
    ("pull", "hung_setup", 0, "sandbox_image_pull", "image_pull"),
    ("no-node", "hung_setup", 0, "sandbox_unschedulable", "unschedulable"),
    ("crashing", "hung_setup", 0, "sandbox_crash_loop", "crash_loop"),
    ("runner-pull", None, 0, "runner_image_pull", "image_pull"),
    ("refused", None, 0, "runner_refused", "pod_rejected"),
    ("silent", "frozen_runner", 2, None, "runner_frozen"),
    ("orphans", "finished", -1, "sandboxes_orphaned", "orphaned_sandbox"),
    ("provider", "one_sample_500", 1, None, "api_server_error"),
    ("taken-away", "timeouts", 0, "runner_taken_away", "runner_gone"),
    ("no-box", "hung_setup", 0, "sandbox_refused", "pod_rejected"),
    ("no-secret", None, 0, "runner_config_error", "container_start"),
    ("no-container", "hung_setup", 0, "sandbox_create_error", "container_start"),
    ("node-away", "hung_model_call", 0, "node_not_ready", "node_not_ready"),
    ("mute", None, 0, "runner_without_log", "hung_startup"),
    ("stays", "finished", -1, None, "hung_teardown"),
    ("unwritten", "log_unwritable", 3, None, "log_write_failed"),
)
"""Eval sets with a fault: id, recording, instant, fault, the cause that must be told."""

INFORMATIONAL = (
    ("replaced", "connection", 0, "sandbox_replaced", "progressing"),
    ("evicted", "auth_401", 0, "runner_evicted", "starting"),
    ("suspended", "rate_limited_forever", 0, "runner_suspended", "waiting"),
    ("freed", "all_500", 0, "runner_refused_for_a_while", "progressing"),
    ("creating", None, 0, "runner_creating", "starting"),
    ("created", "all_500", 0, "runner_created_late", "progressing"),
    ("node-back", "all_500", 0, "node_away_for_a_moment", "progressing"),
    ("young", None, 0, None, "starting"),
    ("ended", "finished", 1, None, "finished"),
)
"""Faults that need no person: id, recording, instant, fault, verdict."""

INSTALLING = 120.0
"""Seconds that a recording's runner had run when it wrote its first log. The pods are made now, the
recordings begin hours ago, and a runner that is younger than its log is another one."""

ALONE = {"runner_refused", "runner_refused_for_a_while"}
"""Faults of a runner's whole namespace: in one for all they would be everybody's."""

LOGGED = {"silent", "provider", "sync-failed", "written-again", "unwritten"}
"""Eval sets whose runner's log is the recorded one."""

SAMPLES = {"oom": (Sample("1", "cybench"),)}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A recording's bundle, unpacked once for each eval set that uses it, moved to the present."""

    def bundle(name: str, number: int) -> Path:
        made = unpack(name, tmp_path_factory.mktemp(name))[number]
        shift(made, time.time() - captured_at(made))
        return made

    return bundle


def begun_at(bundle: Path) -> float:
    """When a recording's first log was made."""
    starts = map(_start, (bundle / "store").glob("*.eval"))
    return min(datetime.fromisoformat(start["eval"]["created"]).timestamp() for start in starts)


def _start(log: Path) -> dict:
    with zipfile.ZipFile(log) as members:
        return json.loads(members.read("_journal/start.json"))


def log_lines(bundle: Path) -> list[tuple[str, str]]:
    """The recorded log of a runner: time and text of each line."""
    (file,) = bundle.glob("kubernetes/logs/*/*.log")
    lines = [line.partition(" ") for line in file.read_text().splitlines()]
    return [(at.replace("Z", "000Z"), text) for at, _, text in lines]


@pytest.fixture(scope="module")
def plane(request, tmp_path_factory):
    """A control plane of its own: nothing of other tests in it, and its restarts disturb nobody."""
    folder = tmp_path_factory.mktemp("own-plane")
    with found(request.config, lambda say: ControlPlane(folder, say=say)) as made:
        yield made


@pytest.fixture(scope="module")
def cluster(plane, s3, recorded):
    """All eval sets in both layouts, and a scan, with their recordings in the bucket."""
    s3.add_bucket("evals")
    wanted, bundles = [], {}
    rows = [(*row, None) for row in HEALTHY] + [row[:4] for row in (*FAULTY, *INFORMATIONAL)]
    for place, (name, recording, number, fault) in enumerate(rows):
        layout = "shared" if place % 3 == 1 and fault not in ALONE else "per-job"
        plan = {"samples": SAMPLES[name]} if name in SAMPLES else {"samples": (Sample("99", "x"),)}
        wanted.append(
            {
                "eval_set_id": name,
                "layout": layout,
                "hawk_version": 1 + place % 2,
                "fault": fault,
                **plan,
            }
        )
        if recording is not None:
            bundles[name] = recorded(recording, number)
            s3.put_tree("evals", f"evals/{name}", bundles[name] / "store")
    wanted.append({"eval_set_id": "scan-1", "kind": "scan", "samples": ()})
    made = hawk.make_eval_sets(plane, wanted)
    for eval_set in made:
        if eval_set.id in bundles and _has_worked(eval_set):
            eval_set.age(time.time() - begun_at(bundles[eval_set.id]) + INSTALLING)
        if eval_set.id in LOGGED:
            eval_set.log(log_lines(bundles[eval_set.id]))
    yield made
    for eval_set in made:
        eval_set.remove()


def _has_worked(eval_set) -> bool:
    """Whether its runner is the one that wrote the recording, and runs."""
    pods = eval_set.runners()
    return len(pods) == 1 and pods[0]["status"]["phase"] == "Running"


@pytest.fixture(scope="module")
def account(plane):
    """A service account with exactly the chart's rules; its kubeconfig."""
    plane.grant("default", "watchdog-test", [*RULES, *OPTIONAL_RULES])
    return plane.kubeconfig_for("default", "watchdog-test")


@pytest.fixture
def settings(s3, account, tmp_path, slack, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret_key)

    def make(detection=FAST, **kubernetes) -> Settings:
        return load(
            {
                "interval": 1,
                "listing_interval": 0.001,
                "state": str(tmp_path / "state.sqlite3"),
                "detection": detection,
                "notify": {"storm": 100},
                "s3": {"endpoint_url": s3.url, "region": s3.region, "timeout": 5, "retries": 0},
                "kubernetes": {
                    "kubeconfig": str(account),
                    "store": "s3://evals/evals/{eval_set_id}",
                    "timeout": 5,
                    **kubernetes,
                },
                "slack": {
                    "webhook_url": "https://hooks.slack.com/services/T/B/secret",
                    "api_url": slack.server.url,
                },
            }
        )

    return make


@pytest.fixture
async def watch(settings):
    """Starts the service, in place of the one before; the last one is closed after the test."""
    apps: list[App] = []

    async def start(detection=FAST, **kubernetes) -> App:
        while apps:
            await apps.pop().aclose()
        made = settings(detection, **kubernetes)
        apps.append(build(made, [cluster_source(made, time.time)], time.time))
        await apps[-1].start()
        return apps[-1]

    yield start
    for app in apps:
        await app.aclose()


async def ticks(app: App, number: int = 2) -> dict:
    """So many intervals; the verdicts and causes by eval set."""
    for _ in range(number):
        await app.tick()
    return {e.eval_set_id: e for e in app.snapshot.report.eval_sets}


async def until(app: App, so, tries: int = 60) -> dict:
    """Ticks until something is so; bounded in number, each bounded by its own time-outs."""
    for _ in range(tries):
        found = await ticks(app, 1)
        if so(found):
            return found
        time.sleep(0.25)  # noqa: ASYNC251 - the cluster's own pace
    raise AssertionError({name: (e.verdict.value, e.cause) for name, e in found.items()})


@cache
def expected_causes() -> dict[str, str]:
    return {name: cause for name, *_, cause in FAULTY}


async def test_all_are_found_every_fault_is_named_and_nothing_else_is_alerted(watch, slack):
    app = await watch()
    found = await ticks(app, 3)
    names = {row[0] for row in (*HEALTHY, *FAULTY, *INFORMATIONAL)}
    assert set(found) == names
    causes = {n: e.cause.value for n, e in found.items() if n in expected_causes() and e.cause}
    assert causes == expected_causes()
    incidents = {i.eval_sets[0]: i.cause.value for i in app.snapshot.report.incidents}
    assert incidents == expected_causes()
    assert found["provider"].tasks[0].http_retries is not None
    assert {e.tasks[0].http_retries for n, e in found.items() if n in ("slow", "slots")} == {None}
    for name, *_, verdict in INFORMATIONAL:
        assert found[name].verdict.value == verdict, found[name].summary
    kinds = {e.kind for e in found["replaced"].evidence} | {
        e.kind for e in found["evicted"].evidence
    }
    assert {"sandbox_restarted", "pod"} >= kinds
    assert any("Evicted" in e.text for e in found["evicted"].evidence)
    told = [m for m in slack.messages if ":red_circle:" in m or "tuck" in m]
    assert len(slack.messages) == len(expected_causes()), told


async def test_what_stands_inside_of_an_eval_set_is_the_clusters_own(watch, settings):
    app = await watch()
    await ticks(app, 2)
    site = site_of(app, settings(), time.time, Secrets(), Access(app.settings.web, time.time))
    transport = httpx.ASGITransport(site.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as web:
        base = "/api/v1/eval-sets"
        told = (await web.get(f"{base}/provider/log")).json()
        assert (told["not_available"], told["earlier"]) == ("", False)
        assert any("retry" in line["text"] and line["count"] > 1 for line in told["lines"])
        assert "no pod" in (await web.get(f"{base}/refused/log")).json()["not_available"]
        parts = (await web.get(f"{base}/oom")).json()["parts"]
        states = {pod["role"]: pod["state"] for pod in parts["pods"]}
        assert (states["runner"], "OOMKilled" in states["sandbox"]) == ("", True)
        assert "pod_death" in {moment["kind"] for moment in parts["timeline"]}
        (row,) = (await web.get(f"{base}/provider/samples?state=stuck")).json()["samples"]
        query = {"id": row["id"], "epoch": row["epoch"]}
        detail = (await web.get(f"{base}/provider/samples/{row['task_id']}", params=query)).json()
        assert detail["events_from"] == "buffer"
        assert {"failed", "ok"} <= {event["outcome"] for event in detail["events"]}


async def test_check_by_id_tells_the_same(settings):
    report = await check(["oom", "slow"], settings(), None, time.time())
    verdicts = {e.eval_set_id: (e.verdict.value, e.cause) for e in report.eval_sets}
    assert verdicts["oom"] == ("partially_stuck", "oom_killed")
    assert verdicts["slow"][0] == "progressing"
    assert [s.id for t in report.eval_sets[0].tasks for s in t.running if s.cause] == ["1"]


async def test_check_all_tells_of_every_eval_set(settings):
    report = await check([], settings(), None, time.time(), all_eval_sets=True)
    assert {e.eval_set_id for e in report.eval_sets} == {
        row[0] for row in (*HEALTHY, *FAULTY, *INFORMATIONAL)
    }
    assert report.verdict.value == "stuck"


async def test_commands_read_the_cluster_where_no_service_answers(settings, unused_tcp_port):
    """The fleet, one of it, its samples, one sample's events, and its runner's log."""
    nowhere = settings().model_copy(update={"listen": f"127.0.0.1:{unused_tcp_port}"})
    place = await open_place(Asked(), nowhere, time.time)
    assert place.said == "the cluster (one look)"
    view = await place.reader.fleet(filters_of([("cause", "oom_killed")]))
    assert {row.eval_set_id for row in view.fleet.eval_sets} >= {"oom"}
    samples = await place.reader.samples("oom", ("stuck",))
    assert [(sample.id, sample.cause) for sample in samples.samples] == [("1", "oom_killed")]
    detail = await place.reader.sample("oom", "1/1")
    assert (detail.not_available, bool(detail.events)) == ("", True)
    log = await place.reader.log("provider", None)
    assert log.not_available == ""
    await place.reader.aclose()
    one = await open_place(Asked(name="oom"), nowhere, time.time)
    assert (await one.reader.eval_set("oom")).row.verdict.value == "partially_stuck"
    await one.reader.aclose()


@pytest.mark.parametrize(
    "name",
    ["oom", "pull", "taken-away", "silent", "slow", "refused", "no-box", "no-secret", "node-away"],
)
async def test_evidence_is_a_bundle_that_says_the_same_later(settings, tmp_path, name):
    now = time.time()
    live = await check([name], settings(), None, now)
    written = await evidence(name, settings(), now, tmp_path / "bundle", 2**30)
    assert written.path == tmp_path / "bundle"
    later = await check([str(tmp_path / "bundle")], settings(), None, 0.0)
    (one,), (other,) = live.eval_sets, later.eval_sets
    assert (other.verdict, other.cause) == (one.verdict, one.cause)
    assert [s.verdict for t in other.tasks for s in t.running] == [
        s.verdict for t in one.tasks for s in t.running
    ]


async def test_an_eval_set_that_appears_is_watched_and_one_that_ends_leaves(
    plane, watch, s3, recorded
):
    app = await watch()
    assert "late" not in await ticks(app)
    bundle = recorded("all_500", 0)
    s3.put_tree("evals", "evals/late", bundle / "store")
    late = hawk.make_eval_set(plane, "late", samples=(Sample("99", "x"),))
    found = await until(app, lambda found: "late" in found)
    assert found["late"].verdict.value == "starting"  # its pod is younger than its log
    late.age(time.time() - begun_at(bundle) + INSTALLING)
    await until(app, lambda found: found["late"].verdict.value == "progressing")
    late.remove()
    await until(app, lambda found: "late" not in found)
    assert "late" not in {name for i in app.snapshot.report.incidents for name in i.eval_sets}


@pytest.fixture
def make_recorded(plane, s3, recorded):
    """Makes an eval set with a recording behind it, and takes it away after the test."""
    made: list[hawk.HawkEvalSet] = []

    def make(name: str, layout: str = "per-job", **plan) -> hawk.HawkEvalSet:
        bundle = recorded("timeouts", 0)
        s3.put_tree("evals", f"evals/{name}", bundle / "store")
        made.append(hawk.make_eval_set(plane, name, layout, samples=(Sample("99", "x"),), **plan))
        made[-1].age(time.time() - begun_at(bundle) + INSTALLING)
        return made[-1]

    yield make
    for eval_set in made:
        eval_set.remove()
    for eval_set in made:
        own = eval_set.sandbox_namespace
        wait_for(lambda own=own: plane.api.find("Namespace", own) is None, f"{own} is gone")
        wait_for(lambda one=eval_set: is_gone(plane, one), f"{eval_set.id} is gone")


def about(slack, name: str) -> list[str]:
    """The messages about an eval set."""
    return [message for message in slack.messages if f"`{name}`" in message]


def is_gone(plane, eval_set) -> bool:
    """Whether nothing of its runner is left."""
    if eval_set.runners() or plane.api.find("Job", eval_set.id, eval_set.runner_namespace):
        return False
    shared = eval_set.plan.layout == "shared"
    return shared or plane.api.find("Namespace", eval_set.runner_namespace) is None


@pytest.mark.parametrize("layout", ["shared", "per-job"])
async def test_what_is_deleted_while_it_works_is_told_to_nobody(
    plane, watch, make_recorded, slack, layout
):
    """The Job where the runners' namespace is shared, else the namespace."""
    eval_set = make_recorded(f"deleted-{layout}", layout)
    app = await watch(LATER)
    before = await ticks(app, 3)
    assert before[eval_set.id].verdict.value == "progressing"
    told, verdicts = list(slack.messages), []

    def is_over(found) -> bool:
        verdicts.append(found[eval_set.id].verdict.value if eval_set.id in found else "gone")
        return is_gone(plane, eval_set) and "progressing" not in verdicts[-8:]

    if layout == "shared":
        plane.api.delete("Job", eval_set.id, eval_set.runner_namespace)
    else:
        plane.api.delete("Namespace", eval_set.runner_namespace)
    await until(app, is_over)
    assert set(verdicts) <= {"progressing", "finished", "gone"}
    assert slack.messages == told


@pytest.mark.parametrize("layout", ["per-job", "shared"])
async def test_a_runner_that_died_stays_an_incident_until_it_is_resumed(
    plane, watch, make_recorded, slack, layout
):
    """What a janitor takes away, or a TTL (the Job alone), and a restart of ours, mend nothing."""
    name = f"died-{layout}"
    eval_set = make_recorded(name, layout, backoff_limit=0)
    app = await watch(LATER)
    assert (await ticks(app, 3))[name].verdict.value == "progressing"
    eval_set.inflict("runner_failed_for_good")
    await until(app, lambda _: about(slack, name))
    if layout == "shared":
        plane.api.delete("Job", name, eval_set.runner_namespace)
    else:
        eval_set.remove()
    await until(app, lambda _: is_gone(plane, eval_set))
    assert (await ticks(app, 5))[name].cause == "runner_gone"
    opened = about(slack, name)
    assert len(opened) == 1, opened
    again = await watch(LATER)
    await ticks(again, 5)
    assert about(slack, name) == opened
    if layout == "shared":
        plane.api.create(hawk_runner.job(eval_set.plan))
    else:
        make_recorded(name)
    await until(again, lambda _: about(slack, name)[1:])
    (resumed,) = about(slack, name)[1:]
    assert "was resumed" in resumed


async def test_a_deletion_that_does_not_end_is_a_warning(watch, make_recorded, slack):
    eval_set = make_recorded("held")
    app = await watch({**LATER, "deletion_wait": 2})
    assert (await ticks(app, 3))["held"].verdict.value == "progressing"
    eval_set.inflict("deletion_held")
    found = await until(app, lambda found: found["held"].cause)
    assert (found["held"].verdict.value, found["held"].cause) == ("finished", "deletion_stuck")
    (severity,) = {i.severity for i in app.snapshot.report.incidents if "held" in i.eval_sets}
    assert severity == "warning"
    assert len(about(slack, "held")) == 1


@pytest.mark.parametrize(("bound", "severities"), [(1, {"warning"}), (3600, set())])
async def test_a_queue_that_holds_a_job_back_for_too_long_is_a_warning(watch, bound, severities):
    app = await watch({**FAST, "capacity_wait": bound})
    await ticks(app, 1)
    time.sleep(1.5)  # noqa: ASYNC251 - beyond the shorter bound
    found = await ticks(app, 2)
    assert (found["suspended"].verdict.value, found["suspended"].cause) == ("waiting", None)
    about_it = [i for i in app.snapshot.report.incidents if "suspended" in i.eval_sets]
    assert {i.severity for i in about_it} == severities
    assert {i.cause.value for i in about_it} <= {"overdue_wait"}


async def test_without_the_rights_for_nodes_and_workloads_the_rest_is_told(plane, watch):
    plane.grant("default", "watchdog-needed", RULES)
    app = await watch(kubeconfig=str(plane.kubeconfig_for("default", "watchdog-needed")))
    found = await ticks(app, 3)
    expected = {n: c for n, c in expected_causes().items() if c != "node_not_ready"}
    assert {n: e.cause and e.cause.value for n, e in found.items() if n in expected} == expected
    assert found["node-away"].verdict.value == "progressing"
    assert ready(app.health()).ready
    assert source_errors(app) == 0
    assert [p for p in app.snapshot.report.problems if p.where == "kubernetes"] == []


def changed(during: dict, before: dict) -> dict:
    """What was known stays known; what only the cluster can tell may turn unknown at most."""
    pairs = {name: (before[name], during.get(name)) for name in before}
    return {
        name: (old.summary, new and new.summary)
        for name, (old, new) in pairs.items()
        if new is None
        or (new.verdict.value != "unknown" and (new.verdict, new.cause) != (old.verdict, old.cause))
    }


def source_errors(app: App) -> float:
    """How often reading the cluster failed, as Prometheus sees it."""
    samples = [s for metric in app.metrics.registry.collect() for s in metric.samples]
    name = "eval_watchdog_source_errors_total"
    return sum(s.value for s in samples if s.name == name and s.labels["source"] == "kubernetes")


async def test_an_api_server_that_restarts_is_survived_without_a_message(plane, watch, slack):
    app = await watch()
    before = await ticks(app)
    told = list(slack.messages)
    plane.stop_apiserver()
    try:
        await until(app, lambda _: app.health().failing_sources)
        during = await until(app, lambda f: f["runner-pull"].verdict.value == "unknown")
        assert changed(during, before) == {}
        assert app.snapshot.report.problems[0].where == "kubernetes"
        assert source_errors(app) > 0
        assert not ready(app.health()).ready
    finally:
        plane.start_apiserver()
    await until(app, lambda _: not app.health().failing_sources, 240)  # waits up to 30 s by itself
    assert slack.messages[len(told) :] == []


async def test_an_api_server_without_room_is_waited_for_and_said(plane, watch, slack):
    plane.grant("default", "watchdog-crowded", [*RULES, *OPTIONAL_RULES])
    kubeconfig = str(plane.kubeconfig_for("default", "watchdog-crowded"))
    before = await ticks(await watch(kubeconfig=kubeconfig), 3)
    told = list(slack.messages)
    with crowded_out(plane, "default", "watchdog-crowded"):
        app = await watch(kubeconfig=kubeconfig)
        await until(app, lambda _: any("HTTP 429" in p.text for p in app.snapshot.report.problems))
        assert await ticks(app, 3) == {}
        assert not ready(app.health()).ready
    await until(app, lambda _: ready(app.health()).ready, 240)
    found = await ticks(app, 3)
    assert {n: e.verdict for n, e in found.items()} == {n: e.verdict for n, e in before.items()}
    assert slack.messages[len(told) :] == []


async def test_a_revoked_token_is_said_and_changes_no_verdict(plane, watch, slack):
    plane.grant("default", "watchdog-revoked", RULES)
    app = await watch(kubeconfig=str(plane.kubeconfig_for("default", "watchdog-revoked")))
    before = await ticks(app)
    told = list(slack.messages)
    plane.revoke_tokens("default", "watchdog-revoked")
    plane.restart_apiserver()
    await until(app, lambda _: any("unauthorized" in p.text for p in app.snapshot.report.problems))
    assert changed(await ticks(app, 1), before) == {}
    assert not ready(app.health()).ready
    assert slack.messages[len(told) :] == []


async def test_a_forbidden_namespace_is_named_with_the_rule_to_add(plane, watch):
    plane.grant("default", "watchdog-narrow", RULES, inside="inspect-all-500")
    plane.grant("default", "watchdog-narrow", [RULES[0]], inside="inspect-slow")
    app = await watch(
        kubeconfig=str(plane.kubeconfig_for("default", "watchdog-narrow")),
        namespaces=("inspect-all-500", "inspect-slow"),
    )
    found = await ticks(app)
    assert found["all-500"].verdict.value == "progressing"
    (text,) = {p.text for p in app.snapshot.report.problems if "batch" in p.text}
    assert 'apiGroups: ["batch"]' in text
    assert "inspect-slow" in text
    assert not ready(app.health()).ready


async def test_s3_that_is_away_makes_nothing_healthy_and_sends_nothing(s3, watch, slack):
    app = await watch()
    before = await ticks(app)
    told = len(slack.messages)
    s3.stop()
    try:
        during = await ticks(app, 1)
        assert dict(app.health().failing_sources).keys() == {"store"}
        assert changed(during, before) == {}
        unknown = {n for n, e in during.items() if e.verdict.value == "unknown"}
        # whether the first three have a log can't be told; the last one's can't be written anyway
        assert unknown == {"creating", "young", "mute", "unwritten"}
    finally:
        s3.start()
    await until(app, lambda _: not app.health().failing_sources)
    assert len(slack.messages) == told
