"""Faults of this program in reading or folding: said as problems, logged once with a traceback.

What the outside does is a problem by contract. What is left is ours, and must cost only what it
happened to.
"""

import traceback

import structlog

from watchdog.model.texts import first_line

FAULT = "fault"
"""The reason of such a failure: a metric's label."""
LOGGED_MAX = 100
"""Faults at so many places are logged."""
_TEXT_MAX = 200

log = structlog.get_logger(__name__)


class Faults:
    """What was logged already of one source."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._logged: set[str] = set()

    def note(self, error: Exception) -> str:
        """What is said of it; its traceback is logged the first time that it happens there."""
        frame = traceback.extract_tb(error.__traceback__)[-1:]
        place = f"{frame[0].filename}:{frame[0].lineno}" if frame else ""
        key = f"{type(error).__name__} {place}"
        if key not in self._logged and len(self._logged) < LOGGED_MAX:
            self._logged.add(key)
            log.error("source_fault", source=self._source, exc_info=error)
        text = first_line(str(error), _TEXT_MAX)
        return f"a fault of the watchdog itself ({type(error).__name__}: {text}); the log has more"
