"""Hawk's files beside the logs: what they say, whatever is in them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.collect.inspect.approval import approver_policies
from watchdog.collect.inspect.interactions import STOPS_MAX, decode_count, stops_in
from watchdog.collect.stores.objects import FileMeta
from watchdog.model.facts import ApproverPolicy, StopsRead

UUID = "Ebg86oUQiZ2vuLUdq5RaGS"


@pytest.mark.parametrize(("data", "count"), [(b'{"count":2}', 2), (b'{"count": 0, "more": []}', 0)])
def test_a_count(data, count):
    assert decode_count(data) == count


@pytest.mark.parametrize(
    "content", [None, [], 3, {}, {"count": -1}, {"count": True}, {"count": "2"}, {"count": 1.5}]
)
def test_what_is_no_count(content):
    assert decode_count(json.dumps(content).encode()) is None


@given(st.binary(max_size=80) | st.just(b"[" * 4000))
def test_garbage_is_never_an_exception(data):
    count = decode_count(data)
    assert count is None or count >= 0


def test_stops_are_told_by_name_and_time():
    files = (
        FileMeta("other.json", 1, 1.0),
        FileMeta("stop-sample-.json", 1, 2.0),
        FileMeta(f"stop-sample-{UUID}.json", 1, 3.0),
        FileMeta(f"stop-sample-{'x' * 200}.json", 1, 4.0),
        FileMeta("stop-sample-abc.json", 1, 5.0),
        FileMeta("stop.json", 1, 6.0),
    )
    assert stops_in("set", files) == StopsRead("set", 6.0, (("abc", 5.0), (UUID, 3.0)))
    assert stops_in("set", ()) == StopsRead("set")


def test_only_the_newest_stops_are_kept():
    files = tuple(FileMeta(f"stop-sample-{n}.json", 1, float(n)) for n in range(2 * STOPS_MAX))
    stops = stops_in("set", files).samples
    assert len(stops) == STOPS_MAX
    assert stops[0] == (str(2 * STOPS_MAX - 1), 2.0 * STOPS_MAX - 1)


def approvers(*policies):
    return {"approvers": [{"name": name, "tools": tools} for name, tools in policies]}


def test_an_approver_that_is_not_known_to_be_automatic_is_a_person():
    given_policies = approvers(("human", "bash, python"), ("auto", "*"), ("monitor", ["web*"]))
    assert approver_policies(given_policies) == (
        ApproverPolicy(("bash*", "python*"), by_person=True),
        ApproverPolicy(("*",), by_person=False),
        ApproverPolicy(("web*",), by_person=True),
    )


def test_an_automatic_one_that_passes_everything_on_decides_nothing():
    passing = {"name": "auto", "tools": "*", "params": {"decision": "escalate"}}
    human = {"name": "human", "tools": "*", "params": {}}
    policies = approver_policies({"approvers": [passing, human]})
    assert policies == (ApproverPolicy(("*",), by_person=True),)


def test_of_a_pattern_with_arguments_a_person_may_be_asked_about_any_call():
    policies = approver_policies(approvers(("auto", "bash(ls*"), ("human", "bash(rm*")))
    assert policies == (ApproverPolicy(("bash*",), by_person=True),)


@pytest.mark.parametrize(
    "approval",
    [None, 3, [], {}, {"approvers": 1}, {"approvers": [1, {}, {"name": "human", "tools": 3}]}],
)
def test_no_approval(approval):
    assert approver_policies(approval) == ()


def test_an_approver_by_its_name_alone():
    assert approver_policies("human") == (ApproverPolicy(("*",), by_person=True),)
    assert approver_policies("auto") == (ApproverPolicy(("*",), by_person=False),)
