"""When an eval set that a listing doesn't show is gone, and when only its data is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.collect.absence import (
    BELIEVED_AFTER,
    ENDED,
    LISTINGS,
    NAMES_MAX,
    PROVES,
    SECONDS,
    WAY_OUT,
    Contents,
    Fate,
    Proof,
    absent,
    fate,
    place_words,
    proof_of,
    remembered,
    words,
)

NAMES = st.frozensets(st.sampled_from("abcdef"))
LOOKS = st.lists(st.tuples(st.sampled_from(Proof), st.floats(0, 3600)), min_size=1, max_size=30)


def held(*names, identity="1-1"):
    return Contents(frozenset(names), identity)


@pytest.mark.parametrize(
    ("before", "now", "proof"),
    [
        (held("own", "other"), held("other"), Proof.SIBLINGS),
        (held("own", "other"), held("other", identity="2-2"), Proof.SIBLINGS),
        (held("own"), held("new"), Proof.ALONE),
        (held("own"), held("new", identity="2-2"), Proof.REPLACED),
        (held("own", "other"), held("new"), Proof.STRANGERS),
        (held("own", "other"), held("new", identity="2-2"), Proof.REPLACED),
        (held("own", "other"), held(), Proof.EMPTY),
        (held("own"), held(), Proof.EMPTY),
        (Contents(), held("new"), Proof.REPLACED),
        (held("own", "other", identity=None), held("other", identity=None), Proof.SIBLINGS),
    ],
)
def test_what_a_listing_proves(before, now, proof):
    assert proof_of(before, now, "own") is proof


@given(NAMES, NAMES)
def test_an_empty_place_never_proves_anything(before, now):
    proof = proof_of(Contents(before, "1"), Contents(now - {"a"}, "1"), "a")
    assert (proof in PROVES) <= bool(now - {"a"})
    if before - {"a"}:
        assert (proof in PROVES) == bool((before & now) - {"a"})


@given(LOOKS)
def test_gone_takes_three_listings_in_a_row_and_two_minutes(looks):
    now, absence, row = 0.0, None, []
    for proof, seconds in looks:
        now += seconds
        absence = absent(absence, proof, now)
        row = [*row, now] if proof in PROVES else []
        proven = len(row) >= LISTINGS and row[-1] - row[0] >= SECONDS
        assert (fate(absence, now) is Fate.GONE) == proven
        assert absence.since == looks[0][1]


@given(LOOKS)
def test_what_never_proves_anything_is_believed_after_a_week_and_no_sooner(looks):
    now, absence = 0.0, None
    for _, seconds in looks:
        now += seconds
        absence = absent(absence, Proof.EMPTY, now)
    begin = absence.since
    assert fate(absence, begin + BELIEVED_AFTER - 1) is Fate.MISSING
    assert fate(absence, begin + BELIEVED_AFTER) is Fate.BELIEVED


def test_a_listing_that_proves_nothing_begins_the_count_anew():
    absence = None
    for at, proof in enumerate([Proof.SIBLINGS, Proof.SIBLINGS, Proof.EMPTY, Proof.SIBLINGS]):
        absence = absent(absence, proof, at * SECONDS)
    assert (absence.listings, absence.proven_since, absence.since) == (1, 3 * SECONDS, 0.0)
    assert fate(absence, 3 * SECONDS) not in ENDED


@pytest.mark.parametrize("proof", Proof)
def test_each_has_words(proof):
    text = words(absent(None, proof, 1000.0))
    assert text
    assert bool(place_words(proof)) == (proof not in PROVES)
    assert (place_words(proof) in text) or proof in PROVES
    assert "watchdog mute" in WAY_OUT


def test_of_a_large_folder_a_part_is_remembered():
    many = Contents(frozenset(f"{n:06}" for n in range(5000)), "1-1")
    kept = remembered(many)
    assert (len(kept.names), kept.identity) == (NAMES_MAX, "1-1")
    assert proof_of(kept, many, "own") is Proof.SIBLINGS
