"""A rhythm of its own for each task gives no verdict late, and none that is false."""

import pytest

from tests.quality.rhythms import compared, difference
from watchdog.model.verdict import Verdict

FEW = ("bursts", "some_err", "queued_samples", "within_time_limit", "dies_in_place", "refused_one")
"""Those with changes and with quiet; `python -m tests.quality.rhythms` takes all (ten minutes)."""


@pytest.mark.parametrize("name", FEW)
def test_no_verdict_of_a_recording_comes_later_than_one_base_interval(name):
    found, everything, own = compared(name)
    assert found.late == []
    assert found.false == []
    assert own.reads <= everything.reads
    assert everything.reads > 10


def test_quiet_recordings_are_read_less_often():
    _, everything, own = compared("within_time_limit")
    assert own.reads <= 0.6 * everything.reads


def test_the_comparison_tells_what_is_late_and_what_is_false():
    calm, stuck = Verdict.PROGRESSING, Verdict.STUCK
    everything = {"log": [calm] * 5 + [stuck] * 10}
    assert difference(everything, everything).late == []
    assert difference(everything, {"log": [calm] * 6 + [stuck] * 9}).late == []
    (late,) = difference(everything, {"log": [calm] * 9 + [stuck] * 6}).late
    assert late == ("log", 3, calm, stuck)
    (false, *_) = difference({"log": [calm] * 9}, {"log": [calm] * 3 + [stuck] * 6}).false
    assert false == ("log", 3, stuck)
