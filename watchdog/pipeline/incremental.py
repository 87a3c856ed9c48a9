"""Judges from poll to poll: an eval set is judged again only where something may say otherwise.

That is so where a fact of it changed, where something that it is judged by changed (its models'
fleet, what was learned, settings, what people said), or where the instant has come at which time
alone may change its judgment. What comes out is what judging all anew says (`diagnose.judge`):
tests compare the two over all recordings and simulated fleets.
"""

import math
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from watchdog.correlate.symptom import own_symptoms
from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.clocks import by_store_clock
from watchdog.diagnose.context import JudgingContext, SamplePlace
from watchdog.diagnose.fleet import Fleet
from watchdog.diagnose.fleet_index import FleetIndex
from watchdog.diagnose.holding import same_eval_set
from watchdog.diagnose.judge import judge_one
from watchdog.diagnose.lasting_outage import LastingOutage, lasts
from watchdog.diagnose.memo import BEFORE, FIRST, LONGEST, Extension, SampleMemo
from watchdog.diagnose.orphans import Orphans, find_orphans
from watchdog.diagnose.tasks import is_stale, is_unheard
from watchdog.model.allowances import Override
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment
from watchdog.model.learned import Learned
from watchdog.model.report import EvalSetFigures, Snapshot
from watchdog.model.resting_judgments import judgment_at_rest
from watchdog.model.state import ClusterState, EvalSetState, TaskState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Verdict
from watchdog.part_cache import PartCache
from watchdog.pipeline.evaluate import Surroundings, concluded
from watchdog.pipeline.snapshot import figures_of

Reason = Literal["new", "changed", "due", "fleet", "learned", "settings", "age"]
"""Why an eval set was judged again."""

LEARNED_POLLS = 20
"""Within so many polls every eval set is judged by what was learned since, each in its turn."""
_SPREAD = 0.25
"""By such a share the instants differ to which eval sets are looked ahead."""
_SOON = 8
"""Polls within which those samples fall due that are looked ahead together."""
_VIEW_FRESH = 2.0
"""Polls after which what the cluster showed is old: by it nothing is looked ahead."""
_OF_READING = frozenset({"read_at", "read_interval"})
"""Fields that tell how a task is read: whether that is too long ago, `_ages` asks at each poll."""
_TASK_FIELDS = tuple(f for f in TaskState.__struct_fields__ if f not in _OF_READING)
_STATE_FIELDS = tuple(
    f for f in EvalSetState.__struct_fields__ if f not in {"tasks", "cluster", "read_at"}
)

Note = Callable[[Exception], str]
"""Is told of a fault of the program, and says what is to be said of it."""
Ages = tuple[str | bool, ...]
_CAN_WAIT = frozenset[Reason]({"fleet", "due"})
"""Reasons that wait while the first picture is still being read: each part of it changes all
models' fleets, and all would be judged anew for each."""
_WAITS = 6.0
"""For so many polls at the most."""
_NEWS = 0.05
"""By such a share more was watched, or seen, before it counts as learned anew."""
_Key = tuple[str, str, int]
"""An eval set: its source, its id, and which of several that have both."""


class Settings(Struct, frozen=True):
    """What all eval sets are judged by alike."""

    limits: Thresholds
    overrides: tuple[Override, ...]


class _Entry(Struct):
    """An eval set's judgment, and what it rests on."""

    state: EvalSetState
    """As it was read; what is compared."""
    moved: EvalSetState
    """The same by the store's clock."""
    memo: SampleMemo
    baselines: Baselines
    settings: Settings
    step: float
    """Seconds of one poll that is looked ahead; a little different for each eval set."""
    slot: int
    """Which poll of a round it takes up what was learned in."""
    judgment: EvalSetJudgment | None = None
    changed: bool = False
    """A fact of it changed since it was judged."""
    at: float = 0.0
    """When it was judged."""
    until: float = 0.0
    """Time alone changes nothing of it until then."""
    polls: int = FIRST
    """So many were looked ahead."""
    versions: dict[str, int] = {}
    outages: dict[str, LastingOutage] = {}
    """By model, what all rest on that its fleet was asked for."""
    orphaned: float | None = None
    ages: Ages = ()
    """What is too old to go by."""


class IncrementalJudge:
    """Judges all eval sets, poll after poll. Not for several threads."""

    def __init__(self, interval: float, note: Note = str) -> None:
        """For polls of about every `interval` seconds; `note` is told of faults in judging."""
        self._interval = interval
        self._note = note
        self._index = FleetIndex()
        self._entries: dict[_Key, _Entry] = {}
        self._baselines: Baselines | None = None
        self._learned: Learned | None = None
        self._limits: Thresholds | None = None
        self._judging = threading.Lock()
        self._base: JudgingContext | None = None
        self._lasting: dict[LastingOutage, bool] = {}
        self._words: dict[tuple[str, str], dict[SamplePlace, SampleJudgment]] = {}
        """By eval set, samples as they were judged for whoever reads them; until the next poll."""
        self._is_first = False
        self._polls = 0
        self._judged_at = float("-inf")
        self.reasons: Counter[Reason] = Counter()
        """Why eval sets were judged at the last poll; of the others the judgment held."""
        self.samples_judged = 0
        """Samples that were judged at the last poll."""
        self.looked_ahead = 0
        """Eval sets of which it was found out whether their judgment still holds."""

    def judge(  # noqa: PLR0913 - what a judgment depends on
        self,
        states: Sequence[EvalSetState],
        now: float,
        limits: Thresholds,
        max_age: float,
        *,
        learned: Learned,
        overrides: tuple[Override, ...] = (),
        is_first: bool = False,
    ) -> tuple[tuple[EvalSetJudgment, ...], Orphans]:
        """Every eval set judged at `now`, as `diagnose.judge.judge` does; and the orphans.

        While the first picture is being read (`is_first`), one of which nothing changed may be
        judged by what was known of other eval sets, and of the time, some polls before.
        """
        with self._judging:
            self._is_first = is_first
            return self._judge(states, now, max_age, learned, Settings(limits, overrides))

    def _judge(
        self,
        states: Sequence[EvalSetState],
        now: float,
        max_age: float,
        learned: Learned,
        settings: Settings,
    ) -> tuple[tuple[EvalSetJudgment, ...], Orphans]:
        limits = settings.limits
        self._lasting, self._words = {}, {}
        self._polls += now > self._judged_at
        self._judged_at = now
        self.reasons, self.samples_judged, self.looked_ahead = Counter(), 0, 0
        baselines = self._newest(learned, limits)
        entries = list(self._entries_of(states, settings, baselines))
        fleet = self._fleet(entries, now)
        moved = [entry.moved for entry in entries]
        orphans = find_orphans(moved, now, limits)
        base = JudgingContext(now, limits, max_age, fleet, baselines, orphans, settings.overrides)
        self._base = base
        judgments = tuple(self._judged_apart(entry, base, settings) for entry in entries)
        return judgments, orphans

    def _fleet(self, entries: Sequence[_Entry], now: float) -> Fleet:
        """The fleet of all; of what it can't be made of, a fault of the program, without that."""
        try:
            return self._index.update([entry.moved for entry in entries])
        except Exception:  # noqa: BLE001 - said of those that it happens in
            self._index = FleetIndex()
            for entry in entries:
                try:
                    FleetIndex().update([entry.moved])
                except Exception as error:  # noqa: BLE001
                    entry.changed, entry.moved = (
                        True,
                        unjudgeable(entry.moved, self._note(error), now),
                    )
        return self._index.update([entry.moved for entry in entries])

    def _judged_apart(
        self, entry: _Entry, base: JudgingContext, settings: Settings
    ) -> EvalSetJudgment:
        """As `_judged`; a fault of the program in one eval set costs the others nothing."""
        try:
            return self._judged(entry, base, settings)
        except Exception as error:  # noqa: BLE001
            entry.moved = unjudgeable(entry.moved, self._note(error), base.now)
            entry.judgment, entry.memo = None, SampleMemo(self._interval)
            return self._judged(entry, base, settings)

    def _newest(self, learned: Learned, limits: Thresholds) -> Baselines:
        is_new = self._learned is None or limits != self._limits or differs(self._learned, learned)
        if self._baselines is None or is_new:
            self._learned, self._limits = learned, limits
            self._baselines = Baselines(learned, limits)
        return self._baselines

    def _entries_of(
        self, states: Sequence[EvalSetState], settings: Settings, baselines: Baselines
    ) -> Iterator[_Entry]:
        before, self._entries = self._entries, {}
        for state in states:
            key = (state.source, state.eval_set_id, 0)
            if key in self._entries:
                key = (*key[:2], len(self._entries))
            entry = before.get(key)
            if entry is None:
                entry = self._begun(state, settings, baselines)
            elif state is not entry.state:
                entry.changed = entry.changed or not same_but_read(entry.state, state)
                entry.state, entry.moved = state, by_store_clock(state)
            self._entries[key] = entry
            yield entry

    def _begun(self, state: EvalSetState, settings: Settings, baselines: Baselines) -> _Entry:
        number = zlib.crc32(f"{state.source}\0{state.eval_set_id}".encode(errors="replace"))
        spread = 1 - _SPREAD + 2 * _SPREAD * (number % 1000) / 1000
        return _Entry(
            state=state,
            moved=by_store_clock(state),
            memo=SampleMemo(self._interval, spread),
            baselines=baselines,
            settings=settings,
            step=self._interval * spread,
            slot=number % LEARNED_POLLS,
        )

    def _judged(self, entry: _Entry, base: JudgingContext, settings: Settings) -> EvalSetJudgment:
        ages = self._ages(entry, base)
        reason = self._reason(entry, base, settings, ages)
        if entry.judgment is not None and (reason is None or self._waits(entry, reason, base.now)):
            return entry.judgment
        judging = replace(base, baselines=entry.baselines)
        if reason == "due" and entry.judgment is not None and self._holds_on(entry, judging):
            return entry.judgment
        entry.settings, entry.changed, entry.ages = settings, False, ages
        entry.orphaned = base.orphans.since.get(entry.state.eval_set_id)
        entry.memo.begin()
        judgment = judge_one(judging, entry.moved, entry.memo)
        entry.judgment = judgment_at_rest(judgment, entry.moved, entry.memo.find)
        entry.memo.end()
        entry.versions, entry.outages = entry.memo.versions, entry.memo.outages
        entry.at = base.now
        entry.until = base.now
        if reason != "due":
            entry.polls = FIRST
        self.reasons[reason or "new"] += 1
        self.samples_judged += entry.memo.judged_anew
        return entry.judgment

    def _waits(self, entry: _Entry, reason: Reason, now: float) -> bool:
        """Whether something urges more than that this eval set is judged again."""
        soon = now - entry.at < _WAITS * self._interval
        return self._is_first and reason in _CAN_WAIT and soon

    def _lasts(self, entry: _Entry, model: str, base: JudgingContext) -> bool:
        """Whether what changed of a model's fleet is that its outage goes on."""
        outage = entry.outages.get(model)
        if outage is None:
            return False
        if outage not in self._lasting:
            self._lasting[outage] = lasts(base.fleet, outage, base.now)
        return self._lasting[outage]

    def anew(self, place: tuple[str, str], log: str, judgment: SampleJudgment) -> SampleJudgment:
        """A sample's judgment for whoever reads it: its words count what failed since.

        While all are judged, what was said before is good enough. From any thread.

        Args:
            place: its eval set's source and id.
            log: its log's name.
            judgment: as it is kept.
        """
        if not judgment.shared or judgment.verdict is not Verdict.STUCK:
            return judgment
        if not self._judging.acquire(blocking=False):
            return judgment
        try:
            entry, base = self._entries.get((*place, 0)), self._base
            if entry is None or base is None:
                return judgment
            if place not in self._words:
                self._words[place] = _samples(entry, base)
            return self._words[place].get((log, judgment.key), judgment)
        finally:
            self._judging.release()

    def _holds_on(self, entry: _Entry, judging: JudgingContext) -> bool:
        """Whether its judgment holds, by time alone, for some polls from now on."""
        if entry.ages[-1] or entry.judgment is None:
            return False
        at = _looked_at(entry, entry.judgment, judging.now)
        if at <= judging.now:
            return False
        self.looked_ahead += 1
        extension = Extension(entry.memo)
        later_state = read_again(entry.moved, at - judging.now)
        later = judge_one(replace(judging, now=at), later_state, extension)
        if not extension.holds or not same_eval_set(entry.judgment, later, at):
            # it may for half of that
            entry.polls = max(1, entry.polls // 2)
            return False
        extension.confirm(at)
        entry.until, entry.polls = at, min(2 * entry.polls, LONGEST)
        return True

    def _reason(
        self, entry: _Entry, base: JudgingContext, settings: Settings, ages: Ages
    ) -> Reason | None:
        """Why it is to be judged again; None where its judgment holds."""
        is_its_turn = self._polls % LEARNED_POLLS == entry.slot
        if is_its_turn and entry.baselines is not base.baselines:
            entry.baselines = base.baselines
            return "learned"
        orphaned = base.orphans.since.get(entry.state.eval_set_id)
        version = base.fleet.version
        others = [model for model, number in entry.versions.items() if version(model) != number]
        reasons: tuple[tuple[Reason, bool], ...] = (
            ("new", entry.judgment is None),
            ("changed", entry.changed or entry.orphaned != orphaned),
            ("settings", entry.settings != settings),
            ("age", entry.ages != ages),
            ("fleet", any(not self._lasts(entry, model, base) for model in others)),
            ("due", base.now > entry.until),
        )
        return next((reason for reason, is_so in reasons if is_so), None)

    def _ages(self, entry: _Entry, base: JudgingContext) -> Ages:
        """What of it is too old to go by; at the end, whether what the cluster showed is old."""
        state, now, max_age = entry.state, base.now, base.max_age
        stale = [log for log, task in state.tasks.items() if is_stale(task, base)]
        view = state.view
        is_old = view is not None and now - view.at > _VIEW_FRESH * self._interval
        return (*stale, is_unheard(state, now, max_age), is_old)


def _looked_at(entry: _Entry, judgment: EvalSetJudgment, now: float) -> float:
    """The instant to come that its judgment is tried at; `now` or before where it turns by then.

    It is no further than is known of the samples that were looked ahead for already, and before
    anything of it turns by time alone.
    """
    own = min((task.turns_after(entry.until) for task in judgment.tasks), default=math.inf)
    known = entry.memo.next_due(now + _SOON * entry.step)
    turns_at = min(own, entry.memo.turns_at) - BEFORE
    return min(now + entry.polls * entry.step, known, turns_at)


def unjudgeable(state: EvalSetState, why: str, now: float) -> EvalSetState:
    """An eval set that can't be judged, as one that can't be read: `unknown`, with the reason.

    Who may see it stays as it is: what its cluster says of that goes with the cluster.
    """
    access = state.access
    return replace(
        state,
        tasks={},
        cluster=None,
        listed=False,
        unreadable=why,
        unreadable_since=now,
        model_groups=access,
        model_groups_readable=state.model_groups_readable and access is not None,
    )


def _samples(entry: _Entry, base: JudgingContext) -> dict[SamplePlace, SampleJudgment]:
    """An eval set's samples, all judged anew."""
    judgment = judge_one(replace(base, baselines=entry.baselines), entry.moved)
    return {
        (task.state.log, sample.key): sample for task in judgment.tasks for sample in task.samples
    }


def same_but_read(one: EvalSetState, other: EvalSetState) -> bool:
    """Whether two states of an eval set differ in nothing but when they were read."""
    if not all(_same(getattr(one, name), getattr(other, name)) for name in _STATE_FIELDS):
        return False
    if one.tasks.keys() != other.tasks.keys() or not _same_cluster(one.cluster, other.cluster):
        return False
    return all(_same_task(task, other.tasks[log]) for log, task in one.tasks.items())


def _same_task(one: TaskState, other: TaskState) -> bool:
    if one is other:
        return True
    if bool(one.read_interval) != bool(other.read_interval):  # which is told
        return False
    return all(_same(getattr(one, name), getattr(other, name)) for name in _TASK_FIELDS)


def _same_cluster(one: ClusterState | None, other: ClusterState | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or replace(one, view=replace(one.view, at=other.view.at)) == other


def _same(one: object, other: object) -> bool:
    """Large values are kept as they are where nothing of them changes, and are the same object."""
    return one is other or (not isinstance(one, dict) and one == other)


def read_again(state: EvalSetState, seconds: float) -> EvalSetState:
    """The eval set as it will be after so many seconds in which nothing happens but polls."""
    cluster = state.cluster
    tasks = {
        log: replace(task, read_at=task.read_at + seconds) if task.read_at is not None else task
        for log, task in state.tasks.items()
    }
    if cluster is None:
        return replace(state, tasks=tasks)
    view = replace(cluster.view, at=cluster.view.at + seconds)
    return replace(state, tasks=tasks, cluster=replace(cluster, view=view))


def differs(earlier: Learned, newest: Learned) -> bool:
    """Whether so much was learned since that verdicts may differ for it."""
    if earlier is newest:
        return False
    if earlier.troubles != newest.troubles or earlier.durations.keys() != newest.durations.keys():
        return True
    sizes = [(earlier.weeks, newest.weeks), (_calls(earlier), _calls(newest))]
    return any(abs(more - less) > _NEWS * less for less, more in sizes)


def _calls(learned: Learned) -> float:
    attempts = sum(one.ok + one.failed for one in learned.attempts.values())
    return attempts + sum(one.total for one in learned.durations.values())


class Question(Struct, frozen=True):
    """What is to be judged, and by what."""

    states: Sequence[EvalSetState]
    limits: Thresholds
    max_age: float
    """Seconds after which what was last read is too old."""
    learned: Learned
    around: Surroundings
    is_first: bool = False
    """The first picture is still being read."""


class Evaluator:
    """What `evaluate` says, poll after poll, for what changed. Not for several threads."""

    def __init__(self, interval: float, note: Note = str) -> None:
        """For polls of about every `interval` seconds; `note` is told of faults in judging."""
        self.judge = IncrementalJudge(interval, note)
        self._figures: dict[tuple[str, str], tuple[EvalSetJudgment, EvalSetFigures, bool]] = {}
        """By source and id; and whether they are to be made anew at each poll."""
        self._before = self._figures
        self._symptoms = PartCache(own_symptoms)

    def evaluate(self, asked: Question, now: float) -> Snapshot:
        """Everything that can be said of these eval sets at `now`.

        Of a calm eval set of which nothing changed the figures are the same object as before, with
        the durations that they had then (`model.aged`).
        """
        judgments, orphans = self.judge.judge(
            asked.states,
            now,
            asked.limits,
            asked.max_age,
            learned=asked.learned,
            overrides=asked.around.overrides,
            is_first=asked.is_first,
        )
        self._before, self._figures = self._figures, {}
        return concluded(
            judgments,
            orphans,
            asked.around,
            now,
            asked.max_age,
            self._figures_of,
            self._symptoms.all_of,
        )

    def _figures_of(self, judgment: EvalSetJudgment, now: float) -> EvalSetFigures:
        state = judgment.state
        place = (state.source, state.eval_set_id)
        kept = self._before.get(place)
        if kept is None or kept[2] or not _is_as_told(kept[0], judgment):
            anew = partial(self.judge.anew, place)
            figures = figures_of(judgment, now, lazily=True, anew=anew)
            kept = judgment, figures, _grows(judgment)
        self._figures[place] = kept
        return kept[1]


_TOLD_WITH = frozenset({"actions", "steps", "summary", "evidence"})
"""What incidents add to a judgment (`evaluate.concluded`), which stays the same beside that."""


def _is_as_told(kept: EvalSetJudgment, judgment: EvalSetJudgment) -> bool:
    """Whether nothing else is to be told of a judgment than of the one that is kept."""
    return kept is judgment or all(
        (mine := getattr(kept, name)) is (other := getattr(judgment, name))
        or (name in _TOLD_WITH and mine == other)
        for name in EvalSetJudgment.__struct_fields__
    )


def _grows(judgment: EvalSetJudgment) -> bool:
    """Whether more is shown of it that changes with time than how long and how much."""
    # samples are told as of when they are read
    evidence = (*judgment.evidence, *(e for task in judgment.tasks for e in task.evidence))
    return any(not isinstance(item.text, str) for item in evidence)
