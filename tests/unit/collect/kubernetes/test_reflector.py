"""Listing, watching, and everything that goes wrong with it, on a clock that the test moves."""

import json
from typing import Any

import pytest

from tests.builders.kubernetes_objects import bookmark, change, event, gone, listing, meta, pod
from tests.doubles.kubernetes_api import FakeApi, FakeTime, error
from watchdog.collect.kubernetes import events
from watchdog.collect.kubernetes.decoding import EVENT, NAMESPACE, POD, Decoder
from watchdog.collect.kubernetes.object_cache import ObjectCache
from watchdog.collect.kubernetes.reflector import GRACE, Reflector, Timing
from watchdog.collect.kubernetes.resources import EVENTS, NAMESPACES, PODS, ListQuery
from watchdog.model.cluster import Pod, PodEvent

TIMING = Timing(watch_timeout=240, relist_interval=900, page_size=2)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def reflector(api: FakeApi, time: FakeTime) -> Reflector[Pod]:
    query = ListQuery(PODS, query=(("labelSelector", "a in (b)"),))
    return Reflector(api, query, Decoder(POD), ObjectCache[Pod](), TIMING, time.environment)


def names(reflector: Reflector[Pod]) -> list[str]:
    return sorted(name for _, name in reflector.object_cache.view().objects)


def test_pages_then_a_watch_from_where_the_listing_ends(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [listing(pod("a"), pod("b"), more="next"), listing(pod("c"), version="11")]
    api.watches = [(time.later(240),)]
    reflector.step()
    assert names(reflector) == ["a", "b", "c"]
    assert api.urls == [
        "/api/v1/pods?labelSelector=a+in+%28b%29&limit=2",
        "/api/v1/pods?labelSelector=a+in+%28b%29&limit=2&continue=next",
        (
            "/api/v1/pods?labelSelector=a+in+%28b%29&watch=1&allowWatchBookmarks=true"
            "&resourceVersion=11&timeoutSeconds=240"
        ),
    ]
    assert api.silences == [240 + GRACE]
    view = reflector.object_cache.view()
    assert (view.listed_at, view.confirmed_at, view.error) == (1000, 1240, None)
    assert time.pauses == []


def test_changes_are_applied_and_the_next_watch_goes_on_from_the_last(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [listing(pod("a"), pod("b"))]
    api.watches = [
        (
            change("ADDED", pod("c", version="12")),
            time.later(5),
            change("MODIFIED", pod("a", version="13", phase="Failed")),
            change("DELETED", pod("b", version="14")),
            time.later(60),
            bookmark("20"),
        ),
        (time.later(240),),
    ]
    reflector.step()
    assert names(reflector) == ["a", "c"]
    assert reflector.object_cache.view().objects["ns", "a"].record.phase == "Failed"
    assert reflector.object_cache.view().confirmed_at == 1065
    reflector.step()
    assert "resourceVersion=20" in api.urls[-1]


def test_the_generation_tells_of_changes_only(api: FakeApi, reflector: Reflector[Pod]) -> None:
    seen: list[int] = []

    def look() -> None:
        seen.append(reflector.object_cache.view().generation)

    api.answers = [listing(pod("a"))]
    api.watches = [
        (look, bookmark("11"), look, change("MODIFIED", pod("a", version="12")), look),
    ]
    reflector.step()
    assert seen == [1, 1, 2]


def test_a_view_does_not_change_under_its_reader(api: FakeApi, reflector: Reflector[Pod]) -> None:
    views = []
    api.answers = [listing(pod("a"))]
    api.watches = [
        (
            lambda: views.append(reflector.object_cache.view()),
            change("DELETED", pod("a", version="12")),
        ),
    ]
    reflector.step()
    assert list(views[0].objects) == [("ns", "a")]
    assert names(reflector) == []


@pytest.mark.parametrize("how", [(gone(),), error("gone", 410)])
def test_a_version_that_is_too_old_lists_anew_at_once(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod], how: object
) -> None:
    api.answers = [listing(pod("a")), listing(pod("b"))]
    api.watches = [how, (time.later(240),)]  # type: ignore[list-item]
    reflector.step()
    assert names(reflector) == ["a"]
    reflector.step()
    assert names(reflector) == ["b"]
    assert time.pauses == []
    assert reflector.object_cache.drain_failures() == ()


def test_a_server_that_always_says_gone_is_not_asked_without_end(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [listing(pod("a"))] * 4
    api.watches = [(gone(),)] * 4
    for _ in range(4):
        reflector.step()
    assert time.pauses == [0.25, 0.5, 1.0]
    found = reflector.object_cache.view().error
    assert found is not None
    assert found.reason == "gone"


def test_a_continue_token_that_has_expired_lists_anew(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [listing(pod("a"), more="next"), error("gone", 410), listing(pod("b"))]
    api.watches = [(time.later(240),)]
    reflector.step()
    assert reflector.object_cache.view().listed_at is None
    reflector.step()
    assert names(reflector) == ["b"]


def test_what_was_known_stays_known_with_its_age_and_the_reason(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [listing(pod("a"))]
    api.watches = [(time.later(10), error("unavailable")), error("forbidden", 403)]
    reflector.step()
    reflector.step()
    view = reflector.object_cache.view()
    assert names(reflector) == ["a"]
    assert view.error is not None
    assert view.error.reason == "forbidden"
    assert view.confirmed_at == 1000
    assert reflector.object_cache.drain_failures() == ("unavailable", "forbidden")
    assert reflector.object_cache.drain_failures() == ()


def test_an_error_is_over_when_the_api_answers_again(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [error("forbidden", 403), listing(pod("a"))]
    api.watches = [(time.later(240),)]
    reflector.step()
    assert reflector.object_cache.view().error is not None
    reflector.step()
    assert reflector.object_cache.view().error is None


def test_back_off_grows_is_bounded_and_starts_anew(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [error("unavailable")] * 9
    for _ in range(9):
        reflector.step()
    assert time.pauses == [0.25, 0.5, 1, 2, 4, 8, 15, 15, 15]
    api.answers = [listing(pod("a")), error("unavailable")]
    api.watches = [(time.later(2000),)]
    reflector.step()
    reflector.step()
    assert time.pauses[-1] == 0.25


def test_the_server_says_how_long_to_wait(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [error("too_many_requests", 429, retry_after=7)]
    reflector.step()
    assert time.pauses == [7]


def test_a_watch_that_ends_at_once_is_not_asked_for_without_end(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [listing(pod("a"))]
    api.watches = [()] * 3
    for _ in range(3):
        reflector.step()
    assert time.pauses == [0.25, 0.5, 1]


def test_a_silent_watch_is_taken_for_dead_and_another_begun(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [listing(pod("a"))]
    api.watches = [(time.later(270), error("timeout")), (time.later(240),)]
    reflector.step()
    assert reflector.object_cache.view().confirmed_at == 1000
    reflector.step()
    assert reflector.object_cache.drain_failures() == ("timeout",)
    assert reflector.object_cache.view().error is None


def test_a_watch_that_trickles_past_its_end_is_taken_for_dead(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [listing(pod("a"))]
    api.watches = [(time.later(271), b"", change("DELETED", pod("a", version="12")))]
    reflector.step()
    assert names(reflector) == ["a"]
    assert reflector.object_cache.drain_failures() == ("timeout",)


def test_a_full_listing_corrects_what_the_watch_missed(
    api: FakeApi, time: FakeTime, reflector: Reflector[Pod]
) -> None:
    api.answers = [listing(pod("a"), pod("b")), listing(pod("b"), pod("c"))]
    api.watches = [(time.later(240),)] * 5
    for _ in range(5):
        reflector.step()
    assert names(reflector) == ["b", "c"]
    timeouts = [url.rpartition("=")[2] for url in api.urls if "watch=1" in url]
    assert timeouts == ["240", "240", "240", "180", "240"]


def test_what_cannot_be_read_is_a_problem_and_the_watch_goes_on(
    api: FakeApi, reflector: Reflector[Pod]
) -> None:
    api.answers = [listing(pod("a"), {"metadata": {}})]
    bad = pod("b", version="12")
    bad["metadata"]["labels"] = 3
    good = change("ADDED", pod("c", version="13"))
    api.watches = [(b"garbage", b"", change("ADDED", bad), good)]
    reflector.step()
    assert names(reflector) == ["a", "c"]
    places = [problem.where for problem in reflector.object_cache.view().problems]
    assert places == ["pods", "pods/ns/b"]
    assert reflector.object_cache.view().error is None


@pytest.mark.parametrize("answer", [b"<html>Log in</html>", b"{}", listing(version="")])
def test_an_answer_that_is_no_listing(
    api: FakeApi, reflector: Reflector[Pod], answer: bytes
) -> None:
    api.answers = [answer]
    reflector.step()
    view = reflector.object_cache.view()
    assert view.listed_at is None
    assert view.error is not None
    assert view.error.reason == "other"


def test_not_even_a_bug_ends_it(api: FakeApi, time: FakeTime, reflector: Reflector[Pod]) -> None:
    def bug() -> None:
        raise KeyError("bug")

    api.answers = [listing(pod("a"))]
    api.watches = [(bug,), (time.later(240),)]
    reflector.step()
    found = reflector.object_cache.view().error
    assert found is not None
    assert "KeyError" in found.text
    reflector.step()
    assert reflector.object_cache.view().error is None


def test_nothing_is_begun_after_a_stop(api: FakeApi, reflector: Reflector[Pod]) -> None:
    def stop() -> None:
        reflector.stop()

    api.answers = [listing(pod("a"))]
    api.watches = [(stop, error("unavailable"))]
    reflector.start()
    assert reflector.join(10)
    assert reflector.object_cache.drain_failures() == ()
    assert len(api.asked) == 2


def test_events_are_bounded_while_they_are_listed(api: FakeApi, time: FakeTime) -> None:
    time.now = 1_795_421_000.0
    sizes: list[int] = []

    def trim(entries: dict, now: float) -> None:  # type: ignore[type-arg]
        events.trim(entries, now)
        sizes.append(len(entries))

    many = [event(f"e{number}") for number in range(1500)]
    api.answers = [
        listing(*many, more="next"),
        listing(*(event(f"f{number}") for number in range(1500))),
    ]
    api.watches = [()]
    object_cache = ObjectCache[PodEvent](trim)
    reflector = Reflector(
        api, ListQuery(EVENTS), Decoder(EVENT), object_cache, TIMING, time.environment
    )
    reflector.step()
    assert sizes == [1500, 2000]
    assert len(object_cache.view().objects) == 2000


def test_answered_is_set_by_a_listing_and_by_a_refusal(
    api: FakeApi, reflector: Reflector[Pod]
) -> None:
    assert not reflector.object_cache.answered.is_set()
    api.answers = [error("forbidden", 403)]
    reflector.step()
    assert reflector.object_cache.answered.is_set()


def of_kind(kind: str, *items: dict[str, Any]) -> bytes:
    whole = {"metadata": {"resourceVersion": "20"}, "items": items}
    return json.dumps({"kind": kind, **whole} if kind else whole).encode()


@pytest.mark.parametrize("kind", ["Status", "Pod", "APIResources"])
def test_an_answer_of_another_kind_is_no_listing(
    api: FakeApi, reflector: Reflector[Pod], kind: str
) -> None:
    api.answers = [of_kind(kind)]
    reflector.step()
    view = reflector.object_cache.view()
    assert view.listed_at is None
    assert view.error is not None
    assert f"no listing: {kind}, not PodList" in view.error.text


@pytest.mark.parametrize("kind", ["JobList", "PodMetricsList", ""])
def test_a_listing_of_another_kind_takes_nothing_away(
    api: FakeApi, reflector: Reflector[Pod], time: FakeTime, kind: str
) -> None:
    api.answers = [listing(pod("a")), of_kind(kind)]
    api.watches = [(), ()]
    reflector.step()
    time.now += 10_000
    reflector.step()
    assert names(reflector) == ["a"]
    error_now = reflector.object_cache.view().error
    assert error_now is not None
    assert "no listing" in error_now.text


def test_an_empty_listing_where_there_was_something_is_believed_when_it_lasts(
    api: FakeApi, reflector: Reflector[Pod], time: FakeTime
) -> None:
    api.answers = [listing(pod("a"))] + [listing(version="12")] * 3
    api.watches = [(), ()]
    reflector.step()
    for seconds in (10_000, 60):
        time.now += seconds
        reflector.step()
        view = reflector.object_cache.view()
        assert names(reflector) == ["a"]
        assert view.error is not None
        assert "an empty listing where there were 1" in view.error.text
    time.now += 60
    reflector.step()
    assert names(reflector) == []
    assert reflector.object_cache.view().error is None
    assert reflector.object_cache.view().missed == ("uid-a",)


def test_no_cluster_is_without_namespaces(api: FakeApi, time: FakeTime) -> None:
    item = {"metadata": {**meta("kube-system", ""), "uid": "1"}}
    api.answers = [of_kind("NamespaceList", item)] + [of_kind("NamespaceList")] * 5
    api.watches = [()]
    reflector = Reflector(
        api,
        ListQuery(NAMESPACES),
        Decoder(NAMESPACE),
        ObjectCache[None](),
        TIMING,
        time.environment,
    )
    for _ in range(6):
        reflector.step()
        time.now += 10_000
    assert list(reflector.object_cache.entries()) == [("", "kube-system")]


def test_what_answers_a_watch_with_a_page_confirms_nothing(
    api: FakeApi, reflector: Reflector[Pod], time: FakeTime
) -> None:
    api.answers = [listing(pod("a"))]
    api.watches = [(b"<!DOCTYPE html>", b"<p>Sign in</p>")] * 4
    reflector.step()
    first = reflector.object_cache.view().confirmed_at
    for _ in range(3):
        time.now += 60
        reflector.step()
    view = reflector.object_cache.view()
    assert view.confirmed_at == first
    assert view.error is not None
    assert "no watch" in view.error.text


def test_a_listing_that_comes_to_no_end(api: FakeApi, reflector: Reflector[Pod]) -> None:
    api.answers = [listing(pod("a"), more="next")] * 3
    reflector.step()
    error_now = reflector.object_cache.view().error
    assert error_now is not None
    assert "comes to no end" in error_now.text
