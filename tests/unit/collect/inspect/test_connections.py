"""Bounds of a pool of connections, against Inspect's own reading of the same settings."""

import pytest
from inspect_ai.util._concurrency import AdaptiveConcurrency, resolve_adaptive

from watchdog.collect.inspect.connections import BATCH, STATIC, connections
from watchdog.collect.inspect.specification import task_spec
from watchdog.model.facts import Connections, RoleModel

NEW, OLD = (0, 3, 285), (0, 3, 220)


@pytest.mark.parametrize(
    "value",
    [True, None, 5, 60, {"max": 8}, {"min": 2, "max": 30}, {"min": 1, "start": 3, "max": 9}],
)
def test_adaptive_bounds_are_inspects(value):
    theirs = AdaptiveConcurrency(**value) if isinstance(value, dict) else resolve_adaptive(value)
    ours = connections({"adaptive_connections": value}, NEW)
    assert ours == Connections(theirs.min, theirs.start, theirs.max)


@pytest.mark.parametrize("text", ["2-30", "1-3-9", "4-500"])
def test_so_is_the_short_form(text):
    theirs = AdaptiveConcurrency.model_validate(text)
    assert connections({"adaptive_connections": text}, NEW) == Connections(
        theirs.min, theirs.start, theirs.max
    )


@pytest.mark.parametrize(
    ("generate", "version", "bounds"),
    [
        ({"max_connections": 3}, NEW, Connections(3, 3, 3)),
        ({"max_connections": 3, "adaptive_connections": True}, NEW, Connections(3, 3, 3)),
        ({"batch": True}, NEW, BATCH),
        ({"adaptive_connections": False}, NEW, STATIC),
        ({}, OLD, STATIC),
        ({}, None, STATIC),
        ({"adaptive_connections": "a-b"}, NEW, Connections(10, 20, 100)),
        ({"adaptive_connections": {"min": "x"}}, NEW, Connections(10, 20, 100)),
    ],
)
def test_what_comes_first(generate, version, bounds):
    assert connections(generate, version) == bounds


def test_roles_have_their_own_bounds_where_they_declare_them():
    roles = {
        "grader": {"model": "openai/judge", "config": {"max_connections": 2}},
        "red": {"model": "openai/red", "config": {}},
        "odd": "no object",
    }
    spec = task_spec({"model_roles": roles, "config": {"time_limit": 60, "working_limit": "x"}})
    assert spec.roles == (
        RoleModel("openai/judge", Connections(2, 2, 2)),
        RoleModel("openai/red"),
    )
    assert (spec.time_limit, spec.working_limit) == (60.0, None)
