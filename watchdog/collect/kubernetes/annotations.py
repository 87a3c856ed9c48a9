"""What people say of an eval set in annotations of its runner's Job.

`stuck-eval-watchdog/tool-call: 4h` is the same as `tool_call: 4h` under `overrides` in the
configuration, for this one eval set and within an owner's bounds.
"""

from collections.abc import Mapping

from watchdog.collect.allowances import PREFIX, read
from watchdog.model.allowances import Allowance


def allowance(annotations: Mapping[str, str]) -> tuple[Allowance, tuple[str, ...]]:
    """What they allow, and those that are ignored, each with the reason."""
    ours = {
        key.removeprefix(PREFIX): value
        for key, value in annotations.items()
        if key.startswith(PREFIX)
    }
    return read(ours)
