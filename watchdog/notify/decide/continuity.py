"""Whether what stands now is an incident that people know, and what of it changed. Pure."""

from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace

from watchdog.model.causes import API_CAUSES
from watchdog.model.probe import Meaning
from watchdog.model.report import IncidentReport
from watchdog.model.verdict import Cause, Incident, Verdict

RECOVERED_MAX = 500
JOINT_SCOPES = frozenset({"model", "provider", "cluster"})

KEEP_FIRING_FOR = 2100.0
"""Seconds; a sample notices that a model is back when its back-off ends, after half an hour."""


def continues(incident: IncidentReport | Incident, earlier: IncidentReport | Incident) -> bool:
    """Whether it is the same as an earlier incident, which only became wider or narrower.

    What everybody on a model suffers takes in eval sets and leaves them as it goes on, and which of
    them is the oldest, whose name the id is made of, changes with that.
    """
    if incident.id == earlier.id:
        return True
    if incident.restricted_to != earlier.restricted_to:
        return False
    if not _akin(incident.cause, earlier.cause):
        return _is_same_death(incident, earlier)
    verdicts = {incident.verdict, earlier.verdict}
    if Verdict.DEGRADED in verdicts and len(verdicts) > 1:
        return False
    if _is_same_sample(incident, earlier) or _is_same_eval_set(incident, earlier):
        return True
    return _shares(incident, earlier)


def _shares(incident: IncidentReport | Incident, earlier: IncidentReport | Incident) -> bool:
    """Whether both are everybody's on a model, or joint with an eval set in both."""
    if set(incident.models) & set(earlier.models):
        return True
    joint = incident.scope in JOINT_SCOPES or earlier.scope in JOINT_SCOPES
    return joint and bool(set(incident.eval_sets) & set(earlier.eval_sets))


class Akin:
    """Incidents by what makes two of them the same: few are asked whether they continue another."""

    def __init__(self, incidents: Iterable[IncidentReport]) -> None:
        self._incidents = tuple(incidents)
        self._places: dict[tuple[str, str], list[int]] = {}
        for place, incident in enumerate(self._incidents):
            for mark in _marks(incident):
                self._places.setdefault(mark, []).append(place)

    def like(self, other: IncidentReport) -> list[IncidentReport]:
        """Those that may be the same as another, in their order; all that are, are among them."""
        places = {place for mark in _marks(other) for place in self._places.get(mark, ())}
        return [self._incidents[place] for place in sorted(places)]


def _marks(incident: IncidentReport) -> set[tuple[str, str]]:
    """One of these, at least, two incidents have in common that `continues` takes for one."""
    marks = {("id", incident.id), ("subject", incident.subject)}
    marks |= {("model", model) for model in incident.models}
    marks |= {("eval_set", name) for name in incident.eval_sets}
    return marks if incident.eval_sets else marks | {("eval_set", "")}


def _is_same_death(incident: IncidentReport | Incident, earlier: IncidentReport | Incident) -> bool:
    """One dead runner, of which only less is known by now: its pod's events are gone."""
    died = incident.runner_died and earlier.runner_died
    return died and incident.eval_sets == earlier.eval_sets


def _is_same_sample(
    incident: IncidentReport | Incident, earlier: IncidentReport | Incident
) -> bool:
    """One sample whose calls fail otherwise now."""
    place = (incident.scope, incident.subject, incident.eval_sets)
    before = (earlier.scope, earlier.subject, earlier.eval_sets)
    return incident.scope == "sample" and place == before


def _is_same_eval_set(
    incident: IncidentReport | Incident, earlier: IncidentReport | Incident
) -> bool:
    """What the id says, but where the eval set had another id when it opened (`renamed`)."""
    same = incident.cause is earlier.cause and len(incident.eval_sets) == 1
    return same and incident.eval_sets == earlier.eval_sets


def _akin(one: Cause, other: Cause) -> bool:
    return one is other or {one, other} <= API_CAUSES


def joined(
    before: IncidentReport, parts: Sequence[IncidentReport], unsure: Collection[str] = ()
) -> IncidentReport:
    """An open incident as it stands now: under its old id, all its parts together.

    What was in it and no longer is has recovered, and stays named. Who is `unsure`, for lack of
    data, has not recovered: it is still in it, and what only this makes narrower stays wide.
    """
    first = next((part for part in parts if part.id == before.id), parts[0])
    stuck = dict.fromkeys(name for part in (first, *parts) for name in part.eval_sets)
    unread = [name for name in before.eval_sets if name in unsure and name not in stuck]
    eval_sets = (*stuck, *unread)
    members = dict.fromkeys((*before.recovered, *before.eval_sets))
    present = frozenset(eval_sets)
    recovered = tuple(name for name in members if name not in present)
    wide = before if unread else first
    secret = (name for part in (before, first, *parts) for name in part.secret_models)
    return replace(
        first,
        id=before.id,
        # the message on those that recovered still names their models
        secret_models=tuple(dict.fromkeys(secret))[:RECOVERED_MAX],
        scope=wide.scope,
        subject=wide.subject,
        cause=_cause(before, wide),
        # an annotation that can't be seen for a while makes nothing public
        restriction=before.restriction or first.restriction,
        eval_sets=eval_sets,
        recovered=recovered[:RECOVERED_MAX],
        # what the rest of the events teaches counts only some polls after they were read
        half_read=before.half_read or first.half_read,
        reading=any(part.reading for part in parts),
        stuck_samples=sum(part.stuck_samples for part in parts),
        sources=_sources(before, parts) if unread else _sources(first, parts),
    )


def _sources(one: IncidentReport, others: Sequence[IncidentReport]) -> tuple[str, ...]:
    return tuple(sorted({name for item in (one, *others) for name in item.sources}))


def _cause(before: IncidentReport, wide: IncidentReport) -> Cause:
    """As it is now; of a dead runner what was known of its death, where only that it is gone is."""
    forgotten = wide.cause is Cause.RUNNER_GONE and _is_same_death(before, wide)
    return before.cause if forgotten else wide.cause


def fingerprint(incident: IncidentReport) -> tuple[object, ...]:
    """What a message must show when it changes; durations and counts aren't part of it."""
    pages = frozenset(page.url or page.title for page in incident.outside)
    return (
        incident.scope,
        incident.subject,
        incident.cause,
        frozenset(incident.eval_sets),
        meanings(incident),
        pages,
    )


def meanings(incident: IncidentReport) -> frozenset[tuple[str, Meaning]]:
    """What the direct tests of each model mean; that nothing was tested is left out."""
    return frozenset(
        (conclusion.model, conclusion.meaning)
        for conclusion in incident.conclusions
        if conclusion.meaning is not Meaning.NOT_TESTED
    )


def has_stopped_firing(
    incident: IncidentReport | Incident, absent_for: float, troubled: frozenset[str]
) -> bool:
    """Whether it may be over, after so many seconds without it: a model's trouble ends in stages.

    `troubled` are the models on which most samples still fail more than usual.
    """
    models = set(incident.models)
    return not models or (absent_for >= KEEP_FIRING_FOR and not models & troubled)
