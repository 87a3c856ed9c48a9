"""The whole service, killed ten times while incidents open: none lost, no life tells twice."""

import pytest

from tests.acceptance.kill_service import kill_service


@pytest.mark.acceptance
def test_ten_kills_lose_nothing(tmp_path):
    assert "none lost" in kill_service(10, 1, tmp_path)
