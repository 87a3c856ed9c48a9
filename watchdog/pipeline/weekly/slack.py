"""A week's report as a text of Slack's. Pure; foreign names are shown and never obeyed."""

from collections.abc import Iterator

from watchdog.addresses import is_address
from watchdog.model.instants import clock_of
from watchdog.model.weekly import WeeklyReport
from watchdog.model.words import count
from watchdog.notify.channels.slack_text import MAX_TEXT, code, escape, fitting, plain, size
from watchdog.pipeline.weekly.words import Section, Table, sections, title

ROWS_MAX = 5
"""Of a table that are told."""
PAGES_MAX = 5


def weekly_text(report: WeeklyReport, page: str | None) -> str:
    """The whole message, at most `MAX_TEXT` bytes long.

    Args:
        report: the week.
        page: the address of the service's first page, where that is known.
    """
    shadow = "Shadow: " if report.shadow else ""
    lines = [f":calendar: *{shadow}{plain(title(report), 150)}*"]
    for section in sections(report):
        lines += _section(section)
    lines += _unmarked(report)
    link = []
    if page is not None and is_address(page):
        link = [f"<{escape(page.rstrip('/'))}/incidents|Incidents>"]
    room = MAX_TEXT - sum(map(size, link)) - 5
    return "\n".join([*fitting(lines, room), *link])


def _section(section: Section) -> Iterator[str]:
    yield f"*{section.title}*"
    yield from (plain(line, 500) for line in section.lines)
    for table in section.tables:
        yield from _rows(table)


def _rows(table: Table) -> Iterator[str]:
    for name, *figures in table.rows[:ROWS_MAX]:
        said = ", ".join(
            f"{head} {figure}" for head, figure in zip(table.heads[1:], figures, strict=True)
        )
        yield f"• {code(name, 80)}: {plain(said, 200)}"
    more = len(table.rows) - ROWS_MAX
    if more > 0:
        yield f"• and {count(more, 'more row')}"


def _unmarked(report: WeeklyReport) -> Iterator[str]:
    pages = report.unmarked_pages
    if pages:
        how = "`watchdog mark ID true` or `watchdog mark ID false`"
        yield f"*Not judged yet* (on the incident's page, or {how})"
    for one in pages[:PAGES_MAX]:
        name = code(one.eval_set or one.id, 80)
        yield f"• {code(one.id, 60)} {name}, {plain(clock_of(one.opened_at))}"
    more = report.pages.unmarked - min(len(pages), PAGES_MAX)
    if pages and more > 0:
        yield f"• and {count(more, 'more page')}"
