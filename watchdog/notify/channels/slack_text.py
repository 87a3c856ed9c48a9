"""A notice as Slack's mrkdwn. Pure; whatever an evaluation names is shown and never obeyed."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from watchdog.addresses import is_address
from watchdog.model.causes import cause_words
from watchdog.model.command import TEXT_MAX
from watchdog.model.instants import clock_of, timestamp
from watchdog.model.probe import Meaning
from watchdog.model.report import ConclusionReport, IncidentReport, OutsideReport
from watchdog.model.texts import clean, spans
from watchdog.model.verdict import Severity, Verdict
from watchdog.model.words import VERDICT_WORDS, count, duration, strip
from watchdog.notify.channels.links import Templates, links
from watchdog.notify.notice import Notice, NoticeSample, got_worse, impact, lasted

MAX_TEXT = 3800
"""Bytes in UTF-8. An edit may have 4,000 (msg_too_long); a longer message is folded or split."""
LINKS_MAX = 1500
"""Bytes of all links together; what has no room is left out whole."""

ACTION_MAX = 1300
"""Bytes of one step: two commands in a container have room. A command is never cut."""
_TOO_LONG = "(the command is too long for here: it stands on the page, and in `watchdog check`)"
NAMES_MAX = 1500
"""Bytes that eval sets' names may take after that."""
NAMED = 5
"""Eval sets that the first line names."""

CANARY = "Canary, a test: nothing is stuck"
"""How its message begins."""

_ZERO_WIDTH = "\u200b"
_MARKS = re.compile(r"[*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LINKS = re.compile(r"(?<!s3:)(?<=:)(?=//)|(?<=[A-Za-z0-9]\.)(?=[A-Za-z]{2})|(?<=@)(?=[A-Za-z0-9])")


def escape(text: str) -> str:
    """Slack's rule for text that is no markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str, limit: int = 500) -> str:
    """Foreign text within a sentence: no mention, link or formatting comes to life."""
    dead = _LINKS.sub(_ZERO_WIDTH, clean(text, limit))
    return escape(_MARKS.sub(lambda mark: f"{_ZERO_WIDTH}{mark[0]}{_ZERO_WIDTH}", dead))


def code(text: str, limit: int = 200) -> str:
    """Foreign text that people copy: in code nothing but the backtick has a meaning."""
    inner = clean(text, limit).replace("`", "'")
    return f"`{escape(inner)}`" if inner else "`-`"


def message(notice: Notice, templates: Templates | None = None, *, changes: bool = False) -> str:
    """The whole text, at most `MAX_TEXT` bytes long; with `changes` where it stands alone."""
    if notice.kind == "canary":
        return "\n".join(fitting([f":white_circle: *{CANARY}*", *canary_lines(notice)], MAX_TEXT))
    lines = _resolved(notice) if notice.kind == "resolved" else _opened(notice)
    if changes:
        lines[1:1] = [f"*{plain(change, 700)}*" for change in notice.changes[:1]]
    last = link_line(notice, templates or Templates())
    return "\n".join([*fitting(lines, MAX_TEXT - size(last) - 5), *([last] if last else [])])


def canary_lines(notice: Notice) -> list[str]:
    """What a canary proves, and when the next one comes. It has no page to link to."""
    return [plain(notice.incident.summary, 700), *(plain(text, 500) for text in notice.actions)]


def link_line(notice: Notice, templates: Templates) -> str:
    """Where to read on; empty where nothing is configured."""
    parts = [f"<{escape(url)}|{title}>" for title, url in _links(notice, templates)]
    return " · ".join(_within(LINKS_MAX, parts, between=4))


def _links(notice: Notice, templates: Templates) -> Iterator[tuple[str, str]]:
    return links(notice.incident, templates, notice.opening)


def fitting(lines: Iterable[str], left: int) -> Iterator[str]:
    """Whole lines while they have room in so many bytes; an ellipsis says that some have not."""
    for line in lines:
        left -= size(line) + 1
        if left < 0:
            yield "…"
            return
        yield line


def size(text: str) -> int:
    """Bytes in UTF-8, as Slack counts."""
    return len(text.encode(errors="replace"))


def _opened(notice: Notice) -> list[str]:
    incident = notice.incident
    lasting = duration(lasted(notice))
    scope = incident.scope.replace("_", " ")
    why = f"{cause_words(incident.cause)} ({code(incident.cause)})"
    return [
        f"{sign(incident.severity)} *{state(notice)}:* {_names(notice)}",
        *handling_lines(notice),
        plain(incident.summary, 700),
        f"*Since* {clock_of(timestamp(notice.since))} ({lasting}) · *affects* {impact(notice)}",
        f"*Why* {why}, {scope} {code(incident.subject)}",
        *sure_lines(notice),
        *beside(incident),
        *_all_names(notice),
        *_samples(notice),
        *_actions(notice),
    ]


def handling_lines(notice: Notice) -> list[str]:
    """Who looks after it, who asked for silence, what people say of it."""
    return [f"*Handled* {plain(text, 500)}" for text in notice.handling]


def sure_lines(notice: Notice) -> list[str]:
    """How sure the verdict is, where odds were weighed."""
    return [f"*How sure* {plain(notice.odds, 400)}"] if notice.odds else []


def beside(incident: IncidentReport) -> list[str]:
    """What the direct tests, status pages and those who aren't affected say."""
    lines = [f"*Tests* {plain(item.sentence, 600)}{_sure(item)}" for item in incident.conclusions]
    if incident.peers:
        lines.append(f"*Beside it* {plain(incident.peers, 200)}")
    lines += [f"*{plain(page.provider, 60)} says* {_page(page)}" for page in incident.outside]
    return lines


def _sure(conclusion: ConclusionReport) -> str:
    """How sure it is; of what was not tested nothing is concluded."""
    if conclusion.meaning is Meaning.NOT_TESTED:
        return ""
    return f" (confidence {conclusion.confidence})"


def _page(page: OutsideReport) -> str:
    """A status page's incident; its address is linked only where it is http(s)."""
    title = plain(page.title, 200) or "incident"
    link = f"<{escape(page.url)}|{title}>" if is_address(page.url) else title
    return f"{link} ({plain(page.status, 60)})" if page.status else link


def sign(severity: Severity) -> str:
    """Red for a page, orange for a warning."""
    return ":red_circle:" if severity == "page" else ":large_orange_circle:"


def state(notice: Notice) -> str:
    """What it is: `Stuck`, or `Incident` where the verdict doesn't say it."""
    verdict = notice.verdict
    if verdict in (None, Verdict.UNKNOWN, Verdict.FINISHED):
        return "Incident"
    return VERDICT_WORDS[verdict].capitalize()


def _names(notice: Notice) -> str:
    names = notice.incident.eval_sets
    text = ", ".join(code(name, 100) for name in names[:NAMED]) or code(notice.incident.subject)
    return text + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _all_names(notice: Notice) -> list[str]:
    """All eval sets, where the first line could not name them."""
    names = notice.incident.eval_sets
    if len(names) <= NAMED:
        return []
    parts = list(_within(NAMES_MAX, (code(name, 100) for name in names)))
    more = f" and {len(names) - len(parts)} more" if len(parts) < len(names) else ""
    return [f"*Eval sets* {' '.join(parts)}{more}"]


def _within(left: int, parts: Iterable[str], between: int = 1) -> Iterator[str]:
    """As many parts as have room in so many bytes."""
    for part in parts:
        left -= size(part) + between
        if left < 0:
            return
        yield part


def _samples(notice: Notice) -> list[str]:
    lines = sample_lines(notice)
    return ["*Samples*", *lines] if lines else []


def sample_lines(notice: Notice) -> list[str]:
    """The stuck samples, one a line; those of which the same is to be said, counted in one."""
    texts = Counter(_sample(sample) for sample in notice.samples)
    lines = [f"• {text}{f' ({n} such)' if n > 1 else ''}" for text, n in texts.items()]
    if notice.more_samples:
        lines.append(f"• and {count(notice.more_samples, 'more sample')}")
    return lines


def _sample(sample: NoticeSample) -> str:
    name = code(f"{clean(sample.task, 80)}/{clean(sample.id, 80)}/{sample.epoch}")
    facts = [f"stuck for {duration(sample.stuck_seconds)}"]
    if sample.recent:
        facts.append(f"last calls: {plain(strip(sample.recent))}")
    if sample.pending:
        facts.append(f"pending: {plain(sample.pending, 80)}")
    if sample.wait_seconds:
        facts.append(f"waits {duration(sample.wait_seconds)} between attempts")
    if sample.evidence:
        facts.append(plain(sample.evidence, 160))
    return f"{name} on {code(sample.model, 80)}: {'; '.join(facts)}"


def _actions(notice: Notice) -> list[str]:
    lines = action_lines(notice)
    return ["*What to do*", *lines] if lines else []


def action_lines(notice: Notice) -> list[str]:
    """What to do, numbered, one a line."""
    return [f"{place}. {action(text)}" for place, text in enumerate(notice.actions, 1)]


def action(text: str) -> str:
    """One step: its words, and its commands in code."""
    parts = spans(clean(text, TEXT_MAX))
    line = "".join(code(part, TEXT_MAX) if command else _spaced(part) for part, command in parts)
    if size(line) <= ACTION_MAX:
        return line
    words = "".join(part for part, command in parts if not command)
    return f"{plain(words, ACTION_MAX // 4)} {_TOO_LONG}"


def _spaced(text: str) -> str:
    """`plain`, but the spaces beside a command stay."""
    before, after = text[:1].isspace(), text[-1:].isspace()
    return f"{' ' * before}{plain(text, TEXT_MAX)}{' ' * after}"


def _resolved(notice: Notice) -> list[str]:
    return [*_over(notice), *handling_lines(notice)]


def _over(notice: Notice) -> list[str]:
    took = duration(lasted(notice))
    why = f"*Was* {cause_words(notice.incident.cause)} ({code(notice.incident.cause)})"
    if notice.part_of:
        head = f":white_circle: {_names(notice)} became part of another incident"
        return [f"{head}, {code(notice.part_of)}, which goes on", why]
    if notice.gone:
        head = f":white_circle: {_names(notice)} is no longer watched, after {took}"
        return [head, "It left the store before it was seen to recover.", why]
    if notice.resumed:
        head = f":large_green_circle: {_names(notice)} was resumed after {took}"
        return [f"{head}: a newer runner works on it", why]
    outcome = _outcome(notice.verdict)
    if got_worse(notice):
        return [f":white_circle: {_names(notice)} is no longer only degraded{outcome}", why]
    head = f":large_green_circle: {_names(notice)} resolved after {took}"
    return [f"{head}{outcome}", why]


def _outcome(verdict: Verdict | None) -> str:
    return f": now {VERDICT_WORDS[verdict]}" if verdict is not None else ""
