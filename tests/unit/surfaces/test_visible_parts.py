"""What a viewer may see, by parts: the same as of all at once, whatever changed before."""

import random
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.snapshots import NOW, ago, eval_set, figures, incident, realistic, sample, task
from watchdog import masking
from watchdog.masking import Mask
from watchdog.model.access import EVERYTHING, Viewer
from watchdog.model.aged import aged
from watchdog.model.report import EvidenceItem, PendingItem, ProblemReport, Ramp
from watchdog.surfaces.names import NameIndex
from watchdog.surfaces.reduced import reduced
from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.visible import visible
from watchdog.surfaces.visible_parts import VisibleParts
from watchdog.surfaces.web.access.views import Views

KEY = b"k" * 32
HIDDEN = "acme/zebra-9x"
TEXTS = [
    "nothing of it",
    f"calls of {HIDDEN.upper()}: 429",
    "zebra-9x is away",
    "x" * 50 + HIDDEN[:9] + "…",
    'say "hidden-1" twice',
    "broken \udc80 name",
    "zebra-9x-public stays",
]
NOBODY = Viewer("")


def part(lot, number):
    name = lot.choice(["hidden", "shown"])
    is_hidden = name == "hidden"
    text = lot.choice(TEXTS)
    model = HIDDEN if is_hidden else lot.choice(["openai/gpt-4o", "acme/zebra-9x-public"])
    pending = PendingItem("model", text, ago(100), 100.0)
    running = (sample("1", pending=pending, evidence=(EvidenceItem(None, "x", text),)),)
    one = task(model=model, log=f"{name}-{number}.eval", running=running)
    made = figures(
        eval_set(
            f"{name}-{number}",
            summary=lot.choice(TEXTS),
            tasks=(one,),
            models=(model,),
            model_groups=("a",) if is_hidden else ("public",),
        )
    )
    ramp = Ramp(1.0, NOW - 50, 100.0)
    grows = replace(made.tasks[0], estimates=(ramp,), estimated_stuck_seconds=0.0)
    return replace(made, tasks=(grows,))


def fleet(parts, lot, at=NOW):
    base = realistic()
    names = tuple(one.report.eval_set_id for one in parts)
    report = replace(
        base.report,
        eval_sets=tuple(one.report for one in parts),
        incidents=(
            incident(eval_sets=names, summary=lot.choice(TEXTS)),
            incident(id="i2", eval_sets=names[:1], subject=names[0]),
        ),
        problems=tuple(ProblemReport(f"{name}/x", lot.choice(TEXTS)) for name in names),
    )
    return replace(base, report=report, figures=tuple(parts), at=at)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32))
def test_parts_are_as_all_at_once(seed):
    lot = random.Random(seed)  # noqa: S311
    parts, seen = [part(lot, number) for number in range(6)], VisibleParts(NOBODY, KEY)
    for turn in range(4):
        whole = fleet(parts, lot, NOW + 30 * turn)
        view = seen.of(whole).snapshot
        assert view.report == visible(whole.report, NOBODY, KEY).report
        pairs = zip(view.figures, view.report.eval_sets, strict=True)
        if view is not whole:
            assert all(one.report is report for one, report in pairs)
        ids = {one.report.eval_set_id.encode() for one in parts} - {
            b"shown-%d" % n for n in range(9)
        }
        assert not [name for name in ids if name in encode_report(view.report)]
        parts[lot.randrange(6)] = part(lot, lot.randrange(9))


def test_what_nothing_happened_to_stays_the_same_object():
    lot = random.Random(1)  # noqa: S311
    parts, seen = [part(lot, number) for number in range(30)], VisibleParts(NOBODY, KEY)
    first, second = seen.of(fleet(parts, lot)), seen.of(fleet(parts, lot))
    assert 0 < len(first.snapshot.figures) < 30
    pairs = zip(first.snapshot.figures, second.snapshot.figures, strict=True)
    assert all(one is other for one, other in pairs)


def test_durations_go_on_where_names_are_masked():
    lot = random.Random(3)  # noqa: S311
    parts = [part(lot, number) for number in range(30)]
    whole = fleet(parts, lot)
    for figures_seen in VisibleParts(NOBODY, KEY).of(whole).snapshot.figures:
        later = aged(figures_seen, NOW + 10)
        (one,) = later.report.tasks
        assert later.report.estimated_stuck_seconds == 61.0
        assert one.running[0].pending.seconds == 110.0


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32))
def test_a_record_that_is_not_touched_is_not_changed(seed):
    lot = random.Random(seed)  # noqa: S311
    one = part(lot, 1).report
    mask = Mask(KEY, (HIDDEN,), ("acme/zebra-9x-public",))
    mask.add_ids(KEY, ["hidden-1", "hidden-2", 'a"quoted\\name'])
    assert mask.touches(one) or mask.record(one) == one
    quoted = replace(one, summary='x a"quoted\\name y')
    assert mask.touches(quoted)
    assert "quoted" not in mask.record(quoted).summary


def test_a_shown_name_hides_no_part_of_a_hidden_one():
    mask = Mask(KEY, ("bar-secret",), ("foo-bar",))
    assert "secret" not in mask("foo-bar-secret")
    assert Mask(KEY, ("bar-9",), ("foo-bar-9",))("on foo-bar-9, bar-9").startswith("on foo-bar-9,")


def test_more_names_than_can_be_looked_for_leave_texts_out(monkeypatch):
    monkeypatch.setattr(masking, "NAMES_MAX", 3)
    lot = random.Random(1)  # noqa: S311
    whole = fleet([part(lot, number) for number in range(30)], lot)
    assert VisibleParts(NOBODY, KEY).of(whole).snapshot.report == (
        visible(whole.report, NOBODY, KEY).report
    )


def test_views_are_made_once_for_who_sees_the_same():
    lot = random.Random(1)  # noqa: S311
    views, whole = Views(KEY), fleet([part(lot, number) for number in range(9)], lot)
    assert views.known(whole, Viewer("ann")) is None
    seen = views.made(whole, Viewer("ann"))
    assert views.known(whole, Viewer("bob")) is seen
    assert views.known(whole, Viewer("cid", frozenset("x"))) is None
    other = fleet([part(lot, number) for number in range(9)], lot)
    assert views.known(other, Viewer("ann")) is None
    assert views.known(whole, EVERYTHING).snapshot is whole


def test_views_are_bounded():
    lot = random.Random(1)  # noqa: S311
    views, whole = Views(KEY), fleet([part(lot, number) for number in range(3)], lot)
    for number in range(40):
        views.made(whole, Viewer("x", frozenset({str(number)})))
    assert views.known(whole, Viewer("x", frozenset({"39"}))) is not None
    assert views.known(whole, Viewer("x", frozenset({"0"}))) is None


@settings(deadline=None)
@given(st.lists(st.text("ab-é", max_size=12), max_size=8), st.text("ab-é", max_size=30))
def test_names_in_texts(names, text):
    assert NameIndex(names).stand_in(text) == any(name in text for name in names if name)


@pytest.mark.parametrize("number", range(4))
def test_what_concerns_one_of_many(number):
    lot = random.Random(number)  # noqa: S311
    parts = [part(lot, place) for place in range(12)]
    whole = fleet(parts, lot).report
    places = cycle(one.report.eval_set_id for one in parts)
    problems = (*(ProblemReport(f"s3://b/{next(places)}/y", "t") for _ in range(20)),)
    whole = replace(whole, problems=(*problems, ProblemReport("s3://b", "all of it")))
    name = parts[number].report.eval_set_id
    told = [problem.where for problem in reduced(whole, name).problems]
    assert "s3://b" in told
    assert all(name in where or where == "s3://b" for where in told)
