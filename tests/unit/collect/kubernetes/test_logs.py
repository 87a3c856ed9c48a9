"""What is asked of a pod's log, and what an answer without one means."""

from datetime import datetime, timedelta, timezone

import pytest

from tests.doubles.kubernetes_api import FakeApi
from watchdog.collect.kubernetes.errors import ApiError
from watchdog.collect.kubernetes.logs import read_log

SINCE = datetime(2026, 11, 23, 10, 0, 0, 700_000, timezone(timedelta(hours=2)))


def test_a_log_from_an_instant_on() -> None:
    api = FakeApi()
    api.answers = [b"2026-11-23T08:00:00.7Z hello\n"]
    assert read_log(api, "ns", "p", "c", since_time=SINCE, limit_bytes=10) == b"2026-11-23"
    assert api.urls == [
        (
            "/api/v1/namespaces/ns/pods/p/log?container=c&timestamps=true&limitBytes=10"
            "&sinceTime=2026-11-23T08%3A00%3A00Z"
        )
    ]
    assert api.asked[0].accept == "*/*"


def test_the_container_that_was_there_before() -> None:
    api = FakeApi()
    api.answers = [b""]
    assert read_log(api, "ns", "p", "c", since_time=None, limit_bytes=10, previous=True) == b""
    assert api.urls[0].endswith("limitBytes=10&previous=true")


@pytest.mark.parametrize(
    "text",
    [
        'container "c" in pod "p" is waiting to start: ContainerCreating',
        'previous terminated container "c" in pod "p" not found',
        "pod p does not have a host assigned",
    ],
)
def test_there_is_no_log_yet(text: str) -> None:
    api = FakeApi()
    api.answers = [ApiError("other", 400, text)]
    assert read_log(api, "ns", "p", "c", since_time=None, limit_bytes=10) == b""


@pytest.mark.parametrize(
    "error",
    [
        ApiError("not_found", 404, 'pods "p" not found'),
        ApiError("other", 400, "container x is not valid for pod p"),
        ApiError("forbidden", 403, "add the rule …"),
    ],
)
def test_it_cannot_be_read(error: ApiError) -> None:
    api = FakeApi()
    api.answers = [error]
    with pytest.raises(ApiError) as caught:
        read_log(api, "ns", "p", "c", since_time=None, limit_bytes=10)
    assert caught.value is error
