"""Whether an eval set that a listing doesn't show is gone, or only can't be seen. Pure.

A bucket behind a captive portal, a directory whose disk is not mounted and a folder that somebody
deleted look alike for a moment. Gone is only what is absent from listings that prove themselves:
complete, and with something in them that lay beside it before. All else is missing data, which
ends nothing.
"""

from enum import StrEnum

from msgspec import Struct

LISTINGS = 3
"""So many listings without it, one after the other, …"""
SECONDS = 120.0
"""… over so many seconds, and it is gone."""
BELIEVED_AFTER = 604_800.0
"""Seconds after which even a listing that proves nothing is believed: nobody misses it."""
NAMES_MAX = 1000
"""So many names of a folder are remembered to know it by."""


class Proof(StrEnum):
    """What a complete listing without an eval set says of the place where it lay."""

    SIBLINGS = "siblings"
    """Something that lay beside it is still there."""
    ALONE = "alone"
    """Nothing lay beside it; the place is the same and holds something."""
    EMPTY = "empty"
    """Nothing is there any more."""
    REPLACED = "replaced"
    """Another directory is there than before, and nothing of what was in that."""
    STRANGERS = "strangers"
    """There is something, and nothing of what was there before."""


PROVES = frozenset({Proof.SIBLINGS, Proof.ALONE})


class Contents(Struct, frozen=True):
    """What a folder held at a listing: names, and what tells the folder from another."""

    names: frozenset[str] = frozenset()
    identity: str | None = None
    """None where a store has none."""


def remembered(folder: Contents) -> Contents:
    """As much of it as is kept until the next listing."""
    if len(folder.names) <= NAMES_MAX:
        return folder
    return Contents(frozenset(sorted(folder.names)[:NAMES_MAX]), folder.identity)


def proof_of(before: Contents, now: Contents, own: str) -> Proof:
    """What a listing proves of an eval set whose own name in the folder was `own`."""
    others = before.names - {own}
    if others & now.names:
        return Proof.SIBLINGS
    if not now.names:
        return Proof.EMPTY
    if before.identity != now.identity:
        return Proof.REPLACED
    return Proof.STRANGERS if others else Proof.ALONE


class Absence(Struct, frozen=True):
    """How long an eval set has not been in the listings. Seconds since the epoch."""

    since: float
    """The first complete listing without it."""
    proof: Proof
    """What the last one proves."""
    proven_since: float | None = None
    """The first of the listings in a row that prove something."""
    listings: int = 0
    """How many they are."""


def absent(before: Absence | None, proof: Proof, now: float) -> Absence:
    """After one more complete listing without it, at `now`."""
    since = before.since if before is not None else now
    if proof not in PROVES:
        return Absence(since, proof)
    if before is None or before.proven_since is None:
        return Absence(since, proof, now, 1)
    return Absence(since, proof, before.proven_since, before.listings + 1)


class Fate(StrEnum):
    """What became of an eval set that is absent, and why that is believed."""

    GONE = "gone"
    """Listings that prove themselves have been without it for long enough."""
    BELIEVED = "believed"
    """It has been missing for so long that nobody waits for it any more."""
    COUNTING = "counting"
    """The listings prove themselves; there were not enough of them yet."""
    MISSING = "missing"
    """What is listed proves nothing: missing data."""


ENDED = frozenset({Fate.GONE, Fate.BELIEVED})


def fate(absence: Absence, now: float) -> Fate:
    """Whether it is gone, at `now`."""
    if absence.proven_since is not None:
        long_enough = now - absence.proven_since >= SECONDS
        return Fate.GONE if absence.listings >= LISTINGS and long_enough else Fate.COUNTING
    return Fate.BELIEVED if now - absence.since >= BELIEVED_AFTER else Fate.MISSING


_WORDS = {
    Proof.EMPTY: "is empty",
    Proof.REPLACED: "is another directory than before, and holds nothing of what was in that one",
    Proof.STRANGERS: "holds nothing of what it held before",
}
WAY_OUT = (
    "Is it mounted, and is it the right one? It counts as missing data, and ends nothing. What was "
    "removed on purpose: `watchdog mute` each eval set of which something is open, then restart "
    "once another one lies there"
)


def place_words(proof: Proof) -> str:
    """What is said of a place whose listing proves nothing; empty of one that does."""
    return _WORDS.get(proof, "")


def words(absence: Absence) -> str:
    """Why an eval set that is absent can't be read, for people."""
    if absence.proven_since is not None:
        return f"not in the last {absence.listings} listings; after {LISTINGS} it counts as gone"
    return f"what it lay in {_WORDS[absence.proof]}"
