"""A week is summed up from records: what belongs to it, and what is not known."""

from hypothesis import given
from hypothesis import strategies as st

from tests.builders.weeks import DAY, judged, lost, opened
from watchdog.model.acts import Act
from watchdog.model.lost_time import Held, WatchedTime
from watchdog.model.weekly import Span, WeekRecords
from watchdog.pipeline.weekly import sum_up

BEGIN = 1_795_392_000.0
WEEK = Span(BEGIN, BEGIN + 7 * DAY, "UTC", "2026-W48")
NEXT = Span(WEEK.end, WEEK.end + 7 * DAY)
LATER = WEEK.end + 30 * DAY


def week(*incidents, span=WEEK, now=LATER, **records):
    return sum_up(WeekRecords(tuple(incidents), **records), span, now)


def test_an_incident_belongs_to_the_week_in_which_it_opened():
    over_the_edge = opened("a", WEEK.end - 60, WEEK.end + 60)
    this, following = week(over_the_edge), week(over_the_edge, span=NEXT)
    assert (this.incidents.opened, this.incidents.ended, this.incidents.open_after) == (1, 0, 1)
    counts = following.incidents
    assert (counts.opened, counts.open_before, counts.ended, counts.open_after) == (0, 1, 1, 0)
    assert (this.pages.total, following.pages.total) == (1, 0)
    assert this.outcomes == {}
    assert following.outcomes == {"by_itself": 1}


def test_one_that_came_back_is_one_and_each_time_is_counted():
    report = week(opened("a", BEGIN + 60, BEGIN + 9000, reopened=(BEGIN + 600, WEEK.end + 1)))
    assert (report.incidents.opened, report.incidents.reopened) == (1, 1)


def test_two_openings_of_one_id_are_two():
    report = week(opened("a", BEGIN + 60, BEGIN + 120), opened("a", BEGIN + 9000))
    assert (report.incidents.opened, report.pages.total) == (2, 2)


def test_the_last_word_of_a_judgement_counts_also_one_after_the_week():
    taken_back = judged(True, BEGIN + 70, ended_at=BEGIN + 80)
    report = week(
        opened("a", BEGIN + 60, acts=(taken_back, judged(False, WEEK.end + DAY))),
        opened("b", BEGIN + 60, acts=(judged(True, BEGIN + 70),)),
        opened("c", BEGIN + 60),
        opened("d", BEGIN + 60, is_page=False, acts=(judged(True, BEGIN + 70),)),
    )
    pages = report.pages
    assert (pages.marked_true, pages.marked_false, pages.unmarked) == (1, 1, 1)
    assert (pages.precision, report.warnings.precision) == (0.5, 1.0)
    assert [page.id for page in report.unmarked_pages] == ["c"]


def test_nothing_marked_is_no_precision():
    assert week(opened("a", BEGIN)).pages.precision is None


def test_who_was_told_and_who_would_have_been():
    report = week(
        opened("a", BEGIN + 1, told="shadow", would_tell=("slack", "pagerduty")),
        opened("b", BEGIN + 2, told="slack"),
        opened("c", BEGIN + 3, told=""),
    )
    pages = report.pages
    assert (pages.told, pages.shadowed, pages.untold) == (1, 1, 1)
    channels = {one.channel: (one.told, one.would_have_told) for one in report.channels}
    assert channels == {"pagerduty": (0, 1), "shadow": (1, 0), "slack": (1, 1)}
    assert (report.delay.told, report.delay.untold, report.delay.median) == (2, 1, 660.0)


def test_no_delay_is_known_where_nobody_was_told():
    delay = week(opened("a", BEGIN, told="")).delay
    assert (delay.median, delay.p90, delay.longest) == (None, None, None)


def test_how_they_ended():
    ack = Act("acknowledgement", "ann", False, BEGIN, WEEK.end)
    until = BEGIN + 100
    report = week(
        opened("a", BEGIN, until, ending="resumed"),
        opened("b", BEGIN, until, ending="gone", acts=(ack,)),
        opened("c", BEGIN, until, acts=(ack,)),
        opened("d", BEGIN, until, ended_as="finished"),
        opened("e", BEGIN, until, incident={"scope": "model"}),
        opened("f", BEGIN, until),
        opened("g", BEGIN, until, ending=""),
    )
    names = ("resumed", "deleted", "acknowledged", "finished", "provider_recovered", "by_itself")
    assert report.outcomes == dict.fromkeys((*names, "unknown"), 1)


def test_a_day_at_the_week_s_edge_counts_by_its_share():
    across = lost("a", WEEK.end - 3600, 7200)
    this, following = week(lost=(across,)), week(lost=(across,), span=NEXT)
    assert (this.lost.seconds, following.lost.seconds) == (3600, 3600)
    assert (this.held.gpu_seconds, following.held.sandbox_seconds) == (3600, 3600)


def test_what_is_not_known_is_never_nothing():
    unknown = week(lost=(lost("a", BEGIN, 60.0, held=Held(unknown=60.0)),))
    assert (unknown.held.gpu_seconds, unknown.held.sandbox_seconds) == (None, None)
    assert unknown.held.unknown_seconds == 60
    assert unknown.watchdog.availability is None
    assert unknown.watchdog.unknown_seconds == 7 * DAY
    assert unknown.notes
    assert (week().lost.seconds, week().held.gpu_seconds) == (None, None)
    nothing = week(watched_since=BEGIN - DAY)
    assert (nothing.lost.seconds, nothing.held.gpu_seconds) == (0, 0)


def test_of_a_week_before_anything_was_known_nothing_is():
    before = week(watched_since=WEEK.end + DAY)
    lost_time, held = before.lost, before.held
    assert (lost_time.seconds, lost_time.partial_seconds) == (None, None)
    assert (held.sandbox_seconds, held.runner_seconds, held.gpu_seconds) == (None, None, None)
    assert (held.cpu_core_seconds, held.memory_byte_seconds) == (None, None)
    assert before.watched_since == "2026-12-01T00:00:00.000Z"


def test_what_began_before_anything_was_watched_tells_no_delay():
    """It says how old an incident was when the watchdog came, and not how late it is."""
    since = BEGIN + DAY
    old = opened("old", since + 1, began_at=BEGIN - 30 * DAY)
    edge = opened("edge", since + 1, began_at=since)
    untold = opened("untold", since + 1, told="", began_at=BEGIN)
    delay = week(old, edge, untold, watched_since=since).delay
    assert (delay.told, delay.untold, delay.began_before) == (1, 1, 1)
    assert (delay.median, delay.p90, delay.longest) == (61.0, 61.0, 61.0)
    assert week(old, watched_since=since).delay.median is None
    assert week(old, edge).delay.told == 2


def test_what_was_watched():
    days = (WatchedTime(int(BEGIN + 2 * DAY), BEGIN + 2 * DAY, BEGIN + 3 * DAY, 80_000.0, 9, 1),)
    report = week(watched=days, watched_since=BEGIN + 2 * DAY, now=BEGIN + 3 * DAY)
    watchdog = report.watchdog
    assert (watchdog.unknown_seconds, watchdog.watched_seconds) == (2 * DAY, 80_000)
    assert watchdog.availability == 80_000 / DAY
    assert (watchdog.polls, watchdog.incomplete_polls, report.is_over) == (9, 1, False)
    assert "Nothing is known from before" in report.notes[0]


def test_what_was_forgotten_is_said():
    records = {"watched_since": BEGIN - DAY, "kept_seconds": DAY}
    assert "kept for 1 d" in week(now=WEEK.end, **records).notes[0]
    assert week(now=WEEK.end, watched_since=BEGIN - DAY, kept_seconds=30 * DAY).notes == ()
    assert "more incidents" in week(cut=True, watched_since=BEGIN - DAY).notes[0]


moments = st.floats(BEGIN - 20 * DAY, BEGIN + 20 * DAY)
lives = st.lists(st.tuples(moments, st.none() | st.floats(1, 30 * DAY)), max_size=20)
spells = st.lists(st.tuples(moments, st.floats(1, DAY)), max_size=20)


@given(lives, spells, st.floats(0.01, 0.99))
def test_two_halves_are_the_whole(incidents, losses, cut):
    """Wherever a week is cut, its parts add up."""
    middle = WEEK.begin + cut * 7 * DAY
    records = WeekRecords(
        tuple(
            opened(str(n), at, None if lasts is None else at + lasts)
            for n, (at, lasts) in enumerate(incidents)
        ),
        tuple(lost(str(n), at, lasts) for n, (at, lasts) in enumerate(losses)),
        watched_since=BEGIN - 30 * DAY,
    )
    parts = [Span(WEEK.begin, middle), Span(middle, WEEK.end)]
    first, second = (sum_up(records, part, LATER) for part in parts)
    whole = sum_up(records, WEEK, LATER)
    for figure in ("opened", "ended"):
        both = getattr(first.incidents, figure) + getattr(second.incidents, figure)
        assert both == getattr(whole.incidents, figure)
    assert first.incidents.open_after == second.incidents.open_before
    counts = whole.incidents
    assert counts.open_before + counts.opened - counts.ended == counts.open_after
    assert sum(counts.by_cause.values()) == counts.opened == whole.pages.total
    assert sum(whole.outcomes.values()) == counts.ended
    total = first.lost.seconds + second.lost.seconds
    assert abs(total - whole.lost.seconds) < 1e-3
    by_owner = sum(one.seconds for one in whole.lost.by_owner)
    assert abs(by_owner - whole.lost.seconds) < 1e-3
    assert abs((whole.held.gpu_seconds or 0.0) - whole.lost.seconds) < 1e-3
