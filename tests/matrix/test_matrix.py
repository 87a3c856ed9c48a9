"""The releases that every run of the tests tries; `make matrix` tries all."""

import pytest

from tests.control_plane.build.resolve import MissingPartError
from tests.control_plane.fixtures import refuse
from tests.matrix.matrix import results
from tests.matrix.versions import CI, Version

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize("version", CI, ids=lambda version: version.number)
def test_what_a_release_writes_is_understood(version: Version) -> None:
    try:
        outcomes = results([version])
    except MissingPartError as missing:
        refuse(f"no run of Inspect {version.number}: {missing}")
    assert [line for one in outcomes for line in one.lines] == []
