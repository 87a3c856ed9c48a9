"""deploy/prometheus-operator/ is taken by an API server that knows the operator's kinds."""

from uuid import uuid4

import pytest
import yaml

from tests.control_plane.build import MissingPartError
from tests.control_plane.fixtures import found
from tests.control_plane.operator_crds import operator_crds
from tests.paths import ROOT

pytestmark = pytest.mark.control_plane

DEPLOY = ROOT / "deploy" / "prometheus-operator"
FORMS = sorted(DEPLOY.glob("*.yaml"))
KINDS = {"PrometheusRule", "ServiceMonitor", "PodMonitor"}
SELECTED = "release=kube-prometheus-stack"
BROKEN = {
    "a duration in words": ("for: 1m", "for: 1 minute", r"for in body should match"),
    "a rule's typo": ("annotations:", "anotations:", r"unknown field .*anotations"),
    "a group without a name": ("- name: eval", "- limit: 0 # eval", r"name: Required value"),
    "a number for an interval": ("interval: 30s", "interval: 30", r"interval: Invalid value"),
    "an endpoint's typo": ("scrapeTimeout", "scrape_timeout", r"unknown field .*scrape_timeout"),
    "a selector of nothing": ("matchLabels:", "matchLabel:", r"unknown field .*matchLabel"),
    "another kind": ("PodMonitor", "PodMonitors", r"no matches for kind"),
}


@pytest.fixture(scope="module")
def operator(request, plane):
    """The control plane with the operator's kinds; without the operator."""
    kinds = found(request.config, lambda _: operator_crds())
    with plane.with_kinds(kinds):
        yield plane


@pytest.fixture
def apply(operator, kubectl):
    """Applies a file in a namespace of its own, and takes that away afterwards."""
    name = f"wd-{uuid4().hex[:8]}"
    operator.namespace(name)

    def run(*files):
        given = [f"--filename={file}" for file in files]
        kubectl("apply", "--namespace", name, "--validate=strict", *given)
        return name

    yield run
    operator.api.drop("Namespace", name)


def stored(kubectl, namespace, form):
    """What became of a form."""
    named = f"{form['kind']}.monitoring.coreos.com/{form['metadata']['name']}"
    return yaml.safe_load(kubectl("get", named, "--namespace", namespace, "--output=yaml"))


def test_there_is_one_form_of_each_kind():
    assert len(FORMS) == len(KINDS)
    assert {yaml.safe_load(path.read_text())["kind"] for path in FORMS} == KINDS


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_is_taken_and_nothing_of_it_is_lost(apply, kubectl, path):
    form = yaml.safe_load(path.read_text())
    made = stored(kubectl, apply(path), form)
    assert made["spec"] == form["spec"]
    assert made["metadata"]["labels"] == form["metadata"]["labels"]


def test_they_are_labelled_as_the_readme_says(apply, kubectl):
    namespace = apply(*(DEPLOY / f"{name}.yaml" for name in ("prometheusrule", "servicemonitor")))
    named = [f"{kind}/stuck-eval-watchdog" for kind in ("prometheusrule", "servicemonitor")]
    kubectl("label", "--namespace", namespace, *named, SELECTED)
    chosen = ("--selector", SELECTED, "--output=name")
    seen = kubectl("get", "prometheusrule,servicemonitor", "--namespace", namespace, *chosen)
    assert len(seen.split()) == 2


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_form_is_refused(apply, tmp_path, change):
    right, wrong, said = change
    texts = [text for text in (path.read_text() for path in FORMS) if right in text]
    assert texts
    for text in texts:
        broken = tmp_path / "broken.yaml"
        broken.write_text(text.replace(right, wrong))
        with pytest.raises(RuntimeError, match=said):
            apply(broken)


def test_without_go_the_kinds_are_missing(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingPartError, match="no Go"):
        operator_crds()
