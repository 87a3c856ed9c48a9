"""Why a question has no answer, each in one line for people."""

from watchdog.errors import UsageError


class NotFoundError(UsageError):
    """There is no eval set, sample or incident of this name, or who asks may not see it."""


class NoAnswerError(UsageError):
    """It could not be asked now, which may be over in a moment."""
