"""Redaction by parts: complete, the same as of all at once, and made again where it must be."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.snapshots import NOW, degraded, eval_set, figures, incident, realistic, task
from watchdog.model.probe import Subject
from watchdog.model.report import ProblemReport
from watchdog.redaction import REDACTED, Secrets, without_secrets
from watchdog.redaction.known import KNOWN
from watchdog.surfaces.redacted import UNSHOWN, RedactedSnapshots
from watchdog.surfaces.schema import encode_report

KEY = "ghp_" + "Ab3dEf6hIj" * 3
TEXTS = ["harmless", f"a {KEY}", KEY, "Authorization: Bearer " + "abcDEF123456" * 3, "a\nb"]


def part(lot, number):
    text = lot.choice(TEXTS)
    one = eval_set(f"set-{number}", summary=text, tasks=(task(model=lot.choice(TEXTS)), task()))
    return figures(lot.choice([one, degraded()]))


def fleet(parts, **changes):
    base = realistic()
    report = replace(base.report, eval_sets=tuple(one.report for one in parts), **changes)
    return replace(base, report=report, figures=tuple(parts))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32))
def test_parts_are_as_all_at_once(seed):
    lot = random.Random(seed)  # noqa: S311
    redacted = RedactedSnapshots()
    parts = [part(lot, number) for number in range(8)]
    for _ in range(3):
        whole = fleet(
            parts,
            incidents=(incident(summary=lot.choice(TEXTS)),),
            problems=(ProblemReport(lot.choice(TEXTS), "x"),),
        )
        cleaned = redacted.of(whole)
        assert cleaned == without_secrets(whole, keep=UNSHOWN)
        assert KEY.encode() not in encode_report(cleaned.report)
        reports = [one.report for one in cleaned.figures]
        assert all(a is b for a, b in zip(reports, cleaned.report.eval_sets, strict=True))
        parts[lot.randrange(8)] = part(lot, 9)


def test_what_nothing_happened_to_stays_the_same_object():
    redacted = RedactedSnapshots()
    parts = [figures(eval_set(summary=KEY)), figures(degraded())]
    first, second = redacted.of(fleet(parts)), redacted.of(fleet(parts))
    assert first.figures[0].report.summary == REDACTED
    assert first.figures[0] is second.figures[0]
    assert second.figures[1] is parts[1]


def test_subjects_of_tests_stay():
    subject = Subject(f"openai/{KEY}", "set-1", "x.eval", "1", 1)
    whole = replace(fleet([figures(degraded())]), subjects={"i": (subject,)})
    assert RedactedSnapshots().of(whole).subjects == {"i": (subject,)}


def test_a_secret_that_is_learned_later_is_taken_out_of_what_was_looked_at():
    redacted, parts = RedactedSnapshots(), [figures(eval_set(summary="the word is swordfish-42"))]
    assert redacted.of(fleet(parts)).figures[0] is parts[0]
    KNOWN.learn("swordfish-42")
    try:
        assert "swordfish" not in str(redacted.of(fleet(parts)))
    finally:
        KNOWN.forget("swordfish-42")
    assert redacted.of(fleet(parts)).figures[0] is parts[0]


@pytest.mark.parametrize("change", ["learn", "forget"])
def test_a_table_of_secrets_tells_that_it_changed(change):
    secrets = Secrets(["swordfish"])
    before = secrets.generation
    secrets.learn("swordfish")
    assert secrets.generation == before
    getattr(secrets, change)("trout-fishing" if change == "learn" else "swordfish")
    assert secrets.generation != before


def test_at_is_kept():
    assert RedactedSnapshots().of(fleet([])).at == NOW
