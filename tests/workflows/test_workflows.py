"""The workflows are linted by actionlint, and call what there is."""

import re
import subprocess
import tomllib

import pytest
import yaml

from tests.control_plane.build import resolve
from tests.control_plane.fixtures import found
from tests.paths import ROOT

pytestmark = pytest.mark.acceptance

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yaml"))
PINNED = re.compile(r"^\s*(?:- )?uses: ([\w./-]+)@([0-9a-f]{40}) # (v\d+(?:\.\d+)*)$")
BY_TAG = re.compile(r"uses: pypa/gh-action-pypi-publish@v\d+\.\d+\.\d+$")
"""Its commit couldn't be looked up: docs/releasing.md."""

IDS = [path.name for path in WORKFLOWS]


def text(name):
    return (FOLDER / name).read_text()


def steps(name):
    jobs = yaml.safe_load(text(name))["jobs"]
    return [step for job in jobs.values() for step in job.get("steps", ())]


def test_actionlint_has_no_complaint(request):
    actionlint = found(request.config, lambda say: resolve("actionlint", say))
    done = subprocess.run(
        [actionlint, "-no-color", "-shellcheck=", "-pyflakes=", *WORKFLOWS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("path", WORKFLOWS, ids=IDS)
def test_every_action_is_pinned_by_its_commit(path):
    uses = [line for line in path.read_text().splitlines() if re.search(r"\buses:", line)]
    others = [line for line in uses if "uses: ./" not in line and not PINNED.match(line)]
    assert [line for line in others if not BY_TAG.search(line)] == []


def test_an_action_has_one_pin():
    lines = "\n".join(path.read_text() for path in WORKFLOWS).splitlines()
    pins = {match.groups() for line in lines if (match := PINNED.match(line))}
    names = [name for name, _, _ in pins]
    assert len(names) == len(set(names)) > 8


@pytest.mark.parametrize("path", WORKFLOWS, ids=IDS)
def test_nobody_may_do_more_than_they_need(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "uses" in job or job["timeout-minutes"]


def test_what_is_released_was_tested_and_is_signed():
    jobs = yaml.safe_load(text("release.yaml"))["jobs"]

    def before(name):
        needs = jobs[name].get("needs", [])
        direct = [needs] if isinstance(needs, str) else needs
        return {*direct, *(each for need in direct for each in before(need))}

    for name in jobs:
        assert name == "test" or "test" in before(name)
    signing = {name for name, job in jobs.items() if "cosign sign" in str(job)}
    assert signing == {"image", "chart"}
    assert all(jobs[name]["permissions"]["id-token"] == "write" for name in (*signing, "pypi"))
    assert "password" not in str(jobs["pypi"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=IDS)
def test_nothing_from_outside_stands_in_a_script(path):
    scripts = [step["run"] for step in steps(path.name) if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=IDS)
def test_make_s_goals_and_files_are_there(path):
    goals = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = "\n".join(step.get("run", "") for step in steps(path.name))
    assert set(re.findall(r"^\s*make ([a-z-]+)", said, re.MULTILINE)) <= goals
    for file in re.findall(r"\bbash (\S+)", said):
        assert (ROOT / file).is_file(), file


def test_every_python_that_is_promised_is_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    promised = {each.rpartition(" ")[2] for each in project["classifiers"] if " 3." in each}
    matrix = yaml.safe_load(text("test.yaml"))["jobs"]["packages"]["strategy"]["matrix"]["python"]
    assert promised < set(matrix)


def test_the_versions_agree_as_the_workflow_asks():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    (step,) = [
        each for each in steps("release.yaml") if each.get("name") == "The tag is the version"
    ]
    script, _ = re.subn(r"^set.*", "", step["run"])
    env = {"GITHUB_REF_NAME": f"v{version}", "PATH": "/usr/bin:/bin"}
    command = ["bash", "-eo", "pipefail", "-c", script]
    assert subprocess.run(command, cwd=ROOT, env=env, check=False).returncode == 0
    other = env | {"GITHUB_REF_NAME": "v99.0.0"}
    assert subprocess.run(command, cwd=ROOT, env=other, check=False).returncode != 0
