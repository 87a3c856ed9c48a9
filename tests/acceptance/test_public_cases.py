"""Public reports rebuilt as inputs, each with its truth; they lie beside the project, not in it."""

import importlib.util
import json
import os
import sys
from types import ModuleType

import pytest

from tests.paths import ROOT

CASES = ROOT.parent / "shared" / "cases"
COMMAND = [sys.executable, "-m", "watchdog", "check", "--json"]
NAMES = sorted(path.name.removesuffix(".truth.json") for path in CASES.glob("*.truth.json"))

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def check() -> ModuleType:
    """The cases' own judge."""
    if not NAMES:
        text = f"no cases at {CASES}: they lie in shared/ beside the checkout"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(text)
    spec = importlib.util.spec_from_file_location("check_cases", CASES / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def faults(check: ModuleType, name: str) -> list[str]:
    truth = json.loads((CASES / f"{name}.truth.json").read_text())
    found: list[str] = check.run(COMMAND, CASES / f"{name}.tar.gz", truth)
    return found


@pytest.mark.parametrize("name", NAMES or [""])
def test_a_case_holds(check: ModuleType, name: str) -> None:
    assert faults(check, name) == []
