"""Words for people, shared by messages, terminal and page. Pure text in, text out."""

import re
import unicodedata
from itertools import groupby

from watchdog.model.report import SampleCounts
from watchdog.model.verdict import Verdict

_STRIP = 16
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}

VERDICT_WORDS: dict[Verdict, str] = {
    Verdict.FINISHED: "finished",
    Verdict.STARTING: "starting",
    Verdict.WAITING: "waiting on purpose",
    Verdict.PROGRESSING: "progressing",
    Verdict.DEGRADED: "degraded",
    Verdict.PARTIALLY_STUCK: "partially stuck",
    Verdict.STUCK: "stuck",
    Verdict.UNKNOWN: "unknown",
}


def clock(stamp: str | None) -> str:
    """`2026-11-23 08:00 UTC`, or `unknown`."""
    return f"{stamp[:10]} {stamp[11:16]} UTC" if stamp else "unknown"


def clean(text: str, limit: int = 500) -> str:
    """One visible line: no control, direction or invisible characters, at most `limit` long."""
    visible = "".join(_visible(char) for char in text[: 4 * limit])
    return cut(re.sub(r"\s+", " ", visible).strip(), limit)


def _visible(char: str) -> str:
    if char.isascii() and char.isprintable():
        return char
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in _INVISIBLE else char


def cut(text: str, limit: int) -> str:
    """`text`, its end replaced by an ellipsis where it is longer than `limit`."""
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + "…"


def strip(recent: str, count: int = _STRIP) -> str:
    """The newest outcomes of a FAIL/OK strip; longer runs are counted: `FAIL x45 OK OK`."""
    words: list[str] = []
    for outcome, run in groupby(clean(recent, 1000).split()):
        length = len(list(run))
        words += [outcome, f"x{length}"] if length > 3 else [outcome] * length
    return " ".join(words[:count]) + (" …" if len(words) > count else "")


def tally(counts: SampleCounts) -> str:
    """`25 samples: 3 completed, 10 running (1 stuck), 12 queued`."""
    found = {
        "completed": counts.completed,
        "errored": counts.errored,
        "cancelled": counts.cancelled,
        "running": counts.running,
        "queued": counts.queued,
    }
    parts = [f"{count:,} {name}" for name, count in found.items() if count]
    text = f"{number(counts.total, 'sample')}: {', '.join(parts) or 'none begun'}"
    return text.replace(" running", f" running ({counts.stuck:,} stuck)") if counts.stuck else text


def number(count: int, singular: str, plural: str | None = None) -> str:
    """`1 sample`, `5,710 retries`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def spans(text: str) -> list[tuple[str, bool]]:
    """`text` cut at its backticks into (part, is a command); unpaired backticks mark nothing."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return [("".join(parts), False)]
    return [(part, place % 2 == 1) for place, part in enumerate(parts) if part]
