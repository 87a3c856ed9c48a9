"""Wheel and sdist as people get them, in the newest Python at hand; `make packages`: in all."""

import json
import re
import tarfile
import tomllib

import pytest

from tests.packages.distributions import build, unpack
from tests.packages.environments import environment
from tests.packages.interpreters import VERSIONS, at_hand
from tests.packages.page import PAGE, Result, page
from tests.paths import ROOT

pytestmark = pytest.mark.acceptance

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CANARY = ROOT / "watchdog" / "pipeline" / "canary.tar.xz"


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """Wheel and sdist of the tree."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(packages):
    """The newest Python at hand, with what the program needs and the wheel."""
    made = environment(list(at_hand().values())[-1], "runtime")
    made.project(packages[0])
    return made


def test_the_sdist_makes_the_same_wheel(packages, tmp_path):
    wheel, sdist = packages
    sources = unpack(sdist, tmp_path / "sources")
    (again,) = build(tmp_path / "again", sources, "wheel")
    assert (again.name, again.read_bytes()) == (wheel.name, wheel.read_bytes())


def test_the_sdist_holds_what_it_takes_to_test_it_and_nothing_that_lay_about(packages):
    with tarfile.open(packages[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "Makefile", "tests/paths.py", "requirements/test.txt"} <= names
    assert "watchdog/pipeline/canary.tar.xz" in names
    strays = (".venv/", "dist/", "build/", ".git/")
    assert not [name for name in names if name.startswith(strays) or name.endswith(".pyc")]


def test_the_wheel_runs(installed, tmp_path):
    told = installed.run("watchdog", "--version", cwd=tmp_path)
    assert (told.returncode, told.stdout.split()[-1]) == (0, PROJECT["version"])
    assert "usage: watchdog" in installed.run("watchdog", "--help", cwd=tmp_path).stdout


def test_the_wheel_judges_a_bundle(installed, tmp_path):
    with tarfile.open(CANARY) as archive:
        archive.extractall(tmp_path, filter="data")
    done = installed.run("watchdog", "check", "--json", str(tmp_path), cwd=tmp_path)
    report = json.loads(done.stdout)
    assert done.returncode == 2
    assert report["verdict"] in {"stuck", "partially_stuck"}


def test_what_failed_or_was_not_there_is_said():
    bad = Result("3.12.1", same=False, passed=7, failed=1, skipped=0, seconds=3)
    assert not bad.well
    assert not Result("3.12.1", same=True, passed=0, failed=0, skipped=9, seconds=3).well
    text = page([bad])
    assert "| 3.12.1 | DIFFERENT files | 7 | 0 | 1 | 3 s |" in text
    assert "| 3.13 | not at hand: untested |" in text


def test_the_page_tells_of_every_python_that_is_promised():
    promised = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if " 3." in each]
    rows = re.findall(r"^\| (3\.\d+)[.\d]* \| (.*)$", PAGE.read_text(), re.MULTILINE)
    assert [version for version, _ in rows] == list(VERSIONS)
    told = {version: row for version, row in rows if "untested" not in row}
    assert list(told) == promised
    assert all(row.split(" | ")[0] == "the same files" for row in told.values())
    assert {row.split(" | ")[3] for row in told.values()} == {"0"}
