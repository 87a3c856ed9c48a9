"""docs/install.md, from a clone to a running service, by its own commands; then all commands of the
documents for a cluster, before that release and an eval set of Hawk's layout.
"""

import re
import shutil
import subprocess
import time
from functools import partial

import httpx
import pytest
import yaml

from tests.control_plane import hawk, objects
from tests.control_plane.fixtures import found
from tests.control_plane.operator_crds import operator_crds
from tests.control_plane.pasted import NAME, NAMESPACE, Release, Terminal, filled, head
from tests.control_plane.processes import free_ports
from tests.control_plane.waiting import wait_for
from tests.documents.lines import blocks, commands_in
from tests.documents.ways import commands_of
from tests.doubles.loopback import Loopback
from tests.paths import ROOT
from tests.recordings.unpack import unpack

pytestmark = pytest.mark.control_plane

INSTALL = ROOT / "docs" / "install.md"
EVAL_SET = "docs-7f3a"
AGAIN = "watchdog-again"
"""Another namespace, for another release of the same name."""
BEFORE_IT = 1_760_000_000.0
"""An instant before the recording's first row."""
STATUS_2 = re.compile(r"exec .* -- watchdog (check|status)")
"""Ends with 2, as what it finds is stuck; through kwok's pods comes 1 in its place."""
ALL = set(commands_of("cluster"))
LEAVES = [
    command
    for command in commands_of("cluster", "docs/install.md")
    if re.match("helm (rollback|uninstall)", command)
]
FORWARD = "kubectl -n watchdog port-forward service/watchdog-stuck-eval-watchdog 9464"
OTHER_KINDS = (
    ("monitoring.coreos.com", "v1", "Prometheus", "prometheuses", "Namespaced"),
    ("kueue.x-k8s.io", "v1beta2", "Workload", "workloads", "Namespaced"),
    ("kueue.x-k8s.io", "v1beta2", "ClusterQueue", "clusterqueues", "Cluster"),
)
"""Kinds that a cluster has where the runbook asks for them."""


class Slack(Loopback):
    """An incoming webhook."""

    def __init__(self):
        super().__init__()
        self.messages = []

    def answer(self, request):
        self.messages.append(request.body.decode())
        return b"ok", "text/plain"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """What a fresh clone holds once this is committed."""
    folder = tmp_path_factory.mktemp("clone")
    known = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard", "--", "helm", "deploy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, known.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def kinds(request, plane):
    """The kinds of prometheus-operator and Kueue."""
    made = [*found(request.config, lambda _: operator_crds())]
    made += [objects._kind(*kind) for kind in OTHER_KINDS]
    with plane.with_kinds(made):
        yield


@pytest.fixture(scope="module")
def volumes(plane, tmp_path_factory):
    """A default StorageClass, as clusters have one, with volumes for the claims to come."""
    folder = tmp_path_factory.mktemp("volumes")
    plane.api.ensure(objects.storage_class("documents"))
    for home in (NAMESPACE, AGAIN):
        plane.api.ensure(objects.volume(f"of-{home}", "documents", folder, (home, NAME)))
    yield
    for home in (NAMESPACE, AGAIN):
        plane.api.drop("PersistentVolume", f"of-{home}")
    plane.api.drop("StorageClass", "documents")


@pytest.fixture(scope="module")
def eval_set(plane, s3, tmp_path_factory):
    """An eval set that is stuck: its runner in the cluster, its log and buffer in a bucket."""
    bucket = s3.add_bucket("documents")
    store = unpack("one_sample_500", tmp_path_factory.mktemp("recording"))[-1] / "store"
    for file in filter(lambda path: path.is_file(), store.rglob("*")):
        key = f"evals/{EVAL_SET}/{file.relative_to(store)}"
        s3.client.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    made = hawk.make_eval_set(plane, EVAL_SET)
    made.wait_running()
    made.age(time.time() - BEFORE_IT)  # its log is of a runner that is there
    made.log([("2026-11-20T08:00:00.000000000Z", "Starting")])
    yield made
    made.remove()


@pytest.fixture(scope="module")
def terminal(plane, helm, kubectl, clone, tmp_path_factory):
    del helm, kubectl  # they are there
    return Terminal(plane, tmp_path_factory.mktemp("terminal"), clone)


@pytest.fixture(scope="module")
def slack():
    with Slack() as made:
        yield made


@pytest.fixture(scope="module")
def forwarded():
    """The port of this machine by which the page is reached, as `kubectl port-forward` opens it."""
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def own(eval_set, volumes, slack, forwarded):
    """What stands here in place of the documents' placeholders and addresses."""
    del eval_set, volumes
    return {
        "REGISTRY": "registry.example",
        "BUCKET": "documents",
        "s3://bucket/evals": "s3://documents/evals",
        "https://hooks.slack.com/services/…": f"http://{slack.address}/services/T/B/x",
        "https://hc-ping.com/…": f"http://{slack.address}/ping",
        "http://<watchdog>:9464": f"http://localhost:{forwarded}",
        "http://localhost:9464": f"http://localhost:{forwarded}",
        "http://127.0.0.1:9464": f"http://localhost:{forwarded}",
        FORWARD: FORWARD.replace("9464", f"{forwarded}:9464"),
    }


@pytest.fixture(scope="module")
def release(plane, s3, tmp_path_factory):
    keys = {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
    # as one who has set up both; with neither, other commands say so and end
    settings = {"WATCHDOG_CANARY_CHANNEL": "slack", "WATCHDOG_WEB_ANONYMOUS_GROUPS": "*"}
    made = Release(plane, tmp_path_factory.mktemp("pod"), keys, **settings)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def installed(plane, s3, kinds, terminal, own, release):  # noqa: PLR0917 - fixtures
    """All steps of docs/install.md up to what can wait, in the page's order; what each printed."""
    del kinds
    said, background = {}, []
    values = {"config": {"s3": {"endpoint_url": s3.url, "region": s3.region}}}
    for language, body in blocks(INSTALL):
        if language == "yaml" and isinstance(more := yaml.safe_load(body), dict):
            if "postgresql" in more:
                continue
            values = merged(values, more)
            text = filled(yaml.safe_dump(values), own)
            (terminal.clone / "watchdog.yaml").write_text(text)
        for command in commands_in(language, body):
            if command not in ALL or command in LEAVES:
                continue
            if command == FORWARD:
                background.append(terminal.start(filled(command, own)))
                wait_for(partial(answers, own, background[-1]), "the port is forwarded")
                continue
            if command.startswith("curl"):
                wait_for(partial(answers, own, background[-1], 200), "the service is ready")
            # the password is the page's
            text = filled(command, own | {"PASSWORD": "secret"})
            said[command] = terminal.run(f"{text}; true" if STATUS_2.search(text) else text)
            if command.startswith("helm"):
                release.follow()
    yield said
    for process in background:
        process.stop()
    terminal.run(f"helm uninstall watchdog -n {NAMESPACE} --ignore-not-found")
    plane.api.drop("Namespace", NAMESPACE)


def answers(own, process, status=None):
    process.check()
    try:
        answer = httpx.get(f"{own['http://localhost:9464']}/readyz", trust_env=False)
    except httpx.TransportError:
        return False
    return status in {None, answer.status_code}


def merged(values, more):
    """Values on top of others, as a person adds them to the file."""
    both = {**values, **more}
    for key in values.keys() & more.keys():
        if isinstance(values[key], dict):
            both[key] = merged(values[key], more[key])
    return both


def said_by(installed, ending):
    (text,) = (text for command, text in installed.items() if command.endswith(ending))
    return text


def test_the_service_runs_and_says_so(installed):
    assert '"ready":true' in said_by(installed, "/readyz").replace(" ", "")
    assert f"{EVAL_SET}  stuck: model API answers" in said_by(installed, "-- watchdog check --all")
    assert "failed" not in said_by(installed, "-- watchdog doctor")


def test_people_are_told(installed, slack):
    assert "slack" in said_by(installed, "channels --test")
    assert any("test" in text for text in slack.messages)


def test_monitor_rules_and_dashboards_are_there(plane, installed):
    seen = said_by(installed, "get servicemonitors,prometheusrules")
    assert seen.count(NAME) == 2
    for kind in ("ServiceMonitor", "PrometheusRule"):
        made = plane.api.get(kind, NAME, NAMESPACE)
        assert made["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    (rules,) = plane.api.list("PrometheusRule", NAMESPACE)
    alerts = {rule.get("alert") for group in rules["spec"]["groups"] for rule in group["rules"]}
    assert "EvalSetStuck" in alerts
    assert [
        m
        for m in plane.api.list("ConfigMap", NAMESPACE)
        if "grafana_dashboard" in m["metadata"].get("labels", {})
    ]


def test_the_monitor_leads_to_the_service(plane, installed):
    del installed
    spec = plane.api.get("ServiceMonitor", NAME, NAMESPACE)["spec"]
    service = plane.api.get("Service", NAME, NAMESPACE)
    chosen = spec["selector"]["matchLabels"]
    assert service["metadata"]["labels"].items() >= chosen.items()
    assert spec["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}


OF_INSTALL = set(commands_of("cluster", "docs/install.md"))
RUNBOOK = [
    c for c in commands_of("cluster", "docs/runbook/") if c.startswith(("kubectl", "helm", "curl"))
]
SERVICE_ITSELF = "watchdog run"
"""What the release's process is started by."""
OTHERS = [c for c in commands_of("cluster") if c not in {*OF_INSTALL, *RUNBOOK, SERVICE_ITSELF}]


@pytest.mark.parametrize("command", OTHERS)
def test_a_command_of_another_page_works(  # noqa: PLR0917 - fixtures
    command, plane, installed, terminal, own, release
):
    """In the order of pages: what one writes another one reads."""
    del installed
    if "3f2a9c41d07b" in command:
        own = own | an_incident(release, own)
    text = release.here(filled(command, own))
    if command.startswith("helm install"):  # the chart's own page: another release of that name
        terminal.run(text.replace("--namespace watchdog", f"--namespace {AGAIN}"))
        terminal.run(f"helm uninstall watchdog -n {AGAIN} --wait")
        plane.api.drop("Namespace", AGAIN)
        return
    if command.startswith("watchdog "):  # on a machine with a kubeconfig
        terminal.run(f"{text}; test $? -eq 2", **on_a_machine(release))
        return
    if "exec -i" in text:  # kwok hands on what is typed, and never its end
        text = text.partition(" -- ")[2]
    if STATUS_2.search(text):
        text += "; true"
    terminal.run(text)
    if "rollout restart" in command:
        release.follow(another=True)
    if "--replicas=0" in command:
        release.stop()
        wait_for(lambda: not plane.api.list("Pod", NAMESPACE), "the pod is gone")
    if "--replicas=1" in command:
        release.follow(another=True)


def on_a_machine(release):
    config = release.here("/etc/watchdog/config.yaml")
    return {**release.keys, "WATCHDOG_CONFIG": config, "WATCHDOG_LISTEN": "127.0.0.1:9"}


def an_incident(release, own):
    """The incident that somebody acknowledges, at the page's own address."""
    report = httpx.get(f"{release.url}/api/v1/report", trust_env=False).json()
    address = own["http://localhost:9464"]
    return {"3f2a9c41d07b": report["incidents"][0]["id"], "https://watchdog.example.org": address}


@pytest.mark.parametrize("command", RUNBOOK)
def test_a_command_of_the_runbook_is_answered(command, terminal, own, installed, lived_in):
    """By the real API server; what stands behind a pipe only sifts, and may find nothing."""
    del installed
    places = own | lived_in
    terminal.run(head(filled(command, places)))


@pytest.fixture(scope="module")
def lived_in(plane, eval_set, release):
    """Names of what there is, and what a cluster has that ran for a while."""
    runner = eval_set.runner()["metadata"]["name"]
    plane.set_pod_log(eval_set.runner_namespace, runner, [(0.0, "a")], [(0.0, "the life before")])
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    plane.api.ensure({**lease, "metadata": {"name": NAME, "namespace": NAMESPACE}, "spec": {}})
    return {
        "<eval-set-id>": EVAL_SET,
        "<runner-namespace>": eval_set.runner_namespace,
        "<runner-pod>": runner,
        "<sandbox-namespace>": eval_set.sandbox_namespace,
        "<sandbox-pod>": eval_set.sandboxes[0],
        "-n watchdog logs <pod>": f"-n watchdog logs {release.pod}",
        "<namespace>": eval_set.runner_namespace,
        "<pod>": runner,
        "<container>": "inspect-eval-set",
        "<job>": EVAL_SET,
        "<node>": "node-1",
        "<sample-uuid>": "u1",
    }


@pytest.mark.parametrize("command", LEAVES)
def test_at_the_end_it_goes_back_and_goes(command, plane, terminal, installed):
    del installed
    terminal.run(command)
    if "uninstall" in command:
        assert plane.api.find("Deployment", NAME, NAMESPACE) is None
