"""docs/versions.md names the versions that the tests run, and those that the program knows."""

import re
import tomllib

import pytest
import yaml

from tests.matrix.versions import VERSIONS
from tests.paths import ROOT
from watchdog.model import hawk_versions, inspect_versions

ROWS = {
    cells[0]: cells[1:]
    for line in (ROOT / "docs" / "versions.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| what", "| ---"))
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}
WORKS, TRIED = 0, 1
BUILD = ROOT / "tests" / "control_plane" / "build"
CHART = yaml.safe_load((ROOT / "helm" / "stuck-eval-watchdog" / "Chart.yaml").read_text())
PYTHON = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]


def built(folder, module):
    """The version of a Go module that the tests build."""
    text = (BUILD / folder / "go.mod").read_text()
    return re.search(rf"{re.escape(module)} v(\S+)", text)[1]


def dotted(numbers):
    return ".".join(map(str, numbers))


@pytest.mark.parametrize(
    ("what", "column", "version"),
    [
        ("Inspect AI", WORKS, f"0.3.90 to {dotted(inspect_versions.NEWEST_TESTED)}"),
        ("Hawk", WORKS, dotted(hawk_versions.NEWEST_TESTED)),
        ("Kubernetes", WORKS, re.search(r"[\d.]+\d(?=\.0-0)", CHART["kubeVersion"])[0]),
        ("Kubernetes", TRIED, built("kubernetes", "k8s.io/kubernetes")),
        ("Helm", TRIED, built("helm", "helm.sh/helm/v3")),
        ("Python", WORKS, PYTHON.removeprefix(">=")),
        (
            "prometheus-operator",
            TRIED,
            built("prometheus-operator", "prometheus-operator/prometheus-operator"),
        ),
    ],
)
def test_a_version_is_as_told(what, column, version):
    assert version in ROWS[what][column]


def test_so_many_releases_of_inspect_are_run():
    numbers = {12: "twelve", 13: "thirteen", 14: "fourteen", 15: "fifteen"}
    told = ROWS["Inspect AI"][TRIED]
    assert f"[{numbers[len(VERSIONS)]} releases]" in told
    assert len([version for version in VERSIONS if version.ci]) == 3
    assert "three of them each time" in told


def test_what_others_need_is_as_deploy_says():
    page = (ROOT / "deploy" / "README.md").read_text()
    prometheus, alertmanager, grafana = (
        re.search(rf"{name} (\d+\.\d+)", page)[1]
        for name in ("Prometheus", "Alertmanager", "Grafana")
    )
    assert f"{prometheus}, {alertmanager} and newer" in ROWS["Prometheus, Alertmanager"][WORKS]
    assert f"{grafana} and newer" in ROWS["Grafana"][WORKS]
