"""When things happen in the demo: on what was seen, not by a clock, so that it holds on a slow one.

The evaluation gets its cues on standard input. Each byte is the next one, and the end of the input
is all that are left: an evaluation that nobody watches any more ends by itself.
"""

import os
from collections.abc import Collection
from threading import Event

CUE = b"\n"
VICTIM = 5
ANSWERS_BEFORE = 3


class Cues:
    """What the evaluation was told, and which samples are in trouble until then."""

    def __init__(self, victims: Collection[int] = (VICTIM,)) -> None:
        self.victims = victims
        self.recover = Event()
        self.end = Event()

    def listen(self, source: int) -> None:
        """Take the cues from a file descriptor, until the last was given."""
        for cue in (self.recover, self.end):
            os.read(source, len(CUE))
            cue.set()

    def fails(self, sample: int, answers: int) -> bool:
        """Whether the provider fails a sample that got so many answers."""
        return sample in self.victims and answers >= ANSWERS_BEFORE and not self.recover.is_set()
