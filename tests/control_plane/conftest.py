"""The fixtures for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.control_plane import hawk
from tests.control_plane.chart import home, install, served, store
from tests.control_plane.fixtures import helm, kubectl, plane, pytest_runtest_makereport, s3
from tests.control_plane.plane import ControlPlane

__all__ = ["helm", "kubectl", "plane", "pytest_runtest_makereport", "s3"]
__all__ += ["home", "install", "served", "store"]


@pytest.fixture
def name() -> str:
    """An eval set's id of its own."""
    return f"set-{uuid4().hex[:8]}"


@pytest.fixture
def make(plane: ControlPlane, name: str) -> Iterator[Callable[..., hawk.HawkEvalSet]]:
    """Makes an eval set, and takes it away afterwards."""
    made: list[hawk.HawkEvalSet] = []

    def make_one(*how: Any, **plan: Any) -> hawk.HawkEvalSet:
        made.append(hawk.make_eval_set(plane, name, *how, **plan))
        return made[-1]

    yield make_one
    for eval_set in made:
        eval_set.remove()
