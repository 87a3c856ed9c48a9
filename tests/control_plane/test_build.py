"""Binaries are found or built, and what is missing is said. None is built here."""

import pytest

from tests.control_plane.build import MODULES, MissingPartError, resolve
from tests.control_plane.build.hawk_chart import hawk_chart
from tests.control_plane.build.modules import READ, folder_of
from tests.control_plane.fixtures import refuse


def test_each_binary_has_one_module_and_a_version():
    names = [name for module in MODULES for name in module.packages]
    assert len(names) == len(set(names)) >= 19
    assert all(module.version.startswith("v") for module in MODULES)


def test_a_binary_is_taken_from_where_the_environment_says(tmp_path, monkeypatch):
    binary = tmp_path / "etcd"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert resolve("etcd") == binary


@pytest.mark.parametrize("module", READ, ids=lambda module: module.folder)
def test_a_module_that_is_only_read_has_a_version_and_needs_go(monkeypatch, module):
    assert module.version.startswith("v")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingPartError, match="no Go"):
        folder_of(module)


def test_a_wheel_that_cannot_be_fetched_is_missing_and_leaves_nothing(tmp_path, monkeypatch):
    for variable, value in {
        "STUCK_EVAL_CACHE": tmp_path,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": tmp_path,
    }.items():
        monkeypatch.setenv(variable, str(value))
    with pytest.raises(MissingPartError, match=r"hawk==\S+ can't be had: "):
        hawk_chart()
    assert list(tmp_path.rglob("*.yaml")) == []


def test_without_go_a_part_is_missing_and_ci_says_so(tmp_path, monkeypatch):
    for variable, value in {
        "STUCK_EVAL_CACHE": tmp_path,
        "PATH": "",
        "KUBEBUILDER_ASSETS": "",
    }.items():
        monkeypatch.setenv(variable, str(value))
    with pytest.raises(MissingPartError, match="no Go"):
        resolve("etcd")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="because"):
        refuse("because")
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="because"):
        refuse("because")
