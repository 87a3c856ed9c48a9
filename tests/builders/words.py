"""Sentences of judgments as people read them."""

from watchdog.model.told import Text, said


def read(text: Text, now: float = 0.0) -> str:
    """In words; as of `now`, where that makes a difference."""
    return said(text, now)
