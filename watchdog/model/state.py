"""What is remembered of samples, tasks and eval sets. Bounded for each sample; values, not objects.

`fold` makes new states from old ones; nothing else does. Instants are seconds since the epoch.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct, field
from msgspec.structs import force_setattr

from watchdog.model.access import UNKNOWABLE, annotated_groups
from watchdog.model.causes import main_of_counts
from watchdog.model.cluster import ClusterView, Job
from watchdog.model.durations_of_calls import CallDurations
from watchdog.model.ends import Ended as Ended  # noqa: PLC0414 - as below
from watchdog.model.ends import Ends, EndState
from watchdog.model.facts import (
    EarlierAttempt,
    LogStatus,
    SampleKey,
    SampleSummary,
    TaskSpec,
    ThroughputLogged,
    WriterProcess,
)
from watchdog.model.instants import latest
from watchdog.model.outcomes import Outcome as Outcome  # noqa: PLC0414 - it stands here for those who look for it
from watchdog.model.outcomes import Outcomes
from watchdog.model.packed import Packed
from watchdog.model.repetition import PackedRepetition, Repetition
from watchdog.model.runner_words import RunnerWords, WriteFailures
from watchdog.model.spans import SETUP_TYPES, OpenSpans, life_within
from watchdog.model.successes import Successes
from watchdog.model.verdict import Cause

RECENT = 50
"""Outcomes kept for each sample, as many as the guide looks at."""

PENDING_MAX = 256
"""Open calls kept for each sample; the oldest go first. More are not seen in practice."""

ERRORED_MAX = 50
"""Errored samples kept with their text, as many as the report shows."""

CallKind = Literal["model", "tool", "sandbox", "input"]


class Streak(Struct, frozen=True, gc=False):
    """Failed attempts since the last success."""

    count: int
    first_at: float | None
    last_at: float | None
    causes: tuple[tuple[Cause, int], ...]
    """How often each cause was seen in it."""
    model: str
    role: str | None
    error: str
    """First line of the newest error, cut."""
    call_attempts: int
    """Attempts of the present call: the exponent of Inspect's back-off."""
    row: int
    """The newest failure's row."""
    span: str = ""
    """The span that fails; what goes on beside it neither breaks nor feeds it."""
    independent: int = 1
    """Failures that began at least `INDEPENDENT_SECONDS` after the one counted before."""
    independent_at: float | None = None
    """When the last of those began."""
    presumed: int = 0
    """Failures that no row tells: the next attempt began (Inspect before 0.3.172)."""

    @property
    def cause(self) -> Cause:
        """The main cause of its failures."""
        if len(self.causes) == 1:
            return self.causes[0][0]
        return main_of_counts(dict(self.causes)) or Cause.UNEXPLAINED


class PassedStreak(NamedTuple):
    """A run of failures that a success ended: trouble that passed by itself."""

    model: str
    first_at: float
    last_at: float
    ended_at: float
    attempts: int
    independent: int
    cause: Cause


class PassedStreaks(Packed[PassedStreak], frozen=True, gc=False):
    """Several, oldest first."""

    records = msgspec.msgpack.Decoder(tuple[PassedStreak, ...])


class OpenCall(Struct, frozen=True, gc=False):
    """A call that was begun and not ended."""

    event_id: str
    kind: CallKind
    name: str
    since: float | None
    row: int
    timeout: float | None = None
    role: str | None = None
    batch: bool = False
    span: str | None = None
    """The span that it was made in; None where its writer names none."""
    inner: str | None = None
    """The span that was opened for it: what a tool does stands there."""


class ToolTurn(Struct, frozen=True, gc=False, array_like=True):
    """An answer that calls tools, and how far its calls got (`fold/turns.py`).

    A call that nobody has to approve begins within milliseconds.
    """

    answer: str
    """Its event's id."""
    row: int
    calls: tuple[str, ...]
    """Functions that it calls, in order."""
    since: float | None
    """When the answer came, or what came of it last: a decision, a call's end."""
    span: str = ""
    """The span that it was given in: agents side by side have answers of their own."""
    begun: int = 0
    """Calls whose event was written."""
    approved: int = 0
    """Calls that were decided on, or ended."""
    passed_over: bool = False
    """A model was called before all its calls began: by an approver, or they never will."""


class ToolTurns(Packed[ToolTurn], frozen=True, gc=False):
    """Several, in each span the innermost last."""

    records = msgspec.msgpack.Decoder(tuple[ToolTurn, ...])


class SandboxFailures(NamedTuple):
    """Calls of tools that failed one after the other because of their sandbox."""

    calls: int
    since: float | None
    """When the first of them ended."""
    last_at: float | None
    error: str
    """First line of the newest error."""


class SampleState(Struct, frozen=True, gc=False):
    """A sample that has an entry in the buffer or did have one."""

    key: SampleKey
    uuid: str | None = None
    started_at: float | None = None
    last_row: int = 0
    last_work_row: int = 0
    """The newest row that isn't a log line."""
    rows: int = 0
    recent: Outcomes = Outcomes()
    """The last outcomes, oldest first."""
    ok_total: int = 0
    fails: tuple[tuple[Cause, int], ...] = ()
    streaks: tuple[Streak, ...] = ()
    """Failed attempts in a row, for each span by itself; the longest first."""
    first_success_at: float | None = None
    last_success_at: float | None = None
    last_event_at: float | None = None
    """The latest instant that any row names."""
    last_progress_at: float | None = None
    """The latest end of something that worked: a call, a tool, a solver step. Never a failure."""
    open_calls: tuple[OpenCall, ...] = ()
    answered: OpenCall | None = None
    """A call whose answer was written; its next row names when it ended."""
    spans: OpenSpans = OpenSpans()
    """Spans begun and not ended, in order of their beginning."""
    turns: ToolTurns = ToolTurns()
    """Answers whose calls are under way, in each span the innermost last."""
    solving_since: float | None = None
    """When its solvers began: from then on its time limit counts."""
    ending_since: float | None = None
    """When its scorers had ended, or it had erred: what is left is to take it down."""
    command_at: float | None = None
    """When a command that the solver itself had run in the sandbox ended; None where none has.

    Inspect writes such a command once it has ended: until then it leaves nothing."""
    command_timeout: float | None = None
    """The longest time-out that one of those declared, in seconds."""
    scorer_spans: tuple[str, ...] = ()
    scoring_since: float | None = None
    human_spans: tuple[str, ...] = ()
    human_since: float | None = None
    """When a person took over the keyboard; None when nobody has."""
    announced_wait: float | None = None
    announced_at: float | None = None
    announced_attempt: int | None = None
    announced_error: str = ""
    """What the runner's log named as the reason of that wait."""
    repetition: PackedRepetition = PackedRepetition()
    """What it does again and again."""
    restarts: int = 0
    restarted_at: float | None = None
    sandbox_failing: SandboxFailures | None = None
    """None where the last call of a tool did not fail for its sandbox."""
    lost: bool = False
    """Its newest rows can't be read: its present state is unknown."""
    holed: bool = False
    """Rows of it can't be read, and nothing since then shows that it gets on."""
    partial: bool = False
    """Rows before its newest are still to be read: totals, and what began long ago, are unknown."""

    def __post_init__(self) -> None:
        """Takes records too where they are remembered packed."""
        if isinstance(self.recent, tuple):
            force_setattr(self, "recent", Outcomes.of(self.recent))
        if isinstance(self.spans, tuple):
            force_setattr(self, "spans", OpenSpans.of(self.spans))
        if isinstance(self.turns, tuple):
            force_setattr(self, "turns", ToolTurns.of(self.turns))
        if isinstance(self.repetition, Repetition):
            force_setattr(self, "repetition", PackedRepetition.of(self.repetition))

    @property
    def streak(self) -> Streak | None:
        """The longest of its streaks; None where its last attempts succeeded."""
        return self.streaks[0] if self.streaks else None

    @property
    def parked(self) -> ToolTurn | None:
        """The answer that calls a tool which has not begun, while nothing else is under way in it.

        Such a call waits to be approved, or its runner does nothing. None where there is none.
        """
        newest = {turn.span: turn for turn in self.turns}
        return next((turn for turn in newest.values() if self._is_parked(turn)), None)

    def _is_parked(self, turn: ToolTurn) -> bool:
        calls = (c for c in self.open_calls if not turn.span or c.span == turn.span)
        if turn.passed_over or any(call.row > turn.row for call in calls):
            return False
        return turn.approved <= turn.begun < len(turn.calls)

    @property
    def setup_since(self) -> float | None:
        """Since when nothing more has come of its set-up, which stands in a span `init`.

        None where it isn't being set up.
        """
        if self.solving_since:
            return None
        spans = (span for span in self.spans if span.type in SETUP_TYPES)
        return next((span.last_at for span in spans), None)

    def life_within(self, span_id: str) -> float | None:
        """The newest sign of anything within one of its open spans; None where it isn't open."""
        return life_within({span.id: span for span in self.spans}, span_id)

    def work_row(self, span_id: str) -> int:
        """The newest row within a span that isn't a log line; of the sample for none."""
        span = next((span for span in self.spans if span.id == span_id), None)
        return span.work_row if span is not None else self.last_work_row

    @property
    def fail_total(self) -> int:
        """Failed attempts so far."""
        return sum(count for _, count in self.fails)


class ErroredEntry(Struct, frozen=True, gc=False):
    """An errored sample with the cause its error tells."""

    summary: SampleSummary
    cause: Cause | None


class Death(NamedTuple):
    """A sample's end in an error that no summary tells: it begins anew in place."""

    key: SampleKey
    at: float | None
    cause: Cause
    error: str
    """As an end's."""
    text: str
    """Its first line."""


class History(Struct, frozen=True):
    """What a log's rows come to, read in order, while its newest are known already."""

    samples: dict[SampleKey, SampleState] = field(default_factory=dict)
    successes: dict[str, Successes] = field(default_factory=dict)


class TaskState(Struct, frozen=True):
    """One log: what it said, and its samples."""

    log: str
    spec: TaskSpec | None = None
    status: LogStatus | None = None
    error: str | None = None
    completed_at: float | None = None
    ended: Ends = Ends()
    ended_counts: dict[EndState, int] = field(default_factory=dict)
    last_ended_at: float | None = None
    last_completed_at: float | None = None
    """When a sample last ended well: an error is no progress."""
    last_worked_at: float | None = None
    """The latest progress within samples that run no more."""
    former: tuple[Death, ...] = ()
    """Samples that erred in the attempts of the same run before this one; at most FORMER_MAX."""
    former_begun_at: float | None = None
    """When the first of those attempts began that are known."""
    former_count: int = 0
    """How many they are."""
    deaths: tuple[Death, ...] = ()
    """The last ends of samples that begin anew in place, oldest first; at most DEATHS_MAX."""
    errored: tuple[ErroredEntry, ...] = ()
    errored_causes: tuple[tuple[Cause, int], ...] = ()
    samples: Mapping[SampleKey, SampleState] = field(default_factory=dict)
    """The running ones: in the manifest, not completed. Kept at rest (`resting.py`)."""
    calls_ok: int = 0
    """Of samples that ended; running ones carry their own."""
    calls_failed: tuple[tuple[Cause, int], ...] = ()
    learn_since: float | None = None
    """What ended before this instant was learned in an earlier life of the service."""
    durations: CallDurations = CallDurations()
    """Completed calls, over all samples; bounded by NAMES_MAX."""
    passed: PassedStreaks = PassedStreaks()
    """The last runs of failures that passed, over all samples."""
    passed_total: int = 0
    retired: Outcomes = Outcomes(identified=False)
    """The last outcomes of samples that ended: still evidence for those that go on."""
    successes: dict[str, Successes] = field(default_factory=dict)
    """When calls succeeded, by model, over all samples and beyond what they remember."""
    clock_lag: float | None = None
    """The least seconds from the newest instant in any row to when it was stored, by the store's
    clock: what is left of it besides the sync's rhythm is a runner's clock that is behind."""
    runs_commands: bool = False
    """Whether one of its samples had a command run in the sandbox outside of any tool."""
    manifest_seen: bool = False
    last_start_at: float | None = None
    """When a sample last appeared."""
    http_retries: int | None = None
    http_retries_at: float | None = None
    http_retries_before: tuple[int, float | None] | None = None
    """The counter before it last grew, and when it was seen so."""
    writer: WriterProcess | None = None
    """The process of this machine that writes it; None where that isn't known."""
    read_at: float | None = None
    read_interval: float = 0.0
    """Seconds after which it was to be read again; 0 where that is at each poll."""
    stored_at: float | None = None
    """When its newest object was stored: its log, its buffer's manifest or a segment."""
    logs: int = 1
    """How many logs there are of the task, this one the newest."""
    earlier: tuple[EarlierAttempt, ...] = ()
    """How the attempts in the logs before it ended, oldest first; the last ones."""
    retry: tuple[int, int] | None = None
    """Which retry its runner calls it, and how many there may be."""
    unreadable: str | None = None
    """Why the last attempt to read it failed; None after a good one."""
    backlog: str | None = None
    """How far it was read, where there is more than one poll may read; None where all was."""
    history: History | None = None
    """None where nothing was passed over, or all of that was read since."""

    def __post_init__(self) -> None:
        """As a sample."""
        if isinstance(self.durations, dict):
            force_setattr(self, "durations", CallDurations.of(self.durations))
        if isinstance(self.passed, tuple):
            force_setattr(self, "passed", PassedStreaks.of(self.passed))
        if isinstance(self.ended, dict):
            force_setattr(self, "ended", Ends.of(self.ended))
        if isinstance(self.retired, tuple):
            force_setattr(self, "retired", Outcomes.of(self.retired))

    @property
    def task_id(self) -> str:
        """Inspect's id of the task; its log's name where nothing names one."""
        named = self.spec.task_id if self.spec is not None else ""
        return named or self.log.rsplit("/", 1)[-1]

    @property
    def attempts(self) -> int:
        """How often the task was tried, with this time; also where older logs were deleted."""
        return max(self.logs, self.retry[0] + 1 if self.retry is not None else 1)


class PodDeath(Struct, frozen=True):
    """A container of the eval set that ended badly, remembered after its pod is gone."""

    role: Literal["runner", "sandbox"]
    pod: str
    uid: str
    container: str
    reason: str
    exit_code: int | None
    at: float | None
    sample_id: str = ""
    task_name: str = ""
    sample_uuid: str = ""


class Served(NamedTuple):
    """A sandbox pod, and the sample that it serves, as its labels have it."""

    uid: str
    sample_id: str = ""
    task_name: str = ""
    sample_uuid: str = ""


class ClusterState(Struct, frozen=True):
    """What the cluster shows of an eval set now, and what is remembered of it."""

    view: ClusterView
    deaths: tuple[PodDeath, ...] = ()
    """The last ones, oldest first."""
    replaced: tuple[PodDeath, ...] = ()
    """Sandbox pods that came back under their name with another UID (reason `replaced`)."""
    sandboxes: dict[str, Served] = field(default_factory=dict)
    """By namespace/name: the sandbox pods of the last view, and whom they serve."""
    job: Job | None = None
    """The runner's newest Job, as it was last seen; it may be gone."""
    job_gone_since: float | None = None
    """When it was first seen to be gone."""
    deleting_since: float | None = None
    """When the deletion of its Job or its runner's namespace began, while it is under way or done;
    what happens to the Job from then on is the deletion's work."""
    ended_unasked: str = ""
    """UID of the Job that was seen to end while nothing of it was being deleted."""
    healthy_at: float | None = None
    """When its runner last worked, waited for capacity or was about to start."""
    runner_started_at: float | None = None
    """When the container of its newest runner that was seen at work was started."""
    startup_learned_of: float | None = None
    """The start from which it was learned how long a first log takes."""
    runner_away_at: float | None = None
    """When the node of the runner at work was last seen to be away."""
    held_back_at: float | None = None
    """When something of it was last seen to be held back until there is capacity."""
    runner_seen_at: float | None = None
    """When a runner's Job or pod was last there."""
    runner_live_at: float | None = None
    """When a runner's pod was last seen at work."""
    no_runner_since: float | None = None
    """Since when neither is."""

    @property
    def hindered_at(self) -> float | None:
        """Until when no set-up could get on: no capacity, or the runner's node away."""
        return latest(self.runner_away_at, self.held_back_at)


class Interactions(Struct, frozen=True):
    """How many samples wait for a person, by their runner's last word, and when that was."""

    count: int
    at: float | None


class Stops(Struct, frozen=True):
    """When people asked for all samples to be stopped, and for single ones by their uuid."""

    all_at: float | None = None
    samples: dict[str, float] = field(default_factory=dict)


class EvalSetState(Struct, frozen=True):
    """An eval set: its logs by name, and what its runner said."""

    eval_set_id: str
    """What it is called here: no other has the same."""
    tasks: dict[str, TaskState] = field(default_factory=dict)
    listed: bool = False
    address: str = ""
    """What the program takes to look at it once more; empty where nobody says."""
    logs_at: str = ""
    """The folder of its logs; empty where that isn't known."""
    local: bool = False
    """Whether its logs are files on this machine."""
    unreadable: str | None = None
    unreadable_since: float | None = None
    """Since when it can't be listed, in seconds since the epoch; None while it can."""
    source: str = ""
    """The source that tells of it; empty for one look."""
    name: str = ""
    """What it is called there, in its folder and its cluster; empty where that is its id."""
    inspect_id: str = ""
    """What Inspect calls it; empty where that isn't known."""
    read_at: float | None = None
    last_log_line_at: float | None = None
    log_lines_since: float | None = None
    """When the first line of its runner's log was written that was read."""
    log_longest_silence: float = 0.0
    """Seconds between two lines of it at most."""
    throughput: dict[str, ThroughputLogged] = field(default_factory=dict)
    """The last rates of each model that the runner's log told; at most THROUGHPUT_MAX."""
    log_gaps: int = 0
    """How often part of the runner's log was left out: it wrote more than is read."""
    log_gap: tuple[float | None, float] | None = None
    """The last part left out: its first and last instant."""
    cluster: ClusterState | None = None
    """None where no cluster is watched."""
    interactions: Interactions | None = None
    """None where the runner never said."""
    stops: Stops = Stops()
    model_groups: tuple[str, ...] | None = None
    """Groups that may see its models, as the file beside its logs says; None where it doesn't."""
    model_names: tuple[str, ...] = ()
    """Its models, as the same file names them: those that grade too."""
    model_groups_readable: bool = True
    """False where there is such a file that can't be read."""
    restarts: tuple[tuple[float | None, str], ...] = ()
    """The last sandbox restarts the runner's log told."""
    write_failures: dict[str, WriteFailures] = field(default_factory=dict)
    """By log, or task, the last run of writes that failed; at most WRITE_FAILURES_MAX."""
    runner_words: dict[str, RunnerWords] = field(default_factory=dict)
    """By pod, what its runner said last; at most PODS_MAX."""
    learn_since: float | None = None
    """What ended before this instant was learned in an earlier life of the service."""

    @property
    def own_name(self) -> str:
        """What its source, its cluster and commands about it call it."""
        return self.name or self.eval_set_id

    @property
    def half_read(self) -> bool:
        """Whether older events of it are still being read, behind its newest."""
        return any(task.history is not None for task in self.tasks.values())

    @property
    def view(self) -> ClusterView | None:
        """What its cluster shows; None where none is watched."""
        return self.cluster.view if self.cluster else None

    @property
    def access(self) -> tuple[str, ...] | None:
        """Groups that who looks needs, all of them; None where nothing says who may see it.

        Both the cluster and the file count. Where neither a cluster nor a file is there, nobody
        restricts it.
        """
        view = self.view
        if not self.model_groups_readable:
            return (UNKNOWABLE,)
        annotated = annotated_groups(view.model_access) if view is not None else None
        groups = (annotated or frozenset()) | frozenset(self.model_groups or ())
        return tuple(sorted(groups)) or (() if view is None else None)


INDEPENDENT_SECONDS = 30.0
"""Seconds; failures closer together are one piece of evidence."""

NAMES_MAX = 256
PASSED_MAX = 256
RETIRED_MAX = 256
RESTARTS_MAX = 20
DEATHS_MAX = 50
FORMER_MAX = 20
THROUGHPUT_MAX = 16
