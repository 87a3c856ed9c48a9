"""The report in pieces: the bytes of all of it at once."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.snapshots import (
    HOSTILE,
    NOW,
    degraded,
    eval_set,
    figures,
    partially_stuck,
    realistic,
)
from watchdog.model.aged import aged
from watchdog.model.report import ProblemReport
from watchdog.surfaces import report_pieces as module
from watchdog.surfaces.deflated import Plain, joined
from watchdog.surfaces.report_pieces import eval_set_pieces, reduced_report, report_pieces
from watchdog.surfaces.schema import encode_report

SUMMARIES = [HOSTILE, '"eval_sets":[', "broken \udc80 name", "数", ""]


def fleet(lot, at):
    shapes = [eval_set, degraded, partially_stuck]
    reports = [
        replace(lot.choice(shapes)(), eval_set_id=f"set-{n}", summary=lot.choice(SUMMARIES))
        for n in range(lot.randrange(6))
    ]
    parts = tuple(map(figures, reports))
    problems = (ProblemReport(lot.choice(SUMMARIES), "x"),)
    base = realistic()
    report = replace(base.report, eval_sets=tuple(reports), problems=problems)
    return replace(base, at=at, report=report, figures=parts)


def anew(snapshot):
    """All at once, with durations as of now."""
    now = tuple(aged(one, snapshot.at).report for one in snapshot.figures)
    return encode_report(replace(snapshot.report, eval_sets=now))


@settings(deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 2000, 10**6]))
def test_pieces_are_the_bytes_of_all_at_once(seed, size):
    lot = random.Random(seed)  # noqa: S311
    before, module.PIECE = module.PIECE, size
    try:
        snapshot = fleet(lot, NOW + lot.randrange(1000))
        pieces = list(report_pieces(snapshot))
        assert joined(pieces, Plain()) == anew(snapshot)
        assert size > 1 or len(pieces) == len(snapshot.figures) + 1
    finally:
        module.PIECE = before


def test_one_of_them():
    snapshot = replace(realistic(), at=NOW + 60)
    name = "swe-bench-agents-q9d1"
    part = reduced_report(snapshot, name)
    (one,) = part.eval_sets
    assert (one.eval_set_id, one.stuck_seconds) == (name, 4860.0)
    assert joined(eval_set_pieces(snapshot, name), Plain()) == encode_report(part)
    assert reduced_report(snapshot, "nobody") is None
    assert list(eval_set_pieces(snapshot, "nobody")) == []
