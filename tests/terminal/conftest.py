"""A terminal for each test, a real service for a file's."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.acceptance.service_process import ServiceProcess
from tests.recordings.unpack import unpack
from tests.terminal.tmux import Screen, needed


@pytest.fixture
def folder():
    """A folder of a short name: a socket's may have some hundred characters."""
    path = Path(tempfile.mkdtemp(prefix="wd-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def terminal(folder):
    """Makes terminals: `terminal(width=60)`."""
    needed()
    screens = []

    def made(**size):
        place = folder / str(len(screens))
        place.mkdir()
        screens.append(Screen(place, **size))
        return screens[-1]

    yield made
    for screen in screens:
        screen.close()


@pytest.fixture(scope="session")
def recordings(tmp_path_factory):
    """Bundles by name: the second instant of a few recordings."""
    names = ("one_sample_500", "two_tasks", "finished")
    return {name: unpack(name, tmp_path_factory.mktemp(name))[1] for name in names}


@pytest.fixture(scope="module")
def service(tmp_path_factory, recordings):
    """A real service that watches the bundles."""
    yield from _serving(tmp_path_factory.mktemp("service"), recordings)


@pytest.fixture
def mortal_service(tmp_path, recordings):
    """One of its own for a test that ends it."""
    yield from _serving(tmp_path, recordings)


def _serving(folder, recordings):
    targets = [str(path) for path in recordings.values()]
    process = ServiceProcess(folder, targets, arguments=("--interval", "2"))
    assert process.until_ready()
    yield process
    if process.process.poll() is None:
        process.stop()
