"""The models of one snapshot, those in trouble first. Pure."""

from collections.abc import Iterable

from msgspec import Struct

from watchdog.model.instants import timestamp
from watchdog.model.model_calls import CallCount, CallSeconds, ModelCalls
from watchdog.model.providers import provider_of
from watchdog.model.report import IncidentReport, OutsideReport, Snapshot
from watchdog.surfaces.models.filters import ModelFilters
from watchdog.surfaces.models.records import (
    CallCountReport,
    CallSecondsReport,
    ModelList,
    ModelRow,
    OutageReport,
    TestReport,
)

WEEK = 604_800.0
WIDE = frozenset({"model", "provider"})
"""Scopes of incidents that are a model's."""
_OUTAGES_MAX = 50


class PastOutage(Struct, frozen=True):
    """An incident that is over."""

    incident: IncidentReport
    ended_at: float
    """In seconds since the epoch."""
    opening: int = 1
    """Which time it was open."""


class Past(Struct, frozen=True):
    """What is known of those that are over."""

    outages: tuple[PastOutage, ...] = ()
    problem: str = ""
    """Why they can't be read; empty where they were."""

    @property
    def key(self) -> tuple[str, tuple[tuple[str, int], ...]]:
        """What is made with it depends on this, beside what is watched: a viewer may see less."""
        return self.problem, tuple((one.incident.id, one.opening) for one in self.outages)


_NO_PAST = Past()


def models_of(snapshot: Snapshot, filters: ModelFilters, past: Past = _NO_PAST) -> ModelList:
    """What is said of the models of a snapshot.

    Args:
        snapshot: as who asks may see it.
        filters: what is asked for.
        past: incidents that are over, as far as who asks may see them.
    """
    rows = [_row(snapshot, calls, past.outages) for calls in snapshot.calls.models]
    fitting = sorted((row for row in rows if filters.fit(row)), key=_gravity)
    return ModelList(
        now=snapshot.report.now,
        watched_since=timestamp(snapshot.calls.since),
        total=len(rows),
        models=tuple(fitting),
        left_out=snapshot.calls.left_out,
        hidden=snapshot.report.hidden,
        status_pages=snapshot.status_pages,
        problem=past.problem,
    )


def providers_of(snapshot: Snapshot) -> list[str]:
    """The providers whose models were called, by name."""
    return sorted({provider_of(calls.model) for calls in snapshot.calls.models})


def _row(snapshot: Snapshot, calls: ModelCalls, past: Iterable[PastOutage]) -> ModelRow:
    provider = provider_of(calls.model)
    incidents = snapshot.report.incidents
    outages = [_outage(one, None) for one in incidents if _is_of(one, calls.model)]
    over = [one for one in past if _is_of(one.incident, calls.model)]
    over = [one for one in over if one.ended_at >= snapshot.at - WEEK]
    over.sort(key=lambda one: -one.ended_at)
    outages += [_outage(one.incident, one.ended_at, one.opening) for one in over]
    tests = (test for test in snapshot.tests if test.model == calls.model)
    return ModelRow(
        provider=provider,
        model=calls.model,
        samples=calls.samples,
        in_back_off=calls.in_back_off,
        last_ok_at=timestamp(calls.last_ok_at),
        last_failed_at=timestamp(calls.last_failed_at),
        counts=tuple(map(_count, calls.counts)),
        latency=tuple(map(_seconds, calls.latency)),
        outages=tuple(outages[:_OUTAGES_MAX]),
        outside=tuple(dict.fromkeys(_outside(incidents, provider))),
        tests=tuple(
            TestReport(test.route, test.size, test.outcome, timestamp(test.at)) for test in tests
        ),
    )


def _count(count: CallCount) -> CallCountReport:
    return CallCountReport(
        seconds=count.seconds,
        watched_seconds=min(count.seconds, count.watched),
        ok=count.ok,
        failed=count.failed,
        failing_share=count.failing_share,
    )


def _seconds(took: CallSeconds) -> CallSecondsReport:
    return CallSecondsReport(took.seconds, took.calls, took.p50, took.p95)


def _is_of(incident: IncidentReport, model: str) -> bool:
    """Whether it is an outage of the model: one over several eval sets that touches it."""
    return incident.scope in WIDE and model in {incident.subject, *incident.models}


def _outage(incident: IncidentReport, ended_at: float | None, opening: int = 0) -> OutageReport:
    until = timestamp(ended_at)
    return OutageReport(incident.id, incident.cause, incident.since, until, opening)


def _outside(incidents: Iterable[IncidentReport], provider: str) -> Iterable[OutsideReport]:
    return (page for one in incidents for page in one.outside if page.provider == provider)


def _gravity(row: ModelRow) -> tuple[bool, float, int, str]:
    """What is out first, then what fails most; those without a call at the end."""
    shares = [c.failing_share for c in row.counts if c.seconds <= 3600 and c.ok + c.failed]
    worst = max((share for share in shares if share is not None), default=-1.0)
    is_out = any(outage.until is None for outage in row.outages)
    return (not is_out, -worst, -row.in_back_off, row.model)
