"""The fleet by going through all outcomes for each question: what the answers must be."""

from collections.abc import Iterable, Iterator

from watchdog.diagnose.fleet import REFUSED_WITHIN, Peers, thinned
from watchdog.model.instants import latest
from watchdog.model.state import RECENT, RETIRED_MAX, EvalSetState, Outcome, SampleState, TaskState


class PlainFleet:
    """The questions of `Fleet`."""

    def __init__(self, eval_sets: Iterable[EvalSetState]) -> None:
        self._tasks = [task for state in eval_sets for task in state.tasks.values()]
        self._running = [sample for task in self._tasks for sample in task.samples.values()]

    def others(self, sample: SampleState, model: str, since: float, until: float) -> Peers:
        own = [o for o in sample.recent if o.model == model and o.at is not None and not o.ok]
        whole = self.meanwhile(model, since, until)
        return Peers(whole.ok, max(0, whole.failed - sum(since <= o.at <= until for o in own)))

    def meanwhile(self, model: str, since: float, until: float) -> Peers:
        ok = sum(count for at, _, count in self._ok(model) if since <= at <= until)
        return Peers(ok, sum(since <= at <= until for at in self._failed(model)))

    def failing_since(self, model: str, now: float) -> float | None:
        taken_on = max((sent for _, sent, _ in self._ok(model)), default=float("-inf"))
        since = min((at for at in self._failed(model) if at > taken_on), default=None)
        if since is None or any(since <= at <= now - REFUSED_WITHIN for at in self._open(model)):
            span = self.failing_span(model)
            return span[0] if span else None
        return since

    def failing_samples(self, model: str, since: float) -> int:
        streaks = (streak for sample in self._running for streak in sample.streaks)
        return sum(
            s.model == model and s.last_at is not None and s.last_at >= since for s in streaks
        )

    def independent_failures(self, model: str, since: float, until: float, least: float) -> int:
        failed = [at for at in self._failed(model) if at >= since]
        return sum(at <= until for at in thinned(failed, least))

    def first_ok(self, model: str, since: float) -> float | None:
        return min((at for at, _, _ in self._ok(model) if at >= since), default=None)

    def last_ok(self, model: str, until: float) -> float | None:
        return max((at for at, _, _ in self._ok(model) if at <= until), default=None)

    def failing_span(self, model: str) -> tuple[float, float] | None:
        last_ok = max((at for at, _, _ in self._ok(model)), default=float("-inf"))
        failed = [at for at in self._failed(model) if at > last_ok]
        return (failed[0], failed[-1]) if failed else None

    def samples(self, model: str) -> int:
        recent = (sample.recent for sample in self._running)
        return sum(any(o.model == model and o.at is not None for o in last) for last in recent)

    def _outcomes(self, model: str) -> Iterator[Outcome]:
        for remembered in (*(s.recent for s in self._running), *(t.retired for t in self._tasks)):
            yield from (o for o in remembered if o.model == model and o.at is not None)

    def _failed(self, model: str) -> list[float]:
        return sorted(o.at for o in self._outcomes(model) if not o.ok and o.at is not None)

    def _open(self, model: str) -> list[float]:
        calls = (call for sample in self._running for call in sample.open_calls)
        return [
            c.since for c in calls if (c.kind, c.name) == ("model", model) and c.since is not None
        ]

    def _ok(self, model: str) -> Iterator[tuple[float, float, int]]:
        """When it ended, when it was sent as far as that is known, and for how many it stands."""
        for outcome in self._outcomes(model):
            if outcome.ok and outcome.at is not None:
                yield outcome.at, outcome.began or outcome.at, 1
        for task in self._tasks:
            if task.spec is not None and task.spec.model == model and not task.retired:
                ends = (e for e in task.ended.values() if e.state == "completed" and not e.limited)
                yield from ((end.at, end.at, 1) for end in ends if end.at is not None)
            horizon = _remembered_since(task)
            if horizon is not None and model in task.successes:
                yield from ((at, at, n) for at, n in task.successes[model].before(horizon))


def _remembered_since(task: TaskState) -> float | None:
    full = [s.recent for s in task.samples.values() if len(s.recent) >= RECENT]
    full += [task.retired] if len(task.retired) >= RETIRED_MAX else []
    return latest(*(outcome.at for recent in full for outcome in recent[:1]))
