"""Hawk's `.models.json`: read when it is new; what can't be read is for nobody."""

import json

import pytest

from watchdog.collect.inspect.model_access import ModelAccess
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.fold import fold
from watchdog.model.access import UNKNOWABLE
from watchdog.model.state import EvalSetState


async def access_of(tmp_path, state=None):
    store, facts = DirectoryStore(tmp_path), []
    reader = ModelAccess(store, "", "e")
    problem = await reader.listed(await store.list_dir(), facts.append)
    assert await reader.listed(await store.list_dir(), facts.append) == problem
    state = state or EvalSetState("e")
    for fact in facts:
        state = fold(state, fact)
    return state, problem


def write(tmp_path, content):
    (tmp_path / ".models.json").write_text(content)


async def test_groups_and_names(tmp_path):
    names, groups = ["m/x"], ["model-access-b", "a-models"]
    write(tmp_path, json.dumps({"model_names": names, "model_groups": groups}))
    state, problem = await access_of(tmp_path)
    assert (state.access, state.model_names, problem) == (("a", "b"), ("m/x",), None)


async def test_without_it_nobody_restricts_a_log_directory(tmp_path):
    assert (await access_of(tmp_path))[0].access == ()


@pytest.mark.parametrize(
    "content", ["", "{}", "[" * 9999, '{"model_groups": [7]}', "x" * 2_000_000]
)
async def test_what_can_not_be_read_is_for_nobody(tmp_path, content):
    write(tmp_path, content)
    state, problem = await access_of(tmp_path)
    assert state.access == (UNKNOWABLE,)
    assert problem is not None
