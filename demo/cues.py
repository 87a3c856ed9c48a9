"""When things happen in the demo: on what was seen, not by a clock, so that it holds on a slow one.

The evaluation gets its cues on standard input. Each byte is the next one, and the end of the input
is all that are left: an evaluation that nobody watches any more ends by itself.
"""

import os
from threading import Event

CUE = b"\n"
VICTIM = 5
ANSWERS_BEFORE = 3


class Cues:
    """What the evaluation was told."""

    def __init__(self) -> None:
        self.recover = Event()
        self.end = Event()

    def listen(self, source: int) -> None:
        """Take the cues from a file descriptor, until the last was given."""
        for cue in (self.recover, self.end):
            os.read(source, len(CUE))
            cue.set()

    def fails(self, sample: int, answers: int) -> bool:
        """Whether the provider fails a sample that got so many answers."""
        return sample == VICTIM and answers >= ANSWERS_BEFORE and not self.recover.is_set()
