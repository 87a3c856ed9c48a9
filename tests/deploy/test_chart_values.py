"""Values that people have: each file of ci/ is rendered, and what makes no sense is named."""

import re

import pytest
import yaml

from tests.deploy.chart import CHART, CI_VALUES, NEEDED, TEXTS, merged, mount, pod, settings

OLDEST = "1.28.0"
NEWEST = "1.35.0"
VERSIONS = (OLDEST, NEWEST)
TEMPLATES = sorted((CHART / "templates").rglob("*.*"))
LOOKS = re.compile(r"\blookup\b|\.Capabilities\b")
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding"}
TWO = {"replicas": 2, "postgresql": {"existingSecret": "ledger"}}
OPEN = {"config": {"web": {"open": True}}}


@pytest.fixture(scope="module")
def rendered(helm):
    def run(path, version):
        where = ("watchdog", str(CHART), "--namespace", "wd", "--kube-version", version)
        return helm("template", *where, "--values", str(path))

    return run


def objects_of(done):
    assert done.returncode == 0, done.stderr
    return [thing for thing in yaml.safe_load_all(done.stdout) if thing]


def test_there_are_files_for_what_people_have():
    assert len(CI_VALUES) >= 12


@pytest.mark.parametrize("path", CI_VALUES, ids=lambda path: path.stem)
def test_each_is_linted_and_the_same_on_every_kubernetes(
    helm, rendered, path, tmp_path, monkeypatch
):
    done = helm("lint", "--strict", str(CHART), "--values", str(path))
    assert done.returncode == 0, done.stdout
    first, last = (rendered(path, version) for version in VERSIONS)
    assert first.stdout == last.stdout
    made = objects_of(first)
    for each in made:
        meta = each["metadata"]
        assert ("namespace" in meta) == (each["kind"] not in CLUSTER_WIDE), meta
    own = {(e["kind"], ""): e for e in made if "config.yaml" in e.get("data", {})}
    own |= {(e["kind"], ""): e for e in made if e["kind"] == "Deployment"}
    if "WATCHDOG_STATE" in str(pod(own)["containers"][0]["env"]):
        monkeypatch.setenv("WATCHDOG_STATE", TEXTS["WATCHDOG_STATE"])
    settings(own, tmp_path, mount(own, tmp_path))


def test_what_is_rendered_does_not_hang_on_what_a_cluster_says():
    """Else `helm template` and GitOps would leave out silently what was asked for."""
    assert not [path.name for path in TEMPLATES if LOOKS.search(path.read_text())]


def test_an_older_kubernetes_is_refused_by_name(rendered):
    done = rendered(CI_VALUES[0], "1.27.9")
    assert done.returncode != 0
    assert "requires kubeVersion: >=1.28.0-0" in done.stderr


def test_every_template_checks_for_values_of_an_older_chart(helm):
    """`--reuse-values` leaves out what came since: said, not a nil pointer."""
    for path in TEMPLATES:
        if path.suffix == ".yaml":
            assert path.read_text().startswith('{{- include "watchdog.check" . }}'), path.name
    done = helm("template", "w", str(CHART), "--kube-version", OLDEST, "--set", "tests=null")
    assert "tests: missing, as --reuse-values takes the values of an older chart" in done.stderr


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"prometheus": {"monitor": {"enable": True}}}, "/prometheus/monitor"),
        ({"prometheus": {"monitor": {"http": {"interval": "30"}}}}, "/prometheus/monitor/http/int"),
        ({"prometheusRule": {"runbookUrl": "runbooks"}}, "/prometheusRule/runbookUrl"),
        ({"prometheusRule": {"runbookSuffix": "?x"}}, "/prometheusRule/runbookSuffix"),
        ({"prometheusRule": {"disabled": ["EvalSetStuck"]}}, "/prometheusRule/disabled"),
        ({"networkPolicy": {"ingress": {"form": []}}}, "'form' not allowed"),
        ({"ingress": {"hosts": ["a.example"]}}, "/ingress/hosts/0"),
        ({"httpRoute": {"parentRefs": [{}]}}, "/httpRoute/parentRefs/0"),
        ({"persistence": {"enabled": "maybe"}}, "/persistence/enabled"),
        ({"persistence": {"size": "1 GiB"}}, "/persistence/size"),
        ({"podDisruptionBudget": {"enabled": "yes"}}, "/podDisruptionBudget/enabled"),
        ({"commonLabels": {"app.kubernetes.io/name": "x"}}, "/commonLabels"),
        ({"podLabels": {"app.kubernetes.io/instance": "x"}}, "/podLabels"),
        ({"namespaceOverride": "Evals"}, "/namespaceOverride"),
        ({"image": {"digest": "sha256:1"}}, "/image/digest"),
        ({"extraEnv": [{"name": "A", "value": 1}]}, "/extraEnv/0/value"),
        ({"config": {"kubernetes": {"logs": "no"}}}, "/config/kubernetes/logs"),
        ({"config": {"external_url": "watchdog.example"}}, "/config/external_url"),
        ({"middleman": {"serviceAccountToken": {"expirationSeconds": 60}}}, "expirationSeconds"),
    ],
)
def test_an_invalid_value_is_named(template, values, said):
    done = template(merged(NEEDED, values))
    assert done.returncode != 0
    assert said in done.stderr


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"ingress": {"enabled": True}}, "ingress.enabled: whoever reaches it would be let in"),
        ({"httpRoute": {"enabled": True}}, "httpRoute.enabled: whoever reaches it would be let"),
        ({"service": {"type": "LoadBalancer"}}, "service.type: whoever reaches it would be let in"),
        (
            merged(OPEN, {"ingress": {"enabled": True}}),
            "ingress.hosts: name one, or set config.ext",
        ),
        (merged(OPEN, {"httpRoute": {"enabled": True}}), "httpRoute.parentRefs: name the Gateway"),
        (
            {"prometheus": {"monitor": {"enabled": True}, "podMonitor": {"enabled": True}}},
            "prometheus.podMonitor.enabled: with prometheus.monitor.enabled every series",
        ),
    ],
)
def test_what_would_surprise_is_refused_and_named(template, values, said):
    done = template(merged(NEEDED, values))
    assert done.returncode != 0
    assert said in done.stderr


# What the values do.


def test_who_comes_by_an_ingress_or_a_route_is_known_by_name(render, tmp_path):
    hosts = {"ingress": {"enabled": True, "hosts": [{"host": "a.example"}]}}
    route = {"enabled": True, "parentRefs": [{"name": "g"}], "hostnames": ["b.example"]}
    objects = render(merged(OPEN, {**hosts, "httpRoute": route}))
    assert {"a.example", "b.example"} <= set(settings(objects, tmp_path).web.hosts)
    (rule,) = objects["Ingress", ""]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (rule["host"], path["path"], path["pathType"]) == ("a.example", "/", "Prefix")
    name = objects["Service", ""]["metadata"]["name"]
    assert path["backend"]["service"] == {"name": name, "port": {"name": "http"}}
    (led,) = objects["HTTPRoute", ""]["spec"]["rules"]
    assert led["backendRefs"] == [{"name": name, "port": 9464}]


def test_an_address_that_is_known_need_not_be_said_twice(render):
    route = {"enabled": True, "parentRefs": [{"name": "g"}]}
    values = {"ingress": {"enabled": True}, "httpRoute": route}
    web = {"external_url": "https://evals.example:8443/watchdog", "web": {"open": True}}
    objects = render({**values, "config": web})
    assert objects["Ingress", ""]["spec"]["rules"][0]["host"] == "evals.example"
    assert objects["HTTPRoute", ""]["spec"]["hostnames"] == ["evals.example"]


def test_only_who_is_named_comes_in_and_only_what_is_needed_is_reached(render):
    assert ("NetworkPolicy", "") not in render()
    peers = [{"podSelector": {"matchLabels": {"app": "prometheus"}}}]
    config = {"s3": {"endpoint_url": "http://minio:9000"}, "webhook": {"timeout": 3}}
    config |= {"probes": {"middleman_url": "http://middleman"}}
    config |= {"heartbeat": {"alertmanager_url": "https://am.example:9093/a?b=c"}}
    policy = {"enabled": True, "ingress": {"from": peers}}
    values = {"networkPolicy": policy, "config": config, "postgresql": {"existingSecret": "l"}}
    spec = render(values)["NetworkPolicy", ""]["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    tests, asked = spec["ingress"]
    assert asked == {"from": peers, "ports": [{"port": "http", "protocol": "TCP"}]}
    assert "w-stuck" not in str(tests), "not the service's own pods"
    ports = [[(p["port"], p["protocol"]) for p in rule["ports"]] for rule in spec["egress"]]
    assert ports[0] == [(53, "UDP"), (53, "TCP")]
    assert ports[1] == [(443, "TCP"), (6443, "TCP")]
    assert {port for port, _ in ports[2]} == {443, 9000, 80, 9093, 5432}
    alone = render({"networkPolicy": {"enabled": True}, "tests": {"enabled": False}})
    assert alone["NetworkPolicy", ""]["spec"]["ingress"] == [], "nobody comes in"
    more = {"ingress": {"extra": [{"from": peers}]}, "egress": {"dns": {"ports": [5353]}}}
    spec = render({"networkPolicy": {"enabled": True, **more}})["NetworkPolicy", ""]["spec"]
    assert {"from": peers} in spec["ingress"]
    assert [port["port"] for port in spec["egress"][0]["ports"]] == [5353, 5353]
    loose = render({"networkPolicy": {"enabled": True, "egress": {"enabled": False}}})
    assert "egress" not in loose["NetworkPolicy", ""]["spec"]


def test_several_replicas_are_spread_and_not_drained_together(render):
    assert ("PodDisruptionBudget", "") not in render()
    assert "topologySpreadConstraints" not in pod(render())
    objects = render(TWO)
    budget = objects["PodDisruptionBudget", ""]["spec"]
    assert (budget["maxUnavailable"], "minAvailable" in budget) == (1, False)
    (spread,) = pod(objects)["topologySpreadConstraints"]
    selects = objects["Deployment", ""]["spec"]["selector"]
    assert spread["labelSelector"] == selects == budget["selector"]
    none = render({**TWO, "podDisruptionBudget": {"enabled": False}})
    assert ("PodDisruptionBudget", "") not in none
    other = render({"podDisruptionBudget": {"enabled": True, "minAvailable": 0}})
    assert other["PodDisruptionBudget", ""]["spec"]["minAvailable"] == 0


def test_a_cluster_of_ipv6_alone_has_its_address(render, tmp_path):
    objects = render({"listenAddress": "[::]"})
    args = pod(objects)["containers"][0]["args"]
    assert args == ["run", "--listen", "[::]:9464"]
    read = settings(objects, tmp_path)
    assert read.model_copy(update={"listen": args[-1]}).address == ("::", 9464)
    assert read.web.probes_listen == "[::]:9465"


def test_openshift_chooses_the_user(render):
    none = {"runAsUser": None, "runAsGroup": None, "fsGroup": None}
    context = pod(render({"securityContext": none}))["securityContext"]
    assert not set(context) & set(none)
    assert context["runAsNonRoot"] is True


@pytest.mark.parametrize(
    ("image", "parent", "said"),
    [
        ({"registry": "reg.example:5000"}, "", "reg.example:5000/r/w:0.2.0"),
        ({"registry": "reg.example"}, "mirror.example", "mirror.example/r/w:0.2.0"),
        ({"tag": "a", "digest": f"sha256:{'a' * 64}"}, "", f"r/w@sha256:{'a' * 64}"),
    ],
)
def test_where_the_image_comes_from(render, image, parent, said):
    values = {"image": image, "global": {"imageRegistry": parent}}
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    assert pod(render(values))["containers"][0]["image"] == said.replace("0.2.0", version)


def test_everything_lies_where_a_parent_chart_wants_it(render):
    labels = {"team": "evals", "from": "{{ .Release.Name }}"}
    objects = render({"namespaceOverride": "evals", "commonLabels": labels, **TWO})
    cluster = {key: thing for key, thing in objects.items() if key[0] in CLUSTER_WIDE}
    assert {namespace for _, namespace in objects.keys() - cluster.keys()} == {"evals"}
    for thing in objects.values():
        assert thing["metadata"]["labels"].items() >= {"team": "evals", "from": "w"}.items()
    assert objects["ClusterRoleBinding", ""]["subjects"][0]["namespace"] == "evals"
    read = yaml.safe_load(objects["ConfigMap", "evals"]["data"]["config.yaml"])
    assert read["election"]["namespace"] == "evals"
    assert "w-stuck-eval-watchdog.evals.svc" in read["web"]["hosts"]


def test_whatever_has_no_value_is_patched(render):
    patch = {"livenessProbe": None, "lifecycle": {"preStop": {"exec": {"command": ["true"]}}}}
    spec = {"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["s3"]}], "securityContext": None}
    found = pod(render({"containerPatch": patch, "podSpecPatch": spec}))
    (container,) = found["containers"]
    assert "livenessProbe" not in container
    assert container["lifecycle"] == patch["lifecycle"]
    assert found["hostAliases"] == spec["hostAliases"]
    assert "securityContext" not in found
    ranges = {"loadBalancerSourceRanges": ["10.0.0.0/8"], "publishNotReadyAddresses": None}
    service = render({"service": {"specPatch": ranges}})["Service", ""]["spec"]
    assert service["loadBalancerSourceRanges"] == ["10.0.0.0/8"]
    assert "publishNotReadyAddresses" not in service
    large = {"securityContext": {"runAsUser": 1_000_680_000}}
    assert pod(render(large))["securityContext"]["runAsUser"] == 1_000_680_000


def test_containers_and_objects_beside_it_may_hold_templates(render):
    proxy = {"name": "proxy", "image": "p", "args": ["--at={{ .Values.config.external_url }}"]}
    extra = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "{{ .Release.Name }}-x"}}
    values = {"extraContainers": [proxy], "extraManifests": [extra]}
    objects = render({**values, "config": {"external_url": "https://w.example"}})
    ours, beside = pod(objects)["containers"]
    assert (ours["name"], beside["args"]) == ("watchdog", ["--at=https://w.example"])
    assert objects["Secret", ""]["metadata"]["name"] == "w-x"


def test_the_pod_of_helm_test_asks_the_service_and_is_not_found_by_it(template):
    made = [t for t in yaml.safe_load_all(template(NEEDED).stdout) if t]
    (pod_,) = [each for each in made if each["kind"] == "Pod"]
    (service,) = [each for each in made if each["kind"] == "Service"]
    assert pod_["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert not service["spec"]["selector"].items() <= pod_["metadata"]["labels"].items()
    address = pod_["spec"]["containers"][0]["command"][-1]
    assert address == f"http://{service['metadata']['name']}.wd.svc:9464/readyz"
    assert "kind: Pod\n" not in template({**NEEDED, "tests": {"enabled": False}}).stdout
