"""deploy/kustomize: the chart's default, taken by kubectl and the API server."""

import pytest
import yaml

from tests.paths import ROOT
from tools.kustomize import BASE, NAME, NAMESPACE, files, plain, rendered, stale
from watchdog.config.load import load

pytestmark = pytest.mark.control_plane

EXAMPLE = BASE.parent / "example"
ALIKE = ("Deployment", "Service", "ClusterRole", "PersistentVolumeClaim")
"""Kinds in which nothing has to differ but the configuration's name."""


@pytest.fixture
def built(kubectl):
    """What `kubectl kustomize` makes of a folder."""

    def run(folder):
        return list(yaml.safe_load_all(kubectl("kustomize", str(folder))))

    return run


@pytest.fixture(scope="module")
def _home(plane):
    """The namespace that both are for."""
    plane.namespace(NAMESPACE)
    yield
    plane.api.drop("Namespace", NAMESPACE)


def of_kind(things, kind):
    return [thing for thing in things if thing["kind"] == kind]


@pytest.mark.usefixtures("helm")
def test_the_base_is_what_the_chart_makes_now():
    assert [str(path.relative_to(ROOT)) for path in stale(files())] == []


@pytest.mark.usefixtures("helm")
def test_built_it_is_the_chart_s_default(built):
    ours, charts = built(BASE), [plain(thing) for thing in rendered()]
    assert sorted(each["kind"] for each in ours) == sorted(each["kind"] for each in charts)
    (config,) = of_kind(ours, "ConfigMap")
    (of_chart,) = of_kind(charts, "ConfigMap")
    made, given = (yaml.safe_load(each["data"]["config.yaml"]) for each in (config, of_chart))
    assert made == given
    for kind in ALIKE:
        for mine, theirs in zip(of_kind(ours, kind), of_kind(charts, kind), strict=True):
            assert mine["metadata"].pop("namespace", NAMESPACE) == NAMESPACE
            text = yaml.safe_dump(mine).replace(config["metadata"]["name"], NAME)
            assert yaml.safe_load(text) == theirs, kind
    (binding,) = of_kind(ours, "ClusterRoleBinding")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}]


@pytest.mark.usefixtures("_home")
@pytest.mark.parametrize("folder", [BASE, EXAMPLE], ids=lambda folder: folder.name)
def test_the_api_server_takes_it(kubectl, built, folder):
    told = kubectl("apply", "--dry-run=server", "-k", str(folder))
    assert len(told.strip().splitlines()) == len(built(folder))
    assert all(line.endswith("created (server dry run)") for line in told.strip().splitlines())


@pytest.mark.parametrize("folder", [BASE, EXAMPLE], ids=lambda folder: folder.name)
def test_its_configuration_is_one_that_the_program_takes(folder):
    settings = load({}, folder / "config.yaml")
    assert settings.kubernetes.enabled == "yes"
    assert f"{NAME}.{NAMESPACE}.svc" in settings.web.hosts


def test_the_example_s_changes_arrive(built):
    things = built(EXAMPLE)
    (pod,) = [each["spec"]["template"]["spec"] for each in of_kind(things, "Deployment")]
    (container,) = pod["containers"]
    assert container["image"] == f"registry.example/{NAME}:0.2.0"
    env = {each["name"]: each.get("valueFrom") for each in container["env"]}
    reference = {"name": "watchdog-slack", "key": "webhook-url"}
    assert env["WATCHDOG_SLACK_WEBHOOK_URL"] == {"secretKeyRef": reference}
    assert "WATCHDOG_CONFIG" in env, "the base's variables stay"
    (config,) = of_kind(things, "ConfigMap")
    (volume,) = [each for each in pod["volumes"] if each["name"] == "config"]
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    assert "my-bucket" in config["data"]["config.yaml"]
    (account,) = of_kind(things, "ServiceAccount")
    assert "eks.amazonaws.com/role-arn" in account["metadata"]["annotations"]
