"""With `-n 2` too: tests that go on from each other, and share an address, meet in one process."""

import os

import pytest

from tests.processes import ByFile


@pytest.fixture(scope="module")
def place(tmp_path_factory, worker_id):
    """Made once in a run, whatever the number of processes."""
    above = tmp_path_factory.getbasetemp()
    made = (above if worker_id == "master" else above.parent) / "one_process_of_this_file"
    made.mkdir()
    return made


@pytest.mark.parametrize("one", range(4))
def test_a_file_stays_in_one_process(one, place):
    (place / str(one)).write_text(str(os.getpid()))
    assert {file.read_text() for file in place.iterdir()} == {str(os.getpid())}


@pytest.mark.parametrize(
    ("test", "scope"),
    [
        ("tests/unit/test_a.py::test_b[x::y]", "tests/unit/test_a.py"),
        ("tests/unit/test_a.py::TestB::test_c", "tests/unit/test_a.py"),
        ("tests/control_plane/test_a.py::test_b", "tests/control_plane/"),
        ("tests/control_plane/hawk_release/test_a.py::test_b", "tests/control_plane/"),
    ],
)
def test_a_control_plane_is_for_all_of_its_folder(test, scope):
    assert ByFile._split_scope(None, test) == scope
