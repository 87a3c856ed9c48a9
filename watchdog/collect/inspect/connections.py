"""How many calls a model may have at once, as a log's `model_generate_config` has it.

Source: inspect_ai 0.3.285, `AdaptiveConcurrency` and `adaptive_active` in `util/_concurrency.py`,
`Model._connection_concurrency` in `model/_model.py`. Adaptive is the default since 0.3.221; an
explicit `max_connections` or a batch comes first.
"""

from typing import Any

from watchdog.collect.values import count
from watchdog.model.facts import Connections

ADAPTIVE_DEFAULT = (0, 3, 221)
STATIC = Connections(10, 10, 10)
"""`DEFAULT_MAX_CONNECTIONS`; some providers have more."""
LEAST, START, MOST = 10, 20, 100
BATCH = Connections(10_000, 10_000, 10_000)
"""`DEFAULT_MAX_CONNECTIONS_BATCH`: no limit in practice."""


def connections(generate: dict[str, Any], version: tuple[int, int, int] | None) -> Connections:
    """The bounds of a model's pool of connections."""
    declared = count(generate.get("max_connections"))
    if declared:
        return Connections(declared, declared, declared)
    if generate.get("batch"):
        return BATCH
    adaptive = generate.get("adaptive_connections")
    by_default = version is not None and version >= ADAPTIVE_DEFAULT
    if adaptive is False or (adaptive is None and not by_default):
        return STATIC
    return _adaptive(adaptive)


def _adaptive(value: object) -> Connections:
    """`True`, the most, `min-max`, `min-start-max`, or an object; what doesn't fit is left out."""
    bounds: dict[str, Any] = {}
    if isinstance(value, dict):
        bounds = value
    elif isinstance(value, str):
        parts = value.split("-")
        names = ("min", "start", "max") if len(parts) == 3 else ("min", "max")
        bounds = dict(zip(names, map(_number, parts), strict=False))
    elif value is not True and value is not None:
        bounds = {"max": value}
    most = count(bounds.get("max")) or MOST
    least = count(bounds.get("min")) or min(LEAST, most)
    start = count(bounds.get("start")) or max(least, min(START, most))
    return Connections(least, max(least, start), max(least, most))


def _number(digits: str) -> int | None:
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
