"""The message that people see first: short enough for a phone's screen, in Block Kit. Pure.

What is stuck and since when, why, what to do now or who does it. All else stands in its thread
(`slack_blocks`) and on the page. Whatever an evaluation names is shown and never obeyed.
"""

import re
from collections.abc import Callable, Sequence
from html import unescape
from textwrap import wrap
from typing import Any

from watchdog.model.causes import cause_words
from watchdog.model.command import TEXT_MAX
from watchdog.model.texts import clean, cut, spans
from watchdog.model.words import VERDICT_WORDS, duration
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.slack_blocks import headline
from watchdog.notify.channels.slack_shadow import shadow_blocks
from watchdog.notify.channels.slack_text import action, canary_lines, code, link_line, plain
from watchdog.notify.notice import Notice, impact, lasted
from watchdog.notify.shadow import shadow_words, shadow_words_of_incident

Block = dict[str, Any]

WIDTH = 40
"""Characters of a row on a phone."""
ROWS = 12
"""Of the whole message but its buttons."""
TITLE_ROWS, FACT_ROWS, NAME_ROWS, TEST_ROWS, HANDLING_ROWS, CHANGE_ROWS = 2, 2, 2, 2, 3, 2
MARK_ROWS = 2
STEP_ROWS, SUMMARY_LEAST, SUMMARY_MOST = 3, 2, 5
OWNERS_MAX = 2
HEADER_MAX = 150
"""Characters, https://api.slack.com/reference/block-kit/blocks#header."""
_LINK = re.compile(r"<(?:[^|>]*\|)?([^>]*)>")
_EMOJI = re.compile(r":[a-z_]+:")
_MARKS = re.compile(r"[*`\u200b]")

Fit = Callable[[int], str]
"""A line that takes at most so many rows."""


def head(notice: Notice, templates: Templates, owners: Sequence[str] = ()) -> list[Block]:
    """The whole message, as things are now.

    Args:
        notice: what to tell.
        templates: the addresses that it links to.
        owners: whom it concerns, as `<@U…>` each.
    """
    title = {"type": "plain_text", "text": title_of(notice), "emoji": True}
    mark = mark_of(notice)
    blocks: list[Block] = [*shadow_blocks(mark), {"type": "header", "text": title}]
    body, links = "\n".join(_body(notice, templates, owners, mark)), _links(notice, templates)
    if body:
        blocks.append({"type": "section", "text": _mrkdwn(body)})
    if links:
        blocks.append({"type": "context", "elements": [_mrkdwn(links)]})
    return blocks


def head_text(
    notice: Notice, templates: Templates, owners: Sequence[str] = (), *, changes: bool = False
) -> str:
    """The same as mrkdwn: what a notification shows, and a webhook sends.

    With `changes` it stands alone: what is new is said in it.
    """
    mark = mark_of(notice, alone=changes)
    new = [_fitting(text, CHANGE_ROWS, _bold) for text in notice.changes[:1] if changes]
    body = _body(notice, templates, owners, mark, new)
    lines = [mark, f"*{plain(title_of(notice))}*", *body, _links(notice, templates)]
    return "\n".join(line for line in lines if line)


def title_of(notice: Notice) -> str:
    """The first line, in plain text."""
    return cut(headline(notice), min(HEADER_MAX, TITLE_ROWS * WIDTH))


def mark_of(notice: Notice, *, alone: bool = False) -> str:
    """That it is told in the shadow, and in place of whom; empty where there is none.

    Of one message where it stands `alone`, else of all that was told until now.
    """
    return _fitting((shadow_words if alone else shadow_words_of_incident)(notice), MARK_ROWS)


def seen(mrkdwn: str) -> str:
    """What a reader sees of a text."""
    text = unescape(_LINK.sub(r"\1", _MARKS.sub("", mrkdwn)))
    return _EMOJI.sub("\u25cf", text)


def rows(mrkdwn: str) -> int:
    """So many rows of a phone's screen a text takes."""
    return sum(len(wrap(line, WIDTH)) or 1 for line in seen(mrkdwn).split("\n"))


def _body(
    notice: Notice,
    templates: Templates,
    owners: Sequence[str],
    mark: str,
    new: Sequence[str] = (),
) -> list[str]:
    if notice.kind == "canary":
        return canary_lines(notice)
    around = [line for line in (mark, plain(title_of(notice)), _links(notice, templates)) if line]
    return [*new, *_filled(notice, owners, ROWS - sum(map(rows, [*around, *new])))]


def _links(notice: Notice, templates: Templates) -> str:
    """Where to read on; a canary has no page."""
    return "" if notice.kind == "canary" else link_line(notice, templates)


def _filled(notice: Notice, owners: Sequence[str], room: int) -> list[str]:
    """Lines in their order; what counts more has its rows first, the summary what is left."""
    over = notice.kind == "resolved"
    fact = _outcome(notice) if over else _fact(notice)
    room -= rows(fact) + SUMMARY_LEAST
    doing = _handling(notice, room) or ([] if over else _step(notice, room))
    room -= sum(map(rows, doing))
    started = [f"*Started by* {' '.join(owners[:OWNERS_MAX])}"] if owners and room > 0 else []
    room -= len(started)
    names = _names(notice, min(room, NAME_ROWS))
    room -= sum(map(rows, names))
    tests = _tests(notice, min(room, TEST_ROWS))
    room -= sum(map(rows, tests))
    summary = _fitting(notice.incident.summary, min(SUMMARY_MOST, max(1, SUMMARY_LEAST + room)))
    return [fact, *([summary] if summary else []), *names, *tests, *doing, *started]


def _fact(notice: Notice) -> str:
    """`22 h 14 min · page · 3 stuck samples in 1 eval set`."""
    text = f"{duration(lasted(notice))} · {notice.incident.severity} · {impact(notice)}"
    return _fitting(text, FACT_ROWS)


def _outcome(notice: Notice) -> str:
    """What it was, and what became of it."""
    now = f"Now {VERDICT_WORDS[notice.verdict]}." if notice.verdict is not None else ""
    if notice.gone:
        now = "It left the store before it was seen to recover."
    if notice.resumed:
        now = "A newer runner works on the same eval set."
    if notice.part_of:
        now = f"It goes on as part of incident {code(notice.part_of)}."
    return f"*Was* {cause_words(notice.incident.cause)}. {now}".strip()


def _handling(notice: Notice, room: int) -> list[str]:
    """Who looks after it: then nobody needs to be told what to do."""
    room = max(1, room)
    lines = [_fitting(text, min(room, HANDLING_ROWS)) for text in notice.handling]
    return list(_within(lines, room))


def _step(notice: Notice, room: int) -> list[str]:
    """The first step, with its command where that has room: a command is never cut."""
    if not notice.actions:
        return []
    text = clean(notice.actions[0], TEXT_MAX)
    line, most = f"*Now* {action(text)}", max(1, min(room, STEP_ROWS))
    if rows(line) <= most:
        return [line]
    words = "".join(part for part, command in spans(text) if not command)
    return [_fitting(words, most, lambda words: f"*Now* {plain(words)}")]


def _names(notice: Notice, most: int) -> list[str]:
    """Some of the eval sets, and how many there are beside."""
    names = notice.incident.eval_sets
    if len(names) < 2 or most < 1:
        return []
    for named in range(min(len(names), 5), 0, -1):
        more = f" and {len(names) - named} more" if len(names) > named else ""
        line = f"{', '.join(code(name, 60) for name in names[:named])}{more}"
        if rows(line) <= most:
            return [line]
    return []


def _tests(notice: Notice, most: int) -> list[str]:
    """What the direct tests say: it tells whose fault it is."""
    said = [item.sentence for item in notice.incident.conclusions[:1]]
    return [
        _fitting(text, most, lambda text: f"*Tests* {plain(text)}") for text in said if most > 0
    ]


def _within(lines: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        room -= rows(line)
        if room < 0:
            break
        kept.append(line)
    return kept


def _fitting(text: str, most: int, line: Callable[[str], str] = plain) -> str:
    """A line of foreign text, its end left out where it takes more rows than it may."""
    length = most * WIDTH
    words = clean(text, length)
    while length > 0 and rows(line(words)) > most:
        length -= 5
        words = clean(text, length)
    return line(words) if words else ""


def _bold(text: str) -> str:
    return f"*{plain(text)}*"


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
