import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.builders.snapshots import (
    HOSTILE,
    NOW,
    degraded,
    eval_set,
    finished,
    incident,
    quiet,
    realistic,
    sample,
    snapshot,
    task,
)
from tests.paths import ROOT
from watchdog import __version__
from watchdog.model.verdict import Cause, Verdict
from watchdog.surfaces.families import FAMILIES, MAX_LABEL, series
from watchdog.surfaces.metrics import SELF_FAMILIES, Exposition, SelfMetrics, markdown

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def key(name, *labels):
    """A series, whatever the order of its labels."""
    return (name, frozenset(labels))


def scrape(seen, accept="", own=None):
    body, content_type = Exposition(lambda: seen, own or SelfMetrics()).render(accept)
    parse = parse_openmetrics if "openmetrics" in content_type else parse_text
    return {
        key(found.name, *found.labels.values()): found.value
        for family in parse(body.decode())
        for found in family.samples
    }


def test_the_reference_is_up_to_date():
    assert (ROOT / "docs" / "metrics.md").read_text() == markdown()


def test_a_stuck_eval_set():
    found = scrape(realistic())
    names = ("mmlu-2026-11-22-x7k2", "mmlu", "openai/gpt-4o")
    expected = {
        ("eval_watchdog_eval_set_verdict", names[0], "stuck"): 1,
        ("eval_watchdog_eval_set_verdict", names[0], "progressing"): 0,
        ("eval_watchdog_eval_set_stuck_seconds", names[0], "api_server_error"): 80_040,
        ("eval_watchdog_task_verdict", *names, "stuck"): 1,
        ("eval_watchdog_task_stuck_seconds", *names, "api_server_error"): 80_040,
        ("eval_watchdog_task_estimated_stuck_seconds", *names): 80_000,
        ("eval_watchdog_task_samples", *names, "total"): 25,
        ("eval_watchdog_task_samples", *names, "stuck"): 1,
        ("eval_watchdog_task_http_retries", *names): 5710,
        ("eval_watchdog_task_fail_streak", *names): 45,
        ("eval_watchdog_task_suspicion", *names): 5.6,
        ("eval_watchdog_task_last_progress_timestamp_seconds", *names): NOW - 81_000,
        ("eval_watchdog_model_calls_total", *names, "ok", ""): 1200,
        ("eval_watchdog_model_calls_total", *names, "fail", "api_server_error"): 45,
        ("eval_watchdog_incidents_open", "sample", "hung_tool_call"): 1,
    }
    assert {each: found[key(*each)] for each in expected} == expected


def test_exactly_one_verdict_is_current():
    found = {each: value for each, value in scrape(realistic()).items() if "verdict" in each[0]}
    assert sum(found.values()) == 8
    assert all(any(state in each[1] for each in found) for state in Verdict)


def test_what_is_only_degraded_is_no_incident_for_the_alerts():
    limps = incident(verdict=Verdict.DEGRADED, scope="model", cause=Cause.RATE_LIMITED)
    found = scrape(snapshot(degraded(), incidents=(limps,)))
    assert not [each for each in found if each[0] == "eval_watchdog_incidents_open"]
    assert found[key("eval_watchdog_eval_set_verdict", "gpqa-nightly", "degraded")] == 1


def test_what_is_muted_says_so():
    seen = realistic()
    found = scrape(replace(seen, figures=tuple(replace(f, muted=True) for f in seen.figures)))
    names = ("eval_watchdog_eval_set_muted", "mmlu-2026-11-22-x7k2")
    assert (scrape(seen)[key(*names)], found[key(*names)]) == (0, 1)


def test_what_is_to_be_no_page_says_so():
    seen = realistic()
    found = scrape(replace(seen, figures=tuple(replace(f, no_page=True) for f in seen.figures)))
    names = ("eval_watchdog_eval_set_no_page", "mmlu-2026-11-22-x7k2")
    assert (scrape(seen)[key(*names)], found[key(*names)]) == (0, 1)


def test_nothing_is_stuck():
    found = scrape(snapshot(finished()))
    assert found[key("eval_watchdog_eval_set_stuck_seconds", "aime-2025-final", "")] == 0


def test_series_disappear_with_their_eval_set():
    current = {"seen": realistic()}
    exposition = Exposition(lambda: current["seen"], SelfMetrics())
    assert b"mmlu-2026" in exposition.render("")[0]
    current["seen"] = snapshot(finished())
    assert b"mmlu-2026" not in exposition.render("")[0]


@pytest.mark.parametrize("accept", ["", "text/plain", "*/*", OPENMETRICS])
def test_both_formats_say_the_same(accept):
    assert scrape(realistic(), accept).keys() == scrape(realistic()).keys()


def test_openmetrics_is_answered_where_it_is_asked_for():
    _, content_type = Exposition(lambda: None, SelfMetrics()).render(OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text")
    _, plain = Exposition(lambda: None, SelfMetrics()).render("text/html")
    assert plain.startswith("text/plain")


@pytest.mark.parametrize("version", ["x", "1..2", "-1", "\u00b2", ""])
def test_an_odd_accept_header_does_no_harm(version):
    accept = f"application/openmetrics-text; version={version}"
    assert Exposition(lambda: None, SelfMetrics()).render(accept)[0]


def test_tasks_that_share_their_labels_are_merged():
    unknown = replace(task(), http_retries=None, running=(sample(fail_streak=50),))
    twice = eval_set(tasks=(task(), unknown))
    found = scrape(snapshot(twice))
    names = ("mmlu-2026-11-22-x7k2", "mmlu", "openai/gpt-4o")
    assert found[key("eval_watchdog_task_samples", *names, "total")] == 50
    assert found[key("eval_watchdog_task_http_retries", *names)] == 5710
    assert found[key("eval_watchdog_task_fail_streak", *names)] == 50
    assert found[key("eval_watchdog_model_calls_total", *names, "ok", "")] == 2400


def test_labels_are_bounded_and_harmless():
    long = eval_set("e" * 500, tasks=(task(HOSTILE, model="m\n" * 300),))
    found = scrape(snapshot(long, incidents=(incident(subject=HOSTILE),)))
    for labels in found:
        assert all(len(value) <= MAX_LABEL and value.isprintable() for value in labels[1])


def test_no_sample_pod_or_error_reaches_a_label():
    names = {name for family in FAMILIES for name in family.labels}
    assert names == {
        *("eval_set_id", "task", "model", "verdict", "cause", "state", "outcome", "scope"),
        *("route", "provider", "size"),
    }


def test_every_family_has_help_and_its_own_name():
    every = [family.name for family in (*FAMILIES, *SELF_FAMILIES)]
    assert len(set(every)) == len(every)
    assert all(family.help.endswith(".") for family in (*FAMILIES, *SELF_FAMILIES))
    data = series(realistic())
    for family in FAMILIES:
        found = list(family.samples(data))
        assert found
        assert all(len(labels) == len(family.labels) for labels, _ in found)


def test_metrics_on_ourselves():
    own = SelfMetrics()
    own.stage_took("collect", 0.3)
    own.poll_complete(NOW)
    own.source_error("store", "forbidden")
    own.notification("slack", "sent")
    found = scrape(None, own=own)
    expected = {
        ("eval_watchdog_poll_duration_seconds_count", "collect"): 1,
        ("eval_watchdog_last_complete_poll_timestamp_seconds",): NOW,
        ("eval_watchdog_source_errors_total", "store", "forbidden"): 1,
        ("eval_watchdog_notifications_total", "slack", "sent"): 1,
        ("eval_watchdog_build_info", __version__): 1,
    }
    assert {each: found[key(*each)] for each in expected} == expected
    assert not [each for each in found if each[0].endswith("_created")]


def test_an_unknown_eval_set_counts_as_neither():
    found = scrape(snapshot(quiet("x", Verdict.UNKNOWN)))
    assert found[key("eval_watchdog_eval_set_verdict", "x", "unknown")] == 1


def test_what_the_process_exports_is_what_the_reference_lists():
    registered = {
        family.name: family.type
        for family in SelfMetrics().registry.collect()
        if family.name.startswith("eval_watchdog_")
    }
    # the client's families leave out what their samples end in
    listed = {f.name.removesuffix("_total").removesuffix("_info"): f.type for f in SELF_FAMILIES}
    assert registered == listed
