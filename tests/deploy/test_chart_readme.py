"""The chart's README is what helm-docs makes of values.yaml, and says something of each value."""

import re
import subprocess

import yaml

from tests.deploy.chart import CHART, CI_VALUES

README = (CHART / "README.md").read_text()
ROW = re.compile(r"^\| (\S+) \| (\w+) \| (.*) \| (.*) \|$", re.MULTILINE)


def test_it_is_what_helm_docs_makes(helm_docs):
    options = ["--chart-search-root", str(CHART.parent), "--sort-values-order", "file", "--dry-run"]
    done = subprocess.run([helm_docs, *options], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == README.strip(), "run `make chart-docs`"


def leaves(values, prefix=""):
    for key, value in values.items():
        name = f"{prefix}{key}"
        inner = isinstance(value, dict) and value
        yield from leaves(value, f"{name}.") if inner else [name]


def test_each_value_has_its_meaning():
    meanings = {name: text for name, _, _, text in ROW.findall(README) if name != "Key"}
    assert all(text.strip().endswith((".", "…")) for text in meanings.values())
    groups = {
        name
        for name in leaves(yaml.safe_load((CHART / "values.yaml").read_text()))
        if not any(name == known or name.startswith(f"{known}.") for known in meanings)
    }
    assert groups == set()


def test_it_shows_every_values_file():
    assert set(re.findall(r"\(ci/([^)]+)\)", README)) == {path.name for path in CI_VALUES}
