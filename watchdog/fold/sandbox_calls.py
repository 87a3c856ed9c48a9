"""Calls of tools that fail one after the other because of their sandbox.

Inspect turns the failure of a sandbox into a tool's error of type `sandbox_unavailable` (since
0.3.27x, `model/_call_tools.py`); a tool that raises `ToolError` itself has type `unknown`. A
time-out, a missing file, a permission: those are as often the command's as the sandbox's.
"""

from watchdog.fold.sample_errors import says_sandbox
from watchdog.model.facts import Row
from watchdog.model.state import SandboxFailures
from watchdog.model.texts import first_line

_UNAVAILABLE = "sandbox_unavailable"
_UNKNOWN = "unknown: "


def after(failing: SandboxFailures | None, row: Row) -> SandboxFailures | None:
    """The failures in a row after a tool's call has ended; None where it did not fail so."""
    if row.error is None or not is_of_sandbox(row.error):
        return None
    at = row.completed_at if row.completed_at is not None else row.at
    text = first_line(row.error, 200)
    if failing is None:
        return SandboxFailures(1, at, at, text)
    return SandboxFailures(failing.calls + 1, failing.since, at, text)


def is_of_sandbox(error: str) -> bool:
    """Whether a tool's error is its sandbox's."""
    if error.startswith(_UNAVAILABLE):
        return True
    return error.startswith(_UNKNOWN) and says_sandbox(error.removeprefix(_UNKNOWN), None)
