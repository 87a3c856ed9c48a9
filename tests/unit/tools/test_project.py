"""The project's own parts: the way in, the locks, the bootstrap, the make targets."""

import hashlib
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.paths import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "tools" / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The way in: PyPI's `watchdog` installs an import package of the same name.


@pytest.fixture
def site(tmp_path):
    """A folder as pip fills it."""
    (tmp_path / "stuck_eval_watchdog.py").write_text((ROOT / "stuck_eval_watchdog.py").read_text())
    return tmp_path


def install_ours(site):
    package = site / "watchdog"
    package.mkdir(exist_ok=True)
    for name in ("__init__.py", "__main__.py"):
        (package / name).write_text((ROOT / "watchdog" / name).read_text())
    (package / "cli.py").write_text("def main(argv):\n    print('ran', argv)\n    return 2\n")


def install_theirs(site):
    package = site / "watchdog"
    package.mkdir(exist_ok=True)
    for name in ("__init__.py", "events.py", "watchmedo.py"):
        (package / name).write_text("")
    metadata = site / "watchdog-7.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: watchdog\nVersion: 7.1.0\n")


# -S: the folders given are all that there is, no installed copy of the project behind them.
def start(*path, code="from stuck_eval_watchdog import main; sys.exit(main(['check']))"):
    return subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            f"import sys; sys.path[:0] = {[str(p) for p in path]!r}; {code}",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=path[0],
    )


def test_alone_it_starts(site):
    install_ours(site)
    done = start(site)
    assert (done.returncode, done.stdout, done.stderr) == (2, "ran ['check']\n", "")


@pytest.mark.parametrize("order", [(install_ours, install_theirs), (install_theirs, install_ours)])
def test_mixed_with_the_other_watchdog_it_says_so(site, order):
    for install in order:
        install(site)
    done = start(site)
    assert (done.returncode, done.stdout) == (3, "")
    what, remedy = done.stderr.splitlines()
    assert what.startswith("watchdog: another package named 'watchdog' (file-system events")
    assert "version 7.1.0) is installed in this environment and hides this program." in what
    assert remedy.endswith("in an environment of its own: pipx install stuck-eval-watchdog")


def test_as_a_module_it_says_so_too(site):
    install_theirs(site)
    install_ours(site)
    code = "import runpy; runpy.run_module('watchdog', run_name='__main__', alter_sys=True)"
    done = start(site, code=code)
    assert done.returncode == 3
    assert "another package named 'watchdog'" in done.stderr


def test_hidden_by_the_other_watchdog_it_says_so(site, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    install_ours(site)
    install_theirs(other)
    done = start(other, site)
    assert done.returncode == 3
    assert "version 7.1.0" in done.stderr


def test_the_other_watchdog_further_down_the_path_does_no_harm(site, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    install_ours(site)
    install_theirs(other)
    assert start(site, other).returncode == 2


def test_what_the_other_left_behind_is_called_incomplete(site):
    install_ours(site)
    (site / "watchdog" / "__init__.py").unlink()
    done = start(site)
    assert done.returncode == 3
    assert "parts of it were removed" in done.stderr
    assert "pip install --force-reinstall stuck-eval-watchdog" in done.stderr


def test_the_console_script_goes_through_the_check():
    assert PYPROJECT["project"]["scripts"] == {"watchdog": "stuck_eval_watchdog:main"}


# The locks.


def locked(path):
    """Name, and the requirements with their markers, of what a lock holds."""
    text = path.read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split("--hash=")
            yield Requirement(requirement.strip()), hashes


def declared():
    """What pyproject.toml asks for, by the lock that must hold it."""
    groups = PYPROJECT["dependency-groups"]
    runtime = PYPROJECT["project"]["dependencies"]
    server = PYPROJECT["project"]["optional-dependencies"]["postgresql"]
    return {
        "build": groups["build"],
        "sbom": groups["sbom"],
        "runtime": runtime,
        "postgresql": runtime + server,
        "inspect": runtime + groups["inspect"],
        "test": runtime + server + groups["inspect"] + groups["test"],
        "quality": runtime + server + groups["inspect"] + groups["test"] + groups["quality"],
        "lint": runtime + server + groups["lint"],
        "docs": groups["docs"],
    }


def test_there_is_a_lock_for_every_set():
    assert {path.stem for path in LOCKS} == set(declared())


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_holds_what_pyproject_asks_for(path):
    pins = {}
    for pin, _ in locked(path):
        pins.setdefault(canonicalize_name(pin.name), []).append(next(iter(pin.specifier)).version)
    for text in declared()[path.stem]:
        wanted = Requirement(text)
        versions = pins.get(canonicalize_name(wanted.name), [])
        assert versions, f"{text} is not in {path.name}: run make lock"
        assert all(wanted.specifier.contains(version) for version in versions), text


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_locked_package_has_hashes_and_no_host(path):
    for pin, hashes in locked(path):
        assert hashes, pin
        assert all(entry.strip().startswith("sha256:") for entry in hashes), pin
    text = path.read_text()
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text


def test_the_locks_agree():
    pins = {}
    for path in LOCKS:
        for pin, _ in locked(path):
            versions = pins.setdefault((canonicalize_name(pin.name), str(pin.marker)), set())
            versions.add(str(pin.specifier))
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_no_lock_that_the_project_stands_beside_brings_the_other_watchdog(path, bootstrap):
    brings = "watchdog" in {canonicalize_name(pin.name) for pin, _ in locked(path)}
    assert brings is (path.stem in bootstrap.APART)


# The bootstrap.


def test_the_vendored_pip_is_the_one_that_the_bootstrap_expects(bootstrap):
    wheel = ROOT / "tools" / "vendor" / bootstrap.PIP_WHEEL
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == bootstrap.PIP_SHA256
    assert bootstrap.vendored_pip() == str(wheel)


def test_a_damaged_wheel_is_refused(bootstrap, tmp_path, monkeypatch):
    vendor = tmp_path / "tools" / "vendor"
    vendor.mkdir(parents=True)
    (vendor / bootstrap.PIP_WHEEL).write_bytes(b"no wheel")
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    with pytest.raises(bootstrap.Failed, match="damaged"):
        bootstrap.vendored_pip()


def test_an_old_python_is_told_what_is_needed(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    monkeypatch.setattr(bootstrap, "NEWER", ())
    assert bootstrap.main([]) == 1
    assert "Python 3.11 or newer is needed" in capsys.readouterr().err


def test_a_folder_of_somebody_else_is_left_alone(bootstrap, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert bootstrap.main([str(tmp_path), "runtime"]) == 1
    assert "no virtual environment" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named(bootstrap, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert bootstrap.main([str(tmp_path / "file" / "venv"), "runtime"]) == 1
    assert "can't write" in capsys.readouterr().err


def test_an_unknown_set_is_named_with_those_that_there_are(bootstrap, tmp_path, capsys):
    assert bootstrap.main([str(tmp_path / "venv"), "nonsense"]) == 1
    error = capsys.readouterr().err
    assert "there is no set nonsense; there are: " in error
    assert all(path.stem in error for path in LOCKS)
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["venv", "test", "--help"]])
def test_help_makes_nothing(bootstrap, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    assert bootstrap.main(arguments) == 0
    told = capsys.readouterr().out
    assert told.startswith("usage: python3 tools/bootstrap.py [VENV] [SET ...]")
    assert all(path.stem in told for path in LOCKS)
    assert list(tmp_path.iterdir()) == []


def test_an_old_python_helps_too(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    assert bootstrap.main(["--help"]) == 0
    assert "usage:" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--nonsense"], ["venv", "--nonsense"], ["-"], ["--"]])
def test_an_unknown_option_is_named(bootstrap, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    assert bootstrap.main(arguments) == 2
    assert f"no option {arguments[-1]}; --help tells" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_installs_nothing(bootstrap, tmp_path, monkeypatch):
    installed = []
    monkeypatch.setattr(bootstrap, "works", lambda _: True)
    monkeypatch.setattr(bootstrap, "install", lambda _, arguments: installed.append(arguments))
    assert bootstrap.main([str(tmp_path), "runtime"]) == 0
    assert len(installed) == 2
    assert bootstrap.main([str(tmp_path), "runtime"]) == 0
    assert len(installed) == 2
    assert bootstrap.main([str(tmp_path), "inspect"]) == 0
    assert len(installed) == 3


def test_what_stands_apart_shares_no_environment(bootstrap, tmp_path, monkeypatch, capsys):
    installed = []
    monkeypatch.setattr(bootstrap, "works", lambda _: True)
    monkeypatch.setattr(bootstrap, "install", lambda _, arguments: installed.append(arguments))
    assert bootstrap.main([str(tmp_path / "both"), "docs", "runtime"]) == 1
    assert "docs needs an environment of its own" in capsys.readouterr().err
    alone = tmp_path / "alone"
    alone.mkdir()
    assert bootstrap.main([str(alone), "docs"]) == 0
    assert installed == [["--require-hashes", "-r", bootstrap.requirements("docs")]]


def test_an_environment_made_by_hand_works(bootstrap, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "venv", None)
    bootstrap.create(str(tmp_path / "made"))
    python = bootstrap.interpreter(str(tmp_path / "made"))
    assert bootstrap.works(python)
    code = "import sys; print(sys.prefix)"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == tmp_path / "made"


# The make targets.


def test_make_help_tells_of_every_target():
    text = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split()
    public = [name for name in targets if not name.startswith("with-")]
    done = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert [line.split()[1] for line in done.stdout.splitlines() if "make " in line[:7]] == public
