"""deploy/kube-prometheus-stack: the chart takes the values, and makes what the stack selects."""

import subprocess

import pytest
import yaml

from tests.control_plane.build import resolve
from tests.control_plane.fixtures import found
from tests.deploy.chart import CHART, merged
from tests.deploy.expressions import DEPLOY

pytestmark = pytest.mark.acceptance

FOLDER = DEPLOY / "kube-prometheus-stack"
EXAMPLE = CHART / "ci" / "05-kube-prometheus-stack-values.yaml"
NEEDED = ["--set=image.repository=r/w", '--set-json=config.kubernetes.store="s3://b/{eval_set_id}"']


@pytest.fixture(scope="module")
def made(request):
    """What the chart makes, by kind."""
    helm = found(request.config, lambda say: resolve("helm", say))
    values = ["-f", str(FOLDER / "watchdog-values.yaml"), "--kube-version=1.28.0"]
    command = [helm, "template", "watchdog", CHART, "-n", "watchdog", *NEEDED, *values]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    things = [thing for thing in yaml.safe_load_all(done.stdout) if thing]
    return {kind: [t for t in things if t["kind"] == kind] for kind in {t["kind"] for t in things}}


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PrometheusRule"])
def test_monitor_and_rules_have_the_label_that_is_selected_by(made, kind):
    (thing,) = made[kind]
    assert thing["metadata"]["labels"]["release"] == "kube-prometheus-stack"


def test_the_chart_s_example_has_all_of_these_values():
    example, ours = (
        yaml.safe_load(file.read_text()) for file in (EXAMPLE, FOLDER / "watchdog-values.yaml")
    )
    assert merged(example, ours) == example


def test_the_sidecar_finds_the_dashboards(made):
    stack = yaml.safe_load((FOLDER / "stack-values.yaml").read_text())
    sidecar = stack["grafana"]["sidecar"]["dashboards"]
    label, folder = sidecar["label"], sidecar["folderAnnotation"]
    boards = [t["metadata"] for t in made["ConfigMap"] if label in t["metadata"]["labels"]]
    assert len(boards) > 2
    assert {each["labels"][label] for each in boards} == {sidecar["labelValue"]}
    assert {each["annotations"][folder] for each in boards} == {"Evaluations"}
