"""deploy/compose: Compose's own parser takes it, and its parts run side by side from its files."""

import json
import re
from pathlib import Path

import httpx
import pytest
import yaml

from tests.control_plane.build import resolve
from tests.control_plane.fixtures import found
from tests.control_plane.waiting import wait_for
from tests.deploy.binaries import need, run
from tests.deploy.stack import FILE, FOLDER, Stack, parsed
from tests.paths import ROOT

pytestmark = pytest.mark.acceptance

ALERT = 'ALERTS{alertname="EvalSetStuck"}'


@pytest.fixture(scope="module")
def project(request):
    return parsed(found(request.config, lambda say: resolve("compose-spec", say)))


@pytest.fixture(scope="module")
def stack(request, project, tmp_path_factory):
    """All but Grafana, from the files that Compose would mount."""
    programs = {
        "prometheus": need("prometheus"),
        "alertmanager": need("prometheus-alertmanager"),
    }
    folder = tmp_path_factory.mktemp("stack")
    versitygw = found(request.config, lambda say: resolve("versitygw", say))
    (folder / "versitygw").symlink_to(versitygw)
    made = Stack(project["services"], folder, programs)
    try:
        made.start("s3")
        wait_for(lambda: answer(made, "s3", 7070, "/_health"), "the S3 server answers")
        made.start("demo")
        listen = f"{made.addresses['watchdog']}:9464"
        state = str(folder / "state.sqlite3")
        made.start("watchdog", WATCHDOG_LISTEN=listen, WATCHDOG_STATE=state)
        for name, port in (("alertmanager", 9093), ("prometheus", 9090)):
            made.start(name, f"--web.listen-address={made.addresses[name]}:{port}")
        yield made
    finally:
        made.stop()


def answer(stack, name, port, path, **query):
    """What a service answers, or None as long as it doesn't."""
    for process in stack.processes.values():
        process.check()
    try:
        url = f"http://{stack.addresses[name]}:{port}{path}"
        got = httpx.get(url, params=query, trust_env=False, timeout=60.0)
    except httpx.TransportError:
        return None
    return got if got.status_code == httpx.codes.OK else None


def test_compose_s_own_parser_takes_it(project):
    services = project["services"]
    assert set(services) == {"s3", "demo", "watchdog", "prometheus", "alertmanager", "grafana"}
    ports = [port for each in services.values() for port in each.get("ports", ())]
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    told = set(re.findall(r"<http://localhost:(\d+)", (FOLDER / "README.md").read_text()))
    assert told | {"7070"} == {port["published"] for port in ports}
    images = [each["image"] for each in services.values() if "image" in each]
    assert all(re.search(r":v?\d+\.\d+\.\d+$", image) for image in images)
    for each in services.values():
        for mount in each.get("volumes", ()):
            assert mount["type"] == "volume" or Path(mount["source"]).exists(), mount


def test_what_compose_does_not_know_is_refused(request, tmp_path, monkeypatch):
    parser = found(request.config, lambda say: resolve("compose-spec", say))
    (tmp_path / FILE.name).write_text(FILE.read_text().replace("read_only:", "readonly:"))
    monkeypatch.setattr("tests.deploy.stack.FOLDER", tmp_path)
    with pytest.raises(ValueError, match="readonly"):
        parsed(parser)


def test_the_watchdog_is_as_confined_as_in_a_cluster(project):
    service = project["services"]["watchdog"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_promtool_and_amtool_take_the_files(tmp_path):
    for name in ("prometheus.yaml", "../prometheus/rules.yaml"):
        (tmp_path / Path(name).name).write_text((FOLDER / name).read_text())
    status, said = run("promtool", "check", "config", tmp_path / "prometheus.yaml")
    assert status == 0, said
    status, said = run("amtool", "check-config", FOLDER / "alertmanager.yaml")
    assert status == 0, said


def test_the_alert_comes_all_the_way(stack):
    def pending():
        got = answer(stack, "prometheus", 9090, "/api/v1/query", query=ALERT)
        return got and got.json()["data"]["result"]

    (alert,) = wait_for(pending, "Prometheus holds EvalSetStuck", 300)
    assert alert["metric"]["cause"] == "api_server_error"
    report = answer(stack, "watchdog", 9464, "/api/v1/report").json()
    (eval_set,) = report["eval_sets"]
    assert eval_set["verdict"] == "stuck"
    assert eval_set["eval_set_id"] == alert["metric"]["eval_set_id"]


def test_prometheus_found_its_alertmanager(stack):
    assert wait_for(lambda: answer(stack, "alertmanager", 9093, "/-/ready"), "it is ready")

    def active():
        found = answer(stack, "prometheus", 9090, "/api/v1/alertmanagers")
        return found and [each["url"] for each in found.json()["data"]["activeAlertmanagers"]]

    assert wait_for(active, "Prometheus knows it") == ["http://alertmanager:9093/api/v2/alerts"]


def test_grafana_s_files_fit_together(project):
    (source,) = yaml.safe_load((FOLDER / "grafana" / "datasource.yaml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((FOLDER / "grafana" / "dashboards.yaml").read_text())["providers"]
    mounts = {each["target"]: each["source"] for each in project["services"]["grafana"]["volumes"]}
    dashboards = Path(mounts[provider["options"]["path"]])
    kinds = [json.loads(path.read_text())["templating"] for path in dashboards.glob("*.json")]
    assert len(kinds) > 2
    wanted = {
        each.get("query") for kind in kinds for each in kind["list"] if each["type"] == "datasource"
    }
    assert wanted == {source["type"]}


def test_the_demo_s_image_gets_what_it_copies():
    dockerfile = (FOLDER / "demo.Dockerfile").read_text()
    sent = (FOLDER / "demo.Dockerfile.dockerignore").read_text().split()
    copied = {
        line.split()[1].split("/")[0] for line in re.findall(r"^COPY .*$", dockerfile, re.MULTILINE)
    }
    assert {each[1:] for each in sent if each[0] == "!"} == copied
    assert all((ROOT / each).exists() for each in copied)
