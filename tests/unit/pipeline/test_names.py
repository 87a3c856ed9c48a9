"""Ids of eval sets: each its own, and the same one for as long as it is remembered."""

import re
from functools import partial

import pytest

from tests.builders.snapshots import incident
from watchdog.model.eval_set_names import ID_MAX, EvalSetName, qualified, suffix
from watchdog.pipeline.names import KEPT_MAX, KEPT_SECONDS, EvalSetNames

A, B = "/mnt/a/logs", "s3://evals/prod"
DAY = 86_400.0


def below(root, name):
    return f"{root}/{name}"


HOMES = {source: partial(below, source) for source in (A, B)}


@pytest.fixture
def names():
    return EvalSetNames(HOMES)


def open_incident(name, *sources):
    return incident(eval_sets=(name,), sources=sources)


def test_a_name_that_nobody_else_has_is_the_id(names):
    assert names.id_of(A, "one") == "one"
    assert names.id_of(B, "two") == "two"


def test_the_second_of_a_name_is_told_apart_by_its_source(names):
    assert names.id_of(B, "one") == "one"
    other = names.id_of(A, "one")
    assert re.fullmatch(r"one@a-logs-[0-9a-f]{6}", other)
    assert names.id_of(B, "one") == "one"
    assert names.owner(other) == EvalSetName(A, "one")


def test_an_id_stays_whose_it_is_also_over_a_restart(names):
    names.id_of(A, "one")
    other = names.id_of(B, "one")
    names.seen({other}, 100.0)
    again = EvalSetNames(HOMES, names.owners)
    assert again.id_of(B, "one") == other
    assert again.id_of(A, "one") == "one"


def test_an_id_that_was_not_in_use_for_long_is_anybodys(names):
    names.id_of(A, "one")
    other = names.id_of(B, "one")
    names.seen({"one", other}, 100.0)
    names.seen({other}, 100.0 + KEPT_SECONDS - DAY)
    assert names.owner("one") is not None
    names.seen({other}, 100.0 + KEPT_SECONDS + DAY)
    assert names.owner("one") is None
    # what has another id keeps it
    assert names.id_of(B, "one") == other


def test_the_ids_that_are_kept_are_bounded(names):
    for number in range(KEPT_MAX + 5):
        names.owners[f"old-{number}"] = EvalSetName(A, f"old-{number}", 1.0 + number)
    names.id_of(A, "one")
    names.seen({"one"}, 10.0)
    assert len(names.owners) == KEPT_MAX + 1
    assert "old-4" not in names.owners
    assert {"one", "old-5"} <= names.owners.keys()


def test_two_sources_that_show_one_folder_show_one_eval_set():
    names = EvalSetNames({A: HOMES[B], B: HOMES[B]})
    assert names.id_of(A, "one") == names.id_of(B, "one") == "one"


@pytest.mark.parametrize("first", [True, False])
def test_a_name_that_looks_like_a_qualified_one_is_never_taken_for_it(names, first):
    forged = qualified("one", B)
    forged_id = names.id_of(A, forged) if first else None
    names.id_of(A, "one")
    own = names.id_of(B, "one")
    forged_id = forged_id or names.id_of(A, forged)
    assert len({forged_id, own, "one"}) == 3


def test_a_source_that_is_not_configured_any_more_leaves_its_ids_to_others():
    names = EvalSetNames(HOMES, {"one": EvalSetName("store", "one", 1.0)})
    assert names.id_of(A, "one") == "one"
    assert names.id_of(B, "one") != "one"


def test_what_is_open_of_an_earlier_version_keeps_its_id(names):
    names.take([open_incident("one", B), open_incident(qualified("two", B), B)], 100.0)
    assert names.id_of(A, "one") != "one"
    assert names.id_of(B, "one") == "one"
    assert names.id_of(B, "two") == qualified("two", B)
    assert names.id_of(A, "two") == "two"


def test_a_name_for_which_two_sources_told_is_given_to_neither(names):
    names.take([open_incident("one", A, B)], 100.0)
    assert names.id_of(A, "one") == qualified("one", A)
    assert names.id_of(B, "one") == qualified("one", B)
    again = EvalSetNames(HOMES, names.owners)
    assert again.id_of(A, "one") == qualified("one", A)


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ("kubernetes", "@kubernetes"),
        ("/mnt/a/logs", r"@a-logs-[0-9a-f]{6}"),
        ("s3://bucket/a/prefix/", r"@a-prefix-[0-9a-f]{6}"),
        ("/tmp/with space/und'`$(x)", r"@with-space-und-x-[0-9a-f]{6}"),
        ("/" + "l" * 300, r"@l{32}-[0-9a-f]{6}"),
        ("/", r"@[0-9a-f]{6}"),
    ],
)
def test_what_qualified_ids_end_in(source, end):
    assert re.fullmatch(end, suffix(source))


def test_a_long_name_still_fits_a_label_and_stays_its_own():
    ids = {qualified("x" * 200 + end, A) for end in "ab"}
    assert len(ids) == 2
    assert {len(one) for one in ids} == {ID_MAX}
