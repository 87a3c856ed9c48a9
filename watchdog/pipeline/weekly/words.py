"""A week's report in words, section by section: what Markdown and Slack's message are made of."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from watchdog.model.causes import cause_words
from watchdog.model.instants import clock_of, from_timestamp
from watchdog.model.verdict import Cause
from watchdog.model.weekly import (
    LostShare,
    Outcome,
    WeeklyReport,
    WeekMarks,
)
from watchdog.model.words import count, duration

HOUR = 3600.0
UNKNOWN = "Unknown: nothing was written down of this week."
GIB = 2.0**30
OUTCOMES: dict[Outcome, str] = {
    "resumed": "started again (a newer runner works on it)",
    "deleted": "its eval sets are gone",
    "merged": "it became part of another one",
    "finished": "its eval sets ended",
    "acknowledged": "somebody looked after it, and it goes on",
    "provider_recovered": "the provider's API works again",
    "by_itself": "it went on by itself",
    "unknown": "not known: an earlier version wrote it down",
}


class Table(Struct, frozen=True):
    """Foreign names, and figures of ours."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """The first of each is a name that somebody else gave."""


class Section(Struct, frozen=True):
    """A heading and what stands below it."""

    title: str
    lines: tuple[str, ...]
    """Words of ours alone."""
    tables: tuple[Table, ...] = ()


def title(report: WeeklyReport) -> str:
    """`Week 2026-W48, 2026-11-23 to 2026-11-29 (Europe/Berlin)`."""
    week = f"Week {report.week}, " if report.week else ""
    begin, end = _local(report.begin, report), _local(report.end, report)
    last = end - timedelta(microseconds=1)
    so_far = "" if report.is_over else ", so far"
    if begin.hour or begin.minute:
        moments = f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
        return f"Seven days, {moments} ({report.time_zone}){so_far}"
    return f"{week}{begin:%Y-%m-%d} to {last:%Y-%m-%d} ({report.time_zone}){so_far}"


def _local(stamp: str | None, report: WeeklyReport) -> datetime:
    at = datetime.fromtimestamp(from_timestamp(stamp) or 0.0, UTC)
    return at.astimezone(ZoneInfo(report.time_zone))


def sections(report: WeeklyReport) -> Iterator[Section]:
    """All of it."""
    if notes := tuple(_notes(report)):
        yield Section("Mind", notes)
    yield Section("Incidents", tuple(_incidents(report)))
    yield Section("Pages", tuple(_pages(report)), tuple(_channels(report)))
    yield Section("Delay", (_delay(report),))
    since = _since(report)
    yield Section(f"Time lost{since}", (_lost(report),), tuple(_lost_tables(report)))
    yield Section(f"Held by what was stuck{since}", tuple(_held(report)))
    if report.outcomes:
        ends = (f"{number:,}: {OUTCOMES[how]}" for how, number in report.outcomes.items())
        yield Section("How they ended", tuple(ends))
    yield Section("The watchdog itself", tuple(_watched(report)))


def _is_unknown(report: WeeklyReport) -> bool:
    """Whether nothing is known of the week: neither that it was watched, nor of an incident."""
    week = report.incidents
    is_kept = week.opened or week.open_before or week.ended or report.lost.eval_sets
    return report.watchdog.availability is None and not is_kept


def _since(report: WeeklyReport) -> str:
    """` since …` in a week of which only the end is known; empty in others."""
    is_partly = report.watchdog.unknown_seconds and report.watchdog.availability is not None
    return f" since {clock_of(report.watched_since)}" if is_partly else ""


def _notes(report: WeeklyReport) -> Iterator[str]:
    if report.shadow:
        yield f"Shadow: only {report.shadow} is told, and nobody is paged (docs/shadow.md)."
    yield from report.notes
    if report.hidden:
        yield f"{count(report.hidden, 'more incident')} you may not see: nothing here counts them."


def _incidents(report: WeeklyReport) -> Iterator[str]:
    if _is_unknown(report):
        yield UNKNOWN
        return
    week = report.incidents
    by = week.by_severity
    since = _since(report) if not week.opened else ""
    kinds = f" ({count(by.get('page', 0), 'page')}, {count(by.get('warning', 0), 'warning')})"
    back = f"; {count(week.reopened, 'time')} one came back" if week.reopened else ""
    yield (
        f"{count(week.opened, 'incident')} opened{kinds if week.opened else since}, "
        f"{week.open_before:,} were open before, {week.ended:,} ended, {week.open_after:,} "
        f"{'were' if report.is_over else 'are'} open at the end{back}."
    )
    if week.by_cause:
        yield f"By cause: {_tally({cause_words(c): n for c, n in week.by_cause.items()})}."
        scopes = {scope.replace("_", " "): number for scope, number in week.by_scope.items()}
        yield f"By scope: {_tally(scopes)}."


def _tally(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())


def _pages(report: WeeklyReport) -> Iterator[str]:
    if _is_unknown(report):
        yield UNKNOWN
        return
    since = _since(report)
    yield from _marks("page", report.pages, since)
    yield from _marks("warning", report.warnings, since)


def _marks(kind: str, marks: WeekMarks, since: str) -> Iterator[str]:
    if not marks.total:
        yield f"No {kind}{since}."
        return
    untold = f", {marks.untold:,} to nobody" if marks.untold else ""
    yield (
        f"{count(marks.total, kind)}: {marks.told:,} told, {marks.shadowed:,} only in the shadow"
        f"{untold}."
    )
    judged = f"{marks.marked_true:,} true, {marks.marked_false:,} false"
    share = "" if marks.precision is None else f": {marks.precision:.0%} of these were right"
    yield f"Judged: {judged}{share}. Not judged: {marks.unmarked:,}."


def _channels(report: WeeklyReport) -> Iterator[Table]:
    if report.channels:
        heads = ("channel", "told of", "would have been told of")
        rows = ((c.channel, f"{c.told:,}", f"{c.would_have_told:,}") for c in report.channels)
        yield Table(heads, tuple(rows))


def _delay(report: WeeklyReport) -> str:
    if _is_unknown(report):
        return UNKNOWN
    delay = report.delay
    untold = f"; {delay.untold:,} were told to nobody" if delay.untold else ""
    if delay.began_before:
        since = clock_of(report.watched_since)
        untold += f"; not counted: {delay.began_before:,} that began before it watched ({since})"
    if delay.median is None or delay.p90 is None or delay.longest is None:
        why = "" if delay.began_before else ", as nobody was told of any"
        return f"From the beginning until somebody was told: unknown{why or untold}."
    return (
        f"From the beginning until a channel was told: median {duration(delay.median)}, "
        f"90 % within {duration(delay.p90)}, at most {duration(delay.longest)}, of "
        f"{count(delay.told, 'incident')}{untold}."
    )


def _lost(report: WeeklyReport) -> str:
    lost = report.lost
    if lost.seconds is None or lost.partial_seconds is None:
        return UNKNOWN
    if not lost.eval_sets:
        return f"No eval set was stuck{_since(report)}."
    return (
        f"{duration(lost.seconds)} stuck as a whole, {duration(lost.partial_seconds)} in part, "
        f"summed over {count(lost.eval_sets, 'eval set')}."
    )


def _lost_tables(report: WeeklyReport) -> Iterator[Table]:
    lost = report.lost
    causes = [(_cause(one.name), one) for one in lost.by_cause]
    owners = [(one.name or "(unknown)", one) for one in lost.by_owner]
    teams = [(one.name or "(unknown)", one) for one in lost.by_team]
    for head, rows in (("cause", causes), ("owner", owners), ("team", teams)):
        if rows and (head == "cause" or any(one.name for _, one in rows)):
            yield _table(head, rows)


def _cause(name: str) -> str:
    return cause_words(Cause(name)) if name in set(Cause) else name


def _table(head: str, rows: Sequence[tuple[str, LostShare]]) -> Table:
    figures = (
        (name, duration(one.seconds), duration(one.partial_seconds), f"{one.eval_sets:,}")
        for name, one in rows
    )
    return Table((head, "stuck", "in part", "eval sets"), tuple(figures))


def _held(report: WeeklyReport) -> Iterator[str]:
    held = report.held
    if held.sandbox_seconds is None:
        is_empty = not report.lost.eval_sets
        yield UNKNOWN if is_empty else "Unknown: no pods were known of what was stuck."
        return
    gpus = ", ".join(f"{one.resource} {_hours(one.amount_seconds)}" for one in held.gpus)
    yield f"Sandboxes {_hours(held.sandbox_seconds)}, runners {_hours(held.runner_seconds)}."
    yield f"GPUs {_hours(held.gpu_seconds)}{f' ({gpus})' if gpus else ''}."
    memory = (held.memory_byte_seconds or 0.0) / GIB
    yield f"CPU cores {_hours(held.cpu_core_seconds)}, memory {_hours(memory, 'GiB h')}."
    if held.unknown_seconds:
        unknown = duration(held.unknown_seconds)
        yield f"For {unknown} of the lost time the pods were not known: it is in none of these."
    if held.unread_seconds:
        unread = _hours(held.unread_seconds, "pod hours")
        yield f"The requests of {unread} are not known: they are in no GPU, CPU or memory figure."


def _hours(amount_seconds: float | None, unit: str = "h") -> str:
    return f"{(amount_seconds or 0.0) / HOUR:,.1f} {unit}"


def _watched(report: WeeklyReport) -> Iterator[str]:
    watched = report.watchdog
    if watched.availability is None:
        yield UNKNOWN
        return
    away = watched.unwatched_seconds
    share = f"it watched {watched.availability:.2%}"
    missing = f", and did not for {duration(away)}" if away >= 1 else ""
    if watched.unknown_seconds:
        known = duration(watched.watched_seconds + away)
        first = f"The first {duration(watched.unknown_seconds)} are unknown"
        yield f"{first}; of the {known}{_since(report)} {share}{missing}."
    else:
        yield f"I{share[1:]} of the time{missing}."
    yield f"{count(watched.polls, 'poll')}, {watched.incomplete_polls:,} of them not complete."
