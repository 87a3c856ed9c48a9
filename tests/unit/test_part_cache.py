"""What is made of parts: once each, by identity, and no longer than they are there."""

import gc
import weakref

from msgspec import Struct

from watchdog.part_cache import PartCache


class Part(Struct, frozen=True, weakref=True):
    """A part of a whole."""

    name: str


def test_each_is_made_once_and_in_its_place():
    made = []
    cache = PartCache(lambda part: made.append(part.name) or part.name)
    a, b, twin = Part("a"), Part("b"), Part("a")
    assert cache.all_of([a, b, twin, a]) == ["a", "b", "a", "a"]
    assert made == ["a", "b", "a"]
    assert cache.all_of([b, a]) == ["b", "a"]
    assert made == ["a", "b", "a"]
    assert cache.all_of([twin]) == ["a"]
    assert made == ["a", "b", "a", "a"]


def test_what_is_none_is_made_once_too():
    made = []
    cache = PartCache(made.append)
    part = Part("a")
    assert cache.all_of([part]) == cache.all_of([part]) == [None]
    assert made == [part]


def test_another_version_makes_all_anew():
    made = []
    cache = PartCache(lambda part: made.append(part.name) or len(made))
    part = Part("a")
    assert [cache.all_of([part], version) for version in (1, 1, 2, 1)] == [[1], [1], [2], [3]]


def test_what_left_is_freed():
    cache = PartCache(lambda part: part.name)
    part = Part("a")
    gone = weakref.ref(part)
    cache.all_of([part])
    del part
    assert gone() is not None
    cache.all_of([])
    gc.collect()
    assert gone() is None
    assert not len(cache)
