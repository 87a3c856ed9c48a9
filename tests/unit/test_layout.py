"""Tests mirror the rooms, and what several of them use stands where helpers stand."""

import ast

import pytest

from tests.paths import ROOT

TESTS = sorted((ROOT / "tests").glob("**/*.py"))
UNIT = ROOT / "tests" / "unit"
ROOMS = {
    str(path.parent.relative_to(ROOT / "watchdog"))
    for path in (ROOT / "watchdog").glob("**/__init__.py")
}
NO_ROOMS = {"docs", "tools"}
"""Folders of tests of what is no module of the program."""


def imported(path):
    """Modules that a file takes something from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_helper_is_taken_out_of_a_test(path):
    """They stand in `tests/builders` and `tests/doubles`, or beside the tests that share them."""
    for module in imported(path):
        assert not module.startswith("tests.unit."), module
        if module.startswith("tests."):
            assert not module.rsplit(".", 1)[-1].startswith("test_"), module


def test_folders_of_unit_tests_are_those_of_the_program():
    folders = {
        str(path.parent.relative_to(UNIT))
        for path in UNIT.glob("**/test_*.py")
        if path.parent != UNIT
    }
    assert folders <= ROOMS | NO_ROOMS
    assert len(folders) > 10
