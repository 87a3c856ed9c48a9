"""What stands, as decisions left it: for whoever shows it. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from watchdog.model.acts import Act
from watchdog.model.kept_incidents import KeptIncident, OpenIncident
from watchdog.notify.decide import ENDING, Decision, Reason


def standing_of(
    decisions: Iterable[Decision],
    openings: Mapping[str, int],
    untold: Mapping[str, tuple[Act, ...]],
) -> tuple[OpenIncident, ...]:
    """What is open, or stands and was not told yet.

    Args:
        decisions: all of one snapshot.
        openings: of those that open with it, how often each has opened, by id.
        untold: what people did about those that nobody was told of, by id.
    """
    return tuple(_standing(decisions, openings, untold))


def _standing(
    decisions: Iterable[Decision],
    openings: Mapping[str, int],
    untold: Mapping[str, tuple[Act, ...]],
) -> Iterator[OpenIncident]:
    for decision in decisions:
        if decision.reason in ENDING:
            continue
        incident, entry = decision.incident, decision.entry
        kept = KeptIncident(incident, 0, acts=untold.get(incident.id, ()))
        if entry is not None:
            fell = decision.fell
            kept = KeptIncident(
                incident=incident,
                opening=entry.generation,
                opened_at=entry.opened_at,
                absent_since=None if decision.parts else entry.absent_since,
                reopened=entry.reopened,
                needs=entry.needs,
                acts=tuple(fell if fell and a.place == fell.place else a for a in entry.acts),
            )
        elif decision.reason is Reason.OPEN:
            kept = KeptIncident(incident, openings.get(incident.id, 0), decision.at)
        yield OpenIncident(kept, decision.parts, decision.reason.value)
