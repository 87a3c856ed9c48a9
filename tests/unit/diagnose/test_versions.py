"""What a newer Inspect wrote: said once, and never a verdict; what isn't understood is unknown."""

import json

import pytest
from msgspec.structs import replace

from tests.builders.rows import SET, key, state
from watchdog.collect.inspect.events import decode_row
from watchdog.diagnose.judge import judge
from watchdog.model.facts import (
    Listing,
    ManifestRead,
    Row,
    RowsRead,
    SampleSummary,
    SpecRead,
    TaskRead,
    TaskSpec,
)
from watchdog.model.inspect_versions import NEWEST_TESTED, version_text
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Verdict

SPEC = TaskSpec("t", "AbCdEfGh", "openai/m", 900.0, 2)
MODEL = {"event": "model", "model": "openai/m", "timestamp": "1970-01-01T00:16:30Z"}
MODEL |= {"completed": "1970-01-01T00:16:31Z", "output": {"completion": "x"}}
NEW_CALL = {"event": "dialogue", "timestamp": "1970-01-01T00:16:40Z", "pending": True}
NEW_NOTE = {"event": "remark", "timestamp": "1970-01-01T00:16:40Z"}
LOGGED = {"event": "logger", "timestamp": "1970-01-01T00:16:41Z"}


def row(number: int, event: dict) -> Row:
    return decode_row(number, f"e{number}", json.dumps(event).encode())


def judged(*events: dict, versions: tuple = (NEWEST_TESTED,)) -> EvalSetJudgment:
    logs = [f"2026_t_AbCdEfG{n}.eval" for n in range(len(versions))]
    facts = [Listing(SET, tuple(logs))]
    for log, version in zip(logs, versions, strict=True):
        facts.append(SpecRead(SET, log, replace(SPEC, inspect_version=version), "started"))
        facts.append(ManifestRead(SET, log, (SampleSummary(key(), "u1", 950.0),)))
        rows = tuple(row(number, event) for number, event in enumerate(events, 1))
        facts += [RowsRead(SET, log, key(), rows), TaskRead(SET, log, 1010.0)]
    (judgment,) = judge((state(facts),), 1010.0, Thresholds(), 60.0)
    return judgment


def said(judgment: EvalSetJudgment) -> list[str]:
    return [evidence.text for evidence in judgment.evidence if evidence.kind == "version"]


def newer() -> tuple[int, int, int]:
    major, minor, patch = NEWEST_TESTED
    return major, minor, patch + 15


def test_a_newer_one_is_said_once_for_an_eval_set():
    judgment = judged(MODEL, versions=(newer(), None, newer(), NEWEST_TESTED))
    words = f"inspect_ai {version_text(newer())}, newest tested {version_text(NEWEST_TESTED)}"
    assert [words in text for text in said(judgment)] == [True]
    assert judgment.verdict is Verdict.PROGRESSING


@pytest.mark.parametrize("version", [None, (0, 3, 90), NEWEST_TESTED])
def test_nothing_is_said_of_those_that_are_known(version):
    assert said(judged(MODEL, versions=(version,))) == []


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ((MODEL, NEW_CALL), Verdict.UNKNOWN),
        ((MODEL, NEW_CALL, LOGGED), Verdict.UNKNOWN),
        ((MODEL, {**NEW_CALL, "pending": None, "completed": "x"}), Verdict.UNKNOWN),
        ((MODEL, {**NEW_CALL, "pending": None, "working_time": 1.5}), Verdict.UNKNOWN),
        ((NEW_CALL, MODEL), Verdict.PROGRESSING),
        ((MODEL, NEW_NOTE), Verdict.PROGRESSING),
        ((MODEL, {**MODEL, "pending": True, "completed": None}), Verdict.PROGRESSING),
    ],
)
def test_a_call_of_an_unknown_kind_hides_what_is_only_at_the_end(events, verdict):
    assert judged(*events).verdict is verdict
