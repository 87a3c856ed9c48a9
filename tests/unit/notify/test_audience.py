"""Who hears of an incident, and when not."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec.structs import replace

from tests.builders.snapshots import NOW, eval_set, incident, snapshot, task
from watchdog.config.load import load
from watchdog.errors import ConfigError
from watchdog.model.cluster import ClusterView
from watchdog.model.facts import TaskSpec
from watchdog.model.report import restriction_text
from watchdog.model.state import ClusterState, EvalSetState, TaskState
from watchdog.notify.audience import EVERYTHING, NOTHING, WARNINGS, Audience, Route, audience

EVERY = ("slack", "slack:#team", "pagerduty", "webhook")
OWNED = eval_set(
    submitter="ada", email="ada@example.org", team="red", tasks=(task(model="acme/m"),)
)
VIEW = snapshot(OWNED, eval_set("other", tasks=(task(model="else/n"),)))


def channels(*routes, about=None, fallback=None):
    return Audience(routes, fallback).channels(about or incident(), VIEW.report, EVERY)


@pytest.mark.parametrize(
    "pattern",
    [
        {"eval_set": "mmlu-*"},
        {"model": "acme/*"},
        {"submitter": "ada"},
        {"submitter": "*@example.org"},
        {"severity": "page"},
        {"team": "re?"},
        {"eval_set": "mmlu-*", "model": "acme/*", "submitter": "ada", "severity": "page"},
    ],
)
def test_what_matches_goes_where_it_says(pattern):
    assert channels(Route(("slack:#team",), **pattern)) == ("slack:#team",)


SECRET = Route(("slack:#team",), model_access="*secret*", exclusive=True)


def test_a_secret_group_s_eval_sets_go_nowhere_else():
    hidden = EvalSetState(
        "hidden", cluster=ClusterState(ClusterView(NOW, model_access="__public__secret-a__"))
    )
    common = Route(("slack", "webhook"), eval_set="mmlu-*")
    team = Audience((common, SECRET, replace(SECRET, channels=("pagerduty",))))
    restrictions = team.restrictions([hidden, EvalSetState("common")])
    assert restrictions == {"hidden": ("pagerduty", "slack:#team")}
    secret = incident(restriction=restriction_text(restrictions["hidden"]))
    assert team.channels(secret, VIEW.report, EVERY) == ("slack:#team", "pagerduty")
    assert team.channels(incident(), VIEW.report, EVERY) == ("slack", "webhook")
    assert Audience((common,)).restrictions([hidden]) == {}


def test_routes_know_an_eval_set_by_its_name_too():
    """Else what goes nowhere else would, where an eval set of another source has the name."""
    route = Route(("slack:#team",), eval_set="*-secret", exclusive=True)
    state = EvalSetState("x-secret@b", name="x-secret")
    assert Audience((route,)).restrictions([state]) == {"x-secret@b": ("slack:#team",)}
    report = snapshot(replace(eval_set("x-secret@b"), name="x-secret")).report
    told = Audience((route,)).channels(incident(eval_sets=("x-secret@b",)), report, EVERY)
    assert told == ("slack:#team",)


def test_channels_that_alone_may_hear_are_a_text_in_the_report():
    """Others read its key; names come back from it as they went in."""
    names = ("pagerduty", "slack:#team")
    for restricted_to, text in ((names, "pagerduty,slack:#team"), ((), ""), (("a",), "a")):
        report = incident(restriction=restriction_text(restricted_to))
        assert msgspec.to_builtins(report)["circle"] == text
        assert report.restricted_to == restricted_to


def test_an_eval_set_is_restricted_by_all_its_models():
    """Also where the one that is stuck is another."""
    spec = TaskSpec("mmlu", "abc", "secret/m")
    owned = EvalSetState("a", tasks={"x": TaskState("x", spec=spec), "y": TaskState("y")})
    route = Route(("slack",), model="secret/*", exclusive=True)
    assert Audience((route,)).restrictions([owned]) == {"a": ("slack",)}


def test_routes_that_are_not_exclusive_add_to_the_others():
    hidden = snapshot(replace(OWNED, model_access="__secret-a__", team="blue"))
    routes = (Route(("slack",), team="blue"), replace(SECRET, exclusive=False))
    assert Audience(routes).channels(incident(), hidden.report, EVERY) == ("slack", "slack:#team")


@pytest.mark.parametrize(
    "pattern",
    [
        {"eval_set": "other"},
        {"model": "else/*"},
        {"submitter": "bob"},
        {"team": "blue"},
        {"severity": "warning"},
        {"eval_set": "mmlu-*", "severity": "warning"},
    ],
)
def test_what_matches_nothing_is_told_to_all(pattern):
    assert channels(Route(("slack:#team",), **pattern)) == EVERY


def test_every_route_that_matches_adds_its_channels():
    routes = (Route(("pagerduty",), severity="page"), Route(("slack", "slack:#team")))
    assert channels(*routes) == ("slack", "slack:#team", "pagerduty")
    assert channels(*routes, about=incident(severity="warning")) == ("slack", "slack:#team")


def test_a_route_to_nobody_who_is_there_is_told_to_all():
    assert channels(Route(("slack:#gone",))) == EVERY


def test_the_fall_back_hears_nothing_by_itself():
    assert channels(fallback="webhook") == ("slack", "slack:#team", "pagerduty")
    assert channels(Route(("webhook",)), fallback="webhook") == ("webhook",)
    assert Audience(fallback="slack").channels(incident(), VIEW.report, ("slack",)) == ("slack",)


def at(text, zone="Europe/Berlin"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def quiet(**notify):
    return audience(load({"notify": {"time_zone": "Europe/Berlin", **notify}}).notify)


@pytest.mark.parametrize(
    ("span", "moment", "waits"),
    [
        ("22:00-07:00", "2026-11-23T22:00:00", True),
        ("22:00-07:00", "2026-11-23T03:00:00", True),
        ("22:00-07:00", "2026-11-23T06:59:59", True),
        ("22:00-07:00", "2026-11-23T07:00:00", False),
        ("22:00-07:00", "2026-11-23T21:59:59", False),
        ("12:00-13:00", "2026-11-23T12:30:00", True),
        ("12:00-13:00", "2026-11-23T13:00:00", False),
        ("22:00-07:00", "2026-07-01T22:30:00", True),
        ("22:00-07:00", "2026-10-25T02:30:00", True),
    ],
)
def test_quiet_hours_are_those_of_the_place(span, moment, waits):
    assert quiet(quiet=span).quiet_at(at(moment)) == (WARNINGS if waits else NOTHING)


def test_pages_wait_only_where_that_is_asked_for():
    night = at("2026-11-23T03:00:00")
    assert quiet(quiet="22:00-07:00", quiet_pages=True).quiet_at(night) == EVERYTHING
    assert quiet().quiet_at(night) == NOTHING
    assert Audience().quiet_at(NOW) == NOTHING


@pytest.mark.parametrize(
    ("notify", "says"),
    [
        ({"quiet": "22-7"}, "notify.quiet"),
        ({"quiet": "25:00-07:00"}, "notify.quiet"),
        ({"time_zone": "Europe/Atlantis"}, "notify.time_zone: should be a time zone"),
        ({"time_zone": "../../etc/passwd"}, "notify.time_zone: should be a time zone"),
        ({"routes": [{"channels": []}]}, "notify.routes.0.channels"),
        ({"routes": [{"channels": "slak"}]}, "channel `slak` is not set up; set up: none"),
        ({"routes": [{"channels": "slack:#a"}]}, "channel `slack:#a` is not set up"),
        ({"fallback": "webhook"}, "channel `webhook` is not set up"),
        ({"storm": 0}, "notify.storm"),
        (
            {"routes": [{"channels": "slack", "exclusive": True, "severity": "page"}]},
            "notify.routes.0: exclusive: what nobody else may hear of can't depend on severity",
        ),
    ],
)
def test_what_can_t_be_is_named_at_the_start(notify, says):
    with pytest.raises(ConfigError) as error:
        load({"notify": notify})
    assert says in str(error.value)
