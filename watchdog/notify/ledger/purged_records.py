"""What a joint incident, and what was told of it, still say once one eval set is taken out. Pure.

Its id goes from the lists, and a stand-in that nobody can turn back takes its place in sentences.
What is left out of messages (samples, advice, owners, news) doesn't say whose it is. Counts, times,
models and the incident's id stay: they are of all its eval sets together.

Ids are given as a column keeps them (`kept_name`); a record holds them as they came.
"""

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from watchdog.masking import Key, Mask
from watchdog.model.report import IncidentReport
from watchdog.notify.ledger.kept_text import kept_name
from watchdog.notify.notice import Notice


def names_any(incident: IncidentReport, ids: Collection[str]) -> bool:
    """Whether an eval set of these was in it."""
    return not set(ids).isdisjoint(map(kept_name, (*incident.eval_sets, *incident.recovered)))


def is_alone(incident: IncidentReport, ids: Collection[str]) -> bool:
    """Whether it is about these eval sets and no other."""
    return set(ids).issuperset(map(kept_name, (*incident.eval_sets, *incident.recovered)))


def without(incident: IncidentReport, ids: Collection[str], key: Key) -> IncidentReport:
    """A joint incident that names these eval sets no more."""
    kept = replace(
        incident,
        eval_sets=_others(incident.eval_sets, ids),
        recovered=_others(incident.recovered, ids),
    )
    mask = Mask(key, (), (*kept.eval_sets, *kept.recovered, *kept.models, *kept.sources))
    its = (*incident.eval_sets, *incident.recovered)
    mask.add_ids(key, {*ids, *(name for name in its if kept_name(name) in ids)})
    return replace(
        kept,
        subject=mask(kept.subject),
        summary=mask(kept.summary),
        muted_reason=mask(kept.muted_reason),
        peers=mask(kept.peers),
        actions=mask.record(kept.actions),
        conclusions=mask.record(kept.conclusions),
    )


def notice_without(notice: Notice, ids: Collection[str], key: Key) -> Notice:
    """A message on a joint incident, or a digest, that tells of these eval sets no more."""
    members = _members(notice.members, ids, key)
    is_theirs = is_alone(notice.incident, ids)
    incident = members[0] if is_theirs and members else without(notice.incident, ids, key)
    return replace(
        notice,
        incident=incident,
        members=members,
        samples=(),
        more_samples=0,
        actions=(),
        changes=(),
        handling=(),
        owners=(),
    )


def _members(
    members: Iterable[IncidentReport], ids: Collection[str], key: Key
) -> tuple[IncidentReport, ...]:
    """The incidents of a digest that are also about others."""
    others = (member for member in members if not is_alone(member, ids))
    return tuple(without(m, ids, key) if names_any(m, ids) else m for m in others)


def _others(eval_sets: Iterable[str], ids: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in eval_sets if kept_name(name) not in ids)
