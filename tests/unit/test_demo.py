"""The demo's cues: what is told to the evaluation, and when. `make demo` runs the rest."""

import io
import os

import pytest
from rich.console import Console

from demo.__main__ import Story
from demo.cues import ANSWERS_BEFORE, CUE, VICTIM, Cues
from tests.builders.snapshots import eval_set, incident, quiet, snapshot
from watchdog.model.verdict import Cause, Verdict

NAME = "logs"


class Told:
    """A story, what it prints and the cues it gives."""

    def __init__(self):
        self.out = io.StringIO()
        self.cues = []
        self.story = Story(Console(file=self.out, width=200), lambda: self.cues.append(CUE))

    def __call__(self, verdict, *incidents, **options):
        seen = quiet(NAME, verdict) if not incidents else eval_set(NAME, verdict=verdict)
        self.story.tell(snapshot(seen, incidents=incidents, **options))


@pytest.fixture
def told():
    return Told()


def trouble(**changes):
    return incident(eval_sets=(NAME,), **changes)


def other(**changes):
    return trouble(id="other", cause=Cause.RUNNER_FROZEN, **changes)


def test_the_provider_recovers_once_the_incident_is_open_and_the_samples_end_once_it_is_over(told):
    assert told.story.next == "the evaluation to begin"
    told(Verdict.PROGRESSING)
    told(Verdict.DEGRADED)
    assert (told.cues, told.story.next) == ([], "sample 5 to be found stuck")
    told(Verdict.PARTIALLY_STUCK, trouble())
    told(Verdict.PARTIALLY_STUCK, trouble())
    assert (told.cues, told.story.next) == ([CUE], "sample 5 to recover")
    told(Verdict.DEGRADED)
    told(Verdict.PROGRESSING)
    assert (told.cues, told.story.next) == ([CUE, CUE], "the evaluation to finish")
    assert not told.story.finished.is_set()
    told(Verdict.FINISHED)
    assert told.story.finished.is_set()


def test_another_incident_is_told_and_is_no_cue(told):
    told(Verdict.PARTIALLY_STUCK, other())
    told(Verdict.PROGRESSING)
    assert told.cues == []
    assert told.out.getvalue().count("incident opened") == 1
    assert told.out.getvalue().count("incident resolved") == 1


def test_what_opens_again_is_no_cue(told):
    for _ in range(2):
        told(Verdict.PARTIALLY_STUCK, trouble())
        told(Verdict.PROGRESSING)
    assert told.cues == [CUE, CUE]


@pytest.mark.parametrize(
    ("verdict", "undecided"),
    [(Verdict.UNKNOWN, frozenset()), (Verdict.PROGRESSING, frozenset({NAME}))],
)
def test_an_incident_is_not_over_while_nothing_can_be_read(told, verdict, undecided):
    told(Verdict.PARTIALLY_STUCK, trouble())
    told(verdict, undecided=undecided)
    assert told.cues == [CUE]
    assert "resolved" not in told.out.getvalue()
    told(Verdict.PARTIALLY_STUCK, trouble())
    assert told.out.getvalue().count("incident opened") == 1
    told(Verdict.PROGRESSING)
    assert told.cues == [CUE, CUE]


def test_only_one_sample_fails_and_only_after_some_answers_until_it_may_recover():
    cues = Cues()
    assert not cues.fails(VICTIM, ANSWERS_BEFORE - 1)
    assert cues.fails(VICTIM, ANSWERS_BEFORE)
    assert cues.fails(VICTIM, ANSWERS_BEFORE + 1)
    assert not cues.fails(VICTIM + 1, ANSWERS_BEFORE)
    cues.recover.set()
    assert not cues.fails(VICTIM, ANSWERS_BEFORE)


def test_each_byte_is_a_cue(monkeypatch):
    cues, states = Cues(), []

    def read(_source, _count):
        states.append((cues.recover.is_set(), cues.end.is_set()))
        return CUE

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", read)
        cues.listen(0)
    assert states == [(False, False), (True, False)]
    assert cues.end.is_set()


def test_nobody_left_to_give_cues_is_every_cue():
    cues = Cues()
    reading, writing = os.pipe()
    os.close(writing)
    cues.listen(reading)
    os.close(reading)
    assert cues.recover.is_set()
    assert cues.end.is_set()
