"""Samples' judgments that still hold: of a sample of which nothing changed nothing is judged anew.

A judgment rests on the sample, on what is the same for all samples of its task (`basis_of`), on
what its model's fleet experienced, and on the time. Of each sample that is judged it is found out
until when time alone changes nothing of it: by judging it as of an instant to come.
"""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from watchdog.diagnose.context import (
    Basis,
    EvalSetContext,
    Finding,
    Judge,
    SampleContext,
)
from watchdog.diagnose.fleet import Fleet
from watchdog.diagnose.holding import same_sample, same_verdict
from watchdog.diagnose.lasting_outage import LastingOutage, lasts, outage_behind
from watchdog.diagnose.slots import run_of
from watchdog.diagnose.writers import is_left, writer_gone
from watchdog.model.allowances import Allowance
from watchdog.model.cluster import ClusterView
from watchdog.model.facts import SampleKey
from watchdog.model.judgment import SampleJudgment
from watchdog.model.names import shared
from watchdog.model.resting import RestingSamples, origin
from watchdog.model.resting_judgments import Box, Found
from watchdog.model.state import SampleState, TaskState
from watchdog.model.weighing import TOLD

FIRST = 32
"""Polls that are looked ahead of a sample that was judged anew; twice as many the time after."""
LONGEST = 64
"""Polls that are looked ahead at the most."""
BEFORE = 0.01
"""Seconds before something turns by time alone: no further than to there is looked ahead."""


class _Kept(Struct, frozen=True):
    """A sample's judgment, and what of its own that rests on."""

    judgment: SampleJudgment
    purpose: Basis
    """What it waits for on purpose."""
    versions: tuple[tuple[str, int], ...]
    """Models whose fleet was asked for it, each with the version of that."""
    slots: tuple[bool, int] | None
    """Whether it may have to wait for a connection, among how many; None where nothing asked."""
    outage: LastingOutage | None = None
    """While this lasts, its verdict does, whatever else fails."""

    def rests_on(self, context: SampleContext) -> bool:
        """Whether all that it was concluded from is as it was, but for its task and the time."""
        if not self._fleet_holds(context.judging.fleet, context.now):
            return False
        if self.slots is not None and self.slots != _slots(context):
            return False
        return self.purpose == _purpose(context)

    def _fleet_holds(self, fleet: Fleet, now: float) -> bool:
        others = {model for model, number in self.versions if fleet.version(model) != number}
        if not others:
            return True
        return (
            self.outage is not None
            and others == {self.outage.model}
            and lasts(fleet, self.outage, now)
        )

    def turns_after(self, now: float) -> float:
        """When time alone next makes something else be said, as far as that is foreseen.

        In an outage of everybody it is all said already.
        """
        return math.inf if self.outage is not None else self.judgment.turns_after(now)

    def holds_at(self, context: SampleContext, judge: Judge) -> bool:
        """Whether the same is to be said as of the instant of `context`, which is to come."""
        later, models = _asking(judge, context)
        if models - {model for model, _ in self.versions}:
            return False
        if self.outage is not None and lasts(context.judging.fleet, self.outage, context.now):
            return same_verdict(self.judgment, later)
        return same_sample(self.judgment, later, context.now)


class _Held(NamedTuple):
    """What is kept of a sample, and for how long."""

    kept: _Kept
    until: float
    """Time alone changes nothing of it until then."""
    polls: int = FIRST
    """So many are looked ahead next."""
    place: int = -1
    """Among those of its task; of one that was judged just now, none yet."""


class _OfTask(Struct):
    """The judgments of a task's samples, and what all of them rest on."""

    samples: Mapping[SampleKey, SampleState]
    """As they were judged."""
    basis: Basis
    kept: tuple[_Kept, ...]
    """Of each; none while they rest."""
    until: "array[float]"
    """Of each, in the same order, as in `_Held`: what changes while the judgments stay."""
    polls: bytes
    turns_at: float
    """When time alone next turns what is said of one of them, as far as that is foreseen."""
    box: Box[_Kept] | None = None
    """What is kept, at rest."""

    def opened(self) -> tuple[_Kept, ...]:
        """What is kept of each sample."""
        return self.kept if self.box is None else self.box.opened()

    def packed(self) -> Box[_Kept] | None:
        """The same to be kept; None where its samples don't rest either."""
        if self.box is None and self.kept and isinstance(self.samples, RestingSamples):
            self.box = Box(self.kept, self.samples)
        return self.box

    def rest(self) -> None:
        """Keep it so, where that can be."""
        if self.packed() is not None:
            self.kept = ()


class _Before:
    """What was kept of a task, against what is so now."""

    def __init__(self, of_task: _OfTask | None, task: TaskState, basis: Basis) -> None:
        self._of_task = of_task
        kept = of_task.opened() if of_task is not None and of_task.basis == basis else ()
        self._places = {one.judgment.key: (place, one) for place, one in enumerate(kept)}
        self._is_same = of_task is not None and of_task.samples is origin(task.samples)
        """Whether all its samples are as they were."""

    def box_of(self, kept: Sequence[_Kept]) -> Box[_Kept] | None:
        """Where the very same stand at rest; None where they don't."""
        if self._of_task is None or not self._is_same or len(kept) != len(self._places):
            return None
        pairs = zip(kept, self._places.values(), strict=True)
        return self._of_task.box if all(one is known for one, (_, known) in pairs) else None

    def of(self, context: SampleContext) -> _Held | None:
        """What holds of a sample, but for the time; None where something changed."""
        place, kept = self._places.get(context.sample.key, (0, None))
        if kept is None or self._of_task is None:
            return None
        if not (self._is_same or _is_as_it_was(kept, context.sample)):
            return None
        if not kept.rests_on(context):
            return None
        return _Held(kept, self._of_task.until[place], self._of_task.polls[place], place)


def _is_as_it_was(kept: _Kept, sample: SampleState) -> bool:
    return kept.judgment.state is sample or kept.judgment.state == sample


def _judgment(kept: _Kept) -> SampleJudgment:
    return kept.judgment


class SampleMemo:
    """The judgments of an eval set's samples, from poll to poll."""

    def __init__(self, interval: float, spread: float = 1.0) -> None:
        """For polls of every `interval` seconds; `spread`, near 1, is this eval set's own.

        What is judged at once so falls due at different times.
        """
        self._step = interval * spread
        self._before: dict[str, _OfTask] = {}
        self._tasks: dict[str, _OfTask] = {}
        """By log."""
        self._ahead: dict[float, EvalSetContext] = {}
        self.versions: dict[str, int] = {}
        """The models whose fleet was asked for any of them, each with the version of that."""
        self.outages: dict[str, LastingOutage] = {}
        """By model, the outage that all rest on who asked for its fleet; none where one doesn't."""
        self.judged_anew = 0
        """Samples of this round that were judged, those looked ahead for not counted."""

    def begin(self) -> None:
        """All samples are gone through once more, until `end`."""
        self._before, self._tasks = self._tasks, {}
        self.judged_anew = 0

    def end(self) -> None:
        """All were gone through: what didn't come is forgotten."""
        self._before, self._ahead = {}, {}
        kept = [one for of_task in self._tasks.values() for one in of_task.kept]
        self.versions = dict(pair for one in kept for pair in one.versions)
        self.outages = _outages(kept)
        for of_task in self._tasks.values():
            of_task.rest()

    def judged(
        self, task: TaskState, contexts: Iterable[SampleContext], basis: Basis, judge: Judge
    ) -> list[SampleJudgment]:
        """What holds of a task's samples now: what held before, or what `judge` says."""
        before = _Before(self._before.get(task.log), task, basis)
        held = [self._held(before, context, judge) for context in contexts]
        kept = tuple(one.kept for one in held)
        turns = (one.kept.turns_after(one.until) for one in held)
        self._tasks[task.log] = _OfTask(
            origin(task.samples),
            basis,
            kept,
            array("d", (one.until for one in held)),
            bytes(one.polls for one in held),
            min(turns, default=math.inf),
            before.box_of(kept),
        )
        return [one.judgment for one in kept]

    def _held(self, before: _Before, context: SampleContext, judge: Judge) -> _Held:
        held = before.of(context)
        if held is None or context.now <= held.until:
            return held or self._anew(context, judge)
        if (longer := self._held_on(held, context, judge)) is not None:
            return longer
        anew = self._anew(context, judge)
        if not same_sample(held.kept.judgment, anew.kept.judgment, context.now):
            return anew
        # it holds, but not for so long
        return anew._replace(polls=max(1, held.polls // 2))

    def find(self, log: str, samples: Sequence[SampleJudgment]) -> Found | None:
        """Where these judgments stand packed; None where some are others. Before `end`."""
        of_task = self._tasks.get(log)
        if of_task is None or len(of_task.kept) != len(samples):
            return None
        pairs = zip(of_task.kept, samples, strict=True)
        if any(kept.judgment is not sample for kept, sample in pairs):
            return None
        box = of_task.packed()
        return (box, _judgment) if box is not None else None

    def _held_on(self, held: _Held, context: SampleContext, judge: Judge) -> _Held | None:
        """The same for some polls from now on, each time for longer; None where it changes."""
        before = held.kept.turns_after(held.until) - BEFORE
        at = min(context.now + held.polls * self._step, before)
        if at <= context.now or not held.kept.holds_at(self._at(context, at), judge):
            return None
        return _Held(held.kept, at, min(2 * held.polls, LONGEST))

    def _anew(self, context: SampleContext, judge: Judge) -> _Held:
        """Whether it will hold is found out when it is asked for again: much changes before."""
        self.judged_anew += 1
        judgment, models = _asking(judge, context)
        slots = _slots(context) if context.eval_set.slots.asked else None
        version = context.judging.fleet.version
        kept = _Kept(
            # what was weighed is asked for by nobody who keeps judgments
            judgment=replace(judgment, weighings=()),
            purpose=_purpose(context),
            versions=shared(tuple((model, version(model)) for model in models)),
            slots=slots,
            outage=outage_behind(context, judgment),
        )
        return _Held(kept, context.now)

    def _at(self, context: SampleContext, at: float) -> SampleContext:
        """The same sample as of an instant to come, if nothing happens until then."""
        if at not in self._ahead:
            judging = replace(context.judging, now=at)
            self._ahead[at] = replace(context.eval_set, judging=judging)
        return replace(context, eval_set=self._ahead[at])

    def next_due(self, after: float) -> float:
        """When the first of those falls due that hold until some instant after this one."""
        untils = (until for of_task in self._tasks.values() for until in of_task.until)
        return min((until for until in untils if until > after), default=math.inf)

    @property
    def turns_at(self) -> float:
        """When time alone next turns what is said of a sample, as far as that is foreseen."""
        return min((of_task.turns_at for of_task in self._tasks.values()), default=math.inf)

    def kept(self, log: str) -> _OfTask | None:
        """What is kept of a task's samples."""
        return self._tasks.get(log)


class Extension:
    """What a memo keeps, as of an instant to come: whether it all holds until then."""

    def __init__(self, memo: SampleMemo) -> None:
        self._memo = memo
        self.holds = True
        self._looked: list[tuple[_OfTask, int]] = []

    def judged(
        self, task: TaskState, contexts: Iterable[SampleContext], basis: Basis, judge: Judge
    ) -> list[SampleJudgment]:
        """What was said of the samples, where it holds then; else what is to be said then."""
        of_task = self._memo.kept(task.log)
        before = _Before(of_task, task, basis)
        return [self._said(of_task, before, context, judge) for context in contexts]

    def _said(
        self, of_task: _OfTask | None, before: _Before, context: SampleContext, judge: Judge
    ) -> SampleJudgment:
        held = before.of(context) if self.holds else None
        if held is None or of_task is None:
            self.holds = False
            return judge(context)
        if context.now > held.until:
            self.holds = held.kept.holds_at(context, judge)
            self._looked.append((of_task, held.place))
        return held.kept.judgment

    def confirm(self, until: float) -> None:
        """It was all found to hold until then."""
        for of_task, place in self._looked:
            of_task.until[place] = until


def _outages(all_kept: Iterable[_Kept]) -> dict[str, LastingOutage]:
    by_model: dict[str, set[LastingOutage | None]] = {}
    for kept in all_kept:
        for model, _ in kept.versions:
            is_its = kept.outage is not None and kept.outage.model == model
            by_model.setdefault(model, set()).add(kept.outage if is_its else None)
    return {
        model: outage
        for model, all_behind in by_model.items()
        if len(all_behind) == 1 and (outage := next(iter(all_behind))) is not None
    }


def basis_of(eval_set: EvalSetContext, task: TaskState, allowance: Allowance) -> Basis:
    """What samples of a task are judged by besides themselves, their fleet and the time."""
    judging, cluster = eval_set.judging, eval_set.state.cluster
    return (
        task.spec,
        task.runs_commands,
        writer_gone(judging.now, task) if is_left(task) else None,
        allowance,
        judging.limits,
        judging.baselines,
        judging.explaining,
        eval_set.suspended,
        _frozen(eval_set.frozen.get(run_of(task))),
        eval_set.gated,
        eval_set.placed_at,
        eval_set.runner,
        eval_set.human,
        (cluster.deaths, *_of_view(cluster.view)) if cluster is not None else None,
    )


def _of_view(view: ClusterView) -> Basis:
    return view.known, view.sandboxes, view.events, view.nodes


def _frozen(finding: Finding | None) -> Basis | None:
    """A runner's silence without its length: what rules go by is whether it has reached a bound."""
    if finding is None:
        return None
    reached = finding.suspicion >= 1, finding.suspicion >= TOLD
    return (finding.since, finding.evidence, finding.weighing and finding.weighing.limit, reached)


def _purpose(context: SampleContext) -> Basis:
    purpose = context.eval_set.on_purpose
    if not (purpose.awaited or purpose.stop or purpose.stops):
        return ()
    place = (context.task.log, context.sample.key)
    return purpose.awaited.get(place), purpose.stop_of(context.sample.uuid)


def _slots(context: SampleContext) -> tuple[bool, int]:
    slots = context.eval_set.slots
    return slots.may_wait(context.task, context.sample), slots.competitors(context.task)


def _asking(judge: Judge, context: SampleContext) -> tuple[SampleJudgment, frozenset[str]]:
    """A judgment, and the models whose fleet was asked for it."""
    fleet, slots = context.judging.fleet, context.eval_set.slots
    fleet.asked, slots.asked = set(), False
    judgment = judge(context)
    return judgment, frozenset(fleet.asked)
