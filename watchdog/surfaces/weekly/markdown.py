"""A week's report as Markdown. Pure; foreign names are shown and never obeyed."""

import re
from collections.abc import Iterator

from watchdog.model.causes import cause_words
from watchdog.model.instants import clock_of
from watchdog.model.texts import clean
from watchdog.model.weekly import WeeklyReport, WeekPage
from watchdog.model.words import count
from watchdog.pipeline.weekly.words import Table, sections, title

_MARKUP = re.compile(r"([\\`*_\[\]<>|&~#!])")
_LINKS = re.compile(r"([@:])")
"""What makes links of names."""


def weekly_lines(report: WeeklyReport) -> Iterator[str]:
    """A line each."""
    yield f"# {plain(title(report))}"
    for section in sections(report):
        yield ""
        yield f"## {section.title}"
        yield ""
        yield from (f"- {plain(line)}" for line in section.lines)
        for table in section.tables:
            yield ""
            yield from _table(table)
    if report.unmarked_pages:
        yield ""
        yield "## Not judged yet"
        yield ""
        yield "Say what they were worth, on their page or with `watchdog mark`:"
        yield ""
        yield from map(_page, report.unmarked_pages)
        more = report.pages.unmarked - len(report.unmarked_pages)
        if more > 0:
            yield f"- and {count(more, 'more page')}"


def plain(text: str, limit: int = 500) -> str:
    """A text of which nothing becomes markup."""
    return _MARKUP.sub(r"\\\1", clean(text, limit))


def foreign(text: str) -> str:
    """A name that somebody else gave: no link comes of it either."""
    return _LINKS.sub(r"\\\1", plain(text, 100))


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(table.heads)} |"
    yield f"| {' | '.join(['---', *['---:'] * (len(table.heads) - 1)])} |"
    for name, *figures in table.rows:
        yield f"| {' | '.join((foreign(name), *figures))} |"


def _page(one: WeekPage) -> str:
    more = f" and {one.eval_sets - 1} more" if one.eval_sets > 1 else ""
    what = f"{foreign(one.eval_set)}{more}, {cause_words(one.cause)}, {clock_of(one.opened_at)}"
    name = clean(one.id, 60).replace("`", "")
    opening = f" --opening {one.opening}" if one.opening > 1 else ""
    command = f"watchdog mark {name}{opening}"
    return f"- {what}: `{command} true` or `{command} false`"
