"""What the watchdog remembers of a fleet while it is simulated: states, and what was learned."""

from __future__ import annotations

from tests.quality.fleet import Works
from watchdog.fold import fold
from watchdog.model.learned import Learned
from watchdog.model.state import EvalSetState
from watchdog.pipeline.learner import Learner


class Remembered:
    """Poll for poll, as the service does it."""

    def __init__(self) -> None:
        self._states: dict[str, EvalSetState] = {}
        self._learner = Learner()

    @property
    def learned(self) -> Learned:
        """The fleet's experience so far."""
        return self._learner.learned

    def take(self, works: Works, now: float) -> list[EvalSetState]:
        """Fold what is new, learn from it, and give the states of who is there."""
        for eval_set, facts in works.turn(now):
            if facts is None:
                del self._states[eval_set]
                continue
            state = self._states.get(eval_set)
            state = state or EvalSetState(eval_set, learn_since=self.learned.until)
            for fact in facts:
                state = fold(state, fact)
            self._states[eval_set] = state
        present = list(self._states.values())
        self._learner.take(present, now)
        return present
