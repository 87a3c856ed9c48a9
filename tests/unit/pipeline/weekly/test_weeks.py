"""Which week is meant, and how long it is."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.pipeline.weekly.weeks import (
    DATE,
    WEEK,
    FutureWeekError,
    WeekError,
    asked_week,
    day_of,
    week_before,
    week_named,
    week_since,
    week_until,
)

HOUR = 3600.0
BERLIN = "Europe/Berlin"


def instant(text):
    return datetime.fromisoformat(text).timestamp()


def test_an_iso_week_begins_on_monday_at_midnight_of_its_zone():
    week = week_named("2026-W48", BERLIN)
    assert week.begin == instant("2026-11-23T00:00:00+01:00")
    assert week.end == instant("2026-11-30T00:00:00+01:00")
    assert week.name == "2026-W48"


@pytest.mark.parametrize(
    ("name", "hours"), [("2026-W13", 167), ("2026-W43", 169), ("2026-W44", 168)]
)
def test_weeks_in_which_clocks_change_are_an_hour_shorter_or_longer(name, hours):
    week = week_named(name, BERLIN)
    assert (week.end - week.begin) / HOUR == hours


def test_days_tile_the_week_in_which_clocks_change():
    week = week_named("2026-W43", BERLIN)
    days = [day_of(week.begin, BERLIN)]
    while days[-1][1] < week.end:
        days.append(day_of(days[-1][1], BERLIN))
    assert (days[0][0], days[-1][1], len(days)) == (week.begin, week.end, 7)
    assert {end - begin for begin, end in days} == {24 * HOUR, 25 * HOUR}


def test_seven_days_from_a_day_on():
    week = week_since("2026-11-25", "UTC")
    assert (week.begin, week.name) == (instant("2026-11-25T00:00:00+00:00"), "")
    assert week_since("2026-11-23", "UTC") == week_named("2026-W48", "UTC")


def test_the_week_before_a_monday_is_the_last_iso_week():
    assert week_before(instant("2026-11-30T09:00:00+01:00"), BERLIN) == week_named(
        "2026-W48", BERLIN
    )
    friday = week_before(instant("2026-11-27T17:00:00+01:00"), BERLIN)
    assert friday.end == instant("2026-11-27T00:00:00+01:00")


def test_nothing_asked_for_is_the_seven_days_until_now():
    now = instant("2026-11-25T10:30:00+00:00")
    assert asked_week("", "", "UTC", now) == week_until(now, "UTC")
    assert week_until(now, "UTC").begin == now - 168 * HOUR


@pytest.mark.parametrize("text", ["2026-W00", "2026-W54", "2026W48", "26-W48", "W48", "2026-W48\n"])
def test_what_is_no_week_is_refused(text):
    with pytest.raises(WeekError, match="week: such as 2026-W48"):
        week_named(text, "UTC")


@pytest.mark.parametrize(
    "text", ["2026-13-01", "2026-11-31", "0001-01-01", "yesterday", "2026-1-1"]
)
def test_what_is_no_day_is_refused(text):
    with pytest.raises(WeekError, match="since: a day such as 2026-11-23"):
        week_since(text, "UTC")


@pytest.mark.parametrize(
    ("week", "since", "why"),
    [
        ("2027-W10", "", "week: 2027-W10 is in the future"),
        ("", "2030-01-01", "since: 2030-01-01 is in the future"),
        ("2026-W49", "", "week: 2026-W49 is in the future"),
    ],
)
def test_what_has_not_begun_is_refused(week, since, why):
    now = instant("2026-11-29T22:59:59+00:00")
    with pytest.raises(FutureWeekError, match=why):
        asked_week(week, since, BERLIN, now)
    if week == "2026-W49":
        assert asked_week(week, since, BERLIN, now + 1).begin == now + 1


zones = st.sampled_from(["UTC", BERLIN, "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"])


@given(st.from_regex(WEEK, fullmatch=True), st.from_regex(DATE, fullmatch=True), zones)
def test_all_that_the_api_takes_is_a_week(week, since, zone):
    week, since = week.strip(), since.strip()
    if not (re.fullmatch(WEEK, week) and re.fullmatch(DATE, since)):
        return
    span = asked_week(week, since, zone, datetime(2200, 1, 1, tzinfo=UTC).timestamp())
    assert 0 < span.end - span.begin <= 8 * 24 * HOUR


@given(st.floats(0, 4e9), zones)
def test_every_instant_lies_in_its_day(at, zone):
    begin, end = day_of(at, zone)
    assert begin <= at < end
