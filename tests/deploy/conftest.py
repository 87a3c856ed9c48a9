"""Helm, and the chart as it renders it. Needs no cluster."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.control_plane.build import MissingPartError, resolve
from tests.control_plane.build.parts import module_of
from tests.control_plane.build.resolve import cache
from tests.control_plane.fixtures import refuse
from tests.deploy.chart import CHART, NEEDED, Objects, Values, merged

RELEASE = ("w", str(CHART), "--namespace", "wd", "--kube-version", "1.35")


def part(name: str) -> Path:
    """A tool. It is built where CI is set; else tests don't take minutes to build one."""
    places = [os.environ.get("KUBEBUILDER_ASSETS") or "/", cache(module_of(name))]
    if not os.environ.get("CI") and not any((Path(at) / name).is_file() for at in places):
        refuse(f"no {name} for this test: `make control-plane` builds it")
    try:
        return resolve(name)
    except MissingPartError as missing:
        refuse(f"no {name} for this test: {missing}")


@pytest.fixture(scope="session")
def helm_docs() -> Path:
    """The program that makes the chart's README."""
    return part("helm-docs")


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Runs Helm."""
    folder = tmp_path_factory.mktemp("helm")
    binary = part("helm")

    def run(*arguments: str, values: Values | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments, *(["--values", "-"] if values is not None else [])],
            input=json.dumps(values or {}),
            env={"PATH": "", "HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def template(helm: Callable[..., Any]) -> Callable[..., Any]:
    """Renders the chart, or not."""

    def run(values: Values) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = helm("template", *RELEASE, values=values)
        return done

    return run


@pytest.fixture(scope="session")
def render(template: Callable[..., Any]) -> Callable[..., Objects]:
    """Renders the chart: one object of each kind and namespace. The test's pod is left out."""

    def run(values: Values | None = None) -> Objects:
        done = template(merged(NEEDED, values or {}))
        assert done.returncode == 0, done.stderr
        made = [thing for thing in yaml.safe_load_all(done.stdout) if thing]
        own = [each for each in made if each["kind"] != "Pod"]
        return {(each["kind"], _elsewhere(each["metadata"])): each for each in own}

    return run


def _elsewhere(meta: dict[str, Any]) -> str:
    namespace: str = meta.get("namespace", "")
    return "" if namespace == "wd" else namespace
