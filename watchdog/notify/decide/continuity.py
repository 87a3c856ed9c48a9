"""Whether what is seen now is what people were told of, and what of it is new. Pure."""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from watchdog.model.causes import API_CAUSES
from watchdog.model.probe import Meaning
from watchdog.model.report import IncidentReport
from watchdog.model.verdict import Cause, Incident, Scope, Verdict

RECOVERED_MAX = 500
JOINT_SCOPES = frozenset({"model", "provider", "cluster"})

KEEP_FIRING_FOR = 2100.0
"""Seconds; a sample notices that a model is back when its back-off ends, after half an hour."""


def continues(incident: IncidentReport | Incident, told: IncidentReport | Incident) -> bool:
    """Whether people were told of this already: it only became wider or narrower.

    What everybody on a model suffers takes in eval sets and leaves them as it goes on, and which of
    them is the oldest, whose name the id is made of, changes with that.
    """
    if incident.id == told.id:
        return True
    if incident.circle != told.circle or not _akin(incident.cause, told.cause):
        return False
    if Verdict.DEGRADED in {incident.verdict, told.verdict} and incident.verdict != told.verdict:
        return False
    if set(incident.models) & set(told.models) or _is_same_sample(incident, told):
        return True
    joint = incident.scope in JOINT_SCOPES or told.scope in JOINT_SCOPES
    return joint and bool(set(incident.eval_sets) & set(told.eval_sets))


def _is_same_sample(incident: IncidentReport | Incident, told: IncidentReport | Incident) -> bool:
    """One sample whose calls fail otherwise now."""
    place = (incident.scope, incident.subject, incident.eval_sets)
    return incident.scope == "sample" and place == (told.scope, told.subject, told.eval_sets)


def _akin(one: Cause, other: Cause) -> bool:
    return one is other or {one, other} <= API_CAUSES


def joined(
    told: IncidentReport, parts: Sequence[IncidentReport], unsure: Collection[str] = ()
) -> IncidentReport:
    """An open incident as it stands now: under its old id, all its parts together.

    What was in it and no longer is has recovered, and stays named. Who is `unsure`, for lack of
    data, has not recovered: it is still in it, and what only this makes narrower stays wide.
    """
    first = next((part for part in parts if part.id == told.id), parts[0])
    seen = dict.fromkeys(name for part in (first, *parts) for name in part.eval_sets)
    hidden = [name for name in told.eval_sets if name in unsure and name not in seen]
    eval_sets = (*seen, *hidden)
    were = dict.fromkeys((*told.recovered, *told.eval_sets))
    recovered = tuple(name for name in were if name not in eval_sets)
    wide = told if hidden else first
    return replace(
        first,
        id=told.id,
        scope=wide.scope,
        subject=wide.subject,
        cause=wide.cause,
        # an annotation that can't be seen for a while makes nothing public
        circle=told.circle or first.circle,
        eval_sets=eval_sets,
        recovered=recovered[:RECOVERED_MAX],
        stuck_samples=sum(part.stuck_samples for part in parts),
    )


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


PAGE = "page"
_SCOPE = "scope "


def sayings(incident: IncidentReport) -> frozenset[str]:
    """All that people are to be called for: each at most once in an incident's life."""
    said = {f"{_SCOPE}{incident.scope}"}
    said |= {f"test {model} {meaning}" for model, meaning in meanings(incident)}
    said |= {f"status {page.url or page.title}" for page in incident.outside}
    return frozenset(said | {PAGE} if incident.severity == "page" else said)


def news(incident: IncidentReport, heard: frozenset[str]) -> frozenset[str]:
    """What of it people were not called for yet.

    That it reaches beyond one eval set, or a model, is said once; how it goes on to grow and to
    shrink, and who is in it, the message shows without calling anybody.
    """
    if incident.verdict is Verdict.DEGRADED:
        return frozenset()
    scopes = {each for each in heard if each.startswith(_SCOPE)}
    new = sayings(incident) - heard - {PAGE}
    wider = f"{_SCOPE}{incident.scope}"
    return new if len(scopes) == 1 and _is_wider(incident.scope, scopes) else new - {wider}


def _is_wider(scope: Scope, heard: Collection[str]) -> bool:
    ranks = [_RANK.index(each.removeprefix(_SCOPE)) for each in heard]
    return scope in JOINT_SCOPES and all(_RANK.index(scope) > rank for rank in ranks)


_RANK = ("sample", "task", "eval_set", "model", "provider", "cluster")


def heard_of(incident: IncidentReport, heard: frozenset[str]) -> frozenset[str]:
    """What people were called for, once this has been told to them."""
    scopes = {each for each in sayings(incident) if each.startswith(_SCOPE)}
    kept = sayings(incident) if incident.scope in JOINT_SCOPES else sayings(incident) - scopes
    return heard | kept


def meanings(incident: IncidentReport) -> frozenset[tuple[str, str]]:
    """What the direct tests mean; that nothing was tested is no news."""
    tested = (c for c in incident.conclusions if c.meaning is not Meaning.NOT_TESTED)
    return frozenset((c.model, c.meaning) for c in tested)


def settled(incident: IncidentReport | Incident, away: float, troubled: frozenset[str]) -> bool:
    """Whether what was not seen for `away` seconds is over: a model's trouble ends in stages."""
    models = set(incident.models)
    return not models or (away >= KEEP_FIRING_FOR and not models & troubled)
