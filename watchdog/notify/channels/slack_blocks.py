"""All that is known of an incident, as Slack's Block Kit: what its thread begins with. Pure.

Limits: https://api.slack.com/reference/block-kit/blocks (50 blocks, 150 characters of a header,
3,000 of a section, 2,000 of a field). Not documented, yet enforced (`msg_blocks_too_long`): about
13,000 for all blocks together, https://github.com/slackapi/bolt-js/issues/2509. Each part has its
share of that, and the eval sets' names have what the others leave, so forty are always listed.
Whatever an evaluation names is shown and never obeyed (`slack_text`).
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from watchdog.model.causes import cause_words
from watchdog.model.instants import clock_of, timestamp
from watchdog.model.texts import clean
from watchdog.model.words import VERDICT_WORDS, count, duration
from watchdog.notify.channels.slack_text import (
    CANARY,
    MAX_TEXT,
    action_lines,
    beside,
    code,
    fitting,
    plain,
    sample_lines,
    sign,
    size,
    state,
    sure_lines,
)
from watchdog.notify.notice import Notice, got_worse, impact, lasted

Block = dict[str, Any]

BLOCKS_MAX = 50
TOTAL_MAX = 12_500
"""Bytes of all blocks as JSON."""
SECTION_MAX = 2900
FIELD_MAX = 500
SUMMARY_MAX = 1000
BESIDE_MAX = 1300
SAMPLES_MAX = 1500
ACTIONS_MAX = 2600
_LIVE = re.compile(r"(?<!\u200b)`")
"""Backticks that `plain` did not defuse."""
MORE = 120
"""Bytes for a section around its text, and for saying how many are not named."""


def details(notice: Notice) -> list[Block]:
    """All of it but the head, as things are now: evidence, eval sets, steps with commands."""
    body = list(_standing(notice))
    return [*body, *_members(notice, TOTAL_MAX - _weight(body))]


def details_text(notice: Notice) -> str:
    """What stands for it where no blocks are shown."""
    return f"All there is on {plain(_subject(notice), 200)}"


def headline(notice: Notice) -> str:
    """One line of plain text: what stands, where, or that it is over."""
    if notice.kind == "canary":
        return f":white_circle: {CANARY}"
    what = _subject(notice)
    if notice.kind != "resolved":
        return f"{sign(notice.incident.severity)} {state(notice)}: {what}"
    return _ended(notice, what)


def _ended(notice: Notice, what: str) -> str:
    took = duration(lasted(notice))
    if notice.part_of:
        return f":white_circle: {what} became part of another incident"
    if notice.gone:
        return f":white_circle: {what} is no longer watched, after {took}"
    if notice.resumed:
        return f":large_green_circle: {what} was resumed after {took}"
    if got_worse(notice):
        return f":white_circle: {what} is no longer only degraded, after {took}"
    return f":large_green_circle: {what} resolved after {took}"


def reply(notice: Notice, *, named: bool = False) -> str:
    """What is said in the thread: what is new; `named` where the thread is not its own."""
    if notice.part_of:
        return f"{plain(headline(notice))}, {code(notice.part_of)}, which goes on"
    if notice.kind == "resolved":
        outcome = f": now {VERDICT_WORDS[notice.verdict]}" if notice.verdict is not None else ""
        return plain(headline(notice)) + outcome
    changes = [f"• {clip(plain(change, 700), SECTION_MAX)}" for change in notice.changes]
    head = [plain(headline(notice))] if named else []
    return "\n".join(fitting([*head, *(changes or ["• Brought up to date"])], MAX_TEXT))


def clip(text: str, limit: int) -> str:
    """At most `limit` bytes of mrkdwn, not cut within an entity, a link or code."""
    if size(text) <= limit:
        return text
    start = text.encode(errors="replace")[: limit - 7].decode(errors="ignore")
    start = re.sub(r"(?:&[a-z]{0,3}|<[^>]*)$", "", start)
    within_code = len(_LIVE.findall(start)) % 2
    return f"{start}`…" if within_code else f"{start}\u200b…"


def _subject(notice: Notice) -> str:
    """The eval set, or what several suffer from."""
    incident = notice.incident
    names = incident.eval_sets
    if len(names) == 1 and not incident.recovered:
        return clean(names[0], 100)
    scope = incident.scope.replace("_", " ")
    return f"{scope} {clean(incident.subject, 80)}, {count(len(names), 'eval set')}"


def _standing(notice: Notice) -> Iterator[Block]:
    incident = notice.incident
    yield from _group([plain(incident.summary, 900)], 2 * SUMMARY_MAX)
    fields = [_mrkdwn(clip(text, FIELD_MAX)) for text in _fields(notice)]
    yield {"type": "section", "fields": fields}
    yield from _group([*sure_lines(notice), *beside(incident)], BESIDE_MAX)
    yield from _group(_titled("*Samples*", sample_lines(notice)), SAMPLES_MAX)
    yield from _group(_titled("*What to do*", action_lines(notice)), ACTIONS_MAX)


def _fields(notice: Notice) -> list[str]:
    incident = notice.incident
    lasting = duration(lasted(notice))
    scope = incident.scope.replace("_", " ")
    return [
        f"*Since*\n{clock_of(timestamp(notice.since))} ({lasting})",
        f"*Affects*\n{impact(notice)}",
        f"*Why*\n{cause_words(incident.cause)} ({code(incident.cause)})",
        f"*Scope*\n{scope} {code(incident.subject, 100)}",
        f"*Severity*\n{incident.severity}",
    ]


def _members(notice: Notice, room: int) -> Iterator[Block]:
    """All eval sets by name, and those that recovered before, in so many bytes."""
    incident = notice.incident
    stuck, recovered = incident.eval_sets, incident.recovered
    if len(stuck) < 2 and not recovered:
        return
    total = len(stuck) + len(recovered)
    count = f" ({len(stuck)} of {total} still stuck)" if recovered else f" ({total})"
    last = _names("*Recovered*", recovered, room // 2 if stuck else room)
    yield from _names(f"*Eval sets*{count}", stuck, room - _weight(last))
    yield from last


def _names(title: str, names: Sequence[str], room: int) -> list[Block]:
    """As many names as have room, and how many have not."""
    count, text = 0, title
    sections: list[Block] = []
    room -= size(title) + 2 * MORE
    for name in names:
        word = f" {code(name, 100)}"
        fits = size(text) + size(word) <= SECTION_MAX
        room -= _weight(word) + (0 if fits else MORE)
        if room < 0:
            break
        if not fits:
            sections.append(_section(text))
            text = ""
        text, count = (text + word).strip(), count + 1
    more = f" and {len(names) - count} more" if count < len(names) else ""
    return [*sections, _section(text + more)] if names else []


def _titled(title: str, lines: Sequence[str]) -> list[str]:
    return [title, *lines] if lines else []


def _group(lines: Iterable[str], limit: int) -> Iterator[Block]:
    """One section of as many whole lines as have room; each has at least a share."""
    text = "\n".join(fitting((clip(line, limit // 2) for line in lines), limit))
    if text:
        yield _section(text)


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _weight(value: object) -> int:
    """Bytes as JSON."""
    return size(json.dumps(value, ensure_ascii=False))
