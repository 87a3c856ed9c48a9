"""A step that is forgotten when a cause is added fails here."""

from itertools import chain

from tests.paths import ROOT
from tests.recordings.unpack import expected, names
from watchdog.diagnose.lifecycle import SPECS as LIFECYCLE
from watchdog.diagnose.model_calls import SPECS as CALLS
from watchdog.diagnose.pods import SPECS as CLUSTER
from watchdog.diagnose.rules import RULES, SPEC_OF
from watchdog.fold import errors
from watchdog.model.causes import ERROR_CAUSES, INFO_OF
from watchdog.model.verdict import Cause

FOUND_ELSEWHERE = {
    Cause.SANDBOX_RESTARTED,
    Cause.ORPHANED_SANDBOX,
    *ERROR_CAUSES,
    Cause.LOG_WRITE_FAILED,
    *(spec.cause for spec in LIFECYCLE),
}
"""Causes that no rule finds in a running sample."""

NOT_RECORDED = {Cause.BAD_REQUEST, Cause.SANDBOX_RESTARTED, Cause.UNEXPLAINED}
"""Causes that only unit tests show; what the cluster tells is tried on a real one."""


def test_every_cause_is_known_and_has_words_and_actions():
    assert set(SPEC_OF) == set(Cause) == set(INFO_OF)
    assert all(spec.phrase and spec.actions for spec in SPEC_OF.values())


def test_every_cause_of_a_running_sample_has_its_place_among_the_rules():
    assert {spec.cause for spec in RULES} == set(Cause) - FOUND_ELSEWHERE
    assert all(spec.detect for spec in RULES)


def test_every_cause_that_the_store_can_show_was_recorded():
    recorded = {c for name in names() for i in expected(name)["instants"] for c in i["causes"] if c}
    cluster = {spec.cause for spec in (*CLUSTER, *LIFECYCLE)}
    assert recorded >= {c.value for c in set(Cause) - cluster - NOT_RECORDED}


def test_every_cause_of_a_failing_call_is_told_by_some_error():
    """Else its rule never fires, and a cause that isn't recorded fails nothing."""
    statuses = (errors.classify(f"Error code: {status} - x") for status in range(400, 600))
    words = (cause for _, cause in chain(errors._CLASSES, errors._TEXTS))
    told = {*statuses, *words, errors.classify("Error code: 400 - maximum context length")}
    assert {spec.cause for spec in CALLS} <= told


def test_every_cause_that_only_the_cluster_tells_is_tried_on_a_real_one():
    table = (ROOT / "tests" / "control_plane" / "test_service.py").read_text()
    only_evidence = {Cause.EVICTED}  # a replaced pod goes on: what is tried is that nobody is told
    causes = {spec.cause.value for spec in CLUSTER if spec.cause not in only_evidence}
    assert {cause for cause in causes if f', "{cause}"),' not in table} == set()
