"""Requests over real HTTP to a server on loopback, and everything it may answer."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from tests.doubles.kubernetes_server import Answer, Server, status
from watchdog.collect.kubernetes.api import backoff
from watchdog.collect.kubernetes.connection import Connection
from watchdog.collect.kubernetes.errors import ApiError, Reason
from watchdog.collect.kubernetes.resources import (
    EVENTS,
    JOBS,
    NAMESPACES,
    POD_LOG,
    PODS,
    USAGE,
    ListQuery,
)
from watchdog.config.kubernetes import Kubernetes

ASK = ListQuery(PODS, "ns")
OK = Answer(body=b"ok")


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def connection(kubeconfig: Path, pauses: list[float]) -> Iterator[Connection]:
    settings = Kubernetes(kubeconfig=kubeconfig, timeout=5)
    found = Connection(settings, pause=pauses.append, jitter=lambda: 0.0)
    yield found
    found.close()


def failure(connection: Connection, query: ListQuery = ASK) -> ApiError:
    with pytest.raises(ApiError) as caught:
        connection.get(query)
    return caught.value


def test_a_get(server: Server, connection: Connection) -> None:
    server.answers(OK)
    reply = connection.get(ASK.adding(("limit", "5")))
    assert (reply.status, reply.body) == (200, b"ok")
    (asked,) = server.asked
    assert asked.path == "/api/v1/namespaces/ns/pods?limit=5"
    assert asked.authorization == "Bearer t-1"
    assert asked.accept == "application/json"


def test_a_limit_leaves_the_rest_unread(server: Server, connection: Connection) -> None:
    server.answers(Answer(body=b"x" * 100_000))
    assert connection.get(ASK, limit=10).body == b"x" * 10
    server.answers(OK)
    assert connection.get(ASK).body == b"ok"


@pytest.mark.parametrize(
    ("code", "reason"),
    [(404, "not_found"), (410, "gone"), (400, "other"), (302, "other"), (418, "other")],
)
def test_what_is_not_tried_again(
    server: Server, connection: Connection, pauses: list[float], code: int, reason: Reason
) -> None:
    server.answers(status(code, "because of\n\x1b[31m Bearer abcdef"))
    found = failure(connection)
    assert (found.reason, found.status) == (reason, code)
    assert found.text == f"pods in namespace ns: HTTP {code}: because of  [31m Bearer …"
    assert pauses == []


@pytest.mark.parametrize(
    ("code", "reason"), [(500, "unavailable"), (503, "unavailable"), (504, "timeout")]
)
def test_what_is_tried_again(
    server: Server, connection: Connection, pauses: list[float], code: int, reason: Reason
) -> None:
    server.answers(status(code, "no"), OK)
    assert connection.get(ASK).body == b"ok"
    server.answers(status(code, "no"))
    assert failure(connection).reason == reason
    assert pauses == [0.25, 0.25, 0.5]


def test_the_server_says_how_long_to_wait(
    server: Server, connection: Connection, pauses: list[float]
) -> None:
    slow = status(429, "too many")
    slow.headers = {"Retry-After": "3"}
    server.answers(slow, slow, slow)
    found = failure(connection)
    assert (found.reason, found.retry_after) == ("too_many_requests", 3)
    assert pauses == [3, 3]


def test_a_log_is_not_tried_again_at_once_as_it_can_wait(
    server: Server, connection: Connection, pauses: list[float]
) -> None:
    slow = status(429, "too many")
    slow.headers = {"Retry-After": "3"}
    server.answers(slow)
    found = failure(connection, ListQuery(POD_LOG, "ns", "runner"))
    assert (found.reason, found.retry_after) == ("too_many_requests", 3)
    assert (pauses, len(server.asked)) == ([], 1)


def test_nobody_listens(kubeconfig: Path, pauses: list[float], server: Server) -> None:
    kubeconfig.write_text(kubeconfig.read_text().replace(server.url, "http://127.0.0.1:1"))
    found = failure(Connection(Kubernetes(kubeconfig=kubeconfig), pauses.append))
    assert found.reason == "unavailable"
    assert len(pauses) == 2


def test_a_server_that_does_not_answer(kubeconfig: Path, server: Server) -> None:
    settings = Kubernetes(kubeconfig=kubeconfig, timeout=0.05)
    server.answers(Answer(body=b"", hold=True))
    assert failure(Connection(settings, lambda _: None)).reason == "timeout"


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        (
            ListQuery(PODS, "ns"),
            (
                '{apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"]} '
                "to a Role of namespace ns"
            ),
        ),
        (
            ListQuery(JOBS),
            (
                '{apiGroups: ["batch"], resources: ["jobs"], verbs: ["list", "watch"]} '
                "to a ClusterRole"
            ),
        ),
        (
            ListQuery(EVENTS),
            '{apiGroups: [""], resources: ["events"], verbs: ["list", "watch"]}',
        ),
        (
            ListQuery(NAMESPACES, name="ns"),
            '{apiGroups: [""], resources: ["namespaces"], resourceNames: ["ns"], verbs: ',
        ),
        (
            ListQuery(POD_LOG, "ns", "p"),
            '{apiGroups: [""], resources: ["pods/log"], verbs: ["get"]}',
        ),
        (
            ListQuery(USAGE),
            '{apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["list"]}',
        ),
    ],
)
def test_a_refusal_names_the_rule_to_add(
    server: Server, connection: Connection, query: ListQuery, rule: str
) -> None:
    server.answers(status(403, 'User "u" cannot list resource "pods"'))
    found = failure(connection, query)
    assert found.reason == "forbidden"
    assert 'User "u" cannot list' in found.text
    assert rule in found.text


def test_a_refused_token_is_read_anew_once(
    server: Server, connection: Connection, kubeconfig: Path
) -> None:
    server.respond = lambda asked: OK if asked.authorization == "Bearer t-2" else status(401, "no")
    found = failure(connection)
    assert found.reason == "unauthorized"
    assert str(kubeconfig) in found.text
    assert len(server.asked) == 2
    kubeconfig.write_text(kubeconfig.read_text().replace("t-1", "t-2"))
    assert connection.get(ASK).body == b"ok"
    assert len(server.asked) == 4
    connection.get(ASK)
    assert len(server.asked) == 5


def test_a_kubeconfig_that_is_gone_meanwhile(
    server: Server, connection: Connection, kubeconfig: Path
) -> None:
    kubeconfig.unlink()
    server.answers(status(401, "no"))
    found = failure(connection)
    assert found.reason == "unauthorized"
    assert "no kubeconfig at" in found.text


def test_a_watch_is_read_line_by_line(server: Server, connection: Connection) -> None:
    server.answers(Answer(body=b'{"a":1}\n{"b":2}\n\n{"c":3'))
    assert list(connection.stream(ASK, 5)) == [b'{"a":1}', b'{"b":2}', b"", b'{"c":3']


def test_a_silent_watch_ends_with_a_timeout(server: Server, connection: Connection) -> None:
    server.answers(Answer(body=b"one\ntwo", hold=True))
    lines = iter(connection.stream(ASK, 0.05))
    assert next(lines) == b"one"
    with pytest.raises(ApiError) as caught:
        next(lines)
    assert caught.value.reason == "timeout"


def test_a_watch_that_waits_ends_when_it_is_told_to(server: Server, connection: Connection) -> None:
    server.answers(Answer(body=b"one\n", hold=True))
    stream = connection.stream(ASK, 60)
    seen: list[bytes] = []

    def read() -> None:
        try:
            seen.extend(stream)
        except ApiError as error:
            seen.append(error.reason.encode())

    thread = Thread(target=read)
    thread.start()
    assert server.holding.wait(10)
    stream.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_closing_ends_what_is_under_way_and_begins_nothing(
    server: Server, connection: Connection
) -> None:
    server.answers(Answer(body=b"part", hold=True))
    ended: list[ApiError] = []
    thread = Thread(target=lambda: ended.append(failure(connection)))
    thread.start()
    assert server.holding.wait(10)
    connection.close()
    thread.join(10)
    assert not thread.is_alive()
    assert ended
    assert "closed" in failure(connection).text


def test_names_cannot_leave_their_place_in_a_path() -> None:
    url = ListQuery(POD_LOG, "a/../b", "p?x=1", (("container", "c&d"),)).url
    assert url == "/api/v1/namespaces/a%2F..%2Fb/pods/p%3Fx%3D1/log?container=c%26d"


def test_back_off_is_spread_and_bounded() -> None:
    assert [backoff(number, None, 0.0) for number in (0, 1, 2, 10, 1000)] == [0.25, 0.5, 1, 15, 15]
    assert backoff(10, None, 1.0) == 30
    assert backoff(0, 1e9, 0.0) == 30
