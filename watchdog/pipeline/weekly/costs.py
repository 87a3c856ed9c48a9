"""What a week cost: time of eval sets, what pods held, and what was not watched. Pure.

A day that lies in the week only in part (the report's days begin in another time zone than the
service's) counts by the share of it that does.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from watchdog.model.lost_time import Held, LostTime, WatchedTime
from watchdog.model.weekly import (
    HeldAmount,
    LostShare,
    Span,
    WeekHeld,
    WeekLost,
    WeekWatched,
)

NAMED_MAX = 50
"""Causes, owners and teams that are named, those that lost most first."""
CPU, MEMORY = "cpu", "memory"


class Share(Struct, frozen=True):
    """What of one record lies in the week: 0 to 1 of it."""

    row: LostTime
    part: float


def shares_of(rows: Iterable[LostTime], span: Span) -> list[Share]:
    """Those that lie in the week, each with the share that does."""
    shares = (Share(row, _part(row.since, row.until, span)) for row in rows)
    return [share for share in shares if share.part > 0]


def _part(since: float, until: float, span: Span) -> float:
    within = min(until, span.end) - max(since, span.begin)
    return max(0.0, within) / (until - since) if until > since else 0.0


def lost_of(shares: Sequence[Share], *, is_watched: bool) -> WeekLost:
    """Time that eval sets lost; unknown where nothing of the week is known to have been watched."""
    is_known = is_watched or bool(shares)
    seconds = sum(share.part * share.row.seconds for share in shares)
    partial = sum(share.part * share.row.partial for share in shares)
    return WeekLost(
        seconds=seconds if is_known else None,
        partial_seconds=partial if is_known else None,
        eval_sets=len({share.row.eval_set for share in shares}),
        by_cause=_by(shares, lambda row: row.cause),
        by_owner=_by(shares, lambda row: row.owner),
        by_team=_by(shares, lambda row: row.team),
    )


def _by(shares: Sequence[Share], name_of: Callable[[LostTime], str]) -> tuple[LostShare, ...]:
    groups: dict[str, list[Share]] = defaultdict(list)
    for share in shares:
        groups[name_of(share.row)].append(share)
    sums = (
        LostShare(
            name,
            sum(share.part * share.row.seconds for share in group),
            sum(share.part * share.row.partial for share in group),
            len({share.row.eval_set for share in group}),
        )
        for name, group in groups.items()
    )
    order = sorted(sums, key=lambda one: (-one.seconds, -one.partial_seconds, one.name))
    return tuple(order[:NAMED_MAX])


def held_of(shares: Sequence[Share], *, is_watched: bool) -> WeekHeld:
    """What their pods held; unknown as above."""
    held = Held()
    for share in shares:
        held = held.plus(share.row.held, share.part)
    gpus = {n: amount for n, amount in held.requests.items() if n not in {CPU, MEMORY}}
    is_known = held.known > 0 or (is_watched and not shares)

    def known(seconds: float) -> float | None:
        return seconds if is_known else None

    return WeekHeld(
        known_seconds=held.known,
        unknown_seconds=held.unknown,
        sandbox_seconds=known(held.sandboxes),
        runner_seconds=known(held.runners),
        gpu_seconds=known(sum(gpus.values())),
        cpu_core_seconds=known(held.requests.get(CPU, 0.0)),
        memory_byte_seconds=known(held.requests.get(MEMORY, 0.0)),
        unread_seconds=held.unread,
        gpus=tuple(HeldAmount(name, amount) for name, amount in sorted(gpus.items())),
    )


def watched_of(
    rows: Iterable[WatchedTime], since: float | None, span: Span, now: float
) -> WeekWatched:
    """How much of the week, up to now, was watched.

    Args:
        rows: the days of which something is kept.
        since: the first instant of which it is known; None where nothing is.
        span: the week.
        now: seconds since the epoch.
    """
    end = max(span.begin, min(span.end, now))
    known_from = end if since is None else min(end, max(span.begin, since))
    parts = [(row, _part(row.since, row.until, span)) for row in rows]
    # a day of one poll has no length, and lies in the week or does not
    polled = [row for row, part in parts if part or span.begin <= row.since < span.end]
    watched = min(end - known_from, sum(part * row.seconds for row, part in parts))
    return WeekWatched(
        watched_seconds=watched,
        unwatched_seconds=end - known_from - watched,
        unknown_seconds=known_from - span.begin,
        polls=sum(row.polls for row in polled),
        incomplete_polls=sum(row.incomplete for row in polled),
        availability=watched / (end - known_from) if end > known_from else None,
    )
