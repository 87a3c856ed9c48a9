"""What became of an incident, in the order of time. Pure."""

from collections.abc import Iterable, Iterator

from watchdog.model.acts import Act, sentence, who
from watchdog.model.instants import from_timestamp, timestamp
from watchdog.model.kept_incidents import KeptIncident, LifeEvent, Told
from watchdog.surfaces.incidents.records import HistoryItem

_ENDS = {
    "": "taken back",
    "taken_back": "taken back",
    "replaced": "another took its place",
    "page": "it is a page now",
    "reaches_further": "it reaches further now",
    "more_eval_sets": "at least twice as many eval sets are stuck",
    "more_samples": "at least twice as many samples are stuck",
}
"""Why an act counts no more, by what the ledger calls it."""
_NAMES = {"acknowledgement": "The acknowledgement", "silence": "The silence"}
_Item = tuple[float, HistoryItem]


def history(kept: KeptIncident, now: float, *, whole: bool) -> tuple[HistoryItem, ...]:
    """All that happened until `now`.

    Args:
        kept: one time that it was open.
        now: seconds since the epoch.
        whole: whether who asks may see all that it is about; else no words that may name it.
    """
    items = sorted(_items(kept, now), key=lambda item: item[0])
    return tuple(item if whole else _bare(item) for _, item in items)


def _bare(item: HistoryItem) -> HistoryItem:
    keeps = item.kind in {"began", "opened", "told", "resolved", "unseen"}
    return item if keeps else HistoryItem(item.at, item.kind, item.who, "")


def _items(kept: KeptIncident, now: float) -> Iterator[_Item]:
    since = from_timestamp(kept.incident.since)
    if since is not None:
        yield _item(since, "began", "", "It began")
    if kept.opened_at is not None:
        yield _item(kept.opened_at, "opened", "", "It was found")
    yield from (_event(event) for event in kept.events)
    yield from (_told(told, kept.incident.part_of) for told in kept.told)
    yield from _acts(kept.acts, now)
    if kept.absent_since is not None:
        yield _item(kept.absent_since, "unseen", "", "Not seen any more")
    if kept.resolved_at is not None and kept.incident.part_of:
        text = f"It became part of {kept.incident.part_of}"
        yield _item(kept.resolved_at, "merged", "", text)
    elif kept.resolved_at is not None:
        yield _item(kept.resolved_at, "resolved", "", "Over")


def _event(event: LifeEvent) -> _Item:
    return _item(event.at, event.kind, "", event.text)


def _told(told: Told, part_of: str) -> _Item:
    what = "became part of another" if told.kind == "resolved" and part_of else f"was {told.kind}"
    if told.sent_at is not None:
        return _item(told.sent_at, "told", told.channel, f"Told that it {what}")
    state = "refused" if told.state == "failed" else "not sent yet"
    return _item(told.at, "told", told.channel, f"To be told that it {what}: {state}")


def _acts(acts: Iterable[Act], now: float) -> Iterator[_Item]:
    for act in acts:
        by = who(act.by, verified=act.verified)
        yield _item(act.at, act.kind, by, sentence(act))
        ended_at = act.changed_at(now) if not act.holds(now) else None
        if ended_at is not None and act.kind in _NAMES:
            why = _ENDS.get(act.ended_why, act.ended_why) if act.ended_at else "its time was over"
            ender = who(act.ended_by, verified=act.verified) if act.ended_by else ""
            yield _item(ended_at, "ended", ender, f"{_NAMES[act.kind]} ended: {why}")


def _item(at: float, kind: str, by: str, text: str) -> _Item:
    return at, HistoryItem(timestamp(at), kind, by, text)  # type: ignore[arg-type]
