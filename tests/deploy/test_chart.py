"""The chart and the image: what they render, allow and refuse. Needs Helm, and no cluster."""

import json
import re
import tomllib

import pytest
import yaml

from tests.deploy.chart import CHART, NEEDED, STORE, merged, pod, rules, secret_files, settings
from tests.paths import ROOT
from watchdog.cli import build_parser
from watchdog.collect.kubernetes import leases, own_pods, resources

DOCKERFILE = (ROOT / "Dockerfile").read_text()
HOOK = "https://hooks.slack.example/services/T/B/secret"
READ = ("list", "watch")
ALLOWED = {
    ("", "namespaces"): READ,
    ("", "pods"): READ,
    ("", "events"): READ,
    ("", "pods/log"): ("get",),
    ("batch", "jobs"): READ,
    ("", "nodes"): READ,
    ("kueue.x-k8s.io", "workloads"): READ,
    ("metrics.k8s.io", "pods"): ("list",),
}
OPTIONAL = {
    "metrics": ("metrics.k8s.io", "pods"),
    "nodes": ("", "nodes"),
    "kueue": ("kueue.x-k8s.io", "workloads"),
}


# What it allows.


def test_lint_finds_nothing(helm):
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout


def test_the_role_allows_what_is_asked_for_and_nothing_else(render):
    objects = render()
    assert {kind for kind, _ in objects if "Role" in kind} == {"ClusterRole", "ClusterRoleBinding"}
    assert rules(objects["ClusterRole", ""]) == ALLOWED
    asked = [getattr(resources, name) for name in ("PODS", "JOBS", "NAMESPACES", "EVENTS")]
    asked += [resources.POD_LOG, resources.USAGE, resources.NODES, resources.WORKLOADS]
    assert {(each.group, each.plural): each.verbs for each in asked} == ALLOWED


def test_who_leads_is_all_that_may_be_written(render):
    objects = render({"replicas": 2, "postgresql": {"existingSecret": "ledger"}})
    asked = (leases.LEASES, leases.NEW_LEASES, own_pods.OWN_PODS)
    made = objects["Role", ""]["rules"]
    assert [(r["apiGroups"], r["resources"], tuple(r["verbs"])) for r in made] == [
        ([each.group], [each.plural], each.verbs) for each in asked
    ]
    election = yaml.safe_load(objects["ConfigMap", ""]["data"]["config.yaml"])["election"]
    assert made[0]["resourceNames"] == [election["lease"]]
    assert election["namespace"] == "wd"


def test_where_no_logs_are_read_none_may_be(render, tmp_path):
    objects = render({"config": {"kubernetes": {"logs": False}}})
    allowed = {key: verbs for key, verbs in ALLOWED.items() if key != ("", "pods/log")}
    assert rules(objects["ClusterRole", ""]) == allowed
    assert not settings(objects, tmp_path).kubernetes.logs


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_can_be_done_without_is_left_out_when_not_wanted(render, name):
    found = rules(render({"rbac": {name: False}})["ClusterRole", ""])
    assert found == {key: verbs for key, verbs in ALLOWED.items() if key != OPTIONAL[name]}


def test_with_namespaces_each_has_a_role_and_the_cluster_none(render, tmp_path):
    objects = render({"namespaces": ["runners", "123"]})
    cluster = objects["ClusterRole", ""]
    assert rules(cluster) == {("", "namespaces"): READ}
    assert cluster["rules"][0]["resourceNames"] == ["runners", "123"]
    for namespace in ("runners", "123"):
        found = rules(cluster, objects["Role", namespace])
        assert found == {key: verbs for key, verbs in ALLOWED.items() if key != ("", "nodes")}
        binding = objects["RoleBinding", namespace]
        assert binding["roleRef"]["name"] == objects["Role", namespace]["metadata"]["name"]
        assert binding["subjects"] == objects["ClusterRoleBinding", ""]["subjects"]
    assert settings(objects, tmp_path).kubernetes.namespaces == ("runners", "123")


def test_no_roles_where_somebody_else_makes_them(render):
    objects = render({"rbac": {"create": False}, "namespaces": ["a"]})
    assert not [kind for kind, _ in objects if "Role" in kind]


def test_the_page_on_installing_lists_the_same_rules():
    page = (ROOT / "docs" / "install.md").read_text()
    listed = next(b for b in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "verbs:" in b)
    assert rules({"rules": yaml.safe_load(listed)}) == ALLOWED


# Settings.


def test_the_configuration_is_passed_as_it_is_and_accepted(render, tmp_path):
    kubernetes = {"log_bytes": 2_097_152, "job_types": ["eval-set", "scan"]}
    config = {"interval": 15, "kubernetes": kubernetes, "detection": {"false_pages_per_week": 0.5}}
    read = settings(render({"config": {**config, "max_member_bytes": 1 << 40}}), tmp_path)
    assert (read.interval, read.max_member_bytes, read.log_format) == (15, 1 << 40, "json")
    assert (read.kubernetes.enabled, read.kubernetes.store) == ("yes", STORE)
    assert (read.kubernetes.log_bytes, read.kubernetes.job_types[1]) == (2_097_152, "scan")
    assert read.thresholds.false_pages_per_week == 0.5
    assert read.state_url == "sqlite:////var/lib/watchdog/state.sqlite3"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"nodeSelecter": {}}, "nodeSelecter"),
        ({"image": {"tags": "1"}}, "tags"),
        ({"slack": {"webhook_url": HOOK}}, "webhook_url"),
        ({"slack": {"webhookUrl": "hooks.slack.example"}}, "webhookUrl"),
        ({"rbac": {"metrics": "yes"}}, "metrics"),
        ({"namespaces": ["A"]}, "namespaces"),
        ({"config": {"kubernetes": {"enabled": True}}}, "enabled"),
        ({"config": {"kubernetes": {"store": ""}}}, "config.kubernetes.store: say where"),
        ({"config": {"kubernetes": {"namespaces": ["a"]}}}, "set `namespaces` instead"),
        ({"config": {"slack": {"webhook_url": HOOK}}}, "config.slack.webhook_url: a secret"),
        ({"config": {"state": "postgresql://w:pw@db/w"}}, "config.state: its password is a secret"),
        ({"config": {"heartbeat": {"url": HOOK}}}, "config.heartbeat.url: a secret"),
        ({"config": {"canary": {"url": HOOK}}}, "config.canary.url: a secret"),
        ({"config": {"canary": {"token": "t"}}}, "config.canary.token: a secret"),
        ({"config": {"notify": {"shadow_url": HOOK}}}, "config.notify.shadow_url: a secret"),
        ({"slack": {"webhookUrl": HOOK, "existingSecret": "s"}}, "not both"),
        ({"image": {"repository": ""}}, "image.repository: say where"),
        ({"serviceAccount": {"create": False}}, "serviceAccount.name: needed"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(template, values, said):
    done = template(merged(NEEDED, values))
    assert done.returncode != 0
    assert said in done.stderr


def test_each_value_has_a_default_and_a_schema():
    def compare(values, schema):
        kept = schema.get("properties", {})
        assert set(values) == set(kept) - {"claims"}
        for key, value in values.items():
            if kept[key].get("additionalProperties") is False:
                compare(value, kept[key])

    schema = json.loads((CHART / "values.schema.json").read_text())
    compare(yaml.safe_load((CHART / "values.yaml").read_text()), schema)


# The pod.


def test_the_pod_may_do_little(render):
    spec = pod(render())
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    mounts = {each["mountPath"]: each.get("readOnly", False) for each in container["volumeMounts"]}
    assert mounts == {"/etc/watchdog": True, "/var/lib/watchdog": False, "/tmp": False}
    assert container["resources"]["limits"]["memory"]


def test_the_command_is_one_that_the_program_takes(render, monkeypatch):
    """And what is called beside it by `kubectl exec` has the same settings."""
    (container,) = pod(render())["containers"]
    env = {each["name"]: each.get("value") for each in container["env"]}
    monkeypatch.setenv("WATCHDOG_CONFIG", env["WATCHDOG_CONFIG"])
    assert str(build_parser().parse_args(["mute"]).config) == "/etc/watchdog/config.yaml"
    taken = build_parser().parse_args(container["args"])
    assert container["command"] == ["watchdog"]
    assert (taken.listen, str(taken.config)) == ("0.0.0.0:9464", "/etc/watchdog/config.yaml")
    paths = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")]
    assert paths == ["/healthz", "/readyz"]


def test_changed_settings_restart_the_pod(render):
    def notes(values):
        return render(values)["Deployment", ""]["spec"]["template"]["metadata"]["annotations"]

    assert notes({}) == notes({})
    assert notes({}) != notes({"config": {"interval": 15}})
    assert notes({}) == notes({"slack": {"webhookUrl": HOOK}}), "taken up while it runs"


def test_secrets_are_in_secrets_alone(render):
    objects = render({"slack": {"webhookUrl": HOOK}, "aws": {"existingSecret": "keys"}})
    assert [kind for (kind, _), thing in objects.items() if HOOK in str(thing)] == ["Secret"]
    name = objects["Secret", ""]["metadata"]["name"]
    assert secret_files(objects) == {"WATCHDOG_SLACK_WEBHOOK_URL": (name, "webhook-url")}
    env = {each["name"]: each.get("valueFrom") for each in pod(objects)["containers"][0]["env"]}
    keys = {"name": "keys", "key": "AWS_SECRET_ACCESS_KEY"}
    assert env["AWS_SECRET_ACCESS_KEY"] == {"secretKeyRef": keys}


def test_the_ledger_s_address_comes_from_a_secret(render):
    objects = render({"postgresql": {"existingSecret": "ledger", "existingSecretKey": "uri"}})
    env = {each["name"]: each.get("valueFrom") for each in pod(objects)["containers"][0]["env"]}
    assert env["WATCHDOG_STATE"] == {"secretKeyRef": {"name": "ledger", "key": "uri"}}
    assert "WATCHDOG_STATE" not in str(render())


def test_the_ledger_of_one_replica_is_kept_unless_said_otherwise(render):
    objects = render()
    claim = objects["PersistentVolumeClaim", ""]["metadata"]["name"]
    (state,) = [each for each in pod(objects)["volumes"] if each["name"] == "state"]
    assert state["persistentVolumeClaim"] == {"claimName": claim}
    assert objects["Deployment", ""]["spec"]["strategy"] == {"type": "Recreate"}
    assert "storageClassName" not in objects["PersistentVolumeClaim", ""]["spec"]
    none = render({"persistence": {"storageClass": "-"}})["PersistentVolumeClaim", ""]["spec"]
    assert none["storageClassName"] == ""


@pytest.mark.parametrize(
    "values",
    [
        {"persistence": {"enabled": False}},
        {"postgresql": {"existingSecret": "ledger"}},
        {"config": {"state": "postgresql://w@db/w"}},
        {"postgresql": {"existingSecret": "ledger"}, "replicas": 2},
    ],
)
def test_where_there_is_nothing_to_keep_no_volume_is_made(render, values):
    objects = render(values)
    assert ("PersistentVolumeClaim", "") not in objects
    assert "persistentVolumeClaim" not in str(pod(objects)["volumes"])


def test_a_claim_that_is_there_is_taken(render):
    objects = render({"persistence": {"existingClaim": "mine"}})
    assert ("PersistentVolumeClaim", "") not in objects
    assert {"claimName": "mine"} in [
        v.get("persistentVolumeClaim") for v in pod(objects)["volumes"]
    ]


# The image.


def test_chart_image_and_project_have_one_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert {chart["version"], chart["appVersion"]} == {version}
    assert f"ARG VERSION={version}\n" in DOCKERFILE


def test_the_image_runs_as_the_user_of_the_chart(render):
    user = pod(render())["securityContext"]["runAsUser"]
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == [f"{user}:{user}"]
    assert 'ENTRYPOINT ["watchdog"]\nCMD ["run"]' in DOCKERFILE


def test_the_image_holds_locked_packages_and_only_what_is_sent():
    installs = [line for line in DOCKERFILE.replace("\\\n", "").split("RUN") if " -r " in line]
    assert all(line.count("--require-hashes") == line.count(" -r ") for line in installs)
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    copied = re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    assert {path.split("/")[0] for paths in copied for path in paths.split()} == sent
    assert all((ROOT / path).exists() for path in sent)


def test_probes_have_a_port_of_their_own_and_the_services_names_are_known(render, tmp_path):
    objects = render({"config": {"web": {"hosts": ["wd.example.org"]}}})
    (container,) = pod(objects)["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    web = settings(objects, tmp_path).web
    assert web.probes_listen == f"0.0.0.0:{ports['probes']}"
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == "probes"
    assert {"wd.example.org", "w-stuck-eval-watchdog.wd.svc"} <= set(web.hosts)


# Who may see what.


WAYS = {
    "proxy": {"config": {"web": {"proxy_addresses": ["10.0.0.0/8"]}}},
    "tokens": {"web": {"tokensSecret": "w-tokens"}},
    "oidc": {
        "config": {
            "web": {"oidc_issuer": "i", "oidc_jwks_url": "https://i/k", "oidc_audience": "w"}
        }
    },
}


def test_where_nothing_is_set_up_it_is_open(render, tmp_path):
    assert settings(render(), tmp_path).web.open


@pytest.mark.parametrize("way", WAYS)
def test_a_way_to_tell_who_asks_closes_it(render, tmp_path, way):
    objects = render(WAYS[way])
    assert not settings(objects, tmp_path).web.open


def test_tokens_come_from_a_secret_and_from_nowhere_else(render, template):
    files = secret_files(render(WAYS["tokens"]))
    assert files == {"WATCHDOG_WEB_TOKENS": ("w-tokens", "tokens.json")}
    in_config = {"config": {"web": {"tokens": [{"name": "a", "token": "b" * 20}]}}}
    done = template(merged(NEEDED, in_config))
    assert "web.tokensSecret" in done.stderr
