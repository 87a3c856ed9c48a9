"""What a task contributes to what is known of its models; and what of that changed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from watchdog.model.instants import latest
from watchdog.model.state import RECENT, RETIRED_MAX, Outcome, SampleState, TaskState


class Part(Struct):
    """What is contributed to one model. Instants in seconds since the epoch."""

    ok: list[float] = []
    """When attempts ended well."""
    failed: list[float] = []
    """When attempts began that failed."""
    sent: list[float] = []
    """When those that ended well were sent, as far as that is known: else their ends."""
    failing: list[float] = []
    """The last failure of each sample whose calls fail now."""
    open: list[float] = []
    """When calls were sent that have no answer yet."""
    buckets: list[tuple[float, int]] = []
    """Successes that no sample remembers: the first of several, and how many they are."""
    samples: int = 0
    """Running samples that called it lately."""

    def __len__(self) -> int:
        """How many items there are in it, samples included."""
        return self.samples + sum(map(len, self.lists))

    @property
    def lists(self) -> "tuple[list[float], ...]":
        """Each sort of item by itself."""
        # a list of pairs is gone through as one of instants is
        return (self.ok, self.failed, self.sent, self.failing, self.open, self.buckets)  # type: ignore[return-value]


Parts = dict[str, Part]
"""By model."""


class Change:
    """What comes to a model and what goes: a count below zero goes."""

    def __init__(self) -> None:
        self.ok = Counter[float]()
        self.failed = Counter[float]()
        self.sent = Counter[float]()
        self.failing = Counter[float]()
        self.open = Counter[float]()
        self.buckets = Counter[tuple[float, int]]()
        self.samples = 0

    def take(self, part: Part, sign: int) -> None:
        """With a part that comes (1) or goes (-1)."""
        for counter, items in zip(self.counters, part.lists, strict=True):
            for item in items:
                counter[item] += sign
        self.samples += sign * part.samples

    def join(self, later: "Change") -> None:
        """With what changed after it."""
        for counter, more in zip(self.counters, later.counters, strict=True):
            for item, count in more.items():
                counter[item] += count
        self.samples += later.samples

    def reduce(self) -> None:
        """Without what came and went."""
        for counter in self.counters:
            for item in [item for item, count in counter.items() if not count]:
                del counter[item]

    @property
    def total(self) -> int:
        """How many more items there are with it; samples included."""
        return self.samples + sum(sum(counter.values()) for counter in self.counters)

    def __len__(self) -> int:
        """How many items come or go."""
        return sum(map(len, self.counters))

    def __bool__(self) -> bool:
        return bool(self.samples) or any(self.counters)

    @property
    def counters(self) -> "tuple[Counter[float], ...]":
        """Each sort of item by itself, in the order of a part's lists."""
        # a counter of pairs is counted as one of instants is
        return (  # type: ignore[return-value]
            self.ok,
            self.failed,
            self.sent,
            self.failing,
            self.open,
            self.buckets,
        )


def parts_of(task: TaskState) -> Iterator[Parts]:
    """All that a task contributes."""
    for sample in task.samples.values():
        yield sample_parts(sample)
    yield outcome_parts(task.retired)
    yield ended_parts(task)
    yield forgotten_parts(task)


def changes_of(before: TaskState, after: TaskState) -> Iterator[tuple[Parts, int]]:
    """What comes (1) and what goes (-1) where a task became another."""
    if before.samples is not after.samples:
        yield from _samples_changes(before, after)
    for outcomes, sign in _outcome_changes(before.retired, after.retired):
        yield outcome_parts(outcomes), sign
    if not _ends_alike(before, after):
        yield ended_parts(before), -1
        yield ended_parts(after), 1
    if _forgets_otherwise(before, after):
        yield forgotten_parts(before), -1
        yield forgotten_parts(after), 1


def _samples_changes(before: TaskState, after: TaskState) -> Iterator[tuple[Parts, int]]:
    for key, sample in after.samples.items():
        earlier = before.samples.get(key)
        if earlier is None:
            yield sample_parts(sample), 1
        elif earlier is not sample:
            yield from _sample_changes(earlier, sample)
    for key, sample in before.samples.items():
        if key not in after.samples:
            yield sample_parts(sample), -1


def _forgets_otherwise(before: TaskState, after: TaskState) -> bool:
    """Whether other successes may be remembered by no sample."""
    if before.successes is not after.successes:
        return True
    if before.samples is after.samples and before.retired is after.retired:
        return False
    return bool(after.successes) and _remembered_since(before) != _remembered_since(after)


def sample_parts(sample: SampleState) -> Parts:
    """What a running sample contributes: its outcomes, and what it is at."""
    parts = outcome_parts(sample.recent)
    for part in parts.values():
        part.samples = 1
    _add_present(parts, sample)
    return parts


def outcome_parts(outcomes: Iterable[Outcome]) -> Parts:
    """Outcomes by their models, those whose time is known."""
    parts: Parts = {}
    for outcome in outcomes:
        at = outcome.at
        if at is None:
            continue
        part = parts.get(outcome.model)
        if part is None:
            part = parts[outcome.model] = Part([], [], [], [], [], [])
        if not outcome.ok:
            part.failed.append(at)
            continue
        part.ok.append(at)
        part.sent.append(outcome.began or at)
    return parts


def ended_parts(task: TaskState) -> Parts:
    """A sample that ended well had its answers, where nothing else is remembered of it."""
    if task.spec is None or task.retired:
        return {}
    ends = [e.at for e in task.ended.values() if e.state == "completed" and not e.limited]
    instants = [at for at in ends if at is not None]
    return {task.spec.model: Part(ok=instants, sent=instants)} if instants else {}


def forgotten_parts(task: TaskState) -> Parts:
    """Successes that no sample remembers any more.

    Without them two that fail beside a busy one would each take the other for an outage.
    """
    horizon = _remembered_since(task)
    if horizon is None:
        return {}
    before = {model: successes.before(horizon) for model, successes in task.successes.items()}
    return {
        model: Part(buckets=buckets, sent=[at for at, _ in buckets])
        for model, buckets in before.items()
        if buckets
    }


def _sample_changes(before: SampleState, after: SampleState) -> Iterator[tuple[Parts, int]]:
    for outcomes, sign in _outcome_changes(before.recent, after.recent):
        yield outcome_parts(outcomes), sign
    models = _models(before.recent), _models(after.recent)
    for model in models[0] ^ models[1]:
        yield {model: Part(samples=1)}, 1 if model in models[1] else -1
    if before.streaks is not after.streaks or before.open_calls is not after.open_calls:
        for sample, sign in ((before, -1), (after, 1)):
            parts: Parts = {}
            _add_present(parts, sample)
            yield parts, sign


def _outcome_changes(
    before: Iterable[Outcome], after: Iterable[Outcome]
) -> Iterator[tuple[Sequence[Outcome], int]]:
    """The oldest go, new ones come; where they differ otherwise, all go and all come."""
    if before is after:
        return
    old, new = tuple(before), tuple(after)
    kept = 0
    if new and new[0] in old:
        first = old.index(new[0])
        if old[first:] == new[: len(old) - first]:
            kept = len(old) - first
    yield old[: len(old) - kept], -1
    yield new[kept:], 1


def _models(outcomes: Iterable[Outcome]) -> set[str]:
    return {outcome.model for outcome in outcomes if outcome.at is not None}


def _add_present(parts: Parts, sample: SampleState) -> None:
    """What a running sample is at: failing, or waiting for an answer."""
    for streak in sample.streaks:
        if streak.last_at is not None:
            _part(parts, streak.model).failing.append(streak.last_at)
    for call in sample.open_calls:
        if call.kind == "model" and call.since is not None:
            _part(parts, call.name).open.append(call.since)


def _part(parts: Parts, model: str) -> Part:
    part = parts.get(model)
    if part is None:
        part = parts[model] = Part()
    return part


def _ends_alike(before: TaskState, after: TaskState) -> bool:
    """Whether both contribute the same by their samples' ends."""
    if bool(before.retired) and bool(after.retired):
        return True
    models = [task.spec.model if task.spec else None for task in (before, after)]
    same_retired = bool(before.retired) == bool(after.retired)
    return before.ended is after.ended and models[0] == models[1] and same_retired


def _remembered_since(task: TaskState) -> float | None:
    """From when on every sample remembers all its outcomes; None where they always did."""
    full = [s.recent for s in task.samples.values() if len(s.recent) >= RECENT]
    full += [task.retired] if len(task.retired) >= RETIRED_MAX else []
    return latest(*(outcome.at for recent in full for outcome in recent[:1]))
