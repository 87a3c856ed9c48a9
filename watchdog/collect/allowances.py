"""What an eval set's owner says of it in advance, read from texts: annotations, or metadata.

The keys are those of `overrides` in the configuration, with `-` for `_`, for this one eval set.
What can't be used, or is beyond what an owner may say, is named, and the rest counts.
"""

from collections.abc import Callable, Mapping

from watchdog.collect import values
from watchdog.model.allowances import OWNER_LONGEST, PATIENCE_MOST, Allowance
from watchdog.model.durations import parse_duration
from watchdog.model.words import duration as duration_words

PREFIX = "stuck-eval-watchdog/"
_TEXT_MAX = 200
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def read(entries: Mapping[str, object], where: str = "") -> tuple[Allowance, tuple[str, ...]]:
    """What they allow, and those that are ignored, each with the reason.

    Args:
        entries: values by key without the prefix.
        where: what stands before a key that is ignored.
    """
    fields: dict[str, object] = {}
    ignored: list[str] = []
    for key, value in sorted(entries.items()):
        reader = READERS.get(key)
        shown = f"{where}{PREFIX}{line(key)}"
        if reader is None:
            ignored.append(f"{shown}: unknown; known: {', '.join(READERS)}")
            continue
        text = _text(value)
        try:
            fields[key.replace("-", "_")] = reader(text)
        except ValueError as error:
            ignored.append(f"{shown}: {error} (got {line(text)!r})")
    return Allowance(**fields), tuple(ignored[: len(READERS)])  # type: ignore[arg-type]


def line(text: str) -> str:
    """One visible line of bounded length; a backtick marks commands and is none of theirs."""
    return (values.name(text) or "")[:_TEXT_MAX].replace("`", "'")


def _text(value: object) -> str:
    """As an annotation would have it; Inspect's command line makes lists of texts with commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(values.text(part) or "" for part in value[:_TEXT_MAX])
    return values.text(value) or ""


def _duration(text: str) -> float:
    seconds = parse_duration(text)
    if seconds > OWNER_LONGEST:
        most = duration_words(OWNER_LONGEST)
        raise ValueError(f"should be at most {most}: longer is for the service's `overrides`")
    return seconds


def _factor(text: str) -> float:
    factor = values.number(text)
    if factor is None or not 1 <= factor <= PATIENCE_MOST:
        raise ValueError(f"should be a factor from 1 to {PATIENCE_MOST:g}")
    return factor


def _truth(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("should be true or false")
    return word in _TRUE


def _instant(text: str) -> float:
    instant = values.instant(text.strip())
    if instant is None:
        raise ValueError("should be a time such as 2026-12-01T08:00:00Z")
    return instant


READERS: dict[str, Callable[[str], object]] = {
    "model-call": _duration,
    "tool-call": _duration,
    "setup": _duration,
    "scoring": _duration,
    "step": _duration,
    "waiting": line,
    "mute-until": _instant,
    "mute-reason": line,
    "expected-silence": _duration,
    "patience": _factor,
    "page": _truth,
    "until": _instant,
    "reason": line,
}
