"""Many incidents that open at once, as one message of Slack's. Pure."""

from collections.abc import Sequence

from watchdog.addresses import is_address
from watchdog.model.causes import cause_words
from watchdog.model.report import IncidentReport
from watchdog.model.words import count
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.slack_head import OWNERS_MAX, ROWS, mark_of, rows
from watchdog.notify.channels.slack_shadow import shadow_blocks
from watchdog.notify.channels.slack_text import MAX_TEXT, code, escape, plain, sign, size
from watchdog.notify.notice import Notice

Block = dict[str, object]

TOTAL_MAX = 11_000
"""Bytes of all lines; 13,000 may all blocks have (`slack_blocks`)."""
SECTION_MAX = 2900
NAMED = 3
"""Eval sets that a line names."""
FOOT = 600
"""Bytes that the link and the rest need at most."""


def digest_whole(notice: Notice, templates: Templates) -> str:
    """All of it in one text, at most `MAX_TEXT` bytes long: where nothing can be read on."""
    parts = [_title(notice), *_lines(notice, MAX_TEXT - FOOT), *_page(templates)]
    return "\n".join(parts)


def digest_text(notice: Notice, templates: Templates, owners: Sequence[str] = ()) -> str:
    """As much as a phone shows of it."""
    lines = [_mark(notice), f"*{_title(notice)}*", *_first(notice, owners), *_page(templates)]
    return "\n".join(line for line in lines if line)


def digest_head(notice: Notice, templates: Templates, owners: Sequence[str] = ()) -> list[Block]:
    """The same as Block Kit; the rest stands in its thread."""
    title = {"type": "plain_text", "text": _title(notice), "emoji": True}
    blocks: list[Block] = [*shadow_blocks(_mark(notice)), {"type": "header", "text": title}]
    blocks.append(_section("\n".join(_first(notice, owners))))
    context = [{"type": "mrkdwn", "text": text} for text in _page(templates)]
    return [*blocks, {"type": "context", "elements": context}] if context else blocks


def digest_details(notice: Notice) -> list[Block]:
    """A line for each, as Block Kit."""
    return [_section(text) for text in _packed(_lines(notice, TOTAL_MAX))]


def _mark(notice: Notice) -> str:
    """It is not edited: what it says first stays so."""
    return mark_of(notice, alone=True)


def _first(notice: Notice, owners: Sequence[str]) -> list[str]:
    """The gravest, as many as a phone has rows for, and how many there are beside."""
    started = [f"*Started by* {' '.join(owners[:OWNERS_MAX])}"] if owners else []
    lines: list[str] = []
    mark = _mark(notice)
    room = ROWS - rows(_title(notice)) - (rows(mark) if mark else 0) - len(started) - 2
    for member in notice.members:
        line = _brief(member)
        room -= rows(line)
        if room < 0:
            break
        lines.append(line)
    more = len(notice.members) - len(lines)
    return [*lines, *([f"and {more} more"] if more else []), *started]


def _brief(incident: IncidentReport) -> str:
    names = incident.eval_sets or (incident.subject,)
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{sign(incident.severity)} {code(names[0], 50)}{more}: {cause_words(incident.cause)}"


def _title(notice: Notice) -> str:
    pages = sum(incident.severity == "page" for incident in notice.members)
    incidents = count(len(notice.members), "new incident")
    among = f", {count(pages, 'page')} among them" if pages else ""
    return f"{sign('page' if pages else 'warning')} {incidents}{among}"


def _lines(notice: Notice, room: int) -> list[str]:
    """A line for each incident while there is room, and how many there was none for."""
    lines: list[str] = []
    for member in notice.members:
        line = _line(member)
        room -= size(line) + 1
        if room < 0:
            break
        lines.append(line)
    more = len(notice.members) - len(lines)
    return [*lines, f"and {more} more"] if more else lines


def _line(incident: IncidentReport) -> str:
    names = incident.eval_sets or (incident.subject,)
    text = ", ".join(code(name, 80) for name in names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    tests = "".join(f" {plain(item.sentence, 160)}" for item in incident.conclusions[:1])
    return f"{sign(incident.severity)} {text}{more}: {cause_words(incident.cause)}.{tests}"


def _packed(lines: Sequence[str]) -> list[str]:
    """Lines joined to sections of at most `SECTION_MAX` bytes."""
    sections: list[str] = []
    for line in lines:
        if sections and size(sections[-1]) + size(line) < SECTION_MAX:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line)
    return sections


def _page(templates: Templates) -> list[str]:
    """All of them stand on the first page."""
    page = templates.page or ""
    return [f"<{escape(page)}|Status page>"] if is_address(page) else []


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
