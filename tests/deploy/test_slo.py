"""docs/slo.md's queries on real PromQL: over series that are known, of metrics that there are."""

import re

import pytest
import yaml

from tests.deploy.binaries import run
from tests.deploy.expressions import metrics
from tests.deploy.known import exported
from tests.pages import blocks
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "slo.md").read_text()
QUERIES = [" ".join(text.split()) for text in blocks(PAGE, "promql")]
POLL = "eval_watchdog_last_complete_poll_timestamp_seconds"
SERIES = {
    # a poll each minute; none from the 31st minute to the 45th, and no data for the last five
    f'{POLL}{{job="w",instance="a"}}': "_ 60+60x29 1800x13 2700+60x10 stale _x4",
    'eval_watchdog_source_up{job="w",source="s3"}': "_ 1x28 0x14 1x15",
    'eval_watchdog_tasks_late{job="w",source="s3"}': "_ 0x43 7x14",
    'eval_watchdog_tasks_late{job="w",source="cluster"}': "_ 0x58",
    'eval_watchdog_poll_lag_seconds{job="w",source="s3"}': "0x44 90 30x13",
    'eval_watchdog_notifications_total{job="w",channel="slack",outcome="sent"}': "0+3x60",
    'eval_watchdog_notifications_total{job="w",channel="slack",outcome="retry"}': "0+9x60",
    'eval_watchdog_notifications_total{job="w",channel="pagerduty",outcome="refused"}': "0+1x60",
    'eval_watchdog_canary_total{job="w",outcome="delivered"}': "0+1x60",
    'eval_watchdog_canary_total{job="w",outcome="not_delivered"}': "0+1x60",
    'eval_watchdog_canary_delay_seconds{job="w"}': "1.5x60",
    'eval_watchdog_pages_total{job="w",judged="true"}': "0+3x60",
    'eval_watchdog_pages_total{job="w",judged="false"}': "0+1x60",
    'eval_watchdog_pages_total{job="w",judged="unjudged"}': "0+4x60",
}
"""What was, minute by minute; an hour stands for the four weeks. Nothing in its first minute, which
not every Prometheus counts in.
"""
LOOKED = 43
"""Minutes of the hour in which the last poll was at most two minutes old."""
EXPECTED = (
    LOOKED / 60,
    45 / 60,
    44 / 60,
    90,
    0.75,
    0.5,
    1.5,
    60 / 4,
    0.75,
    0.5,
    (1 - LOOKED / 60) / 0.005,
    (1 - LOOKED / 60) / 0.005,
)
"""What each query says of it, in the page's order."""


def of_an_hour(query):
    """The same query over an hour, which promtool has to look at minute by minute."""
    query = re.sub(r"\[(?:28d|1d)", "[1h", query)
    return re.sub(r"/ (?:40320|1440)", "/ 60", query)


def test_metrics_that_queries_read_are_exported():
    assert len(QUERIES) == len(EXPECTED)
    assert set().union(*map(metrics, QUERIES)) <= exported()


def test_their_windows_are_as_long_as_what_they_are_divided_by():
    for query in QUERIES:
        for window, minutes in re.findall(r"\[(\w+):1m\]\)\s*/ (\d+)", query):
            assert int(minutes) == {"28d": 28 * 1440, "1d": 1440, "1h": 60}[window]


@pytest.mark.parametrize(("query", "expected"), list(zip(QUERIES, EXPECTED, strict=True)))
def test_a_query_says_what_was(query, expected, tmp_path):
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": text} for name, text in SERIES.items()],
        # rounded, as `increase` works with what lies at the window's ends
        "promql_expr_test": [
            {
                "expr": f"round({of_an_hour(query)}, 0.001)",
                "eval_time": "1h",
                "exp_samples": [{"labels": labels, "value": round(expected, 3)}],
            }
            for labels in [_labels(query)]
        ],
    }
    file = tmp_path / "slo.yaml"
    tests = {"rule_files": [], "evaluation_interval": "1m", "tests": [case]}
    file.write_text(yaml.safe_dump(tests))
    status, said = run("promtool", "test", "rules", file)
    assert status == 0, said


def _labels(query):
    return '{job="w", source="s3"}' if "job, source" in query else '{job="w"}'
