"""The image is built for real, holds what it should and nothing else, and runs confined."""

import json
import re
import tomllib
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.control_plane.fixtures import found
from tests.control_plane.processes import free_ports
from tests.control_plane.waiting import wait_for
from tests.image.buildah import BASE, files, prepared
from tests.image.confined import Confined
from tests.paths import ROOT

pytestmark = pytest.mark.acceptance

IMAGE = f"localhost/stuck-eval-watchdog:{uuid4().hex[:8]}"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LISTING = """
import json, platform, sys
from importlib.metadata import distributions

found = [(each.name, each.version) for each in distributions()]
print(json.dumps({"packages": found, "python": platform.python_version(), "prefix": sys.prefix}))
"""


@pytest.fixture(scope="module")
def buildah(request):
    made = found(request.config, prepared)
    made.build(IMAGE)
    yield made
    made("rmi", "--force", IMAGE)


@pytest.fixture(scope="module")
def image(buildah):
    with buildah.mounted(IMAGE) as root:
        yield Confined(root, buildah.config(IMAGE))


@pytest.fixture(scope="module")
def listed(image):
    """The Python that runs in it, and its packages."""
    done = image.run("python", "-c", LISTING)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def sbom(image):
    return json.loads((image.root / "opt/watchdog/sbom.cdx.json").read_text())


def locked(python):
    """Name and version of what the image's lock asks for under a Python on Linux."""
    text = (ROOT / "requirements" / "postgresql.txt").read_text().replace("\\\n", " ")
    pins = [line.partition("--hash=")[0] for line in text.splitlines() if "==" in line]
    about = {"python_version": ".".join(python.split(".")[:2]), "python_full_version": python}
    wanted = [Requirement(pin.strip()) for pin in pins if not pin.lstrip().startswith("#")]
    return {
        (canonicalize_name(pin.name), next(iter(pin.specifier)).version)
        for pin in wanted
        if pin.marker is None or pin.marker.evaluate(about)
    }


def test_it_says_what_it_is(image):
    labels = {k.rpartition(".")[2]: v for k, v in image.config["Labels"].items()}
    assert labels["title"] == PROJECT["name"]
    assert labels["version"] == PROJECT["version"]
    assert labels["licenses"] == PROJECT["license"]
    assert labels["name"] == BASE
    assert re.fullmatch(r"([0-9a-f]{40}(-dirty)?)?", labels["revision"])
    assert datetime.fromisoformat(labels["created"]).tzinfo is not None
    assert "source" in labels
    assert image.config["User"] == "65532:65532"
    assert (image.config["Entrypoint"], image.config["Cmd"]) == (["watchdog"], ["run"])
    assert list(image.config["ExposedPorts"]) == ["9464/tcp"]


def test_it_holds_the_lock_s_packages_and_no_other(listed):
    packages = {(canonicalize_name(name), version) for name, version in listed["packages"]}
    assert listed["prefix"] == "/opt/watchdog"
    ours = (PROJECT["name"], PROJECT["version"])
    assert packages == {ours, *locked(listed["python"])}


def test_its_own_list_of_what_it_holds_is_true(sbom, listed):
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == (
        "CycloneDX",
        PROJECT["name"],
    )
    assert sbom["metadata"]["component"]["version"] == PROJECT["version"]
    parts = {(canonicalize_name(each["name"]), each["version"]) for each in sbom["components"]}
    assert parts == locked(listed["python"])
    assert all(each["purl"].startswith("pkg:pypi/") for each in sbom["components"])
    assert "file://" not in json.dumps(sbom)


def test_beside_the_base_there_is_nothing_else(buildah, image):
    added = files(image.root) - set(buildah.listing.read_text().splitlines())
    assert {"/".join(path.split("/")[:2]) for path in added} == {"opt/watchdog"}
    programs = {Path(path).name for path in added if path.startswith("opt/watchdog/bin/")}
    assert "watchdog" in programs
    assert not [name for name in programs if name.startswith(("pip", "hatch", "cyclonedx"))]


def test_nothing_can_be_written_but_in_two_places(image):
    for place, told in {"/opt/watchdog": 1, "/etc": 1, "/tmp": 0, "/var/lib/watchdog": 0}.items():
        done = image.run("python", "-c", f"open('{place}/file', 'w')")
        assert done.returncode == told, (place, done.stderr)
    assert "Read-only file system" in image.run("python", "-c", "open('/tmp/../etc/a', 'w')").stderr


@pytest.fixture
def service(image, tmp_path):
    """The service in it, and its address; gone afterwards."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    command = ("run", "--listen", f"127.0.0.1:{port}", "--logs", "/tmp")
    process = image.service(tmp_path, *command, WATCHDOG_STATE="/var/lib/watchdog/state.sqlite3")
    process.start()
    yield process, url
    process.stop(20)


def answers(process, url):
    process.check()
    try:
        return httpx.get(f"{url}/metrics", trust_env=False).text
    except httpx.TransportError:
        return None


def test_it_runs_read_only_as_nobody_in_particular_and_is_scraped(service, image):
    process, url = service
    assert "eval_watchdog_" in wait_for(lambda: answers(process, url), "the service is scraped")
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert re.search(r"^Uid:\t65532\t65532\t65532\t65532$", status, re.MULTILINE)
    assert re.search(r"^Gid:\t65532\t65532\t65532\t65532$", status, re.MULTILINE)
    kind, *check = image.config["Healthcheck"]["Test"]
    assert kind == "CMD"
    assert image.run(*check, HEALTHCHECK_URL=f"{url}/healthz").returncode == 0
    process.terminate()
    wait_for(lambda: not process.alive, "it ends when it is asked to")
    assert image.run(*check, HEALTHCHECK_URL=f"{url}/healthz").returncode == 1
    assert "Read-only" not in process.log.read_text()
