"""Where an eval set is looked for: never where another one has its name."""

import pytest
from msgspec.structs import replace

from tests.builders.snapshots import eval_set, snapshot
from watchdog.config.load import load
from watchdog.evidence.bundle import _places
from watchdog.evidence.whose import Whose, whose
from watchdog.model.eval_set_names import qualified

A, B = "/mnt/a", "s3://evals/prod"
STORE = "s3://cluster/evals"


def settings(*logs, cluster=False):
    enabled = "yes" if cluster else "no"
    return load({"logs": logs, "kubernetes": {"enabled": enabled, "store": STORE}})


def live(*sources, name="run"):
    return snapshot(*(replace(eval_set("id"), source=s, name=name) for s in sources)).report


@pytest.mark.parametrize(
    ("source", "roots"), [(A, [A]), (B, [B]), ("kubernetes", [STORE]), ("nowhere", [])]
)
def test_what_the_service_says_is_looked_for_there_alone(source, roots):
    configured = settings(A, B, cluster=True)
    eval_set_of = whose("id", configured, live(source))
    assert eval_set_of == Whose("run", frozenset({source}))
    assert [root for root, _ in _places(eval_set_of, configured)] == roots
    assert {folder for _, folder in _places(eval_set_of, configured)} <= {"run"}


def test_one_that_two_sources_show_is_looked_for_in_both():
    assert whose("id", settings(A, B), live(A, B)).sources == {A, B}


def test_the_only_source_has_it_whatever_it_is_called():
    assert whose("id", settings(A), live("store")) == Whose("run")
    assert whose("run", settings(A)) == Whose("run")


@pytest.mark.parametrize("source", [A, B, "kubernetes"])
def test_a_qualified_id_says_where_it_is(source):
    configured = settings(A, B, cluster=True)
    assert whose(qualified("run", source), configured) == Whose("run", frozenset({source}))


def test_any_other_id_is_a_name():
    assert whose("run@elsewhere", settings(A, B)) == Whose("run@elsewhere")
