"""What people say of an eval set in annotations of its runner's Job.

`stuck-eval-watchdog/tool-call: 4h` is the same as `tool_call: 4h` under `overrides` in the
configuration, for this one eval set. An annotation that can't be used is named, and the others
count.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from watchdog.collect import values
from watchdog.model.allowances import Allowance
from watchdog.model.durations import parse_duration

PREFIX = "stuck-eval-watchdog/"
_TEXT_MAX = 200


def allowance(annotations: Mapping[str, str]) -> tuple[Allowance, tuple[str, ...]]:
    """What they allow, and those that are ignored, each with the reason."""
    fields: dict[str, object] = {}
    ignored: list[str] = []
    for key, value in sorted(annotations.items()):
        name = key.removeprefix(PREFIX)
        if name == key:
            continue
        reader = _READERS.get(name)
        if reader is None:
            ignored.append(f"{_line(key)}: unknown; known: {', '.join(_READERS)}")
            continue
        try:
            fields[name.replace("-", "_")] = reader(value)
        except ValueError as error:
            ignored.append(f"{_line(key)}: {error} (got {_line(value)!r})")
    return Allowance(**fields), tuple(ignored[: len(_READERS)])  # type: ignore[arg-type]


def _until(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("should be a time such as 2026-12-01T08:00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _line(text: str) -> str:
    return (values.name(text) or "")[:_TEXT_MAX]


_READERS: dict[str, Callable[[str], object]] = {
    "model-call": parse_duration,
    "tool-call": parse_duration,
    "setup": parse_duration,
    "scoring": parse_duration,
    "step": parse_duration,
    "waiting": _line,
    "mute-until": _until,
    "mute-reason": _line,
}
