"""The series by parts: as the Prometheus client writes all of them, whatever changed before."""

import gzip
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import CollectorRegistry

from tests.builders.snapshots import HOSTILE, NOW, ago, eval_set, figures, quiet, realistic, task
from watchdog.model.aged import aged
from watchdog.model.report import Ramp
from watchdog.model.verdict import Verdict
from watchdog.surfaces.deflated import Gzip, Plain, joined
from watchdog.surfaces.exposition import NEIGHBOURS_MAX, Expositions
from watchdog.surfaces.families import FAMILIES, series
from watchdog.surfaces.metrics import Exposition, SelfMetrics

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
NAMES = [f"set-{number}" for number in range(40)] + ["set-1", HOSTILE, 'a"b\\c', "é数"]


class Client:
    """All families as the client's own collector yields them."""

    def __init__(self, snapshot):
        self.snapshot = snapshot

    def collect(self):
        at = self.snapshot.at
        now = tuple(aged(one, at) for one in self.snapshot.figures)
        by_labels = series(replace(self.snapshot, figures=now))
        for family in FAMILIES:
            kind = CounterMetricFamily if family.type == "counter" else GaugeMetricFamily
            metric = kind(family.name, family.help, labels=family.labels)
            for labels, value in family.samples(by_labels):
                metric.add_metric(labels, value)
            yield metric


class Own:
    """Nothing of ourselves."""

    registry = CollectorRegistry()


def by_client(snapshot, accept=""):
    return choose_encoder(accept)[0](Client(snapshot)).decode()


def lines(text):
    """What it says, whatever the order within a family."""
    return sorted(text.splitlines())


def one(lot, name):
    if lot.random() < 0.5:
        return figures(quiet(name, lot.choice([Verdict.PROGRESSING, Verdict.WAITING])))
    since = ago(lot.randrange(10_000))
    tasks = tuple(
        task(lot.choice(["mmlu", HOSTILE]), stuck_since=since, stuck_seconds=0.0)
        for _ in range(lot.randrange(3))
    )
    made = figures(eval_set(name, stuck_since=since, tasks=tasks))
    ramps = tuple(Ramp(5.0, NOW - lot.randrange(100), 60.0) for _ in range(1))
    grown = tuple(replace(t, estimates=ramps, rising=ramps[:1]) for t in made.tasks)
    return replace(made, tasks=grown, muted=lot.random() < 0.2)


def fleet(at, parts):
    base = realistic()
    report = replace(base.report, eval_sets=tuple(part.report for part in parts))
    return replace(base, at=at, report=report, figures=tuple(parts))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_parts_are_what_the_client_writes_of_all(seed, rounds):
    lot = random.Random(seed)  # noqa: S311
    exposition = Exposition(lambda: current, Own())
    parts = [one(lot, name) for name in lot.sample(NAMES, lot.randrange(1, len(NAMES)))]
    for turn in range(rounds):
        current = fleet(NOW + 30.5 * turn, parts)
        for accept in ("", OPENMETRICS):
            body, _ = exposition.render(accept)
            assert lines(body.decode()) == lines(by_client(current, accept))
        for place in lot.sample(range(len(parts)), lot.randrange(len(parts))):
            parts[place] = one(lot, parts[place].report.eval_set_id)
        if len(parts) > 1 and lot.random() < 0.5:
            parts.pop(lot.randrange(len(parts)))
        if lot.random() < 0.5:
            parts.insert(lot.randrange(len(parts)), one(lot, lot.choice(NAMES)))


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_the_bytes_are_the_client_s_where_no_names_are_shared(accept):
    current = fleet(NOW, [figures(quiet(name, Verdict.STARTING)) for name in NAMES[:40]])
    body, _ = Exposition(lambda: current, Own()).render(accept)
    assert body.decode() == by_client(current, accept)


def made_of(monkeypatch, expositions, snapshot):
    """How many eval sets are written anew."""
    written = []
    monkeypatch.setattr(
        "watchdog.surfaces.exposition.of_eval_sets",
        lambda all_figures: (
            written.extend(all_figures) or series(replace(snapshot, figures=all_figures))
        ),
    )
    expositions.of(snapshot)
    return len(written)


def test_only_the_neighbours_of_what_changed_are_made_anew(monkeypatch):
    parts = [figures(quiet(f"calm-{number}", Verdict.PROGRESSING)) for number in range(500)]
    expositions = Expositions()
    assert made_of(monkeypatch, expositions, fleet(NOW, parts)) == 500
    assert made_of(monkeypatch, expositions, fleet(NOW + 30, parts)) == 0
    parts[250] = figures(quiet("calm-250", Verdict.WAITING))
    assert 1 <= made_of(monkeypatch, expositions, fleet(NOW + 60, parts)) <= NEIGHBOURS_MAX
    del parts[100]
    assert made_of(monkeypatch, expositions, fleet(NOW + 90, parts)) <= NEIGHBOURS_MAX


def test_a_second_scraper_of_a_snapshot_shares_all():
    current = fleet(NOW, [figures(eval_set())])
    expositions = Expositions()
    assert expositions.of(current) is expositions.of(current)


def test_no_duration_is_stale_where_nothing_else_changed():
    parts = [figures(eval_set())]
    exposition = Exposition(lambda: current, Own())
    said = []
    for later in (0, 30):
        current = fleet(NOW + later, parts)
        said.append(exposition.render("")[0])
    assert b'mmlu-2026-11-22-x7k2"} 80040.0' in said[0]
    assert b'mmlu-2026-11-22-x7k2"} 80070.0' in said[1]


def test_what_left_is_forgotten():
    expositions = Expositions()
    expositions.of(fleet(NOW, [figures(eval_set())]))
    expositions.of(fleet(NOW, []))
    assert not expositions._runs
    assert not len(expositions._labels)


def test_gzip_is_the_same_text():
    pieces = list(Exposition(realistic, SelfMetrics()).pieces(""))
    assert gzip.decompress(joined(pieces, Gzip())) == joined(pieces, Plain())
